package io.breakwater.server.connection;

import static java.util.Objects.requireNonNullElse;

import io.breakwater.server.config.ConnectionsConfig;
import io.breakwater.server.pool.Replica;
import io.breakwater.server.runtime.Loop;
import io.breakwater.server.tls.TlsFailure;
import java.util.ArrayDeque;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The kept connections of one backend on one event loop, last used first. Confined to that loop. */
final class BackendConnections {
    /** How long the rest of an unwanted body may take. */
    private static final long DISCARD_NANOS = 1_000_000_000L;
    /** Somebody should look, and need not be told of each request. */
    private static final long TLS_FAILURES_LOGGED_EVERY_NANOS = 10_000_000_000L;

    private static final Logger LOG = LoggerFactory.getLogger(BackendConnections.class);

    private final Replica backend;
    private final Loop loop;
    private final ArrayDeque<UpstreamConnection> idle = new ArrayDeque<>();
    private final ArrayDeque<UpstreamConnection> discarding = new ArrayDeque<>();
    private @Nullable ConnectionsConfig config;
    private int mostIdle;
    private long idleTimeoutNanos;
    private boolean tlsFailureLogged;
    private long tlsFailureLoggedNanos;

    BackendConnections(Replica backend, Loop loop) {
        this.backend = backend;
        this.loop = loop;
    }

    /** Keeps as many as these settings say, divided by the loops that share them, and for so long, from now on. */
    void configure(ConnectionsConfig next, int loops) {
        if (next.equals(config)) {
            return;
        }
        config = next;
        mostIdle = (next.maxIdlePerBackend() + loops - 1) / loops;
        idleTimeoutNanos = next.idleTimeout().toNanos();
    }

    /** Closes what is idle, and keeps nothing that becomes idle from now on. */
    void keepNone() {
        mostIdle = 0;
        closeAll();
    }

    void closeIdle() {
        idle.forEach(UpstreamConnection::close);
        idle.clear();
    }

    Replica backend() {
        return backend;
    }

    Loop loop() {
        return loop;
    }

    @Nullable
    UpstreamConnection takeIdle() {
        UpstreamConnection connection;
        while ((connection = idle.pollFirst()) != null) {
            if (connection.isUsable()) {
                return connection;
            }
            connection.close();
        }
        return null;
    }

    void idle(UpstreamConnection connection) {
        discarding.remove(connection);
        if (idle.size() >= mostIdle || connection.isOutdated()) {
            connection.close();
        } else {
            idle.addFirst(connection);
        }
    }

    void discarding(UpstreamConnection connection) {
        if (mostIdle == 0) {
            connection
                    .close(); // to read the rest is of no use; and when nothing is kept, nobody may be there to reap it
        } else {
            discarding.addLast(connection);
        }
    }

    /** The backend did not come to an understanding with us. What was wrong stands nowhere else. */
    void tlsFailed(Throwable cause) {
        long now = loop.now();
        if (!tlsFailureLogged || now - tlsFailureLoggedNanos >= TLS_FAILURES_LOGGED_EVERY_NANOS) {
            tlsFailureLogged = true;
            tlsFailureLoggedNanos = now;
            String reason = requireNonNullElse(TlsFailure.text(cause), cause.toString());
            LOG.warn("{}: no TLS with {}: {}", backend.id(), backend.config().url(), reason);
        }
    }

    void closed(UpstreamConnection connection) {
        idle.remove(connection);
        discarding.remove(connection);
    }

    /** Closes what has been idle for longer than allowed. */
    void reap(long now) {
        UpstreamConnection oldest;
        while ((oldest = idle.peekLast()) != null && now - oldest.idleSinceNanos() >= idleTimeoutNanos) {
            idle.pollLast();
            oldest.close();
        }
        while ((oldest = discarding.peekFirst()) != null
                && (oldest.isClosed() || now - oldest.idleSinceNanos() >= DISCARD_NANOS)) {
            discarding.pollFirst();
            oldest.close();
        }
    }

    void closeAll() {
        closeIdle();
        discarding.forEach(UpstreamConnection::close);
        discarding.clear();
    }
}
