package io.breakwater.server.tls;

import static io.breakwater.server.fixtures.Eventually.eventually;
import static io.breakwater.server.fixtures.Eventually.settled;
import static io.breakwater.server.fixtures.TlsClient.version;
import static io.breakwater.server.tls.TlsFixture.AUTHORITY;
import static io.breakwater.server.tls.TlsFixture.CLIENT;
import static io.breakwater.server.tls.TlsFixture.conf;
import static org.assertj.core.api.Assertions.assertThat;

import io.breakwater.server.fixtures.Answers;
import io.breakwater.server.fixtures.Certified;
import io.breakwater.server.fixtures.End;
import io.breakwater.server.fixtures.Gate;
import io.breakwater.server.fixtures.HttpMessage;
import io.breakwater.server.fixtures.Loopback;
import io.breakwater.server.fixtures.Proxy;
import io.breakwater.server.fixtures.RawClient;
import io.breakwater.server.fixtures.ScriptedBackend;
import io.breakwater.server.fixtures.TlsClient;
import io.breakwater.time.ManualTicker;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Path;
import java.time.Duration;
import java.util.SplittableRandom;
import java.util.concurrent.atomic.AtomicLong;
import java.util.zip.CRC32;
import java.util.zip.CheckedOutputStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What holds for plain connections, over TLS: order, backpressure, and ends that say whether all has come. */
@Timeout(60)
class TrafficOverTlsTest {
    private static final int PIECE_BYTES = 64 * 1024;
    private static final int PIECES = 400; // 26 MB
    private static final long LENGTH = (long) PIECES * PIECE_BYTES;
    private static final int SMALL_BUFFER_BYTES = 8 * 1024;

    /** As for plain connections: what four socket buffers may hold, as Linux tunes them. */
    private static final long BOUND_BYTES = 32_000_000;

    @TempDir
    private static Path folder;

    private final ScriptedBackend backend = ScriptedBackend.start();
    private final Certified certified = Certified.by(AUTHORITY, folder, "a.test");
    private Proxy proxy = Proxy.start(conf(backend, certified));

    @AfterEach
    void stop() throws IOException {
        proxy.close();
        backend.close();
    }

    private void restart(ManualTicker ticker, String... overrides) {
        proxy.close();
        proxy = Proxy.start(conf(backend, certified, overrides), ticker);
    }

    private TlsClient connect(String protocol) throws IOException {
        return TlsClient.connect(proxy.port("tls"), CLIENT, version(protocol));
    }

    private TlsClient connect() throws IOException {
        return connect("TLSv1.3");
    }

    @ParameterizedTest
    @ValueSource(strings = {"TLSv1.2", "TLSv1.3"})
    void aRequestInManyRecordsIsOneRequest(String protocol) throws IOException {
        String body = "0123456789".repeat(30);
        try (TlsClient client = connect(protocol)) {
            String request = "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: " + body.length() + "\r\n\r\n" + body;
            for (int i = 0; i < request.length(); i++) {
                client.http().send(request.substring(i, i + 1));
            }

            assertThat(client.http().read().status()).isEqualTo(200);
            assertThat(backend.onlyRequest().text()).isEqualTo(body);
        }
    }

    @Test
    void pipelinedRequestsAreAnsweredInOrder() throws IOException {
        backend.answer((connection, request) -> Answers.ok(request.startLine()).give(connection, request));
        try (TlsClient client = connect()) {
            RawClient http = client.http();
            http.send(
                    "GET /1 HTTP/1.1\r\nHost: x\r\n\r\nGET /2 HTTP/1.1\r\nHost: x\r\n\r\nGET /3 HTTP/1.1\r\nHost: x\r\n\r\n");

            for (int i = 1; i <= 3; i++) {
                assertThat(http.read().text()).startsWith("GET /" + i);
            }
        }
    }

