package io.breakwater.metrics;

import java.util.Locale;

/** Why the balancer answered a request itself instead of asking a backend. */
public enum RejectionReason {
    /** Every backend that was asked refused by its circuit. */
    CIRCUIT_OPEN,
    /** No backend is healthy. */
    UNHEALTHY,
    /** No backend has a slot free. */
    OVERLOADED,
    /** Every backend is drained or disabled. */
    UNAVAILABLE,
    /** No route matches the path. */
    NO_ROUTE,
    /** A route matches the path, none the method. */
    METHOD_NOT_ALLOWED,
    /** The request breaks HTTP's rules, or ours for paths. */
    BAD_REQUEST,
    /** The request line, the headers or the body are above a limit. */
    TOO_LARGE,
    /** The client was too slow to send its request, or the request's deadline passed before a backend was asked. */
    TIMEOUT,
    /** The listener holds as many connections as it may. */
    CONNECTION_LIMIT;

    private final String label = name().toLowerCase(Locale.ROOT);

    /** Returns the value of the metric label {@code reason}. */
    public String label() {
        return label;
    }
}
