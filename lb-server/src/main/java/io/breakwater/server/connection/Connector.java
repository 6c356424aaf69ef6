package io.breakwater.server.connection;

import io.breakwater.health.Outcome;
import io.breakwater.server.runtime.Loop;
import io.breakwater.server.tls.TlsPeer;
import io.netty.bootstrap.Bootstrap;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.util.concurrent.Future;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Makes one connection to a backend that may have several addresses: attempts start {@link #ATTEMPT_DELAY_MILLIS} apart
 * or as soon as the one before failed, the first that connects wins, and only when all have failed has it failed ("Happy
 * Eyeballs", RFC 8305 section 5). Where TLS is spoken, the handshake is made with the one that won, and it is connected
 * once that is done. Confined to its event loop.
 */
final class Connector implements Connecting {
    /** RFC 8305 section 5: the recommended Connection Attempt Delay. */
    private static final long ATTEMPT_DELAY_MILLIS = 250;

    private final Loop loop;
    private final Bootstrap bootstrap;
    private final Consumer<Channel> initializer;
    private final Dialer.Result result;
    private final Addresses addresses;
    private final @Nullable TlsPeer tls;
    private final List<ChannelFuture> underWay = new ArrayList<>(2);
    private List<InetSocketAddress> candidates = List.of();
    private int next;
    private boolean over;
    private @Nullable Handshake handshake;
    private @Nullable Throwable firstFailure;
    private Outcome outcome = Outcome.LOCAL_ERROR;

    /**
     * @param initializer puts the handlers into each channel that is tried
     * @param tls by which TLS is spoken; null if it is not
     */
    Connector(
            Loop loop,
            Bootstrap bootstrap,
            Consumer<Channel> initializer,
            Dialer.Result result,
            Addresses addresses,
            @Nullable TlsPeer tls) {
        this.loop = loop;
        this.bootstrap = bootstrap;
        this.initializer = initializer;
        this.result = result;
        this.addresses = addresses;
        this.tls = tls;
    }

    void start() {
        addresses.resolve(loop.eventLoop(), this::resolved);
    }

    private void resolved(List<InetSocketAddress> found, @Nullable Throwable failure) {
        if (over) {
            return;
        }
        if (found.isEmpty()) {
            over = true;
            result.onFailed(Outcome.RESOLVE_FAILED, failure == null ? new java.net.UnknownHostException() : failure);
            return;
        }
        candidates = found;
        attemptNext();
    }

    private void attemptNext() {
        int number = next++;
        InetSocketAddress address = candidates.get(number);
        // The handler is put in when the socket is there, so that it sees the channel become active.
        ChannelFuture attempt = bootstrap
                .clone()
                .handler(new io.netty.channel.ChannelInitializer<Channel>() {
                    @Override
                    protected void initChannel(Channel channel) {
                        initializer.accept(channel);
                    }
                })
                .connect(address);
        underWay.add(attempt);
        attempt.addListener((Future<Void> done) -> {
            // Without a descriptor for the socket there is no channel on our loop, and the failure is told on another.
            if (loop.eventLoop().inEventLoop()) {
                attempted(address, attempt);
            } else {
                loop.eventLoop().execute(() -> attempted(address, attempt));
            }
        });
        if (next < candidates.size() && !over) {
            loop.eventLoop()
                    .schedule(
                            () -> {
                                if (!over && next == number + 1) {
                                    attemptNext();
                                }
                            },
                            ATTEMPT_DELAY_MILLIS,
                            TimeUnit.MILLISECONDS);
        }
    }

    private void attempted(InetSocketAddress address, ChannelFuture attempt) {
        underWay.remove(attempt);
        if (over) {
            giveUp(attempt);
        } else if (attempt.isSuccess()) {
            cancel();
            addresses.worked(address);
            connected(attempt.channel());
        } else {
            Throwable cause = attempt.cause();
            if (firstFailure == null) {
                firstFailure = cause;
            }
            if (!LocalErrors.isLocal(cause)) {
                outcome = Outcome.CONNECT_FAILED;
            }
            if (next < candidates.size()) {
                attemptNext();
            } else if (underWay.isEmpty()) {
                over = true;
                result.onFailed(outcome, firstFailure);
            }
        }
    }

    private void connected(Channel channel) {
        if (tls == null) {
            result.onConnected(channel);
        } else {
            handshake = new Handshake(channel, result);
            handshake.start(tls);
        }
    }

    @Override
    public void cancel() {
        over = true;
        if (handshake != null) {
            handshake.cancel();
        }
        List.copyOf(underWay).forEach(Connector::giveUp);
        underWay.clear();
    }

    private static void giveUp(ChannelFuture attempt) {
        if (attempt.channel().isRegistered()) {
            attempt.channel().close();
        }
    }
}
