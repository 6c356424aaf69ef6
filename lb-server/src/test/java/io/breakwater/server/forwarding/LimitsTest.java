package io.breakwater.server.forwarding;

import static io.breakwater.server.fixtures.Eventually.eventually;
import static io.breakwater.server.fixtures.Eventually.settled;
import static org.assertj.core.api.Assertions.assertThat;

import io.breakwater.server.fixtures.Answers;
import io.breakwater.server.fixtures.Conf;
import io.breakwater.server.fixtures.Gate;
import io.breakwater.server.fixtures.HttpMessage;
import io.breakwater.server.fixtures.Proxy;
import io.breakwater.server.fixtures.RawClient;
import io.breakwater.server.fixtures.ScriptedBackend;
import io.breakwater.time.ManualTicker;
import java.io.IOException;
import java.io.OutputStream;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What one client may ask of the balancer, and that asking for more is never the backend's fault. */
@Timeout(60)
class LimitsTest {

    private interface Body {
        void run(ManualTicker ticker, ScriptedBackend backend, Proxy proxy) throws Exception;
    }

    private static void with(Body body, String... overrides) throws Exception {
        ManualTicker ticker =
                new ManualTicker(Long.MAX_VALUE - Duration.ofSeconds(5).toNanos());
        try (ScriptedBackend backend = ScriptedBackend.start();
                Proxy proxy = Proxy.start(
                        Conf.everything(
                                backend.url(),
                                Conf.PATIENT,
                                "lb.runtime.event-loops = 1",
                                String.join("\n", overrides)),
                        ticker)) {
            body.run(ticker, backend, proxy);
        }
    }

    private static void assertRefused(Proxy proxy, ScriptedBackend backend, String request, int status, String error)
            throws IOException {
        try (RawClient client = proxy.connect()) {
            HttpMessage response = client.send(request).read();

            assertThat(response.status()).as("%s", response).isEqualTo(status);
            assertThat(response.text()).startsWith("{\"error\": \"" + error).endsWith("\"}");
            assertThat(response.field("Content-Type")).isEqualTo("application/json");
            assertThat(response.field("Connection")).isEqualToIgnoringCase("close");
            assertThat(response.field("X-Circuit-State")).isEqualTo("closed");
            assertThat(client.readByte()).isEqualTo(-1);
        }
        assertThat(backend.accepted()).isZero();
    }

    @Test
    void aRequestLineMayBeAsLongAsTheLimit() throws Exception {
        String rest = "GET / HTTP/1.1";
        with(
                (ticker, backend, proxy) -> {
                    String longest = "a".repeat(8192 - rest.length());
                    assertThat(proxy.request("GET /" + longest + " HTTP/1.1\r\nHost: x\r\n\r\n")
                                    .status())
                            .isEqualTo(200);
                },
                "lb.listen.limits.request-line = 8KiB");
        with(
                (ticker, backend, proxy) -> assertRefused(
                        proxy,
                        backend,
                        "GET /" + "a".repeat(8192 - rest.length() + 1) + " HTTP/1.1\r\nHost: x\r\n\r\n",
                        414,
                        "request target too long"),
                "lb.listen.limits.request-line = 8KiB");
    }

    @Test
    void anEndlessRequestLineIs414() throws Exception {
        with((ticker, backend, proxy) ->
                assertRefused(proxy, backend, "GET /" + "a".repeat(20_000), 414, "request target too long"));
    }

    @Test
    void moreBytesOfFieldsThanTheLimitAre431() throws Exception {
        with(
                (ticker, backend, proxy) -> {
                    assertThat(proxy.request("GET / HTTP/1.1\r\nHost: x\r\nA: " + "a".repeat(3000) + "\r\n\r\n")
                                    .status())
                            .isEqualTo(200);
                },
                "lb.listen.limits.headers = 4KiB");
        with(
                (ticker, backend, proxy) -> assertRefused(
                        proxy,
                        backend,
                        "GET / HTTP/1.1\r\nHost: x\r\nA: " + "a".repeat(5000) + "\r\n\r\n",
                        431,
                        "request header fields too large"),
                "lb.listen.limits.headers = 4KiB");
    }

