package io.breakwater.server.forwarding;

import static io.breakwater.server.fixtures.Eventually.eventually;
import static io.breakwater.server.fixtures.Eventually.settled;
import static org.assertj.core.api.Assertions.assertThat;

import io.breakwater.server.fixtures.Answers;
import io.breakwater.server.fixtures.Conf;
import io.breakwater.server.fixtures.Gate;
import io.breakwater.server.fixtures.HttpMessage;
import io.breakwater.server.fixtures.Loopback;
import io.breakwater.server.fixtures.Proxy;
import io.breakwater.server.fixtures.RawClient;
import io.breakwater.server.fixtures.ScriptedBackend;
import java.io.IOException;
import java.io.OutputStream;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.atomic.AtomicLong;
import java.util.zip.CRC32;
import java.util.zip.CheckedOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Bodies of any length in both directions, and that a side which does not read holds the other one back. */
@Timeout(120)
class BackpressureTest {
    private static final int PIECE_BYTES = 64 * 1024;
    private static final int PIECES = 800; // 52 MB
    private static final long LENGTH = (long) PIECES * PIECE_BYTES;
    private static final int SMALL_BUFFER_BYTES = 8 * 1024;

    /** What four socket buffers of one relayed connection may hold, as Linux tunes them; the balancer adds little. */
    private static final long BOUND_BYTES = 32_000_000;

    private final byte[] piece = randomPiece();

    /** @param receiveBufferBytes what the kernel takes in before the backend reads; 0 for the system's default */
    ScriptedBackend backend(int receiveBufferBytes) {
        return ScriptedBackend.start(Loopback.IPV4, 0, receiveBufferBytes);
    }

    Proxy proxy(ScriptedBackend backend, String... settings) {
        return Proxy.start(Conf.everything(backend.url(), settings));
    }

    private static byte[] randomPiece() {
        byte[] piece = new byte[PIECE_BYTES];
        new SplittableRandom(42).nextBytes(piece);
        return piece;
    }

    private long checksum() {
        CRC32 crc = new CRC32();
        for (int i = 0; i < PIECES; i++) {
            crc.update(piece);
        }
        return crc.getValue();
    }

    @Test
    void aLargeResponseArrivesWhole() throws IOException {
        try (ScriptedBackend backend = backend(0);
                Proxy proxy = proxy(backend);
                RawClient client = proxy.connect()) {
            backend.answer((connection, request) -> {
                connection.send("HTTP/1.1 200 OK\r\nContent-Length: " + LENGTH + "\r\n\r\n");
                for (int i = 0; i < PIECES; i++) {
                    connection.send(piece);
                }
            });
            client.get("/");
            assertThat(client.readHead().field("Content-Length")).isEqualTo(String.valueOf(LENGTH));
            CRC32 crc = new CRC32();
            assertThat(client.copy(LENGTH, new CheckedOutputStream(OutputStream.nullOutputStream(), crc)))
                    .isTrue();

            assertThat(crc.getValue()).isEqualTo(checksum());
            assertUsable(backend, client);
        }
    }

    @Test
    void aLargeChunkedResponseArrivesWhole() throws IOException {
        try (ScriptedBackend backend = backend(0);
                Proxy proxy = proxy(backend);
                RawClient client = proxy.connect()) {
            backend.answer((connection, request) -> {
                connection.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
                for (int i = 0; i < PIECES; i++) {
                    connection.send(Integer.toHexString(PIECE_BYTES) + "\r\n");
                    connection.send(piece);
                    connection.send("\r\n");
                }
                connection.send("0\r\n\r\n");
            });
            HttpMessage response = client.get("/").read();
            CRC32 crc = new CRC32();
            crc.update(response.body());

            assertThat(response.complete()).isTrue();
            assertThat(response.body()).hasSize((int) LENGTH);
            assertThat(crc.getValue()).isEqualTo(checksum());
            assertUsable(backend, client);
        }
    }

    @Test
    void aLargeUploadArrivesWhole() throws IOException {
        try (ScriptedBackend backend = backend(0);
                Proxy proxy = proxy(backend);
                RawClient client = proxy.connect()) {
            client.send("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: " + LENGTH + "\r\n\r\n");
            for (int i = 0; i < PIECES; i++) {
                client.send(piece);
            }

            assertThat(client.read().text()).isEqualTo("ok");
            assertUploaded(backend);
            assertUsable(backend, client);
        }
    }

    @Test
    void aLargeChunkedUploadArrivesWhole() throws IOException {
        try (ScriptedBackend backend = backend(0);
                Proxy proxy = proxy(backend);
                RawClient client = proxy.connect()) {
            client.send("POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n");
            for (int i = 0; i < PIECES; i++) {
                client.send(Integer.toHexString(PIECE_BYTES) + "\r\n");
                client.send(piece);
                client.send("\r\n");
            }
            client.send("0\r\n\r\n");

            assertThat(client.read().text()).isEqualTo("ok");
            assertUploaded(backend);
            assertUsable(backend, client);
        }
    }

