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
import javax.net.ssl.SSLException;
import org.jspecify.annotations.Nullable;

/** Why TLS failed, in a few words for people. */
public final class TlsFailure {
    private static final String ALERT = "Received fatal alert: ";

    private TlsFailure() {}

    /** Whether this is a failure of TLS itself, as its handler reports it, and not of the connection below. */
    public static boolean isOne(Throwable failure) {
        return failure instanceof SSLException
                || (failure instanceof DecoderException && failure.getCause() instanceof SSLException);
    }

    /** Returns what was wrong; null if that is nothing that only TLS knows. */
    public static @Nullable String text(Throwable failure) {
        boolean tls = false;
        String alert = null;
        for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
            String known = known(cause);
            if (known != null) {
                return known;
            }
            tls |= cause instanceof SSLException;
            String message = cause.getMessage();
            if (message != null && message.startsWith(ALERT)) {
                alert = "TLS alert " + message.substring(ALERT.length());
            }
        }
        if (alert != null) {
            return alert;
        }
        return tls ? "TLS handshake failed" : null;
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
        if (cause instanceof CertPathBuilderException) {
            return "untrusted certificate";
        }
        if (cause instanceof CertPathValidatorException invalid) {
            return invalid.getReason() == BasicReason.ALGORITHM_CONSTRAINED
                    ? "certificate with a weak algorithm or key"
                    : invalid.getCause() == null ? "untrusted certificate" : null;
        }
        // Java's check of the name (RFC 9525) says it by this and in words only.
        if (cause.getClass() == CertificateException.class && cause.getMessage() != null) {
            String message = cause.getMessage().toLowerCase(Locale.ROOT);
            if (message.startsWith("no subject alternative")
                    || message.startsWith("no name matching")
                    || message.startsWith("illegal given domain name")) {
                return "wrong host name";
            }
        }
        return null;
    }
}
