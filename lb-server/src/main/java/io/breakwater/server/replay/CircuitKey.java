package io.breakwater.server.replay;

import java.util.Comparator;

/**
 * Whom a circuit is for.
 *
 * @param route empty where a circuit is for a backend whatever is asked of it
 */
record CircuitKey(String pool, String backend, String route) implements Comparable<CircuitKey> {
    private static final Comparator<CircuitKey> ORDER = Comparator.comparing(CircuitKey::pool)
            .thenComparing(CircuitKey::backend)
            .thenComparing(CircuitKey::route);

    @Override
    public int compareTo(CircuitKey other) {
        return ORDER.compare(this, other);
    }

    @Override
    public String toString() {
        return "pool " + pool + ", backend " + backend + (route.isEmpty() ? "" : ", route " + route);
    }
}
