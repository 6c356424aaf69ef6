package io.breakwater.server.listener;

/** Has what answers requests. Called on the connection's event loop. */
@FunctionalInterface
public interface ExchangeFactory {

    /** Returns what serves the next request of this connection, and belongs to it until that has ended. */
    Exchange take(DownstreamConnection connection);
}
