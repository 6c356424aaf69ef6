package io.breakwater.health.check;

import org.jspecify.annotations.Nullable;

/**
 * What is known of a backend's health at one moment. Immutable.
 *
 * @param status what active checks have found out
 * @param countsAsHealthy what follows from the status; while it is unknown, what is configured as initial
 * @param timeoutsOnly the backend is unhealthy, and every check that failed since its row of failures began was a
 *     timeout; so it may only be slow, and the pool's last one is left in rotation
 * @param sinceNanos when the status was entered, as a reading of the checker's ticker
 * @param sequence the number of the last change
 * @param passes checks passed in a row up to now
 * @param failures checks failed or timed out in a row up to now
 * @param last the check that ended last with a result; null before the first one
 */
public record HealthSnapshot(
        HealthStatus status,
        boolean countsAsHealthy,
        boolean timeoutsOnly,
        long sinceNanos,
        long sequence,
        int passes,
        int failures,
        @Nullable Check last) {

    /**
     * A check that has ended.
     *
     * @param atNanos when it ended, as a reading of the checker's ticker
     * @param durationNanos from its beginning to its end
     */
    public record Check(ProbeResult result, long atNanos, long durationNanos) {}

    /** Whether nothing is to be waited for before the backend can be judged: a check has ended, or none is made. */
    public boolean isJudged() {
        return status == HealthStatus.UNCHECKED || last != null;
    }
}
