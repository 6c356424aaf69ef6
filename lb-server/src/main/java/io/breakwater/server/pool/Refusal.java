package io.breakwater.server.pool;

/** Why nobody may serve a request: the first of these that applies, of those backends that were not tried for it yet. */
public enum Refusal {
    /** A free slot would have helped: somebody is enabled and healthy, and its circuit would have admitted. */
    OVERLOADED,
    /** Somebody is enabled and healthy, but its circuit refused. */
    CIRCUIT_OPEN,
    /** Somebody is enabled, but nobody who is enabled is healthy. */
    UNHEALTHY,
    /** All are drained or disabled. */
    UNAVAILABLE,
    /** All that might have served were tried for this request already. */
    TRIED
}
