package io.breakwater.server.exchange;

import io.breakwater.metrics.RouteRecorder;
import io.breakwater.server.accesslog.LoopLog;
import io.breakwater.server.connection.ConnectionPool;
import io.breakwater.server.runtime.DirectMemory;
import io.breakwater.server.trace.IdSource;
import java.util.function.Supplier;

/**
 * What the exchanges of one event loop share.
 *
 * @param routing the present routing; read once per request
 * @param connections the upstream connections of the loop
 * @param health counts the requests for the health path
 * @param unmatched counts the requests that no route takes
 * @param accessLog of the loop
 * @param ids makes those of the loop's requests
 * @param memory of the buffers of all connections
 */
public record ExchangeContext(
        Supplier<Routing> routing,
        ConnectionPool connections,
        RouteRecorder health,
        RouteRecorder unmatched,
        LoopLog accessLog,
        IdSource ids,
        DirectMemory memory) {}
