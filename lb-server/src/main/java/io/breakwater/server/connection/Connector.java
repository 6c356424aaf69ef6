package io.breakwater.server.connection;

import io.breakwater.health.Outcome;
import io.breakwater.server.runtime.Loop;
import io.netty.bootstrap.Bootstrap;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.util.concurrent.Future;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * Makes one connection to a backend that may have several addresses: attempts start {@link #ATTEMPT_DELAY_MILLIS} apart
 * or as soon as the one before failed, the first that connects wins, and only when all have failed has it failed ("Happy
 * Eyeballs", RFC 8305 section 5). Confined to its event loop.
 */
final class Connector implements Connecting {
    /** RFC 8305 section 5: the recommended Connection Attempt Delay. */
    private static final long ATTEMPT_DELAY_MILLIS = 250;

    private final Loop loop;
    private final Bootstrap bootstrap;
    private final Consumer<Channel> initializer;
    private final Dialer.Result result;
    private final Addresses addresses;
    private final List<ChannelFuture> underWay = new ArrayList<>(2);
    private List<InetSocketAddress> candidates = List.of();
    private int next;
    private boolean over;
    private @Nullable Throwable firstFailure;
    private Outcome outcome = Outcome.LOCAL_ERROR;

    Connector(
            Loop loop,
            Bootstrap bootstrap,
            Function<Channel, UpstreamConnection> wrap,
            ResponseSink sink,
            Addresses addresses) {
        this(
                loop,
                bootstrap,
                channel -> channel.pipeline().addLast(wrap.apply(channel)),
                new Dialer.Result() {
                    @Override
                    public void onConnected(Channel channel) {
                        sink.onConnected(channel.pipeline().get(UpstreamConnection.class));
                    }

                    @Override
                    public void onFailed(Outcome outcome, Throwable cause) {
                        sink.onConnectFailed(outcome, cause);
                    }
                },
                addresses);
    }

    /**
     * @param initializer puts the handlers into each channel that is tried
     */
    Connector(
            Loop loop, Bootstrap bootstrap, Consumer<Channel> initializer, Dialer.Result result, Addresses addresses) {
        this.loop = loop;
        this.bootstrap = bootstrap;
        this.initializer = initializer;
        this.result = result;
        this.addresses = addresses;
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
            result.onConnected(attempt.channel());
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

    @Override
    public void cancel() {
        over = true;
        List.copyOf(underWay).forEach(Connector::giveUp);
        underWay.clear();
    }

    private static void giveUp(ChannelFuture attempt) {
        if (attempt.channel().isRegistered()) {
            attempt.channel().close();
        }
    }
}
