package io.breakwater.health.check;

import java.time.Duration;

/**
 * How one backend is checked.
 *
 * @param enabled false: no check is made, and the backend is {@link HealthStatus#UNCHECKED}
 * @param initial what the backend counts as until its first rise or fall: healthy or unhealthy
 * @param interval between the beginnings of two checks
 * @param timeout of one check
 * @param rise checks passed in a row that make a backend healthy that is not
 * @param fall checks failed in a row that make a backend unhealthy that is not
 * @param jitter the part of each interval, 0 to 1, by which it is at most shortened or prolonged at random
 * @param unhealthyInterval stands in for {@code interval} while the backend counts as unhealthy
 */
public record HealthCheckConfig(
        boolean enabled,
        HealthStatus initial,
        Duration interval,
        Duration timeout,
        int rise,
        int fall,
        double jitter,
        Duration unhealthyInterval) {

    /** Far below the 292 years that nanoseconds in a long can tell apart, so that deadlines never wrap. */
    private static final Duration LONGEST = Duration.ofDays(365);

    /** No checks. */
    public static final HealthCheckConfig OFF = new HealthCheckConfig(
            false,
            HealthStatus.HEALTHY,
            Duration.ofSeconds(5),
            Duration.ofSeconds(2),
            2,
            3,
            0.1,
            Duration.ofSeconds(1));

    public HealthCheckConfig {
        if (initial != HealthStatus.HEALTHY && initial != HealthStatus.UNHEALTHY) {
            throw new IllegalArgumentException("initial: " + initial.label() + " (expected: healthy or unhealthy)");
        }
        span("interval", interval);
        span("timeout", timeout);
        atLeastOne("rise", rise);
        atLeastOne("fall", fall);
        if (!(jitter >= 0 && jitter <= 1)) {
            throw new IllegalArgumentException("jitter: " + jitter + " (expected: >= 0 and <= 1)");
        }
        span("unhealthy-interval", unhealthyInterval);
    }

    private static void span(String key, Duration value) {
        if (value.isNegative() || value.isZero() || value.compareTo(LONGEST) > 0) {
            throw new IllegalArgumentException(key + ": " + value + " (expected: > 0s and <= 365d)");
        }
    }

    private static void atLeastOne(String key, int value) {
        if (value < 1) {
            throw new IllegalArgumentException(key + ": " + value + " (expected: >= 1)");
        }
    }
}
