package io.breakwater.server.exchange;

import io.breakwater.metrics.FallbackType;
import io.breakwater.server.exchange.Routing.Destination;
import io.breakwater.server.fallback.StaleResponses;
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

    /** Another pool, to which the request goes as if its route led there. */
    record Pool(Destination to) implements Fallback {
        @Override
        public FallbackType type() {
            return FallbackType.POOL;
        }
    }
}
