package io.breakwater.health.breaker;

import java.util.concurrent.atomic.AtomicIntegerFieldUpdater;
import java.util.concurrent.atomic.AtomicLongFieldUpdater;

/**
 * What a closed circuit has counted since it closed, its window apart: its identity tells one closed period from the
 * next, so that a permit which outlives its period votes into counts that nobody reads any more. Safe to use from any
 * thread.
 */
final class Counts {
    private static final AtomicLongFieldUpdater<Counts> CONSECUTIVE =
            AtomicLongFieldUpdater.newUpdater(Counts.class, "consecutiveFailures");
    private static final AtomicIntegerFieldUpdater<Counts> UNPROVEN =
            AtomicIntegerFieldUpdater.newUpdater(Counts.class, "unproven");

    // A long, because a backend may fail for weeks while the rule is off.
    private volatile long consecutiveFailures;
    /** Successes that are missing before the backend counts as healthy again. */
    private volatile int unproven;

    /**
     * @param failures in a row so far
     * @param unproven successes after which the backend has proven itself; with 0 none is counted
     */
    Counts(int failures, int unproven) {
        this.consecutiveFailures = failures;
        this.unproven = unproven;
    }

    /**
     * Counts a success, which ends a row of failures.
     *
     * @param proves whether it speaks for the backend: a slow one does not
     */
    void succeeded(boolean proves) {
        if (consecutiveFailures != 0) {
            consecutiveFailures = 0;
        }
        if (proves && unproven != 0) {
            UNPROVEN.updateAndGet(this, missing -> missing == 0 ? 0 : missing - 1);
        }
    }

    /** Counts a failure and returns how many there are in a row, this one included. */
    int failed() {
        return asInt(CONSECUTIVE.incrementAndGet(this));
    }

    /** Whether a success would change nothing. */
    boolean isClean() {
        return consecutiveFailures == 0 && unproven == 0;
    }

    /** Whether enough requests have succeeded. */
    boolean isProven() {
        return unproven == 0;
    }

    int consecutiveFailures() {
        return asInt(consecutiveFailures);
    }

    private static int asInt(long count) {
        return (int) Math.min(count, Integer.MAX_VALUE);
    }
}
