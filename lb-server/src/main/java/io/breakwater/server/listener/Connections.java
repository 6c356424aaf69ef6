package io.breakwater.server.listener;

import io.breakwater.server.runtime.Loop;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/** The downstream connections of one listener on one event loop. Confined to that loop, except where said. */
final class Connections {
    private final Loop loop;
    private final Runnable onRemoved;
    private final Set<DownstreamConnection> open = new HashSet<>();
    private volatile boolean draining;

    /**
     * @param onRemoved called after each connection that is gone
     */
    Connections(Loop loop, Runnable onRemoved) {
        this.loop = loop;
        this.onRemoved = onRemoved;
    }

    Loop loop() {
        return loop;
    }

    void add(DownstreamConnection connection) {
        open.add(connection);
        if (draining) {
            connection.drain();
        }
    }

    void remove(DownstreamConnection connection) {
        if (open.remove(connection)) {
            onRemoved.run();
        }
    }

    /** From now on a response is the last of its connection. From any thread. */
    void announceDrain() {
        draining = true;
    }

    boolean isDraining() {
        return draining;
    }

    void drain() {
        List.copyOf(open).forEach(DownstreamConnection::drain);
    }

    /** Ends all connections now and returns how many requests that cut off. */
    int cut() {
        int exchanges = 0;
        for (DownstreamConnection connection : List.copyOf(open)) {
            if (connection.isBusy()) {
                exchanges++;
            }
            connection.cut();
        }
        return exchanges;
    }
}