    @Test
    void moreFieldsThanTheLimitAre431() throws Exception {
        with(
                (ticker, backend, proxy) -> {
                    assertThat(proxy.request("GET / HTTP/1.1\r\nHost: x\r\n" + "A: 1\r\n".repeat(19) + "\r\n")
                                    .status())
                            .isEqualTo(200);
                },
                "lb.listen.limits.header-count = 20");
        with(
                (ticker, backend, proxy) -> assertRefused(
                        proxy,
                        backend,
                        "GET / HTTP/1.1\r\nHost: x\r\n" + "A: 1\r\n".repeat(20) + "\r\n",
                        431,
                        "request header fields too large"),
                "lb.listen.limits.header-count = 20");
    }

    @Test
    void aLongerBodyThanTheLimitIs413BeforeTheBackendIsAsked() throws Exception {
        with(
                (ticker, backend, proxy) -> {
                    assertThat(proxy.request("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\n0123456789")
                                    .status())
                            .isEqualTo(200);
                },
                "lb.listen.limits.body = 10");
        with(
                (ticker, backend, proxy) -> assertRefused(
                        proxy,
                        backend,
                        "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 11\r\n\r\n0123456789a",
                        413,
                        "content too large"),
                "lb.listen.limits.body = 10");
    }

    @Test
    void aChunkedBodyThatGrowsBeyondTheLimitIs413AndNotTheBackendsFault() throws Exception {
        with(
                (ticker, backend, proxy) -> {
                    try (RawClient client = proxy.connect()) {
                        client.send(
                                "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n01234\r\n6\r\n012345\r\n0\r\n\r\n");
                        HttpMessage response = client.read();
                        assertThat(response.status()).isEqualTo(413);
                        assertThat(client.readByte()).isEqualTo(-1);
                    }
                    assertThat(backend.requests()).noneMatch(HttpMessage::complete);
                    assertThat(proxy.backend("default", backend).getInt("breaker.consecutiveFailures"))
                            .isZero();
                },
                "lb.listen.limits.body = 10");
    }

    @ParameterizedTest
    @ValueSource(ints = {100_000, 3_000_000})
    void aRefusalReachesAClientThatIsStillSendingItsBody(int bodyBytes) throws Exception {
        with(
                (ticker, backend, proxy) -> {
                    try (RawClient client = proxy.connect()) {
                        Thread upload = new Thread(() -> {
                            try {
                                client.send("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: " + bodyBytes + "\r\n\r\n");
                                client.send(new byte[bodyBytes]);
                            } catch (IOException e) {
                                // It may be cut once it has been told.
                            }
                        });
                        upload.start();
                        assertThat(client.read().status()).isEqualTo(413);
                        client.readEnd();
                        upload.join();
                    }
                },
                "lb.listen.limits.body = 10");
    }

    @Test
    void aHeadThatDoesNotComeInTimeIs408() throws Exception {
        with(
                (ticker, backend, proxy) -> {
                    try (RawClient client = proxy.connect()) {
                        client.send("GET / HTTP/1.1\r\nHost: x\r\nX-Slow: ");
                        // The limit holds for the whole head, not for each read.
                        for (int i = 0; i < 4; i++) {
                            proxy.settle();
                            ticker.advance(Duration.ofSeconds(2));
                            client.send("x");
                        }
                        proxy.settle();
                        assertThat(client.available()).isZero();
                        ticker.advance(Duration.ofSeconds(3));

                        HttpMessage response = client.read();
                        assertThat(response.status()).isEqualTo(408);
                        assertThat(response.text()).isEqualTo("{\"error\": \"request timeout\"}");
                        assertThat(response.field("Connection")).isEqualToIgnoringCase("close");
                        assertThat(client.readByte()).isEqualTo(-1);
                    }
                    assertThat(backend.accepted()).isZero();
                },
                "lb.listen.timeouts.request-head = 10s");
    }

    @Test
    void aConnectionWithoutARequestIsClosedWithoutAWord() throws Exception {
        with(
                (ticker, backend, proxy) -> {
                    try (RawClient fresh = proxy.connect();
                            RawClient used = proxy.connect()) {
                        assertThat(used.get("/").read().status()).isEqualTo(200);
                        proxy.settle();
                        ticker.advance(Duration.ofSeconds(76));

                        assertThat(used.readByte()).isEqualTo(-1);
                        assertThat(fresh.readByte()).isIn(-1, (int) 'H');
                    }
                },
                "lb.listen.timeouts { keep-alive-idle = 75s, request-head = 75s }");
    }

