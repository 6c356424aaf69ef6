package io.breakwater.health.check;

import org.jspecify.annotations.Nullable;

/**
 * One change of what is known of a backend. It leads from {@link HealthStatus#UNHEALTHY} to the same when a backend
 * whose fall was reached by timeouts alone fails a check in another way: until then it may have been left in rotation.
 *
 * @param sequence rises by one with each change that a checker reports, from 1
 * @param atNanos when it happened, as a reading of the checker's ticker
 * @param run how many checks in a row had the result that brought the change, or its like; 0 if it was none that did
 * @param timeoutsOnly the backend is unhealthy, and every check that failed since its row of failures began was a timeout
 * @param cause the check that brought the change; null if checks were begun, stopped or set otherwise
 */
public record HealthChange(
        long sequence,
        long atNanos,
        HealthStatus from,
        HealthStatus to,
        int run,
        boolean timeoutsOnly,
        @Nullable ProbeResult cause) {}
