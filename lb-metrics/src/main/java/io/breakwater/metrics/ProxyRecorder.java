package io.breakwater.metrics;

import io.breakwater.health.BackendId;
import java.time.Instant;
import java.util.function.LongSupplier;
import java.util.function.Supplier;

/**
 * Where the proxy reports what it does. The recorders that it hands out are resolved once, when routes, backends and
 * listeners are wired, and are kept by those that report; asking twice for the same one gives the same series. Its own
 * methods are called while wiring; the recorders' methods may be called from any thread and never block.
 */
public interface ProxyRecorder {

    /** Records nothing. */
    ProxyRecorder NONE = new NoRecorder();

    /** Returns the recorder of a route: its configured name, {@code none} for unmatched requests, or {@code health}. */
    RouteRecorder route(String route);

    /**
     * Returns the recorder of a backend.
     *
     * @param gauges read at each scrape, on the thread that scrapes
     */
    BackendRecorder backend(BackendId id, BackendGauges gauges);

    /**
     * The backend is no longer configured: its gauges are not read any more, and its series leave the exposition. What
     * its recorder is still told is counted nowhere. Added again, it begins at 0. Only for an id that the new
     * configuration lacks: recorders of one id share its series.
     */
    void forget(BackendId id);

    /** The route is no longer configured; as {@link #forget(BackendId)}. */
    void forgetRoute(String route);

    /** Returns the recorder of a pool. */
    PoolRecorder pool(String pool);

    /** The pool is no longer configured; as {@link #forget(BackendId)}. Its backends are forgotten one by one. */
    void forgetPool(String pool);

    /**
     * The configuration that the balancer starts with was taken. No reload, so it is not counted as one.
     *
     * @param at the time of day
     */
    void configTaken(Instant at);

    /**
     * Another configuration was taken while the balancer runs, or refused.
     *
     * @param at the time of day
     */
    void configReloaded(boolean success, Instant at);

    /** So many lines of the access log were dropped. From any thread. */
    void logDropped(long lines);

    /** Returns the recorder of the connections of one side. */
    ConnectionRecorder connections(Side side);

    /**
     * Shows a queue of writes, from now on.
     *
     * @param dir its directory, as configured
     * @param contents read at each scrape, on the thread that scrapes
     */
    void queue(String dir, Supplier<QueueContents> contents);

    /**
     * Shows an event loop, from now on.
     *
     * @param index counts from 0
     */
    void eventLoop(int index, EventLoopGauges gauges);

    /** Shows the memory that the allocator of network buffers holds; read at each scrape, on the thread that scrapes. */
    void allocator(LongSupplier heapBytes, LongSupplier directBytes);
}
