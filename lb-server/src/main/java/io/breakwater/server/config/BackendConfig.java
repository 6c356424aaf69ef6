package io.breakwater.server.config;

import java.util.Locale;

/**
 * One backend of a pool.
 *
 * @param id unique in the pool; host:port unless set
 * @param url as written
 * @param host the name or address to connect to, without brackets
 * @param weight its part of the traffic of its priority, against the weights of the others
 * @param priority 0 is asked first; a higher number serves only when every lower one has nobody
 */
public record BackendConfig(String id, String url, String host, int port, int weight, int priority) {

    static final String URL_RULE = "http://HOST[:PORT] or https://HOST[:PORT]";
    private static final String HTTP = "http://";
    private static final String HTTPS = "https://";

    public BackendConfig {
        new Constraints()
                .require(
                        id.matches("[A-Za-z0-9._:\\[\\]@-]+"),
                        "id",
                        id,
                        "letters, digits and any of . _ : @ - [ ] (it is part of URLs and a label of metrics)")
                .require(HostPort.isHost(host), "url", url, URL_RULE)
                .require(port > 0 && port <= 65_535, "url", url, "a port of 1..65535")
                .range("weight", weight, 1, 1_000)
                .range("priority", priority, 0, 1_000)
                .verify();
    }

    /**
     * Tells whether the other is this backend over a reload, so that its circuit, health and connections are kept: the
     * same id at the same scheme, host and port. Weight and priority may differ, and so may what is written.
     */
    public boolean isSameBackend(BackendConfig other) {
        return id.equals(other.id) && origin().equals(other.origin());
    }

    /** Scheme, host and port, written alike however the URL is: {@code http://localhost:80}. */
    public String origin() {
        String bracketed = host.indexOf(':') >= 0 ? "[" + host + "]" : host;
        return (isTls() ? HTTPS : HTTP) + bracketed.toLowerCase(Locale.ROOT) + ":" + port;
    }

    /** Whether it is spoken to over TLS. */
    public boolean isTls() {
        return isTls(url);
    }

    private static boolean isTls(String url) {
        return url.regionMatches(true, 0, HTTPS, 0, HTTPS.length());
    }

    /** Host and port as a Host field has them: without the port that the scheme has anyway (RFC 9110 section 4.2.3). */
    public String authority() {
        String name = host.indexOf(':') >= 0 ? "[" + host + "]" : host;
        return port == defaultPort(isTls()) ? name : name + ":" + port;
    }

    private static int defaultPort(boolean tls) {
        return tls ? 443 : 80;
    }

    /** The host and the port in a URL. */
    static HostPort target(String url) {
        boolean tls = isTls(url);
        String scheme = tls ? HTTPS : HTTP;
        if (!url.regionMatches(true, 0, scheme, 0, scheme.length())) {
            throw new InvalidValue(URL_RULE);
        }
        int end = url.endsWith("/") && url.length() > scheme.length() + 1 ? url.length() - 1 : url.length();
        String authority = url.substring(scheme.length(), end);
        if (authority.indexOf('/') >= 0) {
            throw new InvalidValue(URL_RULE + "; a path is the route's matter (rewrite)");
        }
        return HostPort.parse(authority, defaultPort(tls), URL_RULE);
    }
}
