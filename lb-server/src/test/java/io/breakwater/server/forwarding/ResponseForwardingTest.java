package io.breakwater.server.forwarding;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;

import io.breakwater.server.fixtures.Answers;
import io.breakwater.server.fixtures.Conf;
import io.breakwater.server.fixtures.End;
import io.breakwater.server.fixtures.Gate;
import io.breakwater.server.fixtures.HttpMessage;
import io.breakwater.server.fixtures.Proxy;
import io.breakwater.server.fixtures.RawClient;
import io.breakwater.server.fixtures.ScriptedBackend;
import java.io.IOException;
import java.time.ZonedDateTime;
import java.time.format.DateTimeFormatter;
import java.util.List;
import java.util.Objects;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What a client receives for what a backend answered. */
@Timeout(60)
class ResponseForwardingTest {
    private ScriptedBackend backend = ScriptedBackend.start();
    private Proxy proxy = Proxy.start(Conf.everything(backend.url()));
    private RawClient client = proxy.connect();

    @AfterEach
    void stop() throws IOException {
        client.close();
        proxy.close();
        backend.close();
    }

    private HttpMessage answerTo(String request, String answer) throws IOException {
        backend.answer(Answers.bytes(answer));
        client.send(request);
        return request.startsWith("HEAD") ? client.readBodyless() : client.read();
    }

    private HttpMessage answer(String answer) throws IOException {
        return answerTo("GET / HTTP/1.1\r\nHost: x\r\n\r\n", answer);
    }

    private void assertConnectionUsable() throws IOException {
        backend.answer(Answers.ok("next"));
        assertThat(client.get("/next").read().text()).isEqualTo("next");
    }

    @Test
    void endToEndFieldsPassByteForByteInTheirOrder() throws IOException {
        HttpMessage response = answer(
                "HTTP/1.1 203 Some Reason\r\nSet-Cookie: a=1; Path=/\r\nX-B:  two \r\nset-cookie: b=2\r\nServer: own/1\r\nEmpty:\r\nContent-Length: 2\r\n\r\nok");

        assertThat(response.startLine()).isEqualTo("HTTP/1.1 203 Some Reason");
        assertThat(response.fieldLines())
                .containsSubsequence(
                        "Set-Cookie: a=1; Path=/", "X-B:  two ", "set-cookie: b=2", "Server: own/1", "Empty:");
    }

    @Test
    void aReasonMayBeEmpty() throws IOException {
        assertThat(answer("HTTP/1.1 200 \r\nContent-Length: 0\r\n\r\n").status())
                .isEqualTo(200);
        assertConnectionUsable();
    }

    @Test
    void hopByHopFieldsStayHere() throws IOException {
        HttpMessage response = answer(
                "HTTP/1.1 200 OK\r\nConnection: keep-alive, X-Mine\r\nKeep-Alive: timeout=5\r\nX-Mine: 1\r\nProxy-Connection: keep-alive\r\nUpgrade: h2c\r\nX-Other: 2\r\nContent-Length: 2\r\n\r\nok");

        for (String gone : List.of("Keep-Alive", "Proxy-Connection", "Upgrade", "X-Mine", "Connection")) {
            assertThat(response.has(gone)).as(gone).isFalse();
        }
        assertThat(response.field("X-Other")).isEqualTo("2");
        assertConnectionUsable();
    }

    @Test
    void aBackendThatClosesDoesNotCloseTheClientsConnection() throws IOException {
        backend.answer(Answers.bytesAndClose("HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok"));
        HttpMessage response = client.get("/").read();

        assertThat(response.text()).isEqualTo("ok");
        assertThat(response.has("Connection")).isFalse();
        assertConnectionUsable();
        assertThat(backend.accepted()).isEqualTo(2);
    }

    @Test
    void aConnectionThatTheBackendWantsClosedIsNotUsedAgain() throws IOException {
        assertThat(answer("HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok")
                        .text())
                .isEqualTo("ok");
        assertConnectionUsable();
        assertThat(backend.accepted()).isEqualTo(2);
    }

    @Test
    void anHttp10BackendsConnectionIsNotUsedAgainUnlessItSaysSo() throws IOException {
        assertThat(answer("HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nok").startLine())
                .isEqualTo("HTTP/1.1 200 OK");
        assertConnectionUsable();
        assertThat(backend.accepted()).isEqualTo(2);
    }

