package io.breakwater.metrics;

import java.util.Locale;

/** The side of the balancer that a connection is on. */
public enum Side {
    /** Clients. */
    DOWNSTREAM,
    /** Backends. */
    UPSTREAM;

    private final String label = name().toLowerCase(Locale.ROOT);

    /** Returns the value of the metric label {@code side}. */
    public String label() {
        return label;
    }
}
