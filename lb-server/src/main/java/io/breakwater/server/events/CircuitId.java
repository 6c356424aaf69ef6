package io.breakwater.server.events;

import io.breakwater.health.BackendId;
import org.jspecify.annotations.Nullable;

/**
 * Which circuit.
 *
 * @param backend that it stands before
 * @param route the only one whose requests it is for; null if it is for all
 */
public record CircuitId(BackendId backend, @Nullable String route) {

    /** Returns {@code pool/id}, and the route if it is for one alone. */
    @Override
    public String toString() {
        return route == null ? backend.toString() : backend + " for route " + route;
    }
}
