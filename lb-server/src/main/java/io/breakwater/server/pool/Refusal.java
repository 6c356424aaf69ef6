package io.breakwater.server.pool;

/** Why nobody may serve a request: the first of these that applies. */
public enum Refusal {
    /** Somebody would have served, had one of its slots been free. */
    OVERLOADED,
    /** Somebody is enabled and healthy, but its circuit refused. */
    CIRCUIT_OPEN,
    /** No enabled backend is healthy. */
    UNHEALTHY,
    /** All are drained or disabled. */
    UNAVAILABLE,
    /** All that might have served were tried for this request already. */
    TRIED
}
