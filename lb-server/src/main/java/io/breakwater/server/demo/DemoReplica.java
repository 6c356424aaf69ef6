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
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.NetworkInterface;
import java.time.InstantSource;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * A small HTTP server that can be told to fail: {@code GET /backend/resource}, {@code GET /health}, and
 * {@code PUT /faults}, which changes what the first of them does. Whoever reaches its port may do that. One thread of
 * its own.
 */
public final class DemoReplica implements AutoCloseable {
    private static final int LARGEST_BODY_BYTES = 64 * 1024;
    private static final int MOST_ATTEMPTS = 10;
    private static final byte[] IPV4_LOOPBACK = {127, 0, 0, 1};
    private static final byte[] IPV6_LOOPBACK = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1};

    private final String name;
    private final int wantedPort;
    private final Reach reach;
    private final InstantSource clock;
    private @Nullable MultiThreadIoEventLoopGroup loop;
    private @Nullable Channel server;

    /** From where a replica can be reached. */
    public enum Reach {
        /** From this machine only, as 127.0.0.1 and, where there is one, as ::1. */
        LOOPBACK,
        /** From everywhere, as one in a container must be. */
        NETWORK
    }

    /**
     * @param name what its responses say in X-Replica
     * @param port 0 lets the system choose
     * @param clock for the timestamps in its responses
     */
    public DemoReplica(String name, int port, Reach reach, InstantSource clock) {
        this.name = name;
        this.wantedPort = port;
        this.reach = reach;
        this.clock = clock;
    }

    /**
     * Binds the port, so that localhost finds it over IPv4 and IPv6.
     *
     * @throws BindException if the port is taken
     */
    public void start() throws IOException {
        ReplicaState state = new ReplicaState(name, clock);
        MultiThreadIoEventLoopGroup started =
                new MultiThreadIoEventLoopGroup(1, new DefaultThreadFactory(name, true), NioIoHandler.newFactory());
        ServerBootstrap bootstrap = new ServerBootstrap()
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
                });
        try {
            server = reach == Reach.NETWORK
                    ? bound(bootstrap, new InetSocketAddress(wantedPort))
                    : boundToLoopback(bootstrap);
            loop = started;
        } finally {
            if (loop == null) {
                started.shutdownGracefully(0, 0, TimeUnit.SECONDS);
            }
        }
    }

    /** The same port of both addresses; another one where the system chose it and just the second address has it taken. */
    private Channel boundToLoopback(ServerBootstrap bootstrap) throws IOException {
        InetAddress ipv6 = InetAddress.getByAddress(IPV6_LOOPBACK);
        for (int attempt = 1; ; attempt++) {
            Channel first =
                    bound(bootstrap, new InetSocketAddress(InetAddress.getByAddress(IPV4_LOOPBACK), wantedPort));
            try {
                if (NetworkInterface.getByInetAddress(ipv6) != null) {
                    bound(bootstrap, new InetSocketAddress(ipv6, portOf(first)));
                }
                return first;
            } catch (BindException taken) {
                first.close().awaitUninterruptibly();
                if (wantedPort != 0 || attempt == MOST_ATTEMPTS) {
                    throw taken;
                }
            }
        }
    }

    private static Channel bound(ServerBootstrap bootstrap, InetSocketAddress address) throws IOException {
        ChannelFuture bound = bootstrap.bind(address).awaitUninterruptibly();
        if (!bound.isSuccess()) {
            String problem = "cannot listen on port " + address.getPort() + ": "
                    + bound.cause().getMessage();
            throw bound.cause() instanceof BindException
                    ? new BindException(problem)
                    : new IOException(problem, bound.cause());
        }
        return bound.channel();
    }

    private static int portOf(Channel channel) {
        return ((InetSocketAddress) channel.localAddress()).getPort();
    }

    /** The port that it listens on. */
    public int port() {
        if (server == null) {
            throw new IllegalStateException("not started");
        }
        return portOf(server);
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
