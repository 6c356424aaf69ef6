package io.breakwater.server.pool;

import java.util.Locale;

/** What an operator wants of a backend. */
public enum AdminState {
    ENABLED,
    /** No new requests; what is under way ends, and checks go on. */
    DRAINING,
    /** As draining; idle connections are closed and no checks are made either. */
    DISABLED;

    private final String label = name().toLowerCase(Locale.ROOT);

    /** As the API writes it. */
    public String label() {
        return label;
    }
}
