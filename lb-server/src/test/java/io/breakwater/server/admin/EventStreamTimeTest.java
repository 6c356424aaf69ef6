package io.breakwater.server.admin;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.util.concurrent.TimeUnit.SECONDS;
import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.embedded.EmbeddedChannel;
import io.netty.handler.codec.http.HttpObjectAggregator;
import io.netty.handler.codec.http.HttpServerCodec;
import io.netty.handler.codec.http.HttpServerKeepAliveHandler;
import io.netty.handler.flow.FlowControlHandler;
import io.netty.handler.timeout.IdleStateEvent;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** A stream of events on which nothing happens, with a clock that the test moves. */
class EventStreamTimeTest {
    private static final String PING = "8\r\n: ping\n\n\r\n";

    private final EmbeddedChannel channel = new EmbeddedChannel();

    @BeforeEach
    void open() {
        channel.freezeTime();
        FakeOperations operations = new FakeOperations();
        RequestDeadline deadline = new RequestDeadline();
        channel.pipeline()
                .addLast(deadline)
                .addLast(AdminServer.idleness())
                .addLast(new HttpServerCodec())
                .addLast(new HttpServerKeepAliveHandler())
                .addLast(new HttpObjectAggregator(1024))
                .addLast(new FlowControlHandler())
                .addLast(new AdminHandler(
                        new AdminResources(
                                new FakeStatus(), operations, new ReloadQueue(operations), null, FakeStatus.NO_EVENTS),
                        new Access(true, ""),
                        deadline,
                        () -> FakeStatus.NOON));
        // The channel was active before the handlers came.
        channel.pipeline().fireChannelActive();
        channel.writeInbound(
                Unpooled.copiedBuffer("GET /api/v1/events HTTP/1.1\r\nHost: localhost\r\n\r\n", ISO_8859_1));
        assertThat(sent()).startsWith("HTTP/1.1 200 ").contains("retry: 2000\nid: ");
    }

    @AfterEach
    void close() {
        channel.finishAndReleaseAll();
    }

    @Test
    void aPingGoesOutEveryFifteenSeconds() {
        pass(14);
        assertThat(sent()).isEmpty();
        pass(1);
        assertThat(sent()).isEqualTo(PING);
        pass(14);
        assertThat(sent()).isEmpty();
        pass(1);
        assertThat(sent()).isEqualTo(PING);
    }

    @Test
    void neitherTheDeadlineOfRequestsNorIdlenessCutsIt() {
        for (int quarter = 0; quarter < 40; quarter++) {
            pass(EventStream.PING_SECONDS);
        }

        assertThat(sent()).isEqualTo(PING.repeat(40));
        assertThat(channel.isOpen()).isTrue();
    }

    @Test
    void whoBeginsToSendSomethingIsCutWhenItsTimeIsOver() {
        channel.writeInbound(Unpooled.copiedBuffer("G", ISO_8859_1));
        pass(RequestDeadline.SECONDS);

        assertThat(channel.isOpen()).isFalse();
        assertThat(sent()).isEmpty();
    }

    @Test
    void oneThatNothingGoesOutToIsCut() {
        channel.pipeline().fireUserEventTriggered(IdleStateEvent.ALL_IDLE_STATE_EVENT);

        assertThat(channel.isOpen()).isFalse();
    }

    @Test
    void nothingRunsAfterItsEnd() {
        channel.close();
        pass(EventStream.PING_SECONDS);

        assertThat(sent()).isEmpty();
    }

    private void pass(int seconds) {
        channel.advanceTimeBy(seconds, SECONDS);
        channel.runScheduledPendingTasks();
        channel.runPendingTasks();
    }

    private String sent() {
        StringBuilder all = new StringBuilder();
        for (ByteBuf part = channel.readOutbound(); part != null; part = channel.readOutbound()) {
            all.append(part.toString(ISO_8859_1));
            part.release();
        }
        return all.toString();
    }
}
