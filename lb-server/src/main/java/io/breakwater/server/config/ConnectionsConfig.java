package io.breakwater.server.config;

import java.time.Duration;

/**
 * {@code connections} of a pool; totals over all event loops.
 *
 * @param maxIdlePerBackend 0 closes every connection after its response
 * @param idleTimeout how long an unused connection is kept
 */
public record ConnectionsConfig(int maxIdlePerBackend, Duration idleTimeout) {

    public ConnectionsConfig {
        new Constraints()
                .range("max-idle-per-backend", maxIdlePerBackend, 0, 1_000_000)
                .positive("idle-timeout", idleTimeout)
                .verify();
    }
}
