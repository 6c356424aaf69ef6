package io.breakwater.server.probe;

import io.breakwater.health.check.Probe;
import io.breakwater.health.check.ProbeResult;
import io.breakwater.server.connection.Dialer;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.EventLoop;
import io.netty.util.ReferenceCountUtil;
import org.jspecify.annotations.Nullable;

/** Passes if a connection can be made, over TLS with its handshake, and closes it. Safe from any thread. */
final class TcpProbe implements Probe {
    private final EventLoop loop;
    private final Dialer dialer;
    private final Dialer.Target to;

    /**
     * @param loop of the dialer
     */
    TcpProbe(EventLoop loop, Dialer dialer, Dialer.Target to) {
        this.loop = loop;
        this.dialer = dialer;
        this.to = to;
    }

    @Override
    public Attempt start(long deadlineNanos, Callback callback) {
        Check check = new Check(loop, callback);
        check.start(dialer, to);
        return check;
    }

    private static final class Check extends Dialled {
        Check(EventLoop loop, Callback callback) {
            super(loop, callback);
        }

        @Override
        void initialize(Channel tried) {
            tried.pipeline().addLast(new Deaf());
        }

        @Override
        void connected(Channel made) {
            made.close();
            tell(ProbeResult.passed("connected"));
        }
    }

    /** Nothing is read or written, and what goes wrong with the connection once it is there is of no interest. */
    private static final class Deaf extends ChannelInboundHandlerAdapter {
        @Override
        public void channelRead(ChannelHandlerContext ctx, Object message) {
            ReferenceCountUtil.release(message);
        }

        @Override
        public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
            ctx.close();
        }
    }

    @Override
    public boolean equals(@Nullable Object other) {
        return other instanceof TcpProbe that && to.equals(that.to);
    }

    @Override
    public int hashCode() {
        return to.hashCode();
    }
}
