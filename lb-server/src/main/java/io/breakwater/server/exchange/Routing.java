package io.breakwater.server.exchange;

import io.breakwater.health.breaker.CircuitState;
import io.breakwater.metrics.RouteRecorder;
import io.breakwater.server.config.PoolTimeouts;
import io.breakwater.server.config.RouteConfig;
import io.breakwater.server.pool.BackendPool;
import io.breakwater.server.pool.ServedPool;
import io.breakwater.server.route.Route;
import io.breakwater.server.route.RouteTable;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Where requests go, as one immutable value: an exchange reads it once, and a new configuration will replace it whole.
 *
 * @param table of the routes
 * @param routes the same by their names
 * @param pools that the routes lead to, and all others
 * @param queuePages where the status of queued requests is asked for
 */
public record Routing(
        RouteTable<Destination> table,
        Map<String, Route<Destination>> routes,
        List<ServedPool> pools,
        List<QueuePage> queuePages) {

    public Routing {
        routes = Map.copyOf(routes);
        pools = List.copyOf(pools);
        queuePages = List.copyOf(queuePages);
    }

    /** Returns the page that a path is of, or null. */
    public @Nullable QueuePage queuePage(CharSequence path) {
        for (int i = 0; i < queuePages.size(); i++) {
            if (queuePages.get(i).takes(path)) {
                return queuePages.get(i);
            }
        }
        return null;
    }

    /**
     * What a route leads to.
     *
     * @param recorder counts its requests
     * @param hash says which requests belong together, where the pool's balancer asks
     * @param timeouts those of the pool, where the route has none of its own
     * @param fallbacks what takes the pool's place; null for nothing
     */
    public record Destination(
            BackendPool pool,
            RouteRecorder recorder,
            RequestHash hash,
            PoolTimeouts timeouts,
            @Nullable FallbackChain fallbacks) {

        /**
         * Returns what a route's requests meet at a pool, be it the one that the route names or one that stands in.
         *
         * @param pool as the route's requests see it
         */
        public static Destination of(
                RouteConfig route, BackendPool pool, RouteRecorder recorder, @Nullable FallbackChain fallbacks) {
            return new Destination(
                    pool,
                    recorder,
                    RequestHash.of(pool.config().balance()),
                    route.timeouts().over(pool.config().timeouts()),
                    fallbacks);
        }
    }

    /** Returns the best state of all circuits. */
    public CircuitState bestState(long now) {
        CircuitState best = CircuitState.OPEN;
        for (int i = 0; i < pools.size(); i++) {
            best = BackendPool.better(best, pools.get(i).bestState(now));
        }
        return best;
    }
}
