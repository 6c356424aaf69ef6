package io.breakwater.server.demo;

import io.netty.bootstrap.ServerBootstrap;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.nio.NioIoHandler;
import io.netty.channel.socket.nio.NioServerSocketChannel;
import io.netty.handler.codec.http.HttpObjectAggregator;
import io.netty.handler.codec.http.HttpServerCodec;
import io.netty.handler.codec.http.HttpServerKeepAliveHandler;
import io.netty.util.concurrent.DefaultThreadFactory;
import java.io.IOException;
import java.net.BindException;
import java.net.InetSocketAddress;
import java.time.InstantSource;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * A small HTTP server that can be told to fail: {@code GET /backend/resource}, {@code GET /health}, and
 * {@code PUT /faults}, which changes what the first of them does. One thread of its own.
 */
public final class DemoReplica implements AutoCloseable {
    private static final int LARGEST_BODY_BYTES = 64 * 1024;

    private final String name;
    private final int wantedPort;
    private final InstantSource clock;
    private @Nullable MultiThreadIoEventLoopGroup loop;
    private @Nullable Channel server;

    /**
     * @param name what its responses say in X-Replica
     * @param port 0 lets the system choose
     * @param clock for the timestamps in its responses
     */
    public DemoReplica(String name, int port, InstantSource clock) {
        this.name = name;
        this.wantedPort = port;
        this.clock = clock;
    }

    /**
     * Binds the port on all addresses, so that localhost finds it over IPv4 and IPv6.
     *
     * @throws BindException if the port is taken
     */
    public void start() throws IOException {
        ReplicaState state = new ReplicaState(name, clock);
        MultiThreadIoEventLoopGroup started =
                new MultiThreadIoEventLoopGroup(1, new DefaultThreadFactory(name, true), NioIoHandler.newFactory());
        ChannelFuture bound = new ServerBootstrap()
                .group(started)
                .channel(NioServerSocketChannel.class)
                .childHandler(new ChannelInitializer<>() {
                    @Override
                    protected void initChannel(Channel channel) {
                        channel.pipeline()
                                .addLast(new HttpServerCodec())
                                .addLast(new HttpServerKeepAliveHandler())
                                .addLast(new HttpObjectAggregator(LARGEST_BODY_BYTES))
                                .addLast(new ReplicaHandler(state));
                    }
                })
                .bind(wantedPort)
                .awaitUninterruptibly();
        if (!bound.isSuccess()) {
            started.shutdownGracefully(0, 0, TimeUnit.SECONDS);
            String problem =
                    "cannot listen on port " + wantedPort + ": " + bound.cause().getMessage();
            throw bound.cause() instanceof BindException
                    ? new BindException(problem)
                    : new IOException(problem, bound.cause());
        }
        loop = started;
        server = bound.channel();
    }

    /** The port that it listens on. */
    public int port() {
        if (server == null) {
            throw new IllegalStateException("not started");
        }
        return ((InetSocketAddress) server.localAddress()).getPort();
    }

    /** Closes every connection. */
    @Override
    public void close() {
        if (loop != null) {
            loop.shutdownGracefully(0, 2, TimeUnit.SECONDS).awaitUninterruptibly();
            loop = null;
            server = null;
        }
    }
}
