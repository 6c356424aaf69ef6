package io.breakwater.server.admin;

import io.breakwater.health.breaker.CircuitState;
import io.breakwater.health.breaker.Transition;
import io.breakwater.health.check.HealthStatus;
import java.time.Instant;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** A status that a test sets. */
final class FakeStatus implements StatusView {
    static final Instant NOON = Instant.parse("2026-01-01T12:00:00Z");

    volatile @Nullable String whyNotReady;
    volatile List<Pool> pools = List.of();
    volatile @Nullable RuntimeException failure;
    volatile String config = "{\"lb\":{}}";

    @Override
    public @Nullable String whyNotReady() {
        return whyNotReady;
    }

    @Override
    public List<Pool> pools() {
        RuntimeException thrown = failure;
        if (thrown != null) {
            throw thrown;
        }
        return pools;
    }

    @Override
    public String configAsJson() {
        return config;
    }

    /** Three replicas: one closed, one half-open, one open for 3 s more. */
    static Pool threeReplicas() {
        return new Pool(
                "default",
                CircuitState.CLOSED,
                "round-robin",
                List.of(
                        backend("localhost:3001", new Circuit(CircuitState.CLOSED, 1, null, null, null, 0), List.of()),
                        backend(
                                "localhost:3002",
                                new Circuit(
                                        CircuitState.HALF_OPEN, 3, null, Transition.Reason.COOLDOWN_ELAPSED, null, 2),
                                List.of(
                                        new Change(
                                                NOON.minusSeconds(10),
                                                CircuitState.CLOSED,
                                                CircuitState.OPEN,
                                                Transition.Reason.CONSECUTIVE_FAILURES),
                                        new Change(
                                                NOON.minusSeconds(5),
                                                CircuitState.OPEN,
                                                CircuitState.HALF_OPEN,
                                                Transition.Reason.COOLDOWN_ELAPSED))),
                        backend(
                                "localhost:3003",
                                new Circuit(
                                        CircuitState.OPEN,
                                        3,
                                        NOON.minusNanos(2_499_999_999L),
                                        Transition.Reason.CONSECUTIVE_FAILURES,
                                        3L,
                                        1),
                                List.of(new Change(
                                        NOON.minusNanos(2_499_999_999L),
                                        CircuitState.CLOSED,
                                        CircuitState.OPEN,
                                        Transition.Reason.CONSECUTIVE_FAILURES)))));
    }

    /** The only one in rotation if its circuit is closed. */
    static Backend backend(String id, Circuit circuit, List<Change> changes) {
        return backend(id, AdminState.ENABLED, HealthStatus.UNCHECKED, circuit, changes);
    }

    static Backend backend(
            String id, AdminState adminState, HealthStatus health, Circuit circuit, List<Change> changes) {
        return new Backend(
                id,
                "http://" + id,
                1,
                0,
                adminState,
                health,
                false,
                2,
                120,
                100,
                15,
                7,
                circuit.state() == CircuitState.CLOSED ? 1 : 0,
                circuit,
                changes);
    }
}
