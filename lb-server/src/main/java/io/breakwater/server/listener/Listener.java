package io.breakwater.server.listener;

import io.breakwater.health.breaker.CircuitState;
import io.breakwater.server.http.ConnectionField;
import io.breakwater.server.http.Reply;
import io.breakwater.server.runtime.EventLoops;
import io.breakwater.server.runtime.Loop;
import io.netty.bootstrap.ServerBootstrap;
import io.netty.buffer.ByteBuf;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelFutureListener;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.netty.channel.EventLoop;
import io.netty.channel.WriteBufferWaterMark;
import io.netty.channel.socket.SocketChannel;
import io.netty.handler.ssl.SslHandler;
import io.netty.util.concurrent.Promise;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/** One address that clients connect to. {@link #start} and what ends it may be called from any thread but a loop. */
public final class Listener {
    private final EventLoops loops;
    private final List<Connections> connections;
    private final AtomicInteger open = new AtomicInteger();
    private final ReentrantLock lock = new ReentrantLock();
    private final Condition empty = lock.newCondition();
    private volatile ListenerContext context;
    private @Nullable Channel server;

    public Listener(EventLoops loops, ListenerContext context) {
        this.loops = loops;
        this.context = context;
        this.connections = loops.loops().stream()
                .map(loop -> new Connections(loop, this::connectionGone))
                .toList();
    }

    /** Binds and accepts from now on. */
    public void start() throws IOException {
        ChannelFuture bound = new ServerBootstrap()
                .group(loops.group(), loops.group())
                .channel(loops.serverChannel())
                .option(ChannelOption.SO_BACKLOG, 4096)
                .option(ChannelOption.SO_REUSEADDR, true)
                // TCP_NODELAY is on already: each channel of Netty's begins with that.
                .childOption(ChannelOption.WRITE_BUFFER_WATER_MARK, new WriteBufferWaterMark(32 * 1024, 64 * 1024))
                .handler(new AcceptFailures(loops, () -> context.recorder()))
                .childHandler(new Accept())
                .bind(context.config().host(), context.config().port())
                .awaitUninterruptibly();
        if (!bound.isSuccess()) {
            throw new IOException(
                    "cannot listen on %s:%d: %s"
                            .formatted(
                                    context.config().host(),
                                    context.config().port(),
                                    bound.cause().getMessage()),
                    bound.cause());
        }
        server = bound.channel();
    }

    /** The port in use, which the system chose if 0 was configured. */
    public int port() {
        Channel channel = server;
        if (channel == null) {
            throw new IllegalStateException("not started");
        }
        return ((InetSocketAddress) channel.localAddress()).getPort();
    }

    /** What connections share that are accepted from now on; those that are open keep what they have. */
    public void reconfigure(ListenerContext next) {
        context = next;
    }

    /** Stops accepting, lets what is under way finish, and closes connections as they become idle. */
    public void drain() {
        closeServer();
        connections.forEach(Connections::announceDrain);
        connections.forEach(each -> each.loop().eventLoop().execute(each::drain));
    }

    /**
     * Waits until every connection is gone, at most this long.
     *
     * @return how much of that is left; nothing or less if some connection may be there still
     */
    long awaitDrained(long nanos) throws InterruptedException {
        long left = nanos;
        lock.lock();
        try {
            while (open.get() > 0 && left > 0) {
                left = empty.awaitNanos(left);
            }
            return left;
        } finally {
            lock.unlock();
        }
    }

    /** Ends all connections now and returns how many requests that cut off. */
    public int cut() {
        closeServer();
        int exchanges = 0;
        for (Connections each : connections) {
            exchanges += each.loop()
                    .eventLoop()
                    .submit(each::cut)
                    .awaitUninterruptibly()
                    .getNow();
        }
        return exchanges;
    }

    private void closeServer() {
        Channel channel = server;
        if (channel != null) {
            channel.close().awaitUninterruptibly(1, TimeUnit.SECONDS);
            // With NIO the kernel goes on taking connections until the loop has selected once more, which it does
            // before it runs what one of its tasks has scheduled.
            EventLoop loop = channel.eventLoop();
            Promise<Void> selected = loop.newPromise();
            loop.execute(() -> loop.schedule(() -> selected.setSuccess(null), 0, TimeUnit.NANOSECONDS));
            selected.awaitUninterruptibly(1, TimeUnit.SECONDS);
        }
    }

    private void connectionGone() {
        if (open.decrementAndGet() == 0) {
            lock.lock();
            try {
                empty.signalAll();
            } finally {
                lock.unlock();
            }
        }
    }

    /** Puts an accepted connection to work, or turns it away. */
    private final class Accept extends ChannelInitializer<SocketChannel> {
        @Override
        protected void initChannel(SocketChannel channel) {
            ListenerContext present = context;
            present.recorder().accepted();
            if (open.incrementAndGet() > present.config().maxConnections()) {
                turnAway(channel, present);
                return;
            }
            Loop loop = loops.of(channel.eventLoop());
            SslHandler tls = present.tls() == null ? null : present.tls().newHandler(channel.alloc());
            if (tls != null) {
                channel.pipeline().addLast(tls, new RecordGatherer());
            }
            channel.pipeline()
                    .addLast(new DownstreamConnection(channel, loop, connections.get(loop.index()), present, tls));
        }

        private void turnAway(SocketChannel channel, ListenerContext present) {
            connectionGone();
            Loop loop = loops.of(channel.eventLoop());
            CircuitState state = present.states().bestState(loop.now());
            present.unmatched().started();
            present.refused(
                    loop.index(),
                    DownstreamConnection.hostOf(channel.remoteAddress()),
                    Reply.TOO_MANY_CONNECTIONS,
                    Reply.TOO_MANY_CONNECTIONS.bodyBytes(null),
                    state,
                    0);
            if (present.tls() != null) {
                channel.close(); // a handshake for the sake of a refusal would cost more than a request
                return;
            }
            ByteBuf out = channel.alloc().buffer(512);
            Reply.TOO_MANY_CONNECTIONS.write(out, present.fields(), state, 0, ConnectionField.CLOSE, null, null, false);
            channel.writeAndFlush(out).addListener(ChannelFutureListener.CLOSE);
        }
    }
}
