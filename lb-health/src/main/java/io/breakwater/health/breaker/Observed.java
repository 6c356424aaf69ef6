package io.breakwater.health.breaker;

/**
 * What a breaker in {@link BreakerConfig.Mode#OBSERVE} would have refused, and how that went instead; over its whole life,
 * whatever its settings became meanwhile. A request that ended without a verdict is in the first figure only, as is one
 * that is still under way.
 *
 * @param wouldReject requests that were let through and would have been refused
 * @param wouldRejectSucceeded those of them that succeeded: refusing them would have been a mistake
 * @param wouldRejectFailed those of them that failed
 * @param savedNanos how long clients waited for the failed ones, in all
 */
public record Observed(long wouldReject, long wouldRejectSucceeded, long wouldRejectFailed, long savedNanos) {

    static final Observed NOTHING = new Observed(0, 0, 0, 0);
}
