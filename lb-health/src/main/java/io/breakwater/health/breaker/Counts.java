package io.breakwater.health.breaker;

import java.util.concurrent.atomic.AtomicLongFieldUpdater;

/**
 * What a closed circuit has counted since it closed: its identity tells one closed period from the next, so that a
 * permit which outlives its period votes into counts that nobody reads any more. Safe to use from any thread.
 */
final class Counts {
    private static final AtomicLongFieldUpdater<Counts> CONSECUTIVE =
            AtomicLongFieldUpdater.newUpdater(Counts.class, "consecutiveFailures");

    // A long, because a backend may fail for weeks while the rule is off.
    private volatile long consecutiveFailures;

    void succeeded() {
        consecutiveFailures = 0;
    }

    /** Counts a failure and returns how many there are in a row, this one included. */
    int failed() {
        return asInt(CONSECUTIVE.incrementAndGet(this));
    }

    /** Whether a success would change nothing. */
    boolean isClean() {
        return consecutiveFailures == 0;
    }

    int consecutiveFailures() {
        return asInt(consecutiveFailures);
    }

    private static int asInt(long count) {
        return (int) Math.min(count, Integer.MAX_VALUE);
    }
}
