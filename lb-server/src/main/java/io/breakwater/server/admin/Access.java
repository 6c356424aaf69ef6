package io.breakwater.server.admin;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpRequest;
import io.netty.handler.codec.http.HttpResponseStatus;
import java.security.MessageDigest;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Who may read what. A port bound to a loopback address is protected from web pages that reach it through a name of
 * their own (DNS rebinding): Host must be a name of this machine. Any other port is protected by the token, once one is
 * set. Immutable.
 */
final class Access {
    private static final Pattern LOCAL_HOST =
            Pattern.compile("(localhost|127\\.0\\.0\\.1|\\[::1])(:\\d{1,5})?", Pattern.CASE_INSENSITIVE);
    private static final String SCHEME = "Bearer ";

    private final boolean loopback;
    private final byte[] token;

    /**
     * @param loopback the port is bound to a loopback address
     * @param token empty for none
     */
    Access(boolean loopback, String token) {
        this.loopback = loopback;
        this.token = token.getBytes(UTF_8);
    }

    /** How far a resource is open. */
    enum Exposure {
        /** To probes and scrapers, which know no token and come by any name. */
        ANYONE,
        /** To browsers, which cannot send a token; shows no more than the metrics do. */
        BROWSER,
        /** To those who have the token. */
        OPERATOR
    }

    /** Returns why the request may not have a resource of this exposure; null when it may. */
    @Nullable
    Answer refuse(Exposure exposure, HttpRequest request) {
        if (loopback) {
            return exposure == Exposure.ANYONE || namesThisMachine(request)
                    ? null
                    : Answer.error(HttpResponseStatus.FORBIDDEN, "Host is not a name of this machine");
        }
        return exposure != Exposure.OPERATOR || token.length == 0 || showsToken(request)
                ? null
                : Answer.error(HttpResponseStatus.UNAUTHORIZED, "token required")
                        .with(HttpHeaderNames.WWW_AUTHENTICATE, "Bearer");
    }

    private static boolean namesThisMachine(HttpRequest request) {
        String host = request.headers().get(HttpHeaderNames.HOST);
        return host != null && LOCAL_HOST.matcher(host).matches();
    }

    /** RFC 6750 section 2.1; the scheme is case-insensitive (RFC 9110 section 11.1). Takes as long for any wrong token. */
    private boolean showsToken(HttpRequest request) {
        String credentials = request.headers().get(HttpHeaderNames.AUTHORIZATION);
        return credentials != null
                && credentials.regionMatches(true, 0, SCHEME, 0, SCHEME.length())
                && MessageDigest.isEqual(
                        token, credentials.substring(SCHEME.length()).getBytes(UTF_8));
    }
}
