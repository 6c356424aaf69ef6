package io.breakwater.server.state;

import io.breakwater.health.BackendId;
import io.breakwater.health.check.HealthSnapshot;
import io.breakwater.health.check.HealthStatus;
import io.breakwater.server.config.BackendConfig;
import io.breakwater.server.pool.AdminState;
import io.breakwater.server.pool.Backend;
import io.breakwater.server.pool.Replica;
import io.breakwater.server.state.SavedCircuit.Standing;
import java.util.List;
import java.util.Objects;

/**
 * What is kept of one backend. That it was healthy is not: what counts as healthy until it was checked is for the
 * configuration to say ({@code health-check.initial}).
 *
 * @param origin of its URL; under another one it is another backend
 * @param admin what an operator wants of it
 * @param unhealthy whether its checks have taken it out
 * @param timeoutsOnly it is unhealthy, and its checks have done nothing but time out
 * @param suspect it was in rotation all the same
 */
public record SavedBackend(
        BackendId id,
        String origin,
        AdminState admin,
        boolean unhealthy,
        boolean timeoutsOnly,
        boolean suspect,
        List<SavedCircuit> circuits) {

    public SavedBackend {
        circuits = List.copyOf(circuits);
    }

    /**
     * Returns what a backend is like at {@code now}.
     *
     * @param health what its checks have found out
     */
    public static SavedBackend of(Replica backend, HealthSnapshot health, long now) {
        return new SavedBackend(
                backend.id(),
                backend.config().origin(),
                backend.admin(),
                health.status() == HealthStatus.UNHEALTHY,
                health.timeoutsOnly(),
                backend.isSuspect(),
                backend.circuits().stream()
                        .map(circuit -> SavedCircuit.of(circuit.route(), circuit.breaker(), now))
                        .toList());
    }

    /** The same by a ticker that reads so much more. */
    SavedBackend movedBy(long nanos) {
        return new SavedBackend(
                id,
                origin,
                admin,
                unhealthy,
                timeoutsOnly,
                suspect,
                circuits.stream().map(circuit -> circuit.movedBy(nanos)).toList());
    }

    /** Whether that is the backend: one at another URL is not. */
    public boolean isOf(BackendConfig config) {
        return origin.equals(config.origin());
    }

    /** Whether it is as every backend begins, so that nothing need be kept. */
    boolean isPlain() {
        return admin == AdminState.ENABLED && !unhealthy && circuits.stream().allMatch(SavedCircuit::isPlain);
    }

    /**
     * Puts a backend that is new, and neither asked for nor checked yet, where this one stood; its checker is another
     * matter.
     */
    public void restore(Replica backend, long now) {
        backend.restore(admin, unhealthy, suspect);
        for (Backend circuit : backend.circuits()) {
            circuits.stream()
                    .filter(saved -> Objects.equals(saved.route(), circuit.route()))
                    .findFirst()
                    .ifPresentOrElse(saved -> saved.restore(circuit.breaker(), now), () -> restoreTrip(circuit, now));
        }
    }

    /** What an operator opened until it is reset holds for a circuit of another scope too, as over a reload. */
    private void restoreTrip(Backend circuit, long now) {
        if (!circuits.isEmpty() && circuits.stream().allMatch(saved -> saved.standing() == Standing.TRIPPED)) {
            circuit.breaker().restoreTripped(0, now);
        }
    }
}
