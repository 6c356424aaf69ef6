package io.breakwater.server.pool;

import static java.util.Objects.requireNonNull;

import io.breakwater.health.breaker.CircuitState;
import io.breakwater.server.config.PoolConfig;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * One pool of the configuration as it serves: its replicas, and the {@link BackendPool} through which requests come to
 * them, one for all, or with {@code breaker.scope = backend-and-route} one for each route. Immutable apart from what
 * these say of themselves; safe from any thread.
 */
public final class ServedPool {
    private final PoolConfig config;
    private final List<Replica> replicas;
    private final List<BackendPool> scopes;
    /** Empty when one serves all routes. */
    private final Map<String, BackendPool> byRoute = new HashMap<>();

    ServedPool(PoolConfig config, List<Replica> replicas, List<BackendPool> scopes) {
        this.config = config;
        this.replicas = replicas;
        this.scopes = List.copyOf(scopes);
        for (BackendPool each : scopes) {
            String route = each.route();
            if (route != null) {
                byRoute.put(route, each);
            }
        }
    }

    public String name() {
        return config.name();
    }

    public PoolConfig config() {
        return config;
    }

    /** In the order of the configuration. */
    public List<Replica> replicas() {
        return replicas;
    }

    /** What requests select from: one for all routes, or one for each. */
    public List<BackendPool> scopes() {
        return scopes;
    }

    /** Returns what the requests of a route that leads here select from. */
    public BackendPool forRoute(String name) {
        return byRoute.isEmpty() ? scopes.get(0) : requireNonNull(byRoute.get(name), name);
    }

    /** Returns the state of the best of all circuits: closed before half-open before open. */
    public CircuitState bestState(long now) {
        CircuitState best = CircuitState.OPEN;
        for (int i = 0; i < scopes.size() && best != CircuitState.CLOSED; i++) {
            best = BackendPool.better(best, scopes.get(i).bestState(now));
        }
        return best;
    }

    /**
     * Returns the part of the pool's traffic, 0 to 1, that each replica is entitled to now (see
     * {@link BackendPool#shares}), as if each route had as much of it as any other.
     *
     * @return in the order of {@link #replicas}
     */
    public double[] shares(long now) {
        double[] shares = new double[replicas.size()];
        for (BackendPool each : scopes) {
            double[] own = each.shares(now);
            for (int i = 0; i < shares.length; i++) {
                shares[i] += own[i] / scopes.size();
            }
        }
        return shares;
    }
}