    @Test
    void aBodyThatStopsComingIs408AndNotTheBackendsFault() throws Exception {
        with(
                (ticker, backend, proxy) -> {
                    backend.onConnect(connection -> {
                        connection.readHead();
                        connection.readEnd();
                    });
                    try (RawClient client = proxy.connect()) {
                        client.send("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\nhalf");
                        backend.awaitRequests(1);
                        proxy.settle();
                        ticker.advance(Duration.ofSeconds(31));

                        HttpMessage response = client.read();
                        assertThat(response.status()).isEqualTo(408);
                        assertThat(response.field("X-Circuit-State")).isEqualTo("closed");
                        assertThat(client.readByte()).isEqualTo(-1);
                    }
                    backend.connection(1).awaitEnd();
                    eventually(() -> assertThat(proxy.metric("lb_backend_requests_total", "outcome", "client_timeout"))
                            .isEqualTo(1));
                    assertThat(proxy.backend("default", backend).getInt("breaker.consecutiveFailures"))
                            .isZero();
                },
                "lb.listen.timeouts.request-body-idle = 30s",
                "lb.pools.default.timeouts { response-head = 5s, response-idle = 5s }");
    }

    /** Lets a second pass and returns when the loop's timers have seen it; {@code request-head} is a second. */
    private static void awaitTimers(ManualTicker ticker, Proxy proxy) throws IOException {
        try (RawClient slow = proxy.connect()) {
            slow.send("GET /slow");
            proxy.settle();
            ticker.advance(Duration.ofSeconds(1));
            assertThat(slow.read().status()).isEqualTo(408);
        }
    }

    @Test
    void aSlowUploadIsNoReasonForTheRequestTimeout() throws Exception {
        int parts = 5;
        Gate gate = new Gate();
        with(
                (ticker, backend, proxy) -> {
                    try (RawClient client = proxy.connect()) {
                        byte[] one = new byte[1];
                        backend.onConnect(connection -> {
                            connection.readHead();
                            for (int i = 0; i < parts; i++) {
                                connection.readSome(one);
                            }
                            gate.pass();
                            connection.send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
                            connection.readEnd();
                        });
                        client.send("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: " + parts + "\r\n\r\n");
                        backend.awaitRequests(1);
                        for (int i = 0; i < parts; i++) {
                            proxy.settle();
                            ticker.advance(Duration.ofSeconds(20));
                            client.send("x");
                            long sent = i + 1L;
                            eventually(() -> assertThat(backend.bytesRead()).isEqualTo(sent));
                        }
                        awaitTimers(ticker, proxy);
                        assertThat(client.available()).isZero();

                        gate.open();
                        assertThat(client.read().text()).isEqualTo("ok");
                    }
                },
                "lb.listen.timeouts { request-body-idle = 30s, request-head = 1s }",
                "lb.pools.default.timeouts { request = 10s, response-head = 5s, response-idle = 5s }");
    }

    @Test
    void aClientThatDoesNotReadIsCutAndNotTheBackendsFault() throws Exception {
        with(
                (ticker, backend, proxy) -> {
                    backend.answer(Answers.endless());
                    try (RawClient client = RawClient.connect(proxy.port(), 8 * 1024)) {
                        client.get("/");
                        assertThat(client.readHead().status()).isEqualTo(200);
                        settled(backend::bytesWritten);

                        // A persist probe of the kernel may still get a few bytes into a full window and start the
                        // time anew, so it passes in steps, each shorter than what the backend is given.
                        eventually(() -> {
                            proxy.settle();
                            ticker.advance(Duration.ofSeconds(4));
                            assertThat(proxy.metric("lb_backend_requests_total", "outcome", "client_timeout"))
                                    .isEqualTo(1);
                        });
                        client.readEnd();
                    }
                    assertThat(proxy.backend("default", backend).getInt("breaker.consecutiveFailures"))
                            .isZero();
                    assertThat(proxy.metric("lb_backend_requests_total", "outcome", "response_timeout"))
                            .isZero();
                },
                "lb.listen.timeouts.write-idle = 30s",
                "lb.pools.default.timeouts { response-head = 5s, response-idle = 5s }");
    }

