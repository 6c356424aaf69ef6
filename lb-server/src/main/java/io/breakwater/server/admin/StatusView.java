package io.breakwater.server.admin;

import io.breakwater.health.breaker.CircuitState;
import io.breakwater.health.breaker.Transition;
import java.time.Instant;
import java.util.List;
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

        /** Returns the part of the pool's traffic, 0 to 1, that a backend is entitled to now; none unless closed. */
        double share(Backend backend) {
            long closed = backends.stream().filter(Backend::isClosed).count();
            return backend.isClosed() ? 1.0 / closed : 0;
        }
    }

    /**
     * One backend.
     *
     * @param url as configured
     * @param inFlight attempts that have not ended
     * @param requests attempts that ended, whatever they say about the backend
     * @param successes attempts that say that it works
     * @param failures attempts that say that it does not
     * @param rejected requests that its circuit refused
     * @param changes the latest of its circuit, at most 20, the oldest first
     */
    record Backend(
            String id,
            String url,
            int inFlight,
            long requests,
            long successes,
            long failures,
            long rejected,
            Circuit circuit,
            List<Change> changes) {

        public Backend {
            changes = List.copyOf(changes);
        }

        private boolean isClosed() {
            return circuit.state() == CircuitState.CLOSED;
        }
    }

    /**
     * The circuit of one backend.
     *
     * @param state now: an open one whose cooldown is over is half-open
     * @param consecutiveFailures failures in a row
     * @param openedAt when it opened; null unless it is open
     * @param reason of its latest change; null before the first
     * @param retryAfterSeconds until it is half-open, rounded up, at least 1; null unless it is open, and when it was
     *     opened by hand
     * @param generation the number of the state
     */
    record Circuit(
            CircuitState state,
            int consecutiveFailures,
            @Nullable Instant openedAt,
            Transition.@Nullable Reason reason,
            @Nullable Long retryAfterSeconds,
            long generation) {}

    /** A change of a circuit's state. */
    record Change(Instant at, CircuitState from, CircuitState to, Transition.Reason reason) {}
}
