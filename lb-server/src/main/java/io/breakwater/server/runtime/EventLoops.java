package io.breakwater.server.runtime;

import io.breakwater.time.Ticker;
import io.netty.channel.EventLoop;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.IoEventLoop;
import io.netty.channel.IoEventLoopGroup;
import io.netty.channel.IoHandlerFactory;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.ServerChannel;
import io.netty.channel.SingleThreadIoEventLoop;
import io.netty.channel.epoll.Epoll;
import io.netty.channel.epoll.EpollDatagramChannel;
import io.netty.channel.epoll.EpollIoHandler;
import io.netty.channel.epoll.EpollServerSocketChannel;
import io.netty.channel.epoll.EpollSocketChannel;
import io.netty.channel.nio.NioIoHandler;
import io.netty.channel.socket.DatagramChannel;
import io.netty.channel.socket.SocketChannel;
import io.netty.channel.socket.nio.NioDatagramChannel;
import io.netty.channel.socket.nio.NioServerSocketChannel;
import io.netty.channel.socket.nio.NioSocketChannel;
import io.netty.channel.uring.IoUring;
import io.netty.channel.uring.IoUringDatagramChannel;
import io.netty.channel.uring.IoUringIoHandler;
import io.netty.channel.uring.IoUringServerSocketChannel;
import io.netty.channel.uring.IoUringSocketChannel;
import io.netty.util.concurrent.DefaultThreadFactory;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Executor;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.TimeUnit;

/** The event loops of the process and the transport that they run. Safe from any thread. */
public final class EventLoops implements AutoCloseable {
    private final Transport transport;
    private final EventLoopGroup group;
    private final List<Loop> loops;

    private EventLoops(Transport transport, EventLoopGroup group, List<Loop> loops) {
        this.transport = transport;
        this.group = group;
        this.loops = loops;
    }

    /** How sockets are served. */
    public enum Transport {
        NIO(NioServerSocketChannel.class, NioSocketChannel.class, NioDatagramChannel.class),
        EPOLL(EpollServerSocketChannel.class, EpollSocketChannel.class, EpollDatagramChannel.class),
        IO_URING(IoUringServerSocketChannel.class, IoUringSocketChannel.class, IoUringDatagramChannel.class);

        private final Class<? extends ServerChannel> serverChannel;
        private final Class<? extends SocketChannel> channel;

        private final Class<? extends DatagramChannel> datagramChannel;

        Transport(
                Class<? extends ServerChannel> serverChannel,
                Class<? extends SocketChannel> channel,
                Class<? extends DatagramChannel> datagramChannel) {
            this.serverChannel = serverChannel;
            this.channel = channel;
            this.datagramChannel = datagramChannel;
        }

        /** Whether this transport can run here: its native library is on the class path and the kernel has it. */
        public boolean isAvailable() {
            return switch (this) {
                case NIO -> true;
                case EPOLL -> Epoll.isAvailable();
                case IO_URING -> IoUring.isAvailable();
            };
        }

        private IoHandlerFactory handlers() {
            return switch (this) {
                case NIO -> NioIoHandler.newFactory();
                case EPOLL -> EpollIoHandler.newFactory();
                case IO_URING -> IoUringIoHandler.newFactory();
            };
        }
    }

    /**
     * Starts the loops.
     *
     * @param count how many; each has one thread
     */
    public static EventLoops start(Transport transport, int count, Ticker ticker) {
        return start(transport, count, ticker, "loop");
    }

    static EventLoops start(Transport transport, int count, Ticker ticker, String threadName) {
        EventLoopGroup group = new Group(count, new DefaultThreadFactory(threadName), transport.handlers());
        List<Loop> loops = new ArrayList<>(count);
        for (int i = 0; i < count; i++) {
            TurningLoop next = (TurningLoop) group.next();
            loops.add(new Loop(i, next, next.turns, ticker));
        }
        return new EventLoops(transport, group, List.copyOf(loops));
    }

    private static final class Group extends MultiThreadIoEventLoopGroup {
        Group(int count, ThreadFactory threads, IoHandlerFactory handlers) {
            super(count, threads, handlers);
        }

        @Override
        protected IoEventLoop newChild(Executor executor, IoHandlerFactory handlers, Object... none) {
            return new TurningLoop(this, executor, handlers);
        }
    }

    /** Tells of each turn that it is over, and takes the next one at once while somebody waits for it. */
    private static final class TurningLoop extends SingleThreadIoEventLoop {
        private final Turns turns = new Turns();

        TurningLoop(IoEventLoopGroup group, Executor executor, IoHandlerFactory handlers) {
            super(group, executor, handlers);
        }

        @Override
        protected int runIo() {
            int handled = super.runIo();
            turns.next();
            return handled;
        }

        @Override
        protected boolean hasTasks() {
            return super.hasTasks() || turns.isAnyoneWaiting();
        }
    }

    /** The loops, by index. */
    public List<Loop> loops() {
        return loops;
    }

    /** Returns the loop that this event loop is. */
    public Loop of(EventLoop eventLoop) {
        for (Loop loop : loops) {
            if (loop.eventLoop() == eventLoop) {
                return loop;
            }
        }
        throw new IllegalArgumentException("not one of these loops: " + eventLoop);
    }

    public EventLoopGroup group() {
        return group;
    }

    public Class<? extends ServerChannel> serverChannel() {
        return transport.serverChannel;
    }

    public Class<? extends SocketChannel> channel() {
        return transport.channel;
    }

    public Class<? extends DatagramChannel> datagramChannel() {
        return transport.datagramChannel;
    }

    /** Closes what is left and waits for the threads, at most a few seconds. */
    @Override
    public void close() {
        group.shutdownGracefully(0, 2, TimeUnit.SECONDS).awaitUninterruptibly(5, TimeUnit.SECONDS);
    }
}
