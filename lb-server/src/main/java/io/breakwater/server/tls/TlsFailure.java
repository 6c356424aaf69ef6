package io.breakwater.server.tls;

import io.netty.handler.codec.DecoderException;
import io.netty.handler.ssl.NotSslRecordException;
import java.nio.channels.ClosedChannelException;
import java.security.cert.CertPathBuilderException;
import java.security.cert.CertPathValidatorException;
import java.security.cert.CertPathValidatorException.BasicReason;
import java.security.cert.CertificateException;
import java.security.cert.CertificateExpiredException;
import java.security.cert.CertificateNotYetValidException;
import java.util.Locale;
import java.util.regex.Pattern;
import javax.net.ssl.SSLException;
import org.jspecify.annotations.Nullable;

/** Why TLS failed, in a few words for people. */
public final class TlsFailure {
    private static final String ALERT = "Received fatal alert: ";
    private static final int LONGEST = 100;

    /** What newer JDKs put before, as in {@code (handshake_failure) Received fatal alert: handshake_failure}. */
    private static final Pattern ALERT_SENT = Pattern.compile("^\\([a-z_]+\\) ");

    private TlsFailure() {}

    /** Whether this is a failure of TLS itself, as its handler reports it, and not of the connection below. */
    public static boolean isOne(Throwable failure) {
        return failure instanceof SSLException
                || (failure instanceof DecoderException && failure.getCause() instanceof SSLException);
    }

    /** Returns what was wrong; null if that is nothing that only TLS knows. */
    public static @Nullable String text(Throwable failure) {
        boolean untrusted = false;
        String said = null;
        for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
            String known = known(cause);
            if (known != null) {
                return known;
            }
            untrusted |= cause instanceof CertPathBuilderException || cause instanceof CertPathValidatorException;
            if (cause instanceof SSLException) {
                said = inJavasWords(String.valueOf(cause.getMessage()));
            }
        }
        return untrusted ? "untrusted certificate" : said;
    }

    private static @Nullable String known(Throwable cause) {
        if (cause instanceof NotSslRecordException) {
            return "no TLS is spoken there";
        }
        if (cause instanceof ClosedChannelException) {
            return "connection closed during the TLS handshake";
        }
        if (cause instanceof CertificateExpiredException) {
            return "certificate expired";
        }
        if (cause instanceof CertificateNotYetValidException) {
            return "certificate not yet valid";
        }
        if (cause instanceof CertPathValidatorException invalid
                && invalid.getReason() == BasicReason.ALGORITHM_CONSTRAINED) {
            return "certificate with a weak algorithm or key";
        }
        return isOfTheName(cause) ? "wrong host name" : null;
    }

    /** Java's check of the name (RFC 9525) says so by this class, and in words only. */
    private static boolean isOfTheName(Throwable cause) {
        if (cause.getClass() != CertificateException.class) {
            return false;
        }
        String message = String.valueOf(cause.getMessage()).toLowerCase(Locale.ROOT);
        return message.startsWith("no subject alternative")
                || message.startsWith("no name matching")
                || message.startsWith("illegal given domain name");
    }

    private static String inJavasWords(String told) {
        String message = ALERT_SENT.matcher(told).replaceFirst("");
        if (message.startsWith(ALERT)) {
            return "TLS alert " + message.substring(ALERT.length());
        }
        String line = message.lines().findFirst().orElse(message);
        return "TLS: " + (line.length() <= LONGEST ? line : line.substring(0, LONGEST) + "…");
    }
}
