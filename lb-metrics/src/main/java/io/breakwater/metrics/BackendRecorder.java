package io.breakwater.metrics;

import io.breakwater.health.Outcome;
import io.breakwater.health.breaker.Transition;
import io.breakwater.health.check.CheckResult;
import org.jspecify.annotations.Nullable;

/** Counts the attempts on one backend and what its circuit did. */
public interface BackendRecorder {

    /**
     * An attempt ended.
     *
     * @param durationNanos from dispatch to the attempt's end
     */
    void ended(Outcome outcome, long durationNanos);

    /** Returns the durations that {@link #ended} was told; null where nobody keeps them. */
    default @Nullable DurationBuckets durations() {
        return null;
    }

    /** The backend's circuit refused a request that was then answered {@code circuit open}. */
    void circuitRejected();

    /** The backend's circuit observes, and would have refused a request that it let through. */
    void circuitWouldReject();

    /** The backend's circuit changed its state. */
    void transition(Transition transition);

    /** The backend's circuit would have opened, had that not left too few backends. */
    void tripRefused();

    /**
     * A health check of the backend ended.
     *
     * @param durationNanos from its beginning to its end
     */
    void healthChecked(CheckResult result, long durationNanos);
}
