package io.breakwater.server.forwarding;

import static io.breakwater.server.fixtures.Eventually.eventually;
import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;

import io.breakwater.server.fixtures.Answers;
import io.breakwater.server.fixtures.ClosedPort;
import io.breakwater.server.fixtures.Conf;
import io.breakwater.server.fixtures.Gate;
import io.breakwater.server.fixtures.HttpMessage;
import io.breakwater.server.fixtures.Proxy;
import io.breakwater.server.fixtures.RawClient;
import io.breakwater.server.fixtures.ScriptedBackend;
import io.breakwater.time.ManualTicker;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.util.Arrays;
import java.util.Random;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Request bodies that go out again: byte for byte, as far as they are kept, and only where that is safe. */
@Timeout(60)
class BodyReplayTest {
    private static final int BUFFER = 64 * 1024;

    private final ScriptedBackend a = ScriptedBackend.start();
    private final ScriptedBackend b = ScriptedBackend.start().answer(Answers.ok("b"));
    private @Nullable Proxy started;

    @AfterEach
    void stop() throws IOException {
        if (started != null) {
            started.close();
        }
        a.close();
        b.close();
    }

    private Proxy proxy(String... urls) {
        Proxy proxy = Proxy.start(
                Conf.everything(
                        urls,
                        Conf.PATIENT,
                        "lb.runtime.event-loops = 1",
                        "lb.pools.default.retries { max = 1, body-buffer = 64KiB }"),
                new ManualTicker(0));
        started = proxy;
        return proxy;
    }

    private static byte[] body(int length) {
        byte[] body = new byte[length];
        new Random(length).nextBytes(body);
        return body;
    }

    private static String put(int length) {
        return "PUT /1 HTTP/1.1\r\nHost: x\r\nContent-Length: " + length + "\r\n\r\n";
    }

