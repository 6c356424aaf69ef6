package io.breakwater.metrics;

import org.jspecify.annotations.Nullable;

/** Counts the requests of one route. Each request is started once and ends once, by one of the two endings. */
public interface RouteRecorder {

    /** A request head was received. */
    void started();

    /**
     * A response was sent whole.
     *
     * @param status the status sent, 100 to 599
     * @param durationNanos from the received head to the response's last byte
     * @param trace of the request, for an exemplar; null if it has none
     */
    void ended(int status, long durationNanos, @Nullable TraceContext trace);

    /** As {@link #ended(int, long, TraceContext)}, without a trace. */
    default void ended(int status, long durationNanos) {
        ended(status, durationNanos, null);
    }

    /**
     * The client left before its response was whole.
     *
     * @param durationNanos from the received head to the moment the client was seen to have left
     */
    void clientClosed(long durationNanos);

    /** The request was answered by the balancer itself. Does not end it. */
    void rejected(RejectionReason reason);

    /** The request was answered by a fallback of the route, and so not rejected. Does not end it. */
    void fellBack(FallbackType type);
}
