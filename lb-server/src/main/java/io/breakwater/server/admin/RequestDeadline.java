package io.breakwater.server.admin;

import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Gives each request a time in which it must have come whole, so that clients that send a byte now and then cannot hold
 * all connections. It runs from the beginning of the connection, and for a later request from its first byte. When it is
 * over, {@link #PASSED} goes through the pipeline. First in the pipeline of one connection, on its event loop.
 */
final class RequestDeadline extends ChannelInboundHandlerAdapter {
    static final Object PASSED = new Object();
    static final int SECONDS = 10;

    private @Nullable Future<?> running;

    @Override
    public void channelActive(ChannelHandlerContext ctx) {
        begin(ctx);
        ctx.fireChannelActive();
    }

    @Override
    public void channelRead(ChannelHandlerContext ctx, Object message) {
        if (running == null) {
            begin(ctx);
        }
        ctx.fireChannelRead(message);
    }

    private void begin(ChannelHandlerContext ctx) {
        running = ctx.executor().schedule(() -> ctx.fireUserEventTriggered(PASSED), SECONDS, TimeUnit.SECONDS);
    }

    /** A request has come whole. */
    void met() {
        if (running != null) {
            running.cancel(false);
            running = null;
        }
    }

    @Override
    public void channelInactive(ChannelHandlerContext ctx) {
        met();
        ctx.fireChannelInactive();
    }
}
