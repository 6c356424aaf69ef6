package io.breakwater.server.admin;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpRequest;
import io.netty.handler.codec.http.HttpResponseStatus;
import java.security.MessageDigest;
import java.util.List;
import java.util.Locale;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Who may read and do what. A port bound to a loopback address is protected from web pages that reach it through a name
 * of their own (DNS rebinding): Host must be a name of this machine. Any other port is protected by the token, once one
 * is set. Writes need the token everywhere once one is set, and loopback where none is; and no web page but our own may
 * make a browser send one (its Origin). Immutable.
 */
final class Access {
    private static final Pattern LOCAL_HOST =
            Pattern.compile("(localhost|127\\.0\\.0\\.1|\\[::1])(:\\d{1,5})?", Pattern.CASE_INSENSITIVE);
    private static final String SEC_FETCH_SITE = "Sec-Fetch-Site";
    private static final String BEARER = "Bearer ";
    private static final String SCHEME = "http://";
    private static final String DEFAULT_PORT = ":80";

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
        /** To browsers, which cannot send a token with the address that is typed; holds no data. */
        BROWSER,
        /** To those who have the token. */
        OPERATOR,
        /** Changes something: to those who have the token, and without a token to those on this machine. */
        WRITE
    }

    /** Returns why the request may not have a resource of this exposure; null when it may. */
    @Nullable
    Answer refuse(Exposure exposure, HttpRequest request) {
        if (loopback && exposure != Exposure.ANYONE && !namesThisMachine(request)) {
            return forbidden("Host is not a name of this machine");
        }
        if (exposure == Exposure.WRITE) {
            return refuseWrite(request);
        }
        return loopback || exposure != Exposure.OPERATOR || token.length == 0 || showsToken(request)
                ? null
                : tokenRequired();
    }

    private @Nullable Answer refuseWrite(HttpRequest request) {
        if (!isSameOrigin(request)) {
            return forbidden("Origin is not this server");
        }
        if (!isOfOurPage(request)) {
            return forbidden("Sec-Fetch-Site is not same-origin");
        }
        if (token.length == 0) {
            return loopback
                    ? null
                    : forbidden("writes need lb.admin.token, or an admin port that is bound to loopback");
        }
        return showsToken(request) ? null : tokenRequired();
    }

    private static Answer forbidden(String why) {
        return Answer.error(HttpResponseStatus.FORBIDDEN, why);
    }

    private static Answer tokenRequired() {
        return Answer.error(HttpResponseStatus.UNAUTHORIZED, "token required")
                .with(HttpHeaderNames.WWW_AUTHENTICATE, "Bearer");
    }

    private static boolean namesThisMachine(HttpRequest request) {
        String host = request.headers().get(HttpHeaderNames.HOST);
        return host != null && LOCAL_HOST.matcher(host).matches();
    }

    /**
     * RFC 6454 section 4: the same scheme, host and port as the request was sent to. Who is no browser sends no Origin.
     * {@code null}, which a browser sends for a page whose origin it will not tell, is nobody's.
     */
    private static boolean isSameOrigin(HttpRequest request) {
        List<String> origins = request.headers().getAll(HttpHeaderNames.ORIGIN);
        if (origins.isEmpty()) {
            return true;
        }
        String host = request.headers().get(HttpHeaderNames.HOST);
        String origin = origins.get(0);
        return origins.size() == 1
                && host != null
                && origin.startsWith(SCHEME)
                && authority(origin.substring(SCHEME.length())).equals(authority(host));
    }

    /** Fetch Metadata, section 2.3: who sends it, sends it with every request; {@code none} is one that a person typed. */
    private static boolean isOfOurPage(HttpRequest request) {
        List<String> sites = request.headers().getAll(SEC_FETCH_SITE);
        return sites.stream().allMatch(site -> site.equals("same-origin") || site.equals("none"));
    }

    private static String authority(String hostAndPort) {
        String lower = hostAndPort.toLowerCase(Locale.ROOT);
        return lower.endsWith(DEFAULT_PORT) ? lower.substring(0, lower.length() - DEFAULT_PORT.length()) : lower;
    }

    /** RFC 6750 section 2.1; the scheme is case-insensitive (RFC 9110 section 11.1). Takes as long for any wrong token. */
    private boolean showsToken(HttpRequest request) {
        List<String> all = request.headers().getAll(HttpHeaderNames.AUTHORIZATION);
        String credentials = all.size() == 1 ? all.get(0) : ""; // of several, nobody can say which was meant
        return credentials.regionMatches(true, 0, BEARER, 0, BEARER.length())
                && MessageDigest.isEqual(
                        token, credentials.substring(BEARER.length()).getBytes(UTF_8));
    }
}
