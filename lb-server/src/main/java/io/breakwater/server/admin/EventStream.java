package io.breakwater.server.admin;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelFutureListener;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.handler.codec.http.DefaultHttpContent;
import io.netty.handler.codec.http.LastHttpContent;
import io.netty.handler.timeout.IdleStateEvent;
import io.netty.util.ReferenceCountUtil;
import io.netty.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Sends the events to one reader, as fast as it reads, and a comment now and then, by which both sides notice that the
 * other is gone. One that is further behind than what is kept is cut; it may come back with the number of the last event
 * that it has, and is told if some behind that are gone. Last in the pipeline of one connection, in the place of
 * {@link AdminHandler}, and on its event loop.
 */
final class EventStream extends ChannelInboundHandlerAdapter {
    static final int PING_SECONDS = 15;
    static final int RETRY_MILLIS = 2_000;

    private static final Logger LOG = LoggerFactory.getLogger(EventStream.class);
    private static final byte[] PING = ": ping\n\n".getBytes(UTF_8);
    private static final String RESET = "event: reset\ndata: {}\n\n";

    private final EventStreams all;
    private final @Nullable String lastEventId;
    private @Nullable ChannelHandlerContext context;
    private @Nullable Future<?> pings;
    /** The number of the latest event that was sent, or need not be. */
    private long sent;

    /**
     * @param lastEventId what the reader says it has, if it says so
     */
    EventStream(EventStreams all, @Nullable String lastEventId) {
        this.all = all;
        this.lastEventId = lastEventId;
    }

    /** The head of the response is written before. */
    @Override
    public void handlerAdded(ChannelHandlerContext ctx) {
        context = ctx;
        all.add(this);
        boolean known = place();
        // The number goes first, so that who is cut off before the first event misses none of them.
        write(ctx, ("retry: " + RETRY_MILLIS + "\nid: " + sent + "\n\n" + (known ? "" : RESET)).getBytes(UTF_8));
        ctx.flush();
        pings = ctx.executor().scheduleAtFixedRate(() -> ping(ctx), PING_SECONDS, PING_SECONDS, TimeUnit.SECONDS);
        // Nothing more is expected to come but the end, and that should be noticed.
        ctx.channel().config().setAutoRead(true);
        send();
    }

    /** Takes up where the reader left off, and returns whether every event since then is still there. */
    private boolean place() {
        Long wanted = lastEventId == null ? (Long) all.latest() : number(lastEventId);
        if (wanted == null || wanted < all.oldest() || wanted > all.latest()) {
            sent = all.oldest();
            return false;
        }
        sent = wanted;
        return true;
    }

    /** Null if it is none. */
    private static @Nullable Long number(String text) {
        try {
            return Long.valueOf(text);
        } catch (NumberFormatException e) {
            return null;
        }
    }

    /** Sends what there is, as far as the reader takes it. */
    void send() {
        ChannelHandlerContext ctx = context;
        if (ctx == null) {
            return;
        }
        if (sent < all.oldest()) {
            LOG.info(
                    "event stream to {} is cut: it reads too slowly",
                    ctx.channel().remoteAddress());
            leave();
            ctx.close();
            return;
        }
        boolean written = false;
        for (EventStreams.Frame next = all.after(sent);
                next != null && ctx.channel().isWritable();
                next = all.after(sent)) {
            sent = next.id();
            write(ctx, next.bytes());
            written = true;
        }
        if (written) {
            ctx.flush();
        }
    }

    private static void ping(ChannelHandlerContext ctx) {
        if (ctx.channel().isWritable()) {
            write(ctx, PING);
            ctx.flush();
        }
    }

    private static void write(ChannelHandlerContext ctx, byte[] bytes) {
        ctx.write(new DefaultHttpContent(Unpooled.wrappedBuffer(bytes)));
    }

    /** Ends the response, and with it the connection. */
    void end() {
        ChannelHandlerContext ctx = context;
        if (ctx != null) {
            leave();
            ctx.writeAndFlush(LastHttpContent.EMPTY_LAST_CONTENT).addListener(ChannelFutureListener.CLOSE);
        }
    }

    private void leave() {
        context = null;
        all.remove(this);
        if (pings != null) {
            pings.cancel(false);
        }
    }

    @Override
    public void channelWritabilityChanged(ChannelHandlerContext ctx) {
        if (ctx.channel().isWritable()) {
            send();
        }
    }

    /** There is no room for another response behind one that does not end. */
    @Override
    public void channelRead(ChannelHandlerContext ctx, Object message) {
        ReferenceCountUtil.release(message);
        ctx.close();
    }

    @Override
    public void channelInactive(ChannelHandlerContext ctx) {
        leave();
        ctx.fireChannelInactive();
    }

    @Override
    public void userEventTriggered(ChannelHandlerContext ctx, Object event) {
        if (event instanceof IdleStateEvent || event == RequestDeadline.PASSED) {
            ctx.close();
        } else {
            ctx.fireUserEventTriggered(event);
        }
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
        if (!AdminHandler.isDeparture(cause)) {
            LOG.warn("event stream to {} failed", ctx.channel().remoteAddress(), cause);
        }
        ctx.close();
    }
}
