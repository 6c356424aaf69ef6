package io.breakwater.server.admin;

import io.breakwater.metrics.MetricsExposition;
import io.breakwater.server.config.AdminConfig;
import io.breakwater.server.events.EventFeed;
import io.netty.bootstrap.ServerBootstrap;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.FixedRecvByteBufAllocator;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.embedded.EmbeddedChannel;
import io.netty.channel.group.ChannelGroup;
import io.netty.channel.group.DefaultChannelGroup;
import io.netty.channel.nio.NioIoHandler;
import io.netty.channel.socket.SocketChannel;
import io.netty.channel.socket.nio.NioServerSocketChannel;
import io.netty.handler.codec.http.HttpDecoderConfig;
import io.netty.handler.codec.http.HttpServerCodec;
import io.netty.handler.codec.http.HttpServerKeepAliveHandler;
import io.netty.handler.flow.FlowControlHandler;
import io.netty.handler.timeout.IdleStateHandler;
import io.netty.util.concurrent.DefaultThreadFactory;
import io.netty.util.concurrent.GlobalEventExecutor;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.time.InstantSource;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * The admin port: probes, metrics, the pools and what happens to them as JSON, what an operator can do, and a page of the circuits. It
 * runs on one thread of its own, so that no scrape delays a request, with another for reloads. Started once, closed once; safe to use from any thread.
 */
public final class AdminServer implements AutoCloseable {
    static final int MAX_CONNECTIONS = 64;

    private static final int MAX_BODY_BYTES = 8 * 1024;

    /** Little at a time, so that few requests are answered before it shows that the client does not read. */
    private static final int READ_BYTES = 1024;

    private static final int IDLE_SECONDS = 60;
    private static final int CLOSE_SECONDS = 2;

    private final AdminConfig config;
    private final AdminResources resources;
    private final ReloadQueue reloads;
    private final InstantSource clock;
    private final ChannelGroup connections = new DefaultChannelGroup(GlobalEventExecutor.INSTANCE);
    private final QuietConnections quiet = new QuietConnections();
    private @Nullable EventLoopGroup loop;
    private @Nullable Channel listening;
    private @Nullable Runnable stopTelling;

    /**
     * @param metrics null when metrics are off
     * @param feed of what happens
     */
    public AdminServer(
            AdminConfig config,
            StatusView status,
            Operations operations,
            @Nullable MetricsExposition metrics,
            InstantSource clock,
            EventFeed feed) {
        this.config = config;
        this.reloads = new ReloadQueue(operations);
        this.resources = new AdminResources(status, operations, reloads, metrics, feed);
        this.clock = clock;
    }

    /**
     * Binds the port.
     *
     * @throws IOException when it cannot be bound; the cause says why
     */
    public synchronized void start() throws IOException {
        useCodec();
        InetSocketAddress address = new InetSocketAddress(config.host(), config.port());
        Access access =
                new Access(!address.isUnresolved() && address.getAddress().isLoopbackAddress(), config.token());
        EventLoopGroup group =
                new MultiThreadIoEventLoopGroup(1, new DefaultThreadFactory("admin", true), NioIoHandler.newFactory());
        ChannelFuture bound = new ServerBootstrap()
                .group(group)
                .channel(NioServerSocketChannel.class)
                .childOption(ChannelOption.RECVBUF_ALLOCATOR, new FixedRecvByteBufAllocator(READ_BYTES))
                .childHandler(new ChannelInitializer<SocketChannel>() {
                    @Override
                    protected void initChannel(SocketChannel channel) {
                        accept(channel, access);
                    }
                })
                .bind(address)
                .awaitUninterruptibly();
        if (!bound.isSuccess()) {
            group.shutdownGracefully(0, 0, TimeUnit.SECONDS);
            throw new IOException(
                    "admin port " + config.host() + ":" + config.port() + " cannot be bound", bound.cause());
        }
        loop = group;
        listening = bound.channel();
        stopTelling = resources.streams().start(group.next());
    }

    /**
     * Netty's codec takes some bytes of direct memory when its classes are first used. Classes that find none then never work
     * again, and a balancer without memory is one that somebody looks at.
     */
    private static void useCodec() {
        new EmbeddedChannel(new HttpServerCodec()).close();
    }

    /** Returns the port that is bound, also when the system chose it. */
    public synchronized int port() {
        if (listening == null) {
            throw new IllegalStateException("not started");
        }
        return ((InetSocketAddress) listening.localAddress()).getPort();
    }

    /** Ends the port and its connections, those who read the events in good order. */
    @Override
    public synchronized void close() {
        if (loop == null || listening == null || stopTelling == null) {
            return;
        }
        listening.close().awaitUninterruptibly();
        stopTelling.run();
        loop.submit(resources.streams()::end).awaitUninterruptibly(CLOSE_SECONDS, TimeUnit.SECONDS);
        connections.close().awaitUninterruptibly(CLOSE_SECONDS, TimeUnit.SECONDS);
        reloads.close();
        loop.shutdownGracefully(0, CLOSE_SECONDS, TimeUnit.SECONDS).awaitUninterruptibly();
        loop = null;
        listening = null;
        stopTelling = null;
    }

    private void accept(SocketChannel channel, Access access) {
        if (connections.size() >= MAX_CONNECTIONS) {
            quiet.closeOldest();
        }
        connections.add(channel);
        RequestDeadline deadline = new RequestDeadline();
        channel.pipeline()
                .addLast(deadline)
                .addLast(idleness())
                .addLast(new HttpServerCodec(new HttpDecoderConfig()))
                .addLast(new HttpServerKeepAliveHandler())
                .addLast(new RequestAggregator(MAX_BODY_BYTES))
                .addLast(new FlowControlHandler())
                .addLast(quiet.watch())
                .addLast(new AdminHandler(resources, access, deadline, clock));
    }

    /** Tells of a connection on which nothing comes or goes. */
    static IdleStateHandler idleness() {
        return new IdleStateHandler(0, 0, IDLE_SECONDS);
    }
}
