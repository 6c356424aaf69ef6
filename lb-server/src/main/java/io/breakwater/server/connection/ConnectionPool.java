package io.breakwater.server.connection;

import io.breakwater.health.Outcome;
import io.breakwater.metrics.ConnectionRecorder;
import io.breakwater.server.config.PoolConfig;
import io.breakwater.server.http.HeadLimits;
import io.breakwater.server.pool.Replica;
import io.breakwater.server.runtime.Loop;
import io.breakwater.server.runtime.TimerWheel;
import io.breakwater.server.tls.TlsPeer;
import io.netty.bootstrap.Bootstrap;
import io.netty.channel.Channel;
import io.netty.channel.socket.SocketChannel;
import java.util.IdentityHashMap;
import org.jspecify.annotations.Nullable;

/**
 * The upstream connections of one event loop, by backend. Confined to that loop, so that taking a connection is a pop
 * from a stack. The connection used last is used next: fewer stay open, and those that do are warm.
 */
public final class ConnectionPool {
    private static final long REAP_NANOS = 1_000_000_000L;

    private final Loop loop;
    private final int loops;
    private final Class<? extends SocketChannel> channelType;
    private final AddressBook addresses;
    private final HeadLimits limits;
    private final ConnectionRecorder recorder;
    private final IdentityHashMap<Replica, BackendConnections> byBackend = new IdentityHashMap<>();
    private final TimerWheel.Timeout reaper = new Reaper();

    /**
     * @param loops how many loops share the pool-wide limits
     * @param limits of response heads
     */
    public ConnectionPool(
            Loop loop,
            int loops,
            Class<? extends SocketChannel> channelType,
            AddressBook addresses,
            HeadLimits limits,
            ConnectionRecorder recorder) {
        this.loop = loop;
        this.loops = loops;
        this.channelType = channelType;
        this.addresses = addresses;
        this.limits = limits;
        this.recorder = recorder;
    }

    /** Returns a kept connection, or null when there is none. The caller begins an exchange on it at once. */
    public @Nullable UpstreamConnection takeIdle(Replica backend, PoolConfig config) {
        return connections(backend, config).takeIdle();
    }

    /**
     * Makes a fresh connection and hands it to the sink, later or before this returns; over TLS once the handshake is done.
     * The caller bounds the time.
     */
    public Connecting connect(Replica backend, PoolConfig config, ResponseSink sink) {
        BackendConnections home = connections(backend, config);
        TlsPeer tls = backend.tls();
        Bootstrap bootstrap = UpstreamBootstrap.create(loop.eventLoop(), channelType);
        Connector connector = new Connector(
                loop,
                bootstrap,
                channel -> channel.pipeline().addLast(new UpstreamConnection(channel, home, limits, recorder, tls)),
                new Dialer.Result() {
                    @Override
                    public void onConnected(Channel channel) {
                        sink.onConnected(channel.pipeline().get(UpstreamConnection.class));
                    }

                    @Override
                    public void onFailed(Outcome outcome, Throwable cause) {
                        if (outcome == Outcome.TLS_FAILED) {
                            home.tlsFailed(cause);
                        }
                        sink.onConnectFailed(outcome, cause);
                    }
                },
                addresses.of(backend.config().host(), backend.config().port()),
                tls);
        connector.start();
        return connector;
    }

    private BackendConnections connections(Replica backend, PoolConfig config) {
        assert loop.eventLoop().inEventLoop();
        BackendConnections connections = byBackend.get(backend);
        if (connections == null) {
            connections = new BackendConnections(backend, loop);
            if (backend.isRetired()) {
                return connections; // a late attempt, after forget: unknown to us and not configured, it keeps nothing
            }
            if (byBackend.isEmpty()) {
                loop.timers().schedule(reaper, loop.now() + REAP_NANOS);
            }
            byBackend.put(backend, connections);
        }
        connections.configure(config.connections(), loops);
        return connections;
    }

    /** Closes the idle connections of a backend, as if their time were over. */
    public void closeIdle(Replica backend) {
        BackendConnections connections = byBackend.get(backend);
        if (connections != null) {
            connections.closeIdle();
        }
    }

    /**
     * Closes the idle connections of a backend that was retired, the others when they become idle, also those that late
     * attempts still make.
     */
    public void forget(Replica backend) {
        BackendConnections connections = byBackend.remove(backend);
        if (connections != null) {
            connections.keepNone();
        }
    }

    /** Closes the connections that no exchange uses. */
    public void close() {
        loop.timers().remove(reaper);
        byBackend.values().forEach(BackendConnections::closeAll);
        byBackend.clear();
    }

    private final class Reaper extends TimerWheel.Timeout {
        @Override
        protected void expired(long nowNanos) {
            for (BackendConnections connections : byBackend.values()) {
                connections.reap(nowNanos);
            }
            if (!byBackend.isEmpty()) {
                loop.timers().schedule(this, nowNanos + REAP_NANOS);
            }
        }
    }
}
