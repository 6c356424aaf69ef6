package io.breakwater.server.pool;

import io.breakwater.health.breaker.CircuitState;
import io.breakwater.server.balance.Balancer;
import io.breakwater.server.balance.Policy;
import io.breakwater.server.config.PoolConfig;
import java.util.List;

/** The backends that serve the same requests. Safe from any thread; the set of backends never changes. */
public final class BackendPool {
    private final PoolConfig config;
    private final List<Backend> backends;
    private final Balancer balancer;

    public BackendPool(PoolConfig config, List<Backend> backends, Policy policy) {
        this.config = config;
        this.backends = List.copyOf(backends);
        this.balancer = policy.over(this.backends);
    }

    public String name() {
        return config.name();
    }

    public PoolConfig config() {
        return config;
    }

    public List<Backend> backends() {
        return backends;
    }

    /**
     * Picks a backend and takes its permit, or finds out why nobody may serve; the answer is in {@code selection}.
     *
     * <p>A half-open circuit is offered the request before the balancer is asked, so that no policy can starve a
     * backend of the probe that it needs to come back. A lost race for the probe's slot moves on to the next candidate.
     *
     * @param now what every breaker decides by
     */
    public void select(Selection selection, long now) {
        selection.begin(this, now);
        for (int i = 0; i < backends.size(); i++) {
            if (backends.get(i).breaker().state(now) == CircuitState.HALF_OPEN && selection.admit(i)) {
                return;
            }
        }
        if (balancer.choose(selection, selection.hashKey(), now) == Balancer.NONE) {
            selection.refuse();
        }
    }

    /**
     * The request is now answered with the refusal that {@link #select} found: counts it at each backend that refused by
     * its circuit. A skip in favour of another backend is no rejection.
     */
    public void refused(Selection selection) {
        if (selection.refusal() == Refusal.CIRCUIT_OPEN) {
            backends.forEach(Backend::circuitRejected);
        }
    }

    /** Returns the state of the pool's best circuit: closed before half-open before open. */
    public CircuitState bestState(long now) {
        CircuitState best = CircuitState.OPEN;
        for (int i = 0; i < backends.size() && best != CircuitState.CLOSED; i++) {
            best = better(best, backends.get(i).breaker().state(now));
        }
        return best;
    }

    /** Returns the state that leaves more hope: closed before half-open before open. */
    public static CircuitState better(CircuitState one, CircuitState other) {
        return rank(one) <= rank(other) ? one : other;
    }

    private static int rank(CircuitState state) {
        return switch (state) {
            case CLOSED -> 0;
            case HALF_OPEN -> 1;
            case OPEN -> 2;
        };
    }
}
