package io.breakwater.server.demo;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.breakwater.server.demo.DemoReplica.Reach;
import java.io.IOException;
import java.io.InputStream;
import java.net.ConnectException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketException;
import java.net.SocketTimeoutException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.time.Instant;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class DemoReplicaTest {

    private static final Instant NOW = Instant.parse("2026-03-01T12:00:00.123456Z");
    private static final String GET = "GET /backend/resource HTTP/1.1\r\nHost: a\r\n\r\n";

    private final DemoReplica replica = new DemoReplica("replica-7", 0, Reach.NETWORK, () -> NOW);
    private final HttpClient client = HttpClient.newHttpClient();

    @BeforeEach
    void start() throws IOException {
        replica.start();
    }

    @AfterEach
    void close() {
        replica.close();
    }

    private HttpResponse<String> send(String method, String path, String body) throws Exception {
        return client.send(
                HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + replica.port() + path))
                        .timeout(Duration.ofSeconds(10))
                        .method(method, HttpRequest.BodyPublishers.ofString(body))
                        .build(),
                HttpResponse.BodyHandlers.ofString());
    }

    private HttpResponse<String> get(String path) throws Exception {
        return send("GET", path, "");
    }

    private void become(String json) throws Exception {
        assertThat(send("PUT", "/faults", json).statusCode()).isEqualTo(200);
    }

    private Socket connect() throws IOException {
        Socket socket = new Socket(InetAddress.getLoopbackAddress(), replica.port());
        socket.setSoTimeout(10_000);
        return socket;
    }

    @Test
    void answersWithItsNameAndTheTime() throws Exception {
        HttpResponse<String> response = get("/backend/resource?x=1");

        assertThat(response.statusCode()).isEqualTo(200);
        assertThat(response.body()).isEqualTo("{\"data\":\"ok\",\"timestamp\":\"2026-03-01T12:00:00.123Z\"}");
        assertThat(response.headers().firstValue("X-Replica")).contains("replica-7");
        assertThat(response.headers().firstValue("Content-Type")).contains("application/json");
    }

    @Test
    void aHeadHasTheLengthOfItsGet() throws Exception {
        HttpResponse<String> head = send("HEAD", "/backend/resource", "");

        assertThat(head.statusCode()).isEqualTo(200);
        assertThat(head.body()).isEmpty();
        assertThat(head.headers().firstValue("Content-Length"))
                .isEqualTo(get("/backend/resource").headers().firstValue("Content-Length"));
    }

    @Test
    void isHealthyWhateverItDoes() throws Exception {
        become("{\"mode\":\"error\"}");

        assertThat(get("/health").statusCode()).isEqualTo(200);
    }

    @Test
    void refusesWhatItDoesNotKnow() throws Exception {
        assertThat(get("/other").statusCode()).isEqualTo(404);
        HttpResponse<String> post = send("POST", "/backend/resource", "{}");
        assertThat(post.statusCode()).isEqualTo(405);
        assertThat(post.headers().firstValue("Allow")).contains("GET, HEAD");
        HttpResponse<String> bad = send("PUT", "/faults", "{\"mode\":\"explode\"}");
        assertThat(bad.statusCode()).isEqualTo(400);
        assertThat(bad.body()).isEqualTo("{\"error\": \"mode: explode (expected: ok, error, hang, reset, slow)\"}");
        assertThat(get("/faults").body()).isEqualTo("{\"mode\":\"ok\",\"latencyMillis\":0,\"rate\":1.0}");
    }

    @Test
    void failsAndIsMended() throws Exception {
        become("{\"mode\":\"error\"}");
        assertThat(get("/backend/resource").statusCode()).isEqualTo(500);

        become("{\"mode\":\"ok\"}");
        assertThat(get("/backend/resource").statusCode()).isEqualTo(200);
    }

    @Test
    void aRateOfNothingHitsNothing() throws Exception {
        become("{\"mode\":\"error\",\"rate\":0}");

        for (int i = 0; i < 50; i++) {
            assertThat(get("/backend/resource").statusCode()).isEqualTo(200);
        }
    }

    @Test
    void slowAnswersAfterItsLatency() throws Exception {
        become("{\"mode\":\"slow\",\"latencyMillis\":300}");
        try (Socket socket = connect()) {
            socket.getOutputStream().write(GET.getBytes(US_ASCII));
            socket.setSoTimeout(100);
            assertThatThrownBy(() -> socket.getInputStream().read()).isInstanceOf(SocketTimeoutException.class);

            socket.setSoTimeout(10_000);
            assertThat(line(socket.getInputStream())).isEqualTo("HTTP/1.1 200 OK");
        }
    }

    @Test
    void aResetIsAReset() throws Exception {
        become("{\"mode\":\"reset\"}");
        try (Socket socket = connect()) {
            socket.getOutputStream().write(GET.getBytes(US_ASCII));

            assertThatThrownBy(() -> socket.getInputStream().read())
                    .isInstanceOf(SocketException.class)
                    .hasMessageContaining("reset");
        }
    }

    @Test
    void aHangAnswersNothingAndOthersAreServed() throws Exception {
        become("{\"mode\":\"hang\"}");
        try (Socket socket = connect()) {
            socket.getOutputStream().write((GET + GET).getBytes(US_ASCII));
            socket.setSoTimeout(200);
            assertThatThrownBy(() -> socket.getInputStream().read()).isInstanceOf(SocketTimeoutException.class);
            assertThat(get("/health").statusCode()).isEqualTo(200);
        }
        become("{\"mode\":\"ok\"}");
        assertThat(get("/backend/resource").statusCode()).isEqualTo(200);
    }

    @Test
    void pipelinedRequestsAreAnsweredInOrder() throws Exception {
        become("{\"mode\":\"slow\",\"latencyMillis\":100}");
        try (Socket socket = connect()) {
            socket.getOutputStream()
                    .write((GET + "GET /nothing HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n").getBytes(US_ASCII));

            String all = new String(socket.getInputStream().readAllBytes(), US_ASCII);

            assertThat(all)
                    .startsWith("HTTP/1.1 200 OK")
                    .containsSubsequence("\"data\":\"ok\"", "HTTP/1.1 404 Not Found");
        }
    }

    @Test
    void aPortThatIsTakenIsABindException() {
        try (DemoReplica second = new DemoReplica("second", replica.port(), Reach.NETWORK, () -> NOW)) {
            assertThatThrownBy(second::start)
                    .isInstanceOf(java.net.BindException.class)
                    .hasMessageContaining("cannot listen on port " + replica.port());
        }
    }

    /** Bound to all addresses it could be told to fail by anyone in the network. */
    @Test
    void oneOfLoopbackIsNotReachedOtherwise() throws Exception {
        try (DemoReplica local = new DemoReplica("local", 0, Reach.LOOPBACK, () -> NOW)) {
            local.start();

            assertThat(accepts(1, local.port())).isTrue();
            // Linux has all of 127.0.0.0/8; what listens on all addresses is reached by this one too.
            assertThat(accepts(2, local.port())).isFalse();
        }
    }

    private static boolean accepts(int lastByte, int port) throws IOException {
        InetAddress address = InetAddress.getByAddress(new byte[] {127, 0, 0, (byte) lastByte});
        try (Socket socket = new Socket()) {
            socket.connect(new InetSocketAddress(address, port), 10_000);
            return true;
        } catch (ConnectException refused) {
            return false;
        }
    }

    @Test
    void aLoopbackPortThatIsTakenIsABindException() {
        try (DemoReplica second = new DemoReplica("second", replica.port(), Reach.LOOPBACK, () -> NOW)) {
            assertThatThrownBy(second::start)
                    .isInstanceOf(java.net.BindException.class)
                    .hasMessageContaining("cannot listen on port " + replica.port());
        }
    }

    @Test
    void aRateHitsItsPartOfTheRequests() throws Exception {
        become("{\"mode\":\"error\",\"rate\":0.5}");
        int hit = 0;
        for (int i = 0; i < 200; i++) {
            hit += get("/backend/resource").statusCode() == 500 ? 1 : 0;
        }

        // Ten standard deviations on either side: chance does not get there.
        assertThat(hit).isBetween(30, 170);
    }

    private static String line(InputStream in) throws IOException {
        StringBuilder line = new StringBuilder();
        for (int c = in.read(); c != '\r' && c >= 0; c = in.read()) {
            line.append((char) c);
        }
        return line.toString();
    }
}
