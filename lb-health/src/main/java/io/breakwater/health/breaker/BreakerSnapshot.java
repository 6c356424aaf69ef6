package io.breakwater.health.breaker;

import org.jspecify.annotations.Nullable;

/**
 * What a breaker looked like at one reading of its ticker. In observe mode this is the state of the machine, which no
 * request meets.
 *
 * @param state the state at that reading
 * @param generation the number of that state; an open circuit whose cooldown is over reads half-open, and has the
 *     number of the open state until its first probe is admitted
 * @param consecutiveFailures failures in a row
 * @param sinceNanos when the state was entered
 * @param remainingNanos what is left of the cooldown when open, else 0; the configured cooldown when tripped
 * @param tripped opened by hand, without a deadline
 * @param reason of the last transition, null before the first
 * @param mode whether it enforces or observes
 * @param window what the window holds when closed, and held when its outcomes opened the circuit while that is open; null
 *     in half-open, where something else opened the circuit, and without a window
 * @param rated whether {@code window} holds enough calls for its rates to mean something
 * @param cooldownNanos how long the present opening lasts in all; 0 when not open, and when tripped
 * @param openings how many openings in a row the cooldown has grown by; 0 when a row has ended
 * @param observed what observe mode has found, over the breaker's life
 */
public record BreakerSnapshot(
        CircuitState state,
        long generation,
        int consecutiveFailures,
        long sinceNanos,
        long remainingNanos,
        boolean tripped,
        Transition.@Nullable Reason reason,
        BreakerConfig.Mode mode,
        @Nullable WindowCounts window,
        boolean rated,
        long cooldownNanos,
        int openings,
        Observed observed) {

    /** Returns failures per call in the window; null without one, or with too few calls in it. */
    public @Nullable Double failureRate() {
        return rated && window != null ? window.failureRate() : null;
    }

    /** Returns slow calls per call in the window; null without one, or with too few calls in it. */
    public @Nullable Double slowCallRate() {
        return rated && window != null ? window.slowCallRate() : null;
    }
}
