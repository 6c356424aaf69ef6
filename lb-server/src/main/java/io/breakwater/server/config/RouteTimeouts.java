package io.breakwater.server.config;

import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * {@code timeouts} of a route: what its requests have instead of the pool's; null where the pool's holds.
 *
 * @param connect as {@link PoolTimeouts#connect}, and so on
 */
public record RouteTimeouts(
        @Nullable Duration connect,
        @Nullable Duration responseHead,
        @Nullable Duration responseIdle,
        @Nullable Duration request) {

    /** The pool's, all of them. */
    public static final RouteTimeouts NONE = new RouteTimeouts(null, null, null, null);

    public RouteTimeouts {
        Constraints constraints = new Constraints();
        positive(constraints, "connect", connect);
        positive(constraints, "response-head", responseHead);
        positive(constraints, "response-idle", responseIdle);
        positive(constraints, "request", request);
        constraints.verify();
    }

    private static void positive(Constraints constraints, String key, @Nullable Duration value) {
        if (value != null) {
            constraints.positive(key, value);
        }
    }

    /** What holds for the route's requests at this pool. */
    public PoolTimeouts over(PoolTimeouts pool) {
        return new PoolTimeouts(
                connect == null ? pool.connect() : connect,
                responseHead == null ? pool.responseHead() : responseHead,
                responseIdle == null ? pool.responseIdle() : responseIdle,
                request == null ? pool.request() : request);
    }
}
