package io.breakwater.server.probe;

import io.breakwater.server.tls.TlsFailure;
import java.net.NoRouteToHostException;
import java.net.UnknownHostException;
import java.util.Locale;

/** Why something failed, in a few words for people. */
final class Causes {
    private static final int LONGEST = 100;

    private Causes() {}

    static String text(Throwable failure) {
        if (failure instanceof UnknownHostException) {
            return "unknown host";
        }
        if (failure instanceof NoRouteToHostException) {
            return "no route to host";
        }
        String tls = TlsFailure.text(failure);
        if (tls != null) {
            return tls;
        }
        // Netty adds the address in front of or behind what the system said; the first cause has that alone.
        Throwable first = failure;
        while (first.getCause() != null) {
            first = first.getCause();
        }
        String message = first.getMessage();
        if (message == null || message.isBlank()) {
            return first.getClass().getSimpleName();
        }
        String text = message.toLowerCase(Locale.ROOT);
        if (text.contains("refused")) {
            return "connection refused";
        }
        if (text.contains("reset")) {
            return "connection reset";
        }
        String line = message.lines().findFirst().orElse(message);
        return line.length() <= LONGEST ? line : line.substring(0, LONGEST) + "…";
    }
}
