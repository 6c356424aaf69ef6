package io.breakwater.server.exchange;

import io.breakwater.metrics.FallbackType;
import io.breakwater.server.exchange.Routing.Destination;
import io.breakwater.server.fallback.StaleResponses;
import io.breakwater.server.fallback.queue.WriteQueue;
import io.breakwater.server.http.StoredResponse;

/** One of a route's fallbacks, ready to be used. Immutable, shared by all loops. */
public sealed interface Fallback {

    FallbackType type();

    /** A response that is always the same. */
    record Static(StoredResponse response) implements Fallback {
        @Override
        public FallbackType type() {
            return FallbackType.STATIC;
        }
    }

    /** The last good response to the same GET. */
    record Stale(StaleResponses responses) implements Fallback {
        @Override
        public FallbackType type() {
            return FallbackType.STALE;
        }
    }

    /**
     * The request is stored, to be repeated later.
     *
     * @param route the name of the route that it is repeated by
     * @param maxEntryBytes of a body that is taken
     * @param statusPath below which its status is asked for
     */
    record Queue(WriteQueue queue, String route, long maxEntryBytes, String statusPath) implements Fallback {
        @Override
        public FallbackType type() {
            return FallbackType.QUEUE;
        }
    }

    /** Another pool, to which the request goes as if its route led there. */
    record Pool(Destination to) implements Fallback {
        @Override
        public FallbackType type() {
            return FallbackType.POOL;
        }
    }
}
