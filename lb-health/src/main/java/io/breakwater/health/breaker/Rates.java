package io.breakwater.health.breaker;

import org.jspecify.annotations.Nullable;

/** The rates of a {@link WindowConfig} as they are asked after every call. Immutable. */
final class Rates {
    private final int minimumCalls;
    private final double failureRate;
    private final double slowCallRate;
    private final long slowCallNanos;

    Rates(WindowConfig config) {
        this.minimumCalls = config.minimumCalls();
        this.failureRate = config.failureRate();
        this.slowCallRate = config.slowCallRate();
        this.slowCallNanos = config.slowCallDuration().toNanos();
    }

    boolean isSlow(long latencyNanos) {
        return latencyNanos > slowCallNanos;
    }

    /** Whether so much of so many is too much. The quotients are rounded once: 3 of 15 is 0.2. */
    boolean areReachedBy(long calls, long failures, long slowCalls) {
        return (failures | slowCalls) != 0
                && calls >= minimumCalls
                && (failures / (double) calls >= failureRate || slowCalls / (double) calls >= slowCallRate);
    }

    /** Why these open a circuit; null if they do not. */
    Transition.@Nullable Reason reason(WindowCounts counts) {
        if (counts.calls() < minimumCalls) {
            return null;
        }
        if (counts.failureRate() >= failureRate) {
            return Transition.Reason.FAILURE_RATE;
        }
        return counts.slowCallRate() >= slowCallRate ? Transition.Reason.SLOW_CALL_RATE : null;
    }
}