    @Test
    void dateIsAddedWhereItIsMissing() throws IOException {
        HttpMessage response = answer("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");

        String date = Objects.requireNonNull(response.field("Date"));
        assertThat(ZonedDateTime.parse(date, DateTimeFormatter.RFC_1123_DATE_TIME)
                        .getYear())
                .isGreaterThan(2024);
        assertThat(date).hasSize("Sun, 06 Nov 1994 08:49:37 GMT".length()).endsWith(" GMT");
    }

    @Test
    void theBackendsDateIsKept() throws IOException {
        assertThat(answer("HTTP/1.1 200 OK\r\ndate: Sun, 06 Nov 1994 08:49:37 GMT\r\nContent-Length: 0\r\n\r\n")
                        .values("Date"))
                .containsExactly("Sun, 06 Nov 1994 08:49:37 GMT");
    }

    @Test
    void aChunkedBodyPassesWithExtensionsAndTrailers() throws IOException {
        HttpMessage response = answer(
                "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: X-Sum\r\n\r\n5;a=b\r\nhello\r\n6\r\n world\r\n0\r\nX-Sum: 42\r\n\r\n");

        assertThat(response.text()).isEqualTo("hello world");
        assertThat(response.trailers()).containsExactly("X-Sum: 42");
        assertConnectionUsable();
    }

    @Test
    void aBodyThatEndsWithTheConnectionIsWholeToo() throws IOException {
        backend.answer(Answers.bytesAndClose("HTTP/1.1 200 OK\r\n\r\nto the end"));

        HttpMessage response = client.get("/").read();

        assertThat(response.text()).isEqualTo("to the end");
        assertThat(response.complete()).isTrue();
        assertThat(proxy.circuit("default", backend)).isEqualTo("closed");
        assertThat(proxy.backend("default", backend).getInt("breaker.consecutiveFailures"))
                .isZero();
    }

    @Test
    void piecesPassAsTheyCome() throws IOException {
        Gate first = new Gate();
        Gate second = new Gate();
        backend.answer((connection, request) -> {
            connection.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
            first.pass();
            connection.send("3\r\none\r\n");
            second.pass();
            connection.send("3\r\ntwo\r\n0\r\n\r\n");
        });
        client.get("/");
        assertThat(client.readHead().status()).isEqualTo(200);
        first.open();
        assertThat(read(8)).isEqualTo("3\r\none\r\n");
        second.open();
        assertThat(read(13)).isEqualTo("3\r\ntwo\r\n0\r\n\r\n");
    }

    private String read(int length) throws IOException {
        java.io.ByteArrayOutputStream bytes = new java.io.ByteArrayOutputStream();
        assertThat(client.copy(length, bytes)).isTrue();
        return bytes.toString(ISO_8859_1);
    }

    @Test
    void aHeadMayComeByteByByte() throws IOException {
        String answer = "HTTP/1.1 200 OK\r\nX-A: 1\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n";
        backend.answer((connection, request) -> {
            for (int i = 0; i < answer.length(); i++) {
                connection.send(answer.substring(i, i + 1));
            }
        });
        HttpMessage response = client.get("/").read();

        assertThat(response.field("X-A")).isEqualTo("1");
        assertThat(response.text()).isEqualTo("ok");
        assertConnectionUsable();
    }

    @ParameterizedTest
    @ValueSource(strings = {"Content-Length: 1234\r\n", "Transfer-Encoding: chunked\r\n", ""})
    void aResponseToHeadHasNoBodyWhateverItSays(String framing) throws IOException {
        HttpMessage response = answerTo("HEAD / HTTP/1.1\r\nHost: x\r\n\r\n", "HTTP/1.1 200 OK\r\n" + framing + "\r\n");

        assertThat(response.status()).isEqualTo(200);
        if (framing.startsWith("Content-Length")) {
            assertThat(response.field("Content-Length")).isEqualTo("1234");
        }
        assertConnectionUsable();
        assertThat(backend.accepted()).isEqualTo(1);
    }

    @Test
    void a204HasNoBodyAndNoLength() throws IOException {
        HttpMessage response = answer("HTTP/1.1 204 No Content\r\n\r\n");

        assertThat(response.status()).isEqualTo(204);
        assertThat(response.has("Content-Length")).isFalse();
        assertThat(response.has("Transfer-Encoding")).isFalse();
        assertConnectionUsable();
    }

    @Test
    void a304HasNoBodyThoughItMaySayALength() throws IOException {
        HttpMessage response = answer("HTTP/1.1 304 Not Modified\r\nContent-Length: 10\r\nETag: \"x\"\r\n\r\n");

        assertThat(response.status()).isEqualTo(304);
        assertThat(response.field("ETag")).isEqualTo("\"x\"");
        assertConnectionUsable();
        assertThat(backend.accepted()).isEqualTo(1);
    }

