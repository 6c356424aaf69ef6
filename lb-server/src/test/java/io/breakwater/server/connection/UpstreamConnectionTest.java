package io.breakwater.server.connection;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;

import io.breakwater.health.BackendId;
import io.breakwater.health.Outcome;
import io.breakwater.health.breaker.BreakerListener;
import io.breakwater.health.breaker.CircuitState;
import io.breakwater.metrics.BackendGauges;
import io.breakwater.metrics.ProxyRecorder;
import io.breakwater.metrics.Side;
import io.breakwater.server.config.PoolConfig;
import io.breakwater.server.fixtures.Conf;
import io.breakwater.server.http.HeadLimits;
import io.breakwater.server.http.ResponseHead;
import io.breakwater.server.pool.Policies;
import io.breakwater.server.pool.PoolCore;
import io.breakwater.server.pool.Replica;
import io.breakwater.server.runtime.EventLoops;
import io.breakwater.server.runtime.EventLoops.Transport;
import io.breakwater.time.Ticker;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.embedded.EmbeddedChannel;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Whose fault it is that a response breaks off. */
class UpstreamConnectionTest {
    private static final String HALF = "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nwe";

    private final EmbeddedChannel channel = new EmbeddedChannel();
    private final Told told = new Told();
    private EventLoops loops;

    /** How responses broke off. */
    private static final class Told implements ResponseSink {
        private final List<Outcome> failures = new ArrayList<>();

        @Override
        public void onConnectFailed(Outcome outcome, Throwable cause) {}

        @Override
        public void onConnected(UpstreamConnection connection) {}

        @Override
        public void onResponseHead(ResponseHead head) {}

        @Override
        public void onResponseBody(ByteBuf in, int length) {}

        @Override
        public void onResponseEnd() {}

        @Override
        public void onResponseReadComplete() {}

        @Override
        public void onResponseFailed(Outcome outcome, boolean untouched) {
            failures.add(outcome);
        }

        @Override
        public void onUpstreamWritabilityChanged() {}
    }

    @BeforeEach
    void begin() {
        loops = EventLoops.start(Transport.NIO, 1, Ticker.system());
        BackendConnections home =
                new BackendConnections(backend(), loops.loops().get(0));
        UpstreamConnection connection = new UpstreamConnection(
                channel, home, new HeadLimits(1000, 1000, 10), ProxyRecorder.NONE.connections(Side.UPSTREAM), null);
        channel.pipeline().addLast(connection);
        connection.begin(told, false);
    }

    @AfterEach
    void end() {
        channel.finishAndReleaseAll();
        loops.close();
    }

    private static Replica backend() {
        PoolConfig pool = Conf.poolConfig("backends = [{ url = \"http://localhost:1\", id = id }]");
        BackendId id = new BackendId("pool", "id");
        return new Replica(
                new PoolCore(Ticker.system(), Runnable::run, Policies::of, ProxyRecorder.NONE.pool("pool")),
                id,
                pool.backends().get(0),
                pool,
                ProxyRecorder.NONE.backend(id, new NoGauges()),
                route -> BreakerListener.NONE);
    }

    private static final class NoGauges implements BackendGauges {
        @Override
        public int inFlight() {
            return 0;
        }

        @Override
        public CircuitState circuitState() {
            return CircuitState.CLOSED;
        }

        @Override
        public boolean up() {
            return true;
        }

        @Override
        public boolean healthy() {
            return true;
        }
    }

    private void came(String bytes) {
        channel.writeInbound(Unpooled.copiedBuffer(bytes, US_ASCII));
    }

    @Test
    void whatHasNoRoomHereSaysNothingAboutTheBackendBeforeTheHead() {
        channel.pipeline().fireExceptionCaught(new OutOfMemoryError("Cannot reserve direct buffer memory"));

        assertThat(told.failures).containsExactly(Outcome.LOCAL_ERROR);
        assertThat(channel.isOpen()).isFalse();
    }

    @Test
    void whatHasNoRoomHereSaysNothingAboutTheBackendInsideTheBody() {
        came(HALF);

        channel.pipeline().fireExceptionCaught(new OutOfMemoryError("Cannot reserve direct buffer memory"));

        assertThat(told.failures).containsExactly(Outcome.LOCAL_ERROR);
        assertThat(channel.isOpen()).isFalse();
    }

    @Test
    void aBackendThatResetsHasTruncatedItsResponse() {
        came(HALF);

        channel.pipeline().fireExceptionCaught(new IOException("Connection reset by peer"));
        channel.close();

        assertThat(told.failures).containsExactly(Outcome.TRUNCATED);
    }
}
