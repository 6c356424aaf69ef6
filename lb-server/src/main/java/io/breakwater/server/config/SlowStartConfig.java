package io.breakwater.server.config;

import java.time.Duration;

/**
 * {@code slow-start} of a pool: how the share of a backend that returns grows back.
 *
 * @param duration until the whole weight
 * @param minWeight the part of its weight that it begins with, 0 to 1
 * @param minSuccesses that it needs since its return to have more than half
 */
public record SlowStartConfig(boolean enabled, Duration duration, double minWeight, int minSuccesses) {

    public SlowStartConfig {
        new Constraints()
                .positive("duration", duration)
                .require(minWeight > 0 && minWeight <= 1, "min-weight", minWeight, "> 0% and <= 100%")
                .range("min-successes", minSuccesses, 0, 1_000_000)
                .verify();
    }
}