    @Test
    void bytesAreCountedAsTheyAreWithoutTls() throws IOException {
        double received = proxy.metric("lb_received_bytes_total", "side", "downstream");
        String request = "GET / HTTP/1.1\r\nHost: x\r\n\r\n";
        try (TlsClient client = connect()) {
            assertThat(client.http().send(request).read().status()).isEqualTo(200);
        }
        assertThat(proxy.metric("lb_received_bytes_total", "side", "downstream") - received)
                .isEqualTo(request.length());
    }

    @Test
    void aSlowReaderHoldsAnEndlessBackendBack() throws Exception {
        backend.answer(Answers.endless());
        try (TlsClient client = TlsClient.connect(proxy.port("tls"), SMALL_BUFFER_BYTES, CLIENT, version("TLSv1.3"))) {
            client.http().get("/");
            assertThat(client.http().readHead().status()).isEqualTo(200);
            long stalled = settled(backend::bytesWritten);
            assertThat(stalled).isLessThan(BOUND_BYTES);

            assertThat(client.http().copy(2 * BOUND_BYTES, OutputStream.nullOutputStream()))
                    .isTrue();
            assertThat(backend.bytesWritten()).isGreaterThan(stalled);
            assertThat(settled(backend::bytesWritten)).isLessThan(3 * BOUND_BYTES);
            client.reset();
        }
        eventually(() -> assertThat(proxy.metric("lb_backend_requests_total", "outcome", "client_aborted"))
                .isEqualTo(1));
    }

    @Test
    void aBackendThatDoesNotReadHoldsAnUploadBack() throws Exception {
        Gate gate = new Gate();
        AtomicLong sent = new AtomicLong();
        CRC32 received = new CRC32();
        CRC32 expected = new CRC32();
        byte[] piece = new byte[PIECE_BYTES];
        new SplittableRandom(42).nextBytes(piece);
        try (ScriptedBackend slow = ScriptedBackend.start(Loopback.IPV4, 0, SMALL_BUFFER_BYTES);
                Proxy over = Proxy.start(conf(slow, certified));
                TlsClient client = TlsClient.connect(over.port("tls"), CLIENT, version("TLSv1.3"))) {
            slow.onConnect(connection -> {
                connection.readHead();
                gate.pass();
                boolean whole =
                        connection.copy(LENGTH, new CheckedOutputStream(OutputStream.nullOutputStream(), received));
                connection.send("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\n" + whole);
                connection.readEnd();
            });
            Thread upload = new Thread(() -> {
                try {
                    client.http().send("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: " + LENGTH + "\r\n\r\n");
                    for (int i = 0; i < PIECES; i++) {
                        client.http().send(piece);
                        expected.update(piece);
                        sent.addAndGet(PIECE_BYTES);
                    }
                } catch (IOException e) {
                    // What did not arrive is missing in the checksum.
                }
            });
            upload.start();

            slow.awaitRequests(1);
            assertThat(settled(sent::get)).isPositive().isLessThan(LENGTH);

            gate.open();
            assertThat(client.http().read().text()).isEqualTo("true");
            upload.join();
            assertThat(received.getValue()).isEqualTo(expected.getValue());
        }
    }

    /** How a client can go; each is the same to the backend. */
    enum Leaving {
        CLOSE_NOTIFY {
            @Override
            void leave(TlsClient client) throws IOException {
                client.finish();
            }
        },
        FIN {
            @Override
            void leave(TlsClient client) throws IOException {
                client.vanish();
            }
        },
        RST {
            @Override
            void leave(TlsClient client) throws IOException {
                client.reset();
            }
        };

        abstract void leave(TlsClient client) throws IOException;
    }

    @ParameterizedTest
    @EnumSource
    void aClientThatLeavesWithinItsUploadHasSentNoRequest(Leaving how) throws Exception {
        backend.onConnect(connection -> {
            connection.readHead();
            connection.readEnd();
        });
        try (TlsClient client = connect()) {
            client.http().send("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\nfirst part");
            backend.awaitRequests(1);

            how.leave(client);

            backend.connection(1).awaitEnd();
            assertAborted();
        }
    }

