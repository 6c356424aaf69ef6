package io.breakwater.health.breaker;

import org.jspecify.annotations.Nullable;

/**
 * What a breaker looked like at one reading of its ticker.
 *
 * @param state the state at that reading
 * @param generation the number of that state; an open circuit whose cooldown is over reads half-open, and has the
 *     number of the open state until its first probe is admitted
 * @param consecutiveFailures failures in a row
 * @param sinceNanos when the state was entered
 * @param remainingNanos what is left of the cooldown when open, else 0; the configured cooldown when tripped
 * @param tripped opened by hand, without a deadline
 * @param reason of the last transition, null before the first
 */
public record BreakerSnapshot(
        CircuitState state,
        long generation,
        int consecutiveFailures,
        long sinceNanos,
        long remainingNanos,
        boolean tripped,
        Transition.@Nullable Reason reason) {}
