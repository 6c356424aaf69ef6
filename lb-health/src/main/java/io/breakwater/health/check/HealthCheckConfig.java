package io.breakwater.health.check;

import java.time.Duration;

/**
 * How one backend is checked.
 *
 * @param enabled false: no check is made, and the backend is {@link HealthStatus#UNCHECKED}
 * @param initial what the backend counts as until its first rise or fall: healthy or unhealthy
 * @param interval between the beginnings of two checks
 * @param timeout of one check
 * @param rise checks passed in a row that make an unhealthy backend healthy
 * @param fall checks failed in a row that make a healthy backend unhealthy
 * @param jitter the part of each interval, 0 to 1, by which it is shortened or prolonged at random
 * @param unhealthyInterval stands in for {@code interval} while the backend is unhealthy
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
}
