package io.breakwater.server.forwarding;

import static io.breakwater.server.fixtures.Eventually.eventually;
import static io.breakwater.server.fixtures.Eventually.settled;
import static org.assertj.core.api.Assertions.assertThat;

import io.breakwater.server.fixtures.Conf;
import io.breakwater.server.fixtures.Gate;
import io.breakwater.server.fixtures.HttpMessage;
import io.breakwater.server.fixtures.Loopback;
import io.breakwater.server.fixtures.Proxy;
import io.breakwater.server.fixtures.RawClient;
import io.breakwater.server.fixtures.ScriptedBackend;
import io.breakwater.time.ManualTicker;
import java.io.IOException;
import java.io.OutputStream;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** A client that sends its body byte by byte holds a connection on either side; how slow it may be. */
@Timeout(60)
class BodyRateTest {
    private static final int BODY_BYTES = 100_000;

    private final ManualTicker ticker =
            new ManualTicker(Long.MAX_VALUE - Duration.ofSeconds(2).toNanos());
    private final ScriptedBackend backend = ScriptedBackend.start(Loopback.IPV4, 0, 8 * 1024);

    @AfterEach
    void stop() throws IOException {
        backend.close();
    }

    private Proxy proxy(String... overrides) {
        return Proxy.start(
                Conf.everything(
                        backend.url(),
                        Conf.PATIENT,
                        "lb.listen.timeouts.request-body-idle = 30s",
                        String.join("\n", overrides)),
                ticker);
    }

    /** A client whose request head is with the backend, and of whose body something is missing. */
    private RawClient uploading(Proxy proxy, String framing) throws Exception {
        backend.onConnect(connection -> {
            connection.readHead();
            connection.readEnd();
        });
        RawClient client = proxy.connect();
        client.send("POST / HTTP/1.1\r\nHost: x\r\n" + framing + "\r\n\r\n");
        backend.awaitRequests(1);
        return client;
    }

    private RawClient uploading(Proxy proxy) throws Exception {
        return uploading(proxy, "Content-Length: " + BODY_BYTES);
    }

    private void pass(Proxy proxy, Duration time) {
        proxy.settle();
        ticker.advance(time);
        proxy.settle();
    }

    private void assertTimedOut(Proxy proxy, RawClient client) throws Exception {
        HttpMessage response = client.read();
        assertThat(response.status()).isEqualTo(408);
        assertThat(response.text()).isEqualTo("{\"error\": \"request timeout\"}");
        assertThat(response.field("Connection")).isEqualToIgnoringCase("close");
        assertThat(client.readByte()).isEqualTo(-1);
        backend.connection(1).awaitEnd();
        eventually(() -> assertThat(proxy.metric("lb_backend_requests_total", "outcome", "client_timeout"))
                .isEqualTo(1));
        assertThat(proxy.metric("lb_backend_requests_total", "outcome", "client_aborted"))
                .isZero();
        assertThat(proxy.metric("lb_rejections_total", "reason", "timeout")).isEqualTo(1);
        assertThat(proxy.metric("lb_backend_in_flight")).isZero();
        assertThat(proxy.backend("default", backend).getInt("breaker.consecutiveFailures"))
                .isZero();
    }

    @Test
    void aByteASecondIsTooSlowOnceItWasWaitedForAsLongAsItMayBeSilentAndNotTheBackendsFault() throws Exception {
        try (Proxy proxy = proxy("lb.listen { limits.min-body-rate = 240, timeouts.request-body-idle = 5s }");
                RawClient client = uploading(proxy)) {
            for (int second = 1; second < 5; second++) {
                client.send("x");
                pass(proxy, Duration.ofSeconds(1));
            }
            client.send("x");
            pass(proxy, Duration.ofMillis(950));
            assertThat(client.available()).isZero();
            ticker.advance(Duration.ofMillis(50));

            assertTimedOut(proxy, client);
        }
    }

    @Test
    void theDefaultIsOn() throws Exception {
        try (Proxy proxy = Proxy.start(Conf.everything(backend.url()), ticker);
                RawClient client = uploading(proxy)) {
            for (int second = 0; second < 30; second++) {
                assertThat(client.available()).isZero();
                client.send("x");
                pass(proxy, Duration.ofSeconds(1));
            }

            assertTimedOut(proxy, client);
        }
    }

