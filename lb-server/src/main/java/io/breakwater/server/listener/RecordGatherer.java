package io.breakwater.server.listener;

import io.breakwater.server.http.Cumulation;
import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import org.jspecify.annotations.Nullable;

/**
 * Stands between TLS and a connection, and hands on the records that one read of the socket brought as one piece, up to
 * about the size of a full record: each piece may cost a write to a backend, and a record may hold a single byte. Confined
 * to its loop.
 */
final class RecordGatherer extends ChannelInboundHandlerAdapter {
    private static final int ENOUGH = 16 * 1024;

    private @Nullable ByteBuf gathered;

    @Override
    public void channelRead(ChannelHandlerContext ctx, Object message) {
        ByteBuf both = Cumulation.append(ctx.alloc(), gathered, (ByteBuf) message);
        gathered = both;
        if (both.readableBytes() >= ENOUGH) {
            handOn(ctx);
        }
    }

    @Override
    public void channelReadComplete(ChannelHandlerContext ctx) {
        handOn(ctx);
        ctx.fireChannelReadComplete();
    }

    /** What came before an event is seen before it. */
    @Override
    public void userEventTriggered(ChannelHandlerContext ctx, Object event) {
        handOn(ctx);
        ctx.fireUserEventTriggered(event);
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
        handOn(ctx);
        ctx.fireExceptionCaught(cause);
    }

    @Override
    public void channelInactive(ChannelHandlerContext ctx) {
        handOn(ctx);
        ctx.fireChannelInactive();
    }

    private void handOn(ChannelHandlerContext ctx) {
        ByteBuf bytes = gathered;
        if (bytes != null) {
            gathered = null;
            ctx.fireChannelRead(bytes);
        }
    }

    @Override
    public void handlerRemoved(ChannelHandlerContext ctx) {
        if (gathered != null) {
            gathered.release();
            gathered = null;
        }
    }
}
