package io.breakwater.server.admin;

import io.breakwater.health.breaker.CircuitState;
import io.breakwater.health.breaker.Observed;
import io.breakwater.health.breaker.Transition;
import io.breakwater.health.breaker.WindowCounts;
import io.breakwater.health.check.HealthStatus;
import io.breakwater.server.traffic.Traffic;
import java.time.Instant;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * What the admin port may know of the balancer: immutable records of the present moment, made when they are asked for.
 * Called on the admin port's own thread; must not block.
 */
public interface StatusView {

    /** Returns why the balancer should be sent no traffic, such as {@code draining}; null when it is ready. */
    @Nullable
    String whyNotReady();

    /** Returns the pools, in the order of the configuration. */
    List<Pool> pools();

    /** Returns what went to the pools during the last minutes. */
    Traffic traffic();

    /** Returns the effective configuration as JSON, without its secrets. */
    String configAsJson();

    /** Says who may serve a request. */
    Explainer explainer();

    /**
     * One pool.
     *
     * @param state the best state among its circuits
     * @param balance the policy, as the configuration writes it
     */
    record Pool(String name, CircuitState state, String balance, List<Backend> backends) {

        public Pool {
            backends = List.copyOf(backends);
        }
    }

    /**
     * One backend.
     *
     * @param url as configured
     * @param suspect its health checks fail by timeouts alone, and it stays in rotation because no other is healthy
     * @param inFlight attempts that have not ended
     * @param requests attempts that ended, whatever they say about the backend
     * @param successes attempts that say that it works
     * @param failures attempts that say that it does not
     * @param rejected requests that its circuit refused
     * @param share the part of the pool's traffic, 0 to 1, that it is entitled to now
     * @param circuit the worst, where it has one for each route
     * @param changes the latest of its circuits, at most 20, the oldest first
     * @param routes the circuit of each route; empty where one is for all
     */
    record Backend(
            String id,
            String url,
            int weight,
            int priority,
            AdminState adminState,
            HealthStatus health,
            boolean suspect,
            int inFlight,
            long requests,
            long successes,
            long failures,
            long rejected,
            double share,
            Circuit circuit,
            List<Change> changes,
            List<RouteCircuit> routes) {

        public Backend {
            changes = List.copyOf(changes);
            routes = List.copyOf(routes);
        }

        /** One with a single circuit. */
        public Backend(
                String id,
                String url,
                int weight,
                int priority,
                AdminState adminState,
                HealthStatus health,
                boolean suspect,
                int inFlight,
                long requests,
                long successes,
                long failures,
                long rejected,
                double share,
                Circuit circuit,
                List<Change> changes) {
            this(
                    id,
                    url,
                    weight,
                    priority,
                    adminState,
                    health,
                    suspect,
                    inFlight,
                    requests,
                    successes,
                    failures,
                    rejected,
                    share,
                    circuit,
                    changes,
                    List.of());
        }
    }

    /** What an operator wants of a backend. */
    enum AdminState {
        ENABLED,
        DRAINING,
        DISABLED;

        private final String label = name().toLowerCase(Locale.ROOT);

        /** As the API writes it. */
        public String label() {
            return label;
        }
    }

    /**
     * A circuit of one backend.
     *
     * @param state now: an open one whose cooldown is over is half-open. One that only observes serves as if it were closed
     * @param consecutiveFailures failures in a row
     * @param openedAt when it opened; null unless it is open
     * @param reason of its latest change; null before the first
     * @param retryAfterSeconds until it is half-open, rounded up, at least 1; null unless it is open, and when it was
     *     opened by hand
     * @param generation the number of the state
     * @param window what the window holds when closed, or held when it opened the circuit; null without one
     * @param observed what it would have refused; null unless it only observes
     */
    record Circuit(
            CircuitState state,
            int consecutiveFailures,
            @Nullable Instant openedAt,
            Transition.@Nullable Reason reason,
            @Nullable Long retryAfterSeconds,
            long generation,
            @Nullable Window window,
            @Nullable Observed observed) {}

    /**
     * The window of a circuit.
     *
     * @param failureRate failures per call; null with too few calls in it
     * @param slowCallRate slow calls per call; null with too few calls in it
     */
    record Window(
            WindowCounts counts,
            @Nullable Double failureRate,
            @Nullable Double slowCallRate) {}

    /** The circuit of a backend for the requests of one route. */
    record RouteCircuit(String route, Circuit circuit) {}

    /**
     * A change of a circuit's state.
     *
     * @param figures what opened it, such as {@code 3 in a row}; null unless outcomes did
     * @param route the only one that the circuit is for; null if it is for all
     */
    record Change(
            Instant at,
            CircuitState from,
            CircuitState to,
            Transition.Reason reason,
            @Nullable String figures,
            @Nullable String route) {}
}
