package io.breakwater.server.config;

import java.time.Duration;

/**
 * {@code lb.shutdown}: the two stages of a stop.
 *
 * @param delay how long new requests are still taken after {@code /readyz} has turned
 * @param drain how long running exchanges may take after that
 */
public record ShutdownConfig(Duration delay, Duration drain) {

    public ShutdownConfig {
        new Constraints()
                .notNegative("delay", delay)
                .notNegative("drain", drain)
                .verify();
    }
}
