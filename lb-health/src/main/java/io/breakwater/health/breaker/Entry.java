package io.breakwater.health.breaker;

import org.jspecify.annotations.Nullable;

/**
 * How a state came to be.
 *
 * @param generation the number of the state; one more than that of the state before
 * @param sinceNanos when it was entered
 * @param reason why; null for the state that a breaker begins with
 */
record Entry(long generation, long sinceNanos, Transition.@Nullable Reason reason) {

    static Entry first(long now) {
        return new Entry(0, now, null);
    }

    Entry next(long atNanos, Transition.Reason why) {
        return new Entry(generation + 1, atNanos, why);
    }
}
