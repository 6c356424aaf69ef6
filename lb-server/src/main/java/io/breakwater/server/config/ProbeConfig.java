package io.breakwater.server.config;

/**
 * The part of a pool's {@code health-check} that says what a check is; how often and what follows from it is
 * {@link io.breakwater.health.check.HealthCheckConfig}.
 *
 * @param path what an HTTP check asks for
 * @param expectStatuses those that pass
 */
public record ProbeConfig(Type type, String path, StatusRanges expectStatuses) {

    public ProbeConfig {
        new Constraints()
                .require(HttpText.isPath(path), "path", path, HttpText.PATH_RULE)
                .require(!expectStatuses.ranges().isEmpty(), "expect-status", "[]", "at least one status")
                .verify();
    }

    public enum Type implements Choice {
        /** GET, and a status that is expected. */
        HTTP,
        /** A connection that can be made. */
        TCP
    }
}
