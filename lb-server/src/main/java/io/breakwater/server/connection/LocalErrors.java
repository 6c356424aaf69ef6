package io.breakwater.server.connection;

import java.util.Locale;
import org.jspecify.annotations.Nullable;

/** Which errors are this machine's and not the backend's: no descriptors, ports or buffers left. */
public final class LocalErrors {
    private LocalErrors() {}

    /**
     * The JDK gives no errno, so this reads the text that strerror makes of EMFILE, ENFILE, ENOBUFS, ENOMEM and
     * EADDRNOTAVAIL.
     */
    public static boolean isLocal(@Nullable Throwable failure) {
        for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
            if (cause instanceof OutOfMemoryError) {
                return true;
            }
            String message = cause.getMessage();
            if (message == null) {
                continue;
            }
            String text = message.toLowerCase(Locale.ROOT);
            if (text.contains("too many open files")
                    || text.contains("no buffer space")
                    || text.contains("cannot allocate memory")
                    || text.contains("cannot assign requested address")) {
                return true;
            }
        }
        return false;
    }
}
