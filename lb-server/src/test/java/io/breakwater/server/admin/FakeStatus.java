package io.breakwater.server.admin;

import io.breakwater.health.breaker.CircuitState;
import io.breakwater.health.breaker.Observed;
import io.breakwater.health.breaker.Transition;
import io.breakwater.health.breaker.WindowCounts;
import io.breakwater.health.check.HealthStatus;
import io.breakwater.server.events.EventFeed;
import io.breakwater.server.events.Events;
import io.breakwater.server.events.WallClock;
import io.breakwater.server.traffic.Traffic;
import io.breakwater.time.ManualTicker;
import java.time.Instant;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** A status that a test sets. */
final class FakeStatus implements StatusView {
    static final Instant NOON = Instant.parse("2026-01-01T12:00:00Z");
    /** A feed that nobody tells anything. */
    static final EventFeed NO_EVENTS = events().feed();

    volatile @Nullable String whyNotReady;
    volatile List<Pool> pools = List.of();
    volatile @Nullable RuntimeException failure;
    volatile String config = "{\"lb\":{}}";
    final FakeExplainer explainer = new FakeExplainer();

    /** To be started and closed by those who tell it something. */
    static Events events() {
        ManualTicker ticker = new ManualTicker(-1);
        return new Events(ticker, new WallClock(() -> NOON, ticker));
    }

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
    public Traffic traffic() {
        return new Traffic(NOON, List.of());
    }

    @Override
    public String configAsJson() {
        return config;
    }

    @Override
    public Explainer explainer() {
        return explainer;
    }

    /** Three replicas: one closed, one half-open, one open for 3 s more. */
    static Pool threeReplicas() {
        return new Pool(
                "default",
                CircuitState.CLOSED,
                "round-robin",
                List.of(
                        backend("localhost:3001", circuit(CircuitState.CLOSED, 1, null, null, null, 0), List.of()),
                        backend(
                                "localhost:3002",
                                circuit(CircuitState.HALF_OPEN, 3, null, Transition.Reason.COOLDOWN_ELAPSED, null, 2),
                                List.of(
                                        change(
                                                NOON.minusSeconds(10),
                                                CircuitState.CLOSED,
                                                CircuitState.OPEN,
                                                Transition.Reason.CONSECUTIVE_FAILURES),
                                        change(
                                                NOON.minusSeconds(5),
                                                CircuitState.OPEN,
                                                CircuitState.HALF_OPEN,
                                                Transition.Reason.COOLDOWN_ELAPSED))),
                        backend(
                                "localhost:3003",
                                circuit(
                                        CircuitState.OPEN,
                                        3,
                                        NOON.minusNanos(2_499_999_999L),
                                        Transition.Reason.CONSECUTIVE_FAILURES,
                                        3L,
                                        1),
                                List.of(change(
                                        NOON.minusNanos(2_499_999_999L),
                                        CircuitState.CLOSED,
                                        CircuitState.OPEN,
                                        Transition.Reason.CONSECUTIVE_FAILURES)))));
    }

    /** A circuit without a window, that enforces. */
    static Circuit circuit(
            CircuitState state,
            int failures,
            @Nullable Instant openedAt,
            Transition.@Nullable Reason reason,
            @Nullable Long retryAfterSeconds,
            long generation) {
        return new Circuit(state, failures, openedAt, reason, retryAfterSeconds, generation, null, null);
    }

    /**
     * A circuit with enough calls in its window, failures in a row among them.
     *
     * @param observed null if it enforces
     */
    static Circuit windowed(CircuitState state, int calls, int failures, int slowCalls, @Nullable Observed observed) {
        WindowCounts counts = new WindowCounts(calls, failures, slowCalls);
        boolean open = state == CircuitState.OPEN;
        return new Circuit(
                state,
                failures,
                open ? NOON : null,
                open ? Transition.Reason.FAILURE_RATE : null,
                open ? (Long) 3L : null,
                open ? 1 : 0,
                new Window(counts, counts.failureRate(), counts.slowCallRate()),
                observed);
    }

    /** A change without figures. */
    static Change change(Instant at, CircuitState from, CircuitState to, Transition.Reason reason) {
        return new Change(at, from, to, reason, null, null);
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
