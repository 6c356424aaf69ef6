package io.breakwater.server.config;

import java.util.List;
import java.util.Locale;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * {@code lb.listen}: where clients connect and what they may do.
 *
 * @param host the address to bind
 * @param port 0 lets the system choose
 * @param tls how clients are spoken to
 * @param trustedProxies peers whose forwarding headers are believed
 * @param healthPath the path that the balancer answers itself
 * @param circuitStateHeader the field that tells the circuit's state on every response
 * @param reasonHeader the field that tells why, on the responses that the balancer makes itself; null for none
 * @param requestIdHeader the field that carries the id of a request; null for none
 * @param traceContext requests go on with a {@code traceparent}
 */
public record ListenerConfig(
        String host,
        int port,
        ListenerTls tls,
        int maxConnections,
        List<Cidr> trustedProxies,
        String healthPath,
        String circuitStateHeader,
        @Nullable String reasonHeader,
        @Nullable String requestIdHeader,
        boolean traceContext,
        LimitsConfig limits,
        ListenerTimeouts timeouts) {

    /** The reason's field where the configuration only says that there is one. */
    public static final String REASON_HEADER = "X-LB-Reason";

    private static final String FIELD_RULE = "a header name that HTTP does not use itself";

    /** Fields that mean something to HTTP itself, or to who forwards it; a state in one of them would break messages. */
    private static final Set<String> RESERVED_FIELDS = Set.of(
            "accept-encoding",
            "age",
            "allow",
            "authorization",
            "cache-control",
            "connection",
            "content-encoding",
            "content-length",
            "content-range",
            "content-type",
            "cookie",
            "date",
            "etag",
            "expect",
            "forwarded",
            "host",
            "idempotency-key",
            "if-match",
            "if-none-match",
            "keep-alive",
            "location",
            "max-forwards",
            "proxy-authorization",
            "range",
            "retry-after",
            "server",
            "set-cookie",
            "te",
            "traceparent",
            "tracestate",
            "trailer",
            "transfer-encoding",
            "upgrade",
            "vary",
            "via",
            "www-authenticate",
            "x-breakwater-fallback",
            "x-forwarded-for",
            "x-forwarded-host",
            "x-forwarded-proto");

    /** Words that a configuration has for yes and no; whoever writes one here means that. */
    private static final Set<String> FLAGS = Set.of("on", "off", "yes", "no", "true", "false");

    public ListenerConfig {
        trustedProxies = List.copyOf(trustedProxies);
        new Constraints()
                .require(HostPort.isHost(host), "host", host, HostPort.HOST_RULE)
                .range("port", port, 0, 65_535)
                .range("max-connections", maxConnections, 1, 10_000_000)
                .require(HttpText.isPath(healthPath), "health-path", healthPath, HttpText.PATH_RULE)
                .require(isOurs(circuitStateHeader), "circuit-state-header", circuitStateHeader, FIELD_RULE)
                .require(
                        reasonHeader == null || isOurs(reasonHeader),
                        "reason-header",
                        String.valueOf(reasonHeader),
                        "on, off, or " + FIELD_RULE)
                .require(
                        requestIdHeader == null || isOurs(requestIdHeader),
                        "request-id-header",
                        String.valueOf(requestIdHeader),
                        FIELD_RULE + ", or empty")
                .require(
                        areDifferent(circuitStateHeader, reasonHeader),
                        "reason-header",
                        String.valueOf(reasonHeader),
                        "other than circuit-state-header")
                .verify();
    }

    private static boolean isOurs(String name) {
        String lowerCase = name.toLowerCase(Locale.ROOT);
        return HttpText.isToken(name) && !RESERVED_FIELDS.contains(lowerCase) && !FLAGS.contains(lowerCase);
    }

    private static boolean areDifferent(String name, @Nullable String other) {
        return other == null || !other.equalsIgnoreCase(name);
    }
}
