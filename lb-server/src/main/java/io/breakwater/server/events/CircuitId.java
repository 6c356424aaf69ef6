package io.breakwater.server.events;

import io.breakwater.health.BackendId;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * Which circuit.
 *
 * @param backend that it stands before
 * @param route the only one whose requests it is for; null if it is for all
 */
public record CircuitId(BackendId backend, @Nullable String route) {

    /** As a record's own; written out for the sake of a start, as that of {@link BackendId} is. */
    @Override
    public boolean equals(@Nullable Object other) {
        return other instanceof CircuitId that && backend.equals(that.backend) && Objects.equals(route, that.route);
    }

    @Override
    public int hashCode() {
        return 31 * backend.hashCode() + Objects.hashCode(route);
    }

    /** Returns {@code pool/id}, and the route if it is for one alone. */
    @Override
    public String toString() {
        return route == null ? backend.toString() : backend + " for route " + route;
    }
}
