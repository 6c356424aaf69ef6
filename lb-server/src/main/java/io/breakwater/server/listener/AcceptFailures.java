package io.breakwater.server.listener;

import io.breakwater.metrics.ConnectionRecorder;
import io.breakwater.server.runtime.EventLoops;
import io.netty.channel.ChannelConfig;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Waits when a connection cannot be accepted, as a rule because no descriptor or no memory is left for it. The kernel goes
 * on saying that a connection is there, so that a loop which tried at once would do nothing else; clients wait in the
 * backlog meanwhile. Confined to the loop of the listening channel.
 */
final class AcceptFailures extends ChannelInboundHandlerAdapter {
    private static final Logger LOG = LoggerFactory.getLogger(AcceptFailures.class);
    /** Ten system calls a second cost nothing, and nobody waits for long once there are descriptors again. */
    private static final long PAUSE_MILLIS = 100;

    private static final long LOGGED_EVERY_NANOS = TimeUnit.SECONDS.toNanos(60);

    private final EventLoops loops;
    private final Supplier<ConnectionRecorder> recorder;
    private boolean logged;
    private long loggedNanos;

    AcceptFailures(EventLoops loops, Supplier<ConnectionRecorder> recorder) {
        this.loops = loops;
        this.recorder = recorder;
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
        recorder.get().acceptFailed();
        long now = loops.of(ctx.channel().eventLoop()).now();
        if (!logged || now - loggedNanos >= LOGGED_EVERY_NANOS) {
            logged = true;
            loggedNanos = now;
            LOG.warn(
                    "{}: a connection cannot be accepted, and clients wait: {}",
                    ctx.channel().localAddress(),
                    String.valueOf(cause));
        }
        ChannelConfig config = ctx.channel().config();
        config.setAutoRead(false);
        ctx.channel()
                .eventLoop()
                .schedule(
                        () -> {
                            if (ctx.channel().isOpen()) {
                                config.setAutoRead(true);
                            }
                        },
                        PAUSE_MILLIS,
                        TimeUnit.MILLISECONDS);
    }
}
