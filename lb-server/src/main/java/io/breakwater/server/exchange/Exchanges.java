package io.breakwater.server.exchange;

import io.breakwater.server.listener.DownstreamConnection;
import io.breakwater.server.listener.Exchange;
import io.breakwater.server.listener.ExchangeFactory;
import io.breakwater.server.runtime.Loop;
import java.util.ArrayDeque;
import java.util.List;

/** Lends each request its exchange. Safe from any event loop. */
public final class Exchanges implements ExchangeFactory {
    private final List<Spare> byLoop;

    /**
     * @param byLoop what the exchanges of each loop share, by the loop's index
     */
    public Exchanges(List<ExchangeContext> byLoop) {
        this.byLoop = byLoop.stream().map(Spare::new).toList();
    }

    @Override
    public Exchange take(DownstreamConnection connection) {
        Loop loop = connection.loop();
        ProxyExchange exchange = byLoop.get(loop.index()).take(loop);
        exchange.serve(connection);
        return exchange;
    }

    /**
     * The exchanges of one event loop that serve nobody. Confined to that loop. What ended last begins next: so there are as
     * many as there were requests under way at a time, not one for each connection that waits for its client, and those are
     * warm.
     */
    static final class Spare {
        /** What a peak leaves behind goes to the collector. */
        private static final int MOST = 1024;

        private final ExchangeContext context;
        private final ArrayDeque<ProxyExchange> exchanges = new ArrayDeque<>();

        Spare(ExchangeContext context) {
            this.context = context;
        }

        private ProxyExchange take(Loop loop) {
            ProxyExchange last = exchanges.pollLast();
            return last == null ? new ProxyExchange(context, this, loop) : last;
        }

        /** Takes back what has ended, and refers to nothing of its request. */
        void add(ProxyExchange ended) {
            if (exchanges.size() < MOST) {
                exchanges.addLast(ended);
            }
        }
    }
}
