package io.breakwater.server.config;

import java.util.List;
import java.util.Locale;
import java.util.Set;

/**
 * {@code lb.listen}: where clients connect and what they may do.
 *
 * @param host the address to bind
 * @param port 0 lets the system choose
 * @param trustedProxies peers whose forwarding headers are believed
 * @param healthPath the path that the balancer answers itself
 * @param circuitStateHeader the field that tells the circuit's state on every response
 */
public record ListenerConfig(
        String host,
        int port,
        int maxConnections,
        List<Cidr> trustedProxies,
        String healthPath,
        String circuitStateHeader,
        LimitsConfig limits,
        ListenerTimeouts timeouts) {

    /** Fields that mean something to HTTP itself; a state in one of them would break messages. */
    private static final Set<String> RESERVED_FIELDS = Set.of(
            "connection",
            "content-length",
            "content-type",
            "date",
            "host",
            "keep-alive",
            "retry-after",
            "server",
            "te",
            "trailer",
            "transfer-encoding",
            "upgrade",
            "via");

    public ListenerConfig {
        trustedProxies = List.copyOf(trustedProxies);
        new Constraints()
                .require(HostPort.isHost(host), "host", host, HostPort.HOST_RULE)
                .range("port", port, 0, 65_535)
                .range("max-connections", maxConnections, 1, 10_000_000)
                .require(HttpText.isPath(healthPath), "health-path", healthPath, HttpText.PATH_RULE)
                .require(
                        HttpText.isToken(circuitStateHeader)
                                && !RESERVED_FIELDS.contains(circuitStateHeader.toLowerCase(Locale.ROOT)),
                        "circuit-state-header",
                        circuitStateHeader,
                        "a header name that HTTP does not use itself")
                .verify();
    }
}
