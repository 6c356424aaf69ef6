package io.breakwater.health.breaker;

import java.time.Duration;

/**
 * What a circuit breaker is told to do.
 *
 * @param enabled false: every request is admitted and the state is always closed
 * @param mode whether it refuses, or only finds out what it would have refused
 * @param consecutiveFailures failures in a row that open the circuit; 0 turns this rule off
 * @param window over the latest outcomes, with the rates that open the circuit beside {@code consecutiveFailures}
 * @param cooldown how long the circuit stays open the first time
 * @param cooldownMultiplier how much longer each cooldown is than the one before, as long as the backend has not proven
 *     itself in between; 1 or more
 * @param cooldownMax the longest that multiplier or a backend's {@code Retry-After} make of a cooldown; where it is
 *     shorter than {@code cooldown}, that is the longest
 * @param cooldownJitter part of the cooldown, 0 to 1, by which each one is shortened or prolonged at random
 * @param concurrentProbes how many requests at a time are admitted in half-open
 * @param successesToClose successful probes that close the circuit
 * @param probeTimeout the lease of a probe: undecided waiting for the backend, in all, after which half-open re-opens
 */
public record BreakerConfig(
        boolean enabled,
        Mode mode,
        int consecutiveFailures,
        WindowConfig window,
        Duration cooldown,
        double cooldownMultiplier,
        Duration cooldownMax,
        double cooldownJitter,
        int concurrentProbes,
        int successesToClose,
        Duration probeTimeout) {

    private static final Duration DEFAULT_COOLDOWN_MAX = Duration.ofSeconds(60);

    /** 3 failures in a row open for 5 s; one probe with a lease of 10 s, whose success closes. */
    public static final BreakerConfig DEFAULT =
            new BreakerConfig(true, 3, Duration.ofSeconds(5), 1, 1, Duration.ofSeconds(10));

    /** Whether a circuit acts on what it finds. */
    public enum Mode {
        /** What it refuses is refused. */
        ENFORCE,
        /** It runs and refuses nothing, and counts what it would have refused. */
        OBSERVE
    }

    public BreakerConfig {
        Rules.atLeast("consecutive-failures", consecutiveFailures, 0);
        Rules.span("cooldown", cooldown);
        Rules.require(
                cooldownMultiplier >= 1 && cooldownMultiplier <= 100,
                "cooldown-multiplier",
                cooldownMultiplier,
                ">= 1 and <= 100");
        Rules.span("cooldown-max", cooldownMax);
        Rules.require(cooldownJitter >= 0 && cooldownJitter <= 1, "cooldown-jitter", cooldownJitter, ">= 0 and <= 1");
        Rules.atLeast("half-open.concurrent-probes", concurrentProbes, 1);
        Rules.atLeast("half-open.successes-to-close", successesToClose, 1);
        Rules.span("half-open.probe-timeout", probeTimeout);
    }

    /** A circuit that refuses, with no window and one cooldown for all times. */
    public BreakerConfig(
            boolean enabled,
            int consecutiveFailures,
            Duration cooldown,
            int concurrentProbes,
            int successesToClose,
            Duration probeTimeout) {
        this(
                enabled,
                Mode.ENFORCE,
                consecutiveFailures,
                WindowConfig.NONE,
                cooldown,
                1,
                DEFAULT_COOLDOWN_MAX,
                0,
                concurrentProbes,
                successesToClose,
                probeTimeout);
    }

    /** The same with this window. */
    public BreakerConfig with(WindowConfig other) {
        return new BreakerConfig(
                enabled,
                mode,
                consecutiveFailures,
                other,
                cooldown,
                cooldownMultiplier,
                cooldownMax,
                cooldownJitter,
                concurrentProbes,
                successesToClose,
                probeTimeout);
    }

    /** The same in this mode. */
    public BreakerConfig with(Mode other) {
        return new BreakerConfig(
                enabled,
                other,
                consecutiveFailures,
                window,
                cooldown,
                cooldownMultiplier,
                cooldownMax,
                cooldownJitter,
                concurrentProbes,
                successesToClose,
                probeTimeout);
    }

    /** Whether a cooldown may be longer than the one before. */
    boolean grows() {
        return cooldownMultiplier > 1;
    }

    /** Whether a call that took so long is a slow one; never without a window. */
    boolean isSlow(long latencyNanos) {
        return window.type() != WindowConfig.Type.NONE
                && latencyNanos > window.slowCallDuration().toNanos();
    }

    boolean observes() {
        return mode == Mode.OBSERVE;
    }

    long cooldownNanos() {
        return cooldown.toNanos();
    }

    long probeTimeoutNanos() {
        return probeTimeout.toNanos();
    }
}
