package io.breakwater.server.exchange;

import io.breakwater.server.listener.DownstreamConnection;
import io.breakwater.server.listener.Exchange;
import io.breakwater.server.listener.ExchangeFactory;
import java.util.List;

/** Makes the exchange of each downstream connection. Safe from any event loop. */
public final class Exchanges implements ExchangeFactory {
    private final List<ExchangeContext> byLoop;

    /**
     * @param byLoop what the exchanges of each loop share, by the loop's index
     */
    public Exchanges(List<ExchangeContext> byLoop) {
        this.byLoop = List.copyOf(byLoop);
    }

    @Override
    public Exchange create(DownstreamConnection connection) {
        return new ProxyExchange(connection, byLoop.get(connection.loop().index()));
    }
}