    private static byte[] chunked(byte[] body, int chunk) throws IOException {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        for (int at = 0; at < body.length; at += chunk) {
            int count = Math.min(chunk, body.length - at);
            out.write((Integer.toHexString(count) + "\r\n").getBytes(US_ASCII));
            out.write(body, at, count);
            out.write("\r\n".getBytes(US_ASCII));
        }
        out.write("0\r\n\r\n".getBytes(US_ASCII));
        return out.toByteArray();
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 8 * 1024, 8 * 1024 + 1, BUFFER - 1, BUFFER})
    void aBodyUpToTheBufferGoesOutAgain(int length) throws IOException {
        a.answer(Answers.close());
        byte[] body = body(length);
        try (RawClient client = proxy(a.url(), b.url()).connect()) {
            client.send(put(length)).send(body);

            assertThat(client.read().text()).isEqualTo("b");
        }
        assertThat(a.onlyRequest().body()).isEqualTo(body);
        assertThat(b.onlyRequest().body()).isEqualTo(body);
    }

    @Test
    void aLongerBodyDoesNot() throws IOException {
        a.answer(Answers.close());
        try (RawClient client = proxy(a.url(), b.url()).connect()) {
            client.send(put(BUFFER + 1)).send(body(BUFFER + 1));

            assertThat(client.read().status()).isEqualTo(502);
        }
        assertThat(b.requests()).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 100, 5_000})
    void chunksGoOutAgainAsTheyCame(int chunk) throws IOException {
        a.answer(Answers.close());
        byte[] body = body(10_000);
        byte[] wire = chunked(body, chunk);
        try (RawClient client = proxy(a.url(), b.url()).connect()) {
            client.send("PUT /1 HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n");
            client.send(wire);

            assertThat(client.read().text()).isEqualTo("b");
        }
        assertThat(b.onlyRequest().body()).isEqualTo(body);
        assertThat(b.onlyRequest().wireBody()).isEqualTo(wire);
    }

    @Test
    void chunksThatBecomeTooManyDoNot() throws IOException {
        a.answer(Answers.close());
        try (RawClient client = proxy(a.url(), b.url()).connect()) {
            client.send("PUT /1 HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n");
            client.send(chunked(body(BUFFER), 10_000));

            assertThat(client.read().status()).as("its framing makes it longer").isEqualTo(502);
        }
        assertThat(b.requests()).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void aBodyThatIsStillComingGoesOnAtTheOther(boolean chunked) throws Exception {
        Gate half = new Gate();
        byte[] body = body(20_000);
        a.onConnect(connection -> {
            connection.readHead();
            byte[] some = new byte[100];
            connection.readSome(some);
            half.pass();
            connection.reset();
        });
        Proxy proxy = proxy(a.url(), b.url());
        try (RawClient client = proxy.connect()) {
            byte[] wire = chunked ? chunked(body, 7_000) : body;
            client.send("PUT /1 HTTP/1.1\r\nHost: x\r\n"
                    + (chunked ? "Transfer-Encoding: chunked" : "Content-Length: " + body.length)
                    + "\r\n\r\n");
            client.send(Arrays.copyOf(wire, 10_000));
            a.awaitRequests(1);
            half.open();
            eventually(() -> assertThat(b.accepted()).isEqualTo(1));
            client.send(Arrays.copyOfRange(wire, 10_000, wire.length));

            assertThat(client.read().text()).isEqualTo("b");
            assertThat(b.onlyRequest().wireBody()).isEqualTo(wire);
        }
        eventually(() -> assertThat(proxy.metric("lb_retries_total", "result", "success"))
                .isEqualTo(1));
    }

    @ParameterizedTest
    @ValueSource(strings = {"POST", "PUT"})
    void aRefusedConnectionIsNoMatterHoweverLongTheBody(String method) throws IOException {
        byte[] body = body(20 * BUFFER);
        try (ClosedPort closed = new ClosedPort();
                RawClient client = proxy(closed.url(), b.url()).connect()) {
            client.send(method + " /1 HTTP/1.1\r\nHost: x\r\nContent-Length: " + body.length + "\r\n\r\n");
            client.send(body);

            assertThat(client.read().text()).isEqualTo("b");
            assertThat(b.onlyRequest().body()).isEqualTo(body);
        }
    }

    @Test
    void aPostOfWhichAByteWasSentReachesNobodyElse() throws IOException {
        a.onConnect(connection -> {
            connection.readHead();
            connection.reset();
        });
        try (RawClient client = proxy(a.url(), b.url()).connect()) {
            client.send("POST /1 HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\nabc");

            assertThat(client.read().status()).isEqualTo(502);
        }
        assertThat(b.accepted()).isZero();
    }

    @Test
    void anEarlyStatusIsTriedAgainWhileTheBodyIsStillComing() throws IOException {
        a.onConnect(connection -> {
            connection.readHead();
            connection.send("HTTP/1.1 503 No\r\nContent-Length: 2\r\n\r\nno");
            connection.readEnd();
        });
        try (RawClient client = proxy(a.url(), b.url()).connect()) {
            client.send(put(10)).send("first");
            eventually(() -> assertThat(b.accepted()).isEqualTo(1));
            client.send("right");

            assertThat(client.read().text()).isEqualTo("b");
            assertThat(b.onlyRequest().text()).isEqualTo("firstright");
        }
    }

    /** The connection is replaced at the same backend, within the same attempt. */
    @Test
    void aStaleConnectionIsReplacedAndTheBodyGoesOutAgain() throws IOException {
        a.answer((connection, request) -> {
            boolean second = a.requests().size() == 2;
            (second ? Answers.reset() : Answers.ok("a")).give(connection, request);
        });
        byte[] body = body(30_000);
        Proxy proxy = proxy(a.url());
        try (RawClient client = proxy.connect()) {
            assertThat(client.get("/0").read().text()).isEqualTo("a");
            client.send(put(body.length)).send(body);

            assertThat(client.read().text()).isEqualTo("a");
        }
        assertThat(a.requests()).extracting(HttpMessage::target).containsExactly("/0", "/1", "/1");
        assertThat(a.requests().get(1).body()).isEqualTo(body);
        assertThat(a.requests().get(2).body()).isEqualTo(body);
        eventually(() -> assertThat(proxy.metric("lb_backend_requests_total", "outcome", "stale_connection"))
                .isEqualTo(1));
        assertThat(proxy.metric("lb_retries_total")).isZero();
        assertThat(proxy.backend("default", a).getInt("breaker.consecutiveFailures"))
                .isZero();
    }

    @Test
    void requestsAfterAReplayedOneOnTheSameConnectionAreTheirOwn() throws IOException {
        a.answer(Answers.close());
        b.answer((connection, request) -> Answers.ok(request.text()).give(connection, request));
        try (RawClient client = proxy(a.url(), b.url()).connect()) {
            for (int i = 0; i < 20; i++) {
                String body = "body " + i;
                client.send("PUT /1 HTTP/1.1\r\nHost: x\r\nContent-Length: " + body.length() + "\r\n\r\n" + body);
                assertThat(client.read().text()).isEqualTo(body);
            }
        }
    }
}
