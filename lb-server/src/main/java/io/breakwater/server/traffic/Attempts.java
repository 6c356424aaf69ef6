package io.breakwater.server.traffic;

import io.breakwater.health.BackendId;
import io.breakwater.metrics.DurationBuckets;
import org.jspecify.annotations.Nullable;

/**
 * What a backend has counted of the attempts on it that ended; counts only grow. The same object for as long as it is the
 * same backend. Read from any thread.
 */
public interface Attempts {

    BackendId id();

    /** Returns all of them, whatever they say about the backend. */
    long requests();

    /** Returns those that say that it works. */
    long successes();

    /** Returns those that say that it does not. */
    long failures();

    /** Returns how long they took; null where metrics are off. */
    @Nullable
    DurationBuckets durations();
}