    @ParameterizedTest
    @EnumSource
    void aClientThatLeavesIsWaitedForByNobody(Leaving how) throws Exception {
        backend.answer(Answers.hang());
        try (TlsClient client = connect()) {
            client.http().get("/");
            backend.awaitRequests(1);

            how.leave(client);

            backend.connection(1).awaitEnd();
            assertAborted();
        }
    }

    private void assertAborted() {
        eventually(() -> {
            assertThat(proxy.metric("lb_backend_requests_total", "outcome", "client_aborted"))
                    .isEqualTo(1);
            assertThat(proxy.metric("lb_requests_total", "code", "client_closed"))
                    .isEqualTo(1);
            assertThat(proxy.metric("lb_connections", "side", "downstream")).isZero();
        });
    }

    @ParameterizedTest
    @ValueSource(strings = {"TLSv1.2", "TLSv1.3"})
    void aClientThatIsDoneIsAnsweredInKind(String protocol) throws IOException {
        try (TlsClient client = connect(protocol)) {
            assertThat(client.http().get("/").read().status()).isEqualTo(200);

            client.finish();

            assertThat(client.http().readEnd()).isEqualTo(End.FIN);
            if (protocol.equals("TLSv1.2")) {
                assertThat(client.lastWasAlert()).as("close_notify").isTrue();
            }
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"TLSv1.2", "TLSv1.3"})
    void anAnswerBeforeTheEndOfTheBodyIsReadInPeace(String protocol) throws Exception {
        restart(new ManualTicker(-1), "lb.listeners.tls.limits.body = 1000");
        byte[] much = new byte[60_000];
        try (TlsClient client = connect(protocol)) {
            client.http().send("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000\r\n\r\n");
            client.http().send(much);

            HttpMessage response = client.http().read();
            assertThat(response.status()).isEqualTo(413);
            assertThat(client.http().readByte()).isEqualTo(-1);
            if (protocol.equals("TLSv1.2")) {
                assertThat(client.lastWasAlert()).as("close_notify").isTrue();
            }
        }
        eventually(() ->
                assertThat(proxy.metric("lb_connections", "side", "downstream")).isZero());
    }

    /** The end of the connection is the end of such a response; close_notify would say that it has come whole. */
    @Test
    void aResponseThatIsCutOffEndsWithoutCloseNotify() throws IOException {
        backend.answer(Answers.bytesAndClose("HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\nfirst part"));
        try (TlsClient client = connect("TLSv1.2")) {
            client.http().get("/");
            assertThat(client.http().readHead().status()).isEqualTo(200);

            client.http().readEnd();
            assertThat(client.lastWasAlert()).isFalse();
        }
    }

    @Test
    void aResponseThatIsWholeEndsWithCloseNotify() throws IOException {
        backend.answer(Answers.bytesAndClose("HTTP/1.1 200 OK\r\n\r\nall of it"));
        try (TlsClient client = connect("TLSv1.2")) {
            client.http().send("GET / HTTP/1.0\r\n\r\n");

            assertThat(client.http().read().text()).isEqualTo("all of it");
            assertThat(client.lastWasAlert()).as("close_notify").isTrue();
        }
    }

    @Test
    void aClientThatDoesNotReadIsCut() throws Exception {
        ManualTicker ticker = new ManualTicker(-1);
        restart(ticker, "lb.listeners.tls.timeouts.write-idle = 30s", "lb.pools.default.timeouts.response-idle = 10h");
        backend.answer(Answers.endless());
        try (TlsClient client = TlsClient.connect(proxy.port("tls"), SMALL_BUFFER_BYTES, CLIENT, version("TLSv1.3"))) {
            client.http().get("/");
            assertThat(client.http().readHead().status()).isEqualTo(200);
            settled(backend::bytesWritten);

            eventually(() -> {
                proxy.settle();
                ticker.advance(Duration.ofSeconds(4));
                assertThat(proxy.metric("lb_backend_requests_total", "outcome", "client_timeout"))
                        .isEqualTo(1);
            });
            client.reset();
        }
    }
}
