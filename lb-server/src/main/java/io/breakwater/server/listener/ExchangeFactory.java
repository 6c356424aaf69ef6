package io.breakwater.server.listener;

/** Makes what answers the requests of a connection. Called on the connection's event loop. */
@FunctionalInterface
public interface ExchangeFactory {

    Exchange create(DownstreamConnection connection);
}
