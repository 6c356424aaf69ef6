package io.breakwater.metrics;

import java.util.Locale;

/** What answered in place of a backend. */
public enum FallbackType {
    /** A response from the configuration. */
    STATIC,
    /** The last good response to the same request. */
    STALE,
    /** Another pool. */
    POOL,
    /** The request was stored, to be repeated later. */
    QUEUE;

    private final String label = name().toLowerCase(Locale.ROOT);

    /** Returns the value of the metric label {@code type}. */
    public String label() {
        return label;
    }
}
