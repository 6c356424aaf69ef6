package io.breakwater.server.connection;

import static org.assertj.core.api.Assertions.assertThat;

import io.breakwater.health.Outcome;
import io.breakwater.server.runtime.EventLoops;
import io.breakwater.server.runtime.EventLoops.Transport;
import io.breakwater.server.runtime.Loop;
import io.breakwater.time.Ticker;
import io.netty.bootstrap.Bootstrap;
import io.netty.channel.Channel;
import io.netty.channel.ChannelException;
import io.netty.channel.socket.nio.NioSocketChannel;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.SocketException;
import java.net.UnknownHostException;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(30)
class ConnectorTest {
    /** Remembers how connecting failed, and whether that was told where it must be. */
    private static final class Sink implements Dialer.Result {
        private final Loop loop;
        final CompletableFuture<Outcome> failure = new CompletableFuture<>();
        final CompletableFuture<Boolean> onLoop = new CompletableFuture<>();
        final CompletableFuture<Channel> connected = new CompletableFuture<>();

        Sink(Loop loop) {
            this.loop = loop;
        }

        @Override
        public void onFailed(Outcome outcome, Throwable cause) {
            onLoop.complete(loop.eventLoop().inEventLoop());
            failure.complete(outcome);
        }

        @Override
        public void onConnected(Channel channel) {
            connected.complete(channel);
        }
    }

    private static Addresses loopback() {
        List<InetAddress> both = List.of(InetAddress.getLoopbackAddress());
        return new Addresses(answer -> answer.accept(both, null), 1, Ticker.system());
    }

    private static Connector withoutDescriptors(Loop loop, Sink sink) {
        Bootstrap bootstrap = new Bootstrap().group(loop.eventLoop()).channelFactory(() -> {
            throw new ChannelException("no socket", new SocketException("Too many open files"));
        });
        return new Connector(
                loop,
                bootstrap,
                channel -> {
                    throw new AssertionError("there is no channel");
                },
                sink,
                loopback(),
                null);
    }

    @Test
    void aMachineWithoutDescriptorsIsALocalErrorToldOnTheLoop() throws Exception {
        try (EventLoops loops = EventLoops.start(Transport.NIO, 1, Ticker.system())) {
            Loop loop = loops.loops().get(0);
            Sink sink = new Sink(loop);
            loop.eventLoop().execute(withoutDescriptors(loop, sink)::start);

            assertThat(sink.failure.get(10, TimeUnit.SECONDS)).isEqualTo(Outcome.LOCAL_ERROR);
            assertThat(sink.onLoop.get(10, TimeUnit.SECONDS)).isTrue();
        }
    }

    @Test
    void aConnectionThatNeverHadASocketCanBeGivenUp() throws Exception {
        try (EventLoops loops = EventLoops.start(Transport.NIO, 1, Ticker.system())) {
            Loop loop = loops.loops().get(0);
            Sink sink = new Sink(loop);
            @Nullable
            Throwable thrown = loop.eventLoop()
                    .submit(() -> {
                        Connector connector = withoutDescriptors(loop, sink);
                        connector.start();
                        connector.cancel();
                    })
                    .await()
                    .cause();

            assertThat(thrown).isNull();
            loop.eventLoop().submit(() -> {}).sync();
            assertThat(sink.failure).isNotDone();
        }
    }

    private static Connector connector(Loop loop, Sink sink, Addresses addresses) {
        return new Connector(
                loop,
                UpstreamBootstrap.create(loop.eventLoop(), NioSocketChannel.class),
                channel -> {},
                sink,
                addresses,
                null);
    }

    private static InetAddress loopback(int last) throws UnknownHostException {
        return InetAddress.getByAddress(new byte[] {127, 0, 0, (byte) last});
    }

    @Test
    void theAddressThatConnectsWinsAndIsTriedFirstFromThenOn() throws Exception {
        try (EventLoops loops = EventLoops.start(Transport.NIO, 1, Ticker.system());
                ServerSocket server = new ServerSocket(0, 10, loopback(1))) {
            Loop loop = loops.loops().get(0);
            List<InetAddress> found = List.of(loopback(3), loopback(2), loopback(1));
            Addresses addresses =
                    new Addresses(answer -> answer.accept(found, null), server.getLocalPort(), Ticker.system());
            Sink sink = new Sink(loop);
            loop.eventLoop().execute(connector(loop, sink, addresses)::start);

            assertThat(sink.connected.get(10, TimeUnit.SECONDS)).isNotNull();
            CompletableFuture<List<InetSocketAddress>> next = new CompletableFuture<>();
            loop.eventLoop()
                    .execute(() -> addresses.resolve(loop.eventLoop(), (order, failure) -> next.complete(order)));
            assertThat(next.get(10, TimeUnit.SECONDS))
                    .extracting(InetSocketAddress::getAddress)
                    .containsExactly(loopback(1), loopback(3), loopback(2));
        }
    }

    @Test
    void onlyWhenEveryAddressRefusedHasTheBackendRefused() throws Exception {
        int closed;
        try (ServerSocket server = new ServerSocket(0, 10, loopback(1))) {
            closed = server.getLocalPort();
        }
        try (EventLoops loops = EventLoops.start(Transport.NIO, 1, Ticker.system())) {
            Loop loop = loops.loops().get(0);
            List<InetAddress> found = List.of(loopback(2), loopback(1));
            Sink sink = new Sink(loop);
            Addresses addresses = new Addresses(answer -> answer.accept(found, null), closed, Ticker.system());
            loop.eventLoop().execute(connector(loop, sink, addresses)::start);

            assertThat(sink.failure.get(10, TimeUnit.SECONDS)).isEqualTo(Outcome.CONNECT_FAILED);
        }
    }
}
