package io.breakwater.server.connection;

import io.breakwater.health.Outcome;
import io.breakwater.server.tls.TlsPeer;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.handler.ssl.SslHandler;
import io.netty.util.concurrent.Future;

/**
 * The TLS handshake on a connection that has just been made. Until it is done this stands behind the TLS handler; from
 * then on the two handlers are neighbours. Confined to the event loop.
 */
final class Handshake extends ChannelInboundHandlerAdapter {
    private final Channel channel;
    private final Dialer.Result result;
    private boolean over;

    Handshake(Channel channel, Dialer.Result result) {
        this.channel = channel;
        this.result = result;
    }

    void start(TlsPeer tls) {
        SslHandler handler = tls.handler(channel.alloc());
        handler.handshakeFuture().addListener(this::done);
        channel.pipeline().addFirst(this).addFirst(handler);
    }

    private void done(Future<? super Channel> handshake) {
        if (over) {
            return;
        }
        over = true;
        if (handshake.isSuccess()) {
            channel.pipeline().remove(this);
            result.onConnected(channel);
        } else {
            Throwable cause = handshake.cause();
            channel.close();
            result.onFailed(LocalErrors.isLocal(cause) ? Outcome.LOCAL_ERROR : Outcome.TLS_FAILED, cause);
        }
    }

    /** Nobody waits for it any more; has no effect once it is done. */
    void cancel() {
        if (!over) {
            over = true;
            channel.close();
        }
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
        // The handshake has failed by it, or is of no use any more.
    }
}