    @Test
    void whoIsSilentForLessThanHeMayIsWaitedForWhateverTheRate() throws Exception {
        try (Proxy proxy = Proxy.start(Conf.everything(backend.url()), ticker);
                RawClient client = uploading(proxy)) {
            client.send("x");
            pass(proxy, Duration.ofSeconds(29));
            assertThat(client.available()).isZero();
            pass(proxy, Duration.ofSeconds(1));

            assertTimedOut(proxy, client);
        }
    }

    @Test
    void chunksOfOneByteDoNotMakeItFaster() throws Exception {
        try (Proxy proxy = proxy("lb.listen { limits.min-body-rate = 240, timeouts.request-body-idle = 5s }");
                RawClient client = uploading(proxy, "Transfer-Encoding: chunked")) {
            for (int second = 0; second < 5; second++) {
                client.send("1\r\nx\r\n");
                pass(proxy, Duration.ofSeconds(1));
            }

            assertTimedOut(proxy, client);
        }
    }

    @Test
    void theRateIsTheAverageOfAllThatCame() throws Exception {
        try (Proxy proxy = proxy("lb.listen.limits.min-body-rate = 100");
                RawClient client = uploading(proxy)) {
            client.send("x".repeat(1000)); // enough for ten seconds
            pass(proxy, Duration.ofSeconds(9));
            assertThat(client.available()).isZero();
            for (int second = 0; second < 20; second++) {
                client.send("x".repeat(100));
                pass(proxy, Duration.ofSeconds(1));
                assertThat(client.available()).isZero();
            }
            ticker.advance(Duration.ofSeconds(1));

            assertTimedOut(proxy, client);
        }
    }

    @Test
    void whoHasSentMuchIsStillTimedOutWhenNothingComes() throws Exception {
        try (Proxy proxy = proxy("lb.listen.limits.min-body-rate = 1");
                RawClient client = uploading(proxy)) {
            client.send("x".repeat(1000));
            pass(proxy, Duration.ofSeconds(29));
            assertThat(client.available()).isZero();
            ticker.advance(Duration.ofSeconds(1));

            assertTimedOut(proxy, client);
        }
    }

    @Test
    void zeroIsNoFloor() throws Exception {
        try (Proxy proxy = proxy("lb.listen.limits.min-body-rate = 0");
                RawClient client = uploading(proxy)) {
            for (int i = 0; i < 5; i++) {
                client.send("x");
                pass(proxy, Duration.ofSeconds(29));
            }
            assertThat(client.available()).isZero();
        }
    }

    @Test
    void timeInWhichTheBackendTakesNothingIsNotTheClients() throws Exception {
        Gate gate = new Gate();
        int length = 50_000_000;
        AtomicLong sent = new AtomicLong();
        backend.onConnect(connection -> {
            connection.readHead();
            gate.pass();
            boolean whole = connection.copy(length, OutputStream.nullOutputStream());
            connection.send("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\n" + whole);
            connection.readEnd();
        });
        // So high that any second on the client's account would end the request.
        try (Proxy proxy = proxy("lb.listen.limits.min-body-rate = 1GiB");
                RawClient client = proxy.connect()) {
            Thread upload = new Thread(() -> {
                try {
                    client.send("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: " + length + "\r\n\r\n");
                    byte[] piece = new byte[50_000];
                    while (sent.get() < length) {
                        client.send(piece);
                        sent.addAndGet(piece.length);
                    }
                } catch (IOException e) {
                    // What did not arrive is missing in the answer.
                }
            });
            upload.start();
            backend.awaitRequests(1);
            assertThat(settled(sent::get)).isLessThan(length);
            pass(proxy, Duration.ofMinutes(10));
            gate.open();

            assertThat(client.read().text()).isEqualTo("true");
            upload.join();
        }
    }

    @Test
    void theNextRequestOfTheConnectionBeginsAnew() throws Exception {
        try (Proxy proxy = proxy("lb.listen { limits.min-body-rate = 240, timeouts.request-body-idle = 5s }");
                RawClient client = proxy.connect()) {
            for (int i = 0; i < 3; i++) {
                client.send("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\nh");
                pass(proxy, Duration.ofSeconds(4));
                client.send("i");
                assertThat(client.read().text()).isEqualTo("ok");
            }
        }
    }
}