    private void assertUploaded(ScriptedBackend backend) {
        CRC32 crc = new CRC32();
        byte[] body = backend.onlyRequest().body();
        crc.update(body);
        assertThat(body).hasSize((int) LENGTH);
        assertThat(crc.getValue()).isEqualTo(checksum());
    }

    private static void assertUsable(ScriptedBackend backend, RawClient client) throws IOException {
        backend.answer(Answers.ok("next"));
        assertThat(client.get("/next").read().text()).isEqualTo("next");
        assertThat(backend.accepted()).isEqualTo(1);
    }

    @Test
    void aSlowReaderHoldsAnEndlessBackendBack() throws Exception {
        try (ScriptedBackend backend = backend(0);
                Proxy proxy = proxy(backend)) {
            backend.answer(Answers.endless());
            try (RawClient client = RawClient.connect(proxy.port(), SMALL_BUFFER_BYTES)) {
                client.get("/");
                assertThat(client.readHead().status()).isEqualTo(200);
                long stalled = settled(backend::bytesWritten);
                assertThat(stalled).isLessThan(BOUND_BYTES);

                assertThat(client.copy(2 * BOUND_BYTES, OutputStream.nullOutputStream()))
                        .isTrue();
                assertThat(backend.bytesWritten()).isGreaterThan(stalled);
                assertThat(settled(backend::bytesWritten)).isLessThan(3 * BOUND_BYTES);
            }
            // The client is gone: the backend is not left writing.
            long last = settled(backend::bytesWritten);
            assertThat(last).isLessThan(4 * BOUND_BYTES);
            eventually(() -> assertThat(proxy.metric("lb_backend_requests_total", "outcome", "client_aborted"))
                    .isEqualTo(1));
            assertThat(proxy.circuit("default", backend)).isEqualTo("closed");
        }
    }

    @Test
    void manySlowReadersDoNotKeepOthersWaiting() throws Exception {
        int readers = 16;
        try (ScriptedBackend backend = backend(0);
                Proxy proxy = proxy(backend, "lb.runtime.event-loops = 1")) {
            backend.answer(Answers.endless());
            List<RawClient> slow = new ArrayList<>();
            for (int i = 0; i < readers; i++) {
                RawClient client = RawClient.connect(proxy.port(), SMALL_BUFFER_BYTES);
                slow.add(client);
                client.get("/");
                assertThat(client.readHead().status()).isEqualTo(200);
            }
            assertThat(settled(backend::bytesWritten)).isLessThan(readers * BOUND_BYTES);

            backend.answer(Answers.ok("quick"));
            for (int i = 0; i < 100; i++) {
                assertThat(proxy.get("/").text()).isEqualTo("quick");
            }
            for (RawClient client : slow) {
                client.reset();
            }
            eventually(() -> assertThat(proxy.metric("lb_backend_in_flight")).isZero());
        }
    }

    @Test
    void whoStallsLetsLittleOfItsResponseWaitInMemory() throws Exception {
        int readers = 64;
        try (ScriptedBackend backend = ScriptedBackend.start();
                Proxy proxy = Proxy.start(Conf.everything(backend.url(), "lb.runtime.event-loops = 1"))) {
            backend.answer(Answers.endless());
            double before = proxy.metric("lb_allocator_memory_bytes", "kind", "direct");
            List<RawClient> slow = new ArrayList<>();
            for (int i = 0; i < readers; i++) {
                RawClient client = RawClient.connect(proxy.port(), SMALL_BUFFER_BYTES);
                slow.add(client);
                client.get("/");
                assertThat(client.readHead().status()).isEqualTo(200);
            }
            settled(backend::bytesWritten);

            // The write buffer's mark and one more read, for each of them, and what the allocator has in stock.
            assertThat(proxy.metric("lb_allocator_memory_bytes", "kind", "direct") - before)
                    .isLessThan(readers * 128 * 1024 + 10_000_000);
            for (RawClient client : slow) {
                client.reset();
            }
        }
    }

    @Test
    void aBackendThatDoesNotReadHoldsAnUploadBack() throws Exception {
        Gate gate = new Gate();
        AtomicLong sent = new AtomicLong();
        CRC32 received = new CRC32();
        try (ScriptedBackend backend = backend(SMALL_BUFFER_BYTES);
                Proxy proxy = proxy(backend);
                RawClient client = proxy.connect()) {
            backend.onConnect(connection -> {
                connection.readHead();
                gate.pass();
                boolean whole =
                        connection.copy(LENGTH, new CheckedOutputStream(OutputStream.nullOutputStream(), received));
                connection.send("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\n" + whole);
                connection.readEnd();
            });
            Thread upload = new Thread(() -> {
                try {
                    client.send("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: " + LENGTH + "\r\n\r\n");
                    for (int i = 0; i < PIECES; i++) {
                        client.send(piece);
                        sent.addAndGet(PIECE_BYTES);
                    }
                } catch (IOException e) {
                    // What did not arrive is missing in the checksum.
                }
            });
            upload.start();

            backend.awaitRequests(1);
            assertThat(settled(sent::get)).isPositive().isLessThan(BOUND_BYTES);

            gate.open();
            assertThat(client.read().text()).isEqualTo("true");
            upload.join();
            assertThat(received.getValue()).isEqualTo(checksum());
        }
    }
}