    @Test
    void informationalResponsesPassAsTheyCome() throws IOException {
        Gate gate = new Gate();
        backend.answer((connection, request) -> {
            connection.send("HTTP/1.1 103 Early Hints\r\nLink: </a.css>\r\nConnection: x\r\n\r\n");
            gate.pass();
            connection.send("HTTP/1.1 102 Processing\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
        });
        client.get("/");
        HttpMessage hints = client.read();
        assertThat(hints.startLine()).isEqualTo("HTTP/1.1 103 Early Hints");
        assertThat(hints.fieldLines()).containsExactly("Link: </a.css>");
        gate.open();
        assertThat(client.read().status()).isEqualTo(102);
        assertThat(client.read().text()).isEqualTo("ok");
        assertConnectionUsable();
    }

    @Test
    void anHttp10ClientGetsNoInformationalResponse() throws IOException {
        HttpMessage response = answerTo(
                "GET / HTTP/1.0\r\nHost: x\r\n\r\n",
                "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");

        assertThat(response.status()).isEqualTo(200);
        assertThat(response.text()).isEqualTo("ok");
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "Connection: keep-alive\r\n"})
    void anHttp10ClientGetsAChunkedBodyUnframed(String fields) throws IOException {
        HttpMessage response = answerTo(
                "GET / HTTP/1.0\r\nHost: x\r\n" + fields + "\r\n",
                "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: X-T\r\n\r\n5;a=b\r\nhello\r\n6\r\n world\r\n0\r\nX-T: 1\r\n\r\n");

        assertThat(response.has("Transfer-Encoding")).isFalse();
        assertThat(response.has("Content-Length")).isFalse();
        assertThat(response.text()).isEqualTo("hello world");
        assertThat(response.complete()).isTrue();
        assertThat(client.readByte()).isEqualTo(-1);
    }

    @Test
    void anHttp10ClientCanTellACutChunkedBodyByTheReset() throws IOException {
        Gate gate = new Gate();
        backend.answer(
                Answers.bytesAndReset("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n", gate));
        client.send("GET / HTTP/1.0\r\nHost: x\r\n\r\n");
        assertThat(client.readHead().status()).isEqualTo(200);
        assertThat(read(5)).isEqualTo("hello");
        gate.open();

        assertThat(client.readEnd()).isEqualTo(End.RST);
    }

    @Test
    void anHttp10ClientIsKeptOnlyWhereALengthEndsTheBody() throws IOException {
        HttpMessage sized = answerTo(
                "GET / HTTP/1.0\r\nHost: x\r\nConnection: keep-alive\r\n\r\n",
                "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");

        assertThat(sized.field("Connection")).isEqualToIgnoringCase("keep-alive");
        assertConnectionUsable();
    }

    @Test
    void anEarlyResponseReachesAClientThatIsStillSending() throws IOException {
        backend.onConnect(connection -> {
            connection.readHead();
            connection.send("HTTP/1.1 403 No\r\nContent-Length: 2\r\n\r\nno");
            connection.readEnd();
        });
        client.send("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000\r\n\r\nfirst part");

        HttpMessage response = client.read();

        assertThat(response.status()).isEqualTo(403);
        assertThat(response.text()).isEqualTo("no");
    }

    @Test
    void afterAnEarlyResponseNoByteOfTheOldBodyIsTakenForARequest() throws IOException {
        backend.onConnect(connection -> {
            connection.readHead();
            connection.send("HTTP/1.1 403 No\r\nContent-Length: 2\r\n\r\nno");
            connection.readEnd();
        });
        String smuggled = "GET /smuggled HTTP/1.1\r\nHost: x\r\n\r\n";
        client.send("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: " + (1 + smuggled.length()) + "\r\n\r\nx");
        assertThat(client.read().status()).isEqualTo(403);

        backend.onConnect(ScriptedBackend.Connection::answerEachRequest);
        try {
            client.send(smuggled);
            client.get("/after");
            HttpMessage after = client.read();
            assertThat(after.text()).isEqualTo("ok");
        } catch (IOException e) {
            // Closing instead of reading the rest is as right.
        }
        assertThat(backend.requests()).extracting(HttpMessage::target).doesNotContain("/smuggled");
    }

    @BeforeEach
    void aBackendAnswers() {
        backend.answer(Answers.ok("ok"));
    }
}
