package io.breakwater.health.breaker;

import java.time.Duration;

/**
 * What a circuit breaker is told to do.
 *
 * @param enabled false: every request is admitted and the state is always closed
 * @param consecutiveFailures failures in a row that open the circuit; 0 turns this rule off
 * @param cooldown how long the circuit stays open
 * @param concurrentProbes how many requests at a time are admitted in half-open
 * @param successesToClose successful probes that close the circuit
 * @param probeTimeout the lease of a probe: undecided waiting for the backend, in all, after which half-open re-opens
 */
public record BreakerConfig(
        boolean enabled,
        int consecutiveFailures,
        Duration cooldown,
        int concurrentProbes,
        int successesToClose,
        Duration probeTimeout) {

    /** Far below the 292 years that nanoseconds in a long can tell apart, so that deadlines never wrap. */
    private static final Duration LONGEST = Duration.ofDays(365);

    /** 3 failures in a row open for 5 s; one probe with a lease of 10 s, whose success closes. */
    public static final BreakerConfig DEFAULT =
            new BreakerConfig(true, 3, Duration.ofSeconds(5), 1, 1, Duration.ofSeconds(10));

    public BreakerConfig {
        atLeast("consecutive-failures", consecutiveFailures, 0);
        span("cooldown", cooldown);
        atLeast("half-open.concurrent-probes", concurrentProbes, 1);
        atLeast("half-open.successes-to-close", successesToClose, 1);
        span("half-open.probe-timeout", probeTimeout);
    }

    long cooldownNanos() {
        return cooldown.toNanos();
    }

    long probeTimeoutNanos() {
        return probeTimeout.toNanos();
    }

    private static void atLeast(String key, int value, int least) {
        if (value < least) {
            throw new IllegalArgumentException(key + ": " + value + " (expected: >= " + least + ")");
        }
    }

    private static void span(String key, Duration value) {
        if (value.isNegative() || value.isZero() || value.compareTo(LONGEST) > 0) {
            throw new IllegalArgumentException(key + ": " + value + " (expected: > 0s and <= 365d)");
        }
    }
}
