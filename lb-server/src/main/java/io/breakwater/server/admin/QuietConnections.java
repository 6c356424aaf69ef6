package io.breakwater.server.admin;

import io.netty.channel.Channel;
import io.netty.channel.ChannelDuplexHandler;
import io.netty.channel.ChannelHandler;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelPromise;
import io.netty.handler.codec.http.LastHttpContent;
import java.util.Iterator;
import java.util.LinkedHashSet;
import java.util.Set;

/**
 * The connections that wait for nothing of ours: idle ones, such as have not sent a whole request yet, and such as do not
 * read their answers. Where there are too many connections, the one that has been quiet for longest makes room, so that
 * clients that say nothing keep nobody out. Belongs to the event loop of the admin port.
 */
final class QuietConnections {
    private final Set<Channel> byAge = new LinkedHashSet<>();

    /** Makes the handler of one connection; it sees whole requests come and their answers go. */
    ChannelHandler watch() {
        return new Watch();
    }

    /** Closes the connection that has been quiet for longest, if there is one. */
    void closeOldest() {
        Iterator<Channel> oldest = byAge.iterator();
        if (oldest.hasNext()) {
            Channel channel = oldest.next();
            oldest.remove();
            channel.close();
        }
    }

    private final class Watch extends ChannelDuplexHandler {

        @Override
        public void handlerAdded(ChannelHandlerContext ctx) {
            byAge.add(ctx.channel());
        }

        @Override
        public void channelRead(ChannelHandlerContext ctx, Object request) {
            byAge.remove(ctx.channel());
            ctx.fireChannelRead(request);
        }

        @Override
        public void write(ChannelHandlerContext ctx, Object message, ChannelPromise promise) {
            if (message instanceof LastHttpContent && ctx.channel().isActive()) {
                byAge.add(ctx.channel());
            }
            ctx.write(message, promise);
        }

        @Override
        public void channelInactive(ChannelHandlerContext ctx) {
            byAge.remove(ctx.channel());
            ctx.fireChannelInactive();
        }
    }
}