    @Test
    void aClientThatReadsForAWhileAndThenNoMoreIsCutAfterThatAndNotAfterTwiceTheTime() throws Exception {
        with(
                (ticker, backend, proxy) -> {
                    backend.answer(Answers.endless());
                    try (RawClient client = RawClient.connect(proxy.port(), 8 * 1024)) {
                        client.get("/");
                        assertThat(client.readHead().status()).isEqualTo(200);
                        settled(backend::bytesWritten);
                        proxy.settle();
                        ticker.advance(Duration.ofSeconds(9));
                        // Enough for the kernel to take more of what waits.
                        assertThat(client.copy(20_000_000, OutputStream.nullOutputStream()))
                                .isTrue();
                        settled(backend::bytesWritten);
                        for (int i = 0; i < 4; i++) {
                            awaitTimers(ticker, proxy);
                            assertThat(proxy.metric("lb_backend_requests_total", "outcome", "client_timeout"))
                                    .isZero();
                            ticker.advance(Duration.ofSeconds(10));
                        }
                        awaitTimers(ticker, proxy);
                        eventually(
                                () -> assertThat(proxy.metric("lb_backend_requests_total", "outcome", "client_timeout"))
                                        .isEqualTo(1));
                        client.readEnd();
                    }
                },
                "lb.listen.timeouts { write-idle = 40s, request-head = 1s }");
    }

    @Test
    void theRestOfAnAnsweredRequestsBodyIsWaitedForASecondHoweverItComes() throws Exception {
        with(
                (ticker, backend, proxy) -> {
                    try (RawClient client = proxy.connect()) {
                        client.send("POST /none HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\n");
                        HttpMessage response = client.read();
                        assertThat(response.status()).isEqualTo(404);
                        assertThat(response.has("Connection")).isFalse();
                        for (int i = 0; i < 9; i++) {
                            client.send("x");
                            proxy.settle();
                            ticker.advance(Duration.ofMillis(100));
                        }
                        assertThat(client.available()).isZero();
                        ticker.advance(Duration.ofMillis(110));
                        assertThat(client.readByte()).isEqualTo(-1);
                    }
                    try (RawClient client = proxy.connect()) {
                        client.send("POST /none HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\n\r\n");
                        assertThat(client.read().status()).isEqualTo(404);
                        client.send("body");
                        assertThat(client.get("/some").read().status()).isEqualTo(200);
                    }
                },
                "lb.routes = [ { path = \"/some\", pool = default } ]");
    }

    @Test
    void whatIsSentAheadOfARequestUnderWayIsReadUpToTheLimitOfHeads() throws Exception {
        Gate gate = new Gate();
        with(
                (ticker, backend, proxy) -> {
                    backend.answer(Answers.gated(gate, Answers.ok("ok")));
                    try (RawClient client = proxy.connect()) {
                        client.get("/");
                        backend.awaitRequests(1);
                        Thread ahead = new Thread(() -> {
                            try {
                                client.send(new byte[20_000_000]);
                            } catch (IOException e) {
                                // No request: it ends with the connection.
                            }
                        });
                        ahead.start();
                        long read = settled(() -> (long) proxy.metric("lb_received_bytes_total", "side", "downstream"));
                        assertThat(read).isGreaterThan(4096).isLessThan(4096 + 2 * 32 * 1024);

                        gate.open();
                        assertThat(client.read().text()).isEqualTo("ok");
                        assertThat(client.read().status()).isEqualTo(400);
                        client.reset();
                        ahead.join();
                    }
                },
                "lb.listen.limits { request-line = 2KiB, headers = 4KiB }");
    }

    @Test
    void moreConnectionsThanTheLimitAreTurnedAway() throws Exception {
        Gate gate = new Gate();
        with(
                (ticker, backend, proxy) -> {
                    backend.answer(Answers.gated(gate, Answers.ok("ok")));
                    try (RawClient first = proxy.connect();
                            RawClient second = proxy.connect()) {
                        first.get("/1");
                        second.get("/2");
                        backend.awaitRequests(2);
                        try (RawClient third = proxy.connect()) {
                            third.get("/3");
                            int answered = third.readByte();
                            // Either a 503 or nothing at all, but an end in any case.
                            assertThat(answered).isIn(-1, (int) 'H');
                            third.readEnd();
                        } catch (IOException e) {
                            assertThat(e).hasMessageContaining("reset");
                        }
                        assertThat(backend.requests()).hasSize(2);
                        gate.open();
                        assertThat(first.read().text()).isEqualTo("ok");
                        assertThat(second.read().text()).isEqualTo("ok");
                    }
                    eventually(() -> assertThat(proxy.get("/4").status()).isEqualTo(200));
                },
                "lb.listen.max-connections = 2");
    }
}
