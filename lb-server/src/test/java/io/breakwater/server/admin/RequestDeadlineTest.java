package io.breakwater.server.admin;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.util.concurrent.TimeUnit.MILLISECONDS;
import static java.util.concurrent.TimeUnit.SECONDS;
import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.embedded.EmbeddedChannel;
import io.netty.handler.codec.http.HttpObjectAggregator;
import io.netty.handler.codec.http.HttpServerCodec;
import io.netty.handler.codec.http.HttpServerKeepAliveHandler;
import io.netty.handler.flow.FlowControlHandler;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** A connection of the admin port, with a clock that the test moves. */
class RequestDeadlineTest {
    private static final String REQUEST = "GET /livez HTTP/1.1\r\nHost: localhost\r\n\r\n";

    private final EmbeddedChannel channel = new EmbeddedChannel();

    @BeforeEach
    void open() {
        channel.freezeTime();
        FakeOperations operations = new FakeOperations();
        RequestDeadline deadline = new RequestDeadline();
        channel.pipeline()
                .addLast(deadline)
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
    }

    @AfterEach
    void close() {
        channel.finishAndReleaseAll();
    }

    @Test
    void aHeadThatComesByteByByteHasNoMoreTimeThanOneThatComesAtOnce() {
        for (int second = 0; second < RequestDeadline.SECONDS - 1; second++) {
            send(REQUEST.substring(second, second + 1));
            pass(1, SECONDS);
        }
        pass(999, MILLISECONDS);
        assertThat(channel.isOpen()).isTrue();

        pass(1, MILLISECONDS);

        assertThat(sent())
                .startsWith("HTTP/1.1 408 ")
                .contains("connection: close", "{\"error\": \"request timeout\"}");
        assertThat(channel.isOpen()).isFalse();
    }

    @Test
    void aConnectionThatSaysNothingIsClosedToo() {
        pass(RequestDeadline.SECONDS, SECONDS);

        assertThat(channel.isOpen()).isFalse();
    }

    @Test
    void theBodyCountsToo() {
        send("POST /livez HTTP/1.1\r\nHost: localhost\r\nContent-Length: 3\r\n\r\na");
        pass(9, SECONDS);
        send("b");
        pass(1, SECONDS);

        assertThat(sent()).startsWith("HTTP/1.1 408 ");
        assertThat(channel.isOpen()).isFalse();
    }

    @Test
    void theNextRequestHasItsTimeFromItsFirstByte() {
        pass(9, SECONDS);
        send(REQUEST);
        assertThat(sent()).startsWith("HTTP/1.1 200 ");
        pass(50, SECONDS);
        assertThat(channel.isOpen()).isTrue();

        send("G");
        pass(9, SECONDS);
        send(REQUEST.substring(1));
        assertThat(sent()).startsWith("HTTP/1.1 200 ");

        send("G");
        pass(10, SECONDS);
        assertThat(channel.isOpen()).isFalse();
    }

    @Test
    void nothingRunsAfterTheConnectionHasEnded() {
        send("G");
        channel.close();
        pass(1, SECONDS);

        pass(RequestDeadline.SECONDS, SECONDS);

        assertThat(sent()).isEmpty();
    }

    private void send(String text) {
        channel.writeInbound(Unpooled.copiedBuffer(text, ISO_8859_1));
    }

    private void pass(long time, TimeUnit unit) {
        channel.advanceTimeBy(time, unit);
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
