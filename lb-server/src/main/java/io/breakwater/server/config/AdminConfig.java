package io.breakwater.server.config;

/**
 * {@code lb.admin}: the port that operators and Prometheus ask.
 *
 * @param host the address to bind
 * @param port 0 lets the system choose
 * @param portSetExplicitly the operator chose the port, so that a busy one is fatal
 * @param token what a writer must show; empty for none
 */
public record AdminConfig(String host, int port, boolean portSetExplicitly, String token) {

    public AdminConfig {
        new Constraints()
                .require(HostPort.isHost(host), "host", host, HostPort.HOST_RULE)
                .range("port", port, 0, 65_535)
                .require(token.chars().allMatch(c -> c > ' ' && c < 0x7f), "token", "(hidden)", "visible ASCII only")
                .verify();
    }

    /** Leaves the token out, so that no log line tells it. */
    @Override
    public String toString() {
        return "AdminConfig[host=" + host + ", port=" + port + ", portSetExplicitly=" + portSetExplicitly + ", token="
                + (token.isEmpty() ? "none" : "(hidden)") + "]";
    }
}
