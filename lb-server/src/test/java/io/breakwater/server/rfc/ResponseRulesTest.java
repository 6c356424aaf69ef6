package io.breakwater.server.rfc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.params.provider.Arguments.arguments;

import io.breakwater.server.fixtures.Answers;
import io.breakwater.server.fixtures.Conf;
import io.breakwater.server.fixtures.End;
import io.breakwater.server.fixtures.HttpMessage;
import io.breakwater.server.fixtures.Proxy;
import io.breakwater.server.fixtures.RawClient;
import io.breakwater.server.fixtures.ScriptedBackend;
import java.io.IOException;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * What RFC 9110 and RFC 9112 say that an intermediary must do with a response, rule by rule (docs/conformance.md). The
 * grammar in all its corners is ResponseHeadTest's and BodyReaderTest's.
 */
@Timeout(60)
class ResponseRulesTest {
    private static final String GET = "GET / HTTP/1.1\r\nHost: h\r\n\r\n";
    private static final String HEAD = "HEAD / HTTP/1.1\r\nHost: h\r\n\r\n";
    private static final String OLD_GET = "GET / HTTP/1.0\r\nHost: h\r\n\r\n";
    private static final String OK = "HTTP/1.1 200 OK\r\n";

    private final ScriptedBackend backend = ScriptedBackend.start();
    private final Proxy proxy = Proxy.start(Conf.everything(backend.url(), "lb.runtime.event-loops = 1"));
    private final RawClient client = proxy.connect();

    @AfterEach
    void stop() throws IOException {
        client.close();
        proxy.close();
        backend.close();
    }

    @ParameterizedTest(name = "RFC {0}: {1} is 502, and that connection is not used again")
    @MethodSource
    void isRefused(String section, String what, String response) throws IOException {
        backend.answer(Answers.bytes(response));
        HttpMessage received = client.send(GET).read();
        while (received.status() < 200) {
            received = client.read();
        }
        assertThat(received.status()).isEqualTo(502);

        backend.answer(Answers.ok("next"));
        assertThat(client.get("/after").read().text()).isEqualTo("next");
        assertThat(backend.accepted()).isEqualTo(2);
    }

    static Stream<Arguments> isRefused() {
        return Stream.of(
                arguments("9112 4", "what is no status line", "garbage\r\n\r\n"),
                arguments("9112 4", "a status of two digits", "HTTP/1.1 20 OK\r\n\r\n"),
                arguments("9110 15", "a status of no class", "HTTP/1.1 600 Odd\r\nContent-Length: 0\r\n\r\n"),
                arguments("9112 5.1", "a space in a field name", OK + "A b: c\r\nContent-Length: 0\r\n\r\n"),
                arguments(
                        "9112 5.1",
                        "a second length with a space before its colon",
                        OK + "Content-Length: 2\r\nContent-Length : 3\r\n\r\nok!"),
                arguments("9112 5.2", "a folded line", OK + "A: b\r\n c\r\nContent-Length: 0\r\n\r\n"),
                arguments("9112 2.2", "a bare CR", OK + "A: b\rc\r\nContent-Length: 0\r\n\r\n"),
                arguments("9112 2.2", "a bare LF", OK + "A: b\nContent-Length: 0\r\n\r\n"),
                arguments("9110 5.5", "NUL in a value", OK + "A: b\0c\r\nContent-Length: 0\r\n\r\n"),
                arguments("9112 6.3", "a Content-Length that is no number", OK + "Content-Length: x\r\n\r\n"),
                arguments(
                        "9112 6.3",
                        "Content-Lengths that differ",
                        OK + "Content-Length: 2\r\nContent-Length: 3\r\n\r\nok"),
                arguments("9112 6.3", "a list of lengths that differ", OK + "Content-Length: 2, 3\r\n\r\nok"),
                arguments(
                        "9112 6.1",
                        "both framings",
                        OK + "Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
                arguments(
                        "9112 6.1",
                        "Transfer-Encoding in HTTP/1.0",
                        "HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
                arguments(
                        "9112 6.3",
                        "a coding that does not end in chunked",
                        OK + "Transfer-Encoding: chunked, cow\r\n\r\n"),
                arguments("9112 6.1", "an unknown coding", OK + "Transfer-Encoding: cow, chunked\r\n\r\n0\r\n\r\n"),
                arguments(
                        "9110 7.8",
                        "101 that nobody asked for",
                        "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\n"),
                arguments("9110 5.4", "too many bytes of fields", OK + "A: " + "b".repeat(70_000) + "\r\n\r\n"),
                arguments(
                        "9110 5.4",
                        "a hundred and one fields",
                        OK + "A: b\r\n".repeat(100) + "Content-Length: 0\r\n\r\n"),
                arguments("9110 15.2", "interim responses without end", "HTTP/1.1 102 Processing\r\n\r\n".repeat(20)));
    }

    @ParameterizedTest(name = "RFC {0}: {1}")
    @MethodSource
    void passes(String section, String what, String request, String response, List<String> lines, List<String> cut)
            throws IOException {
        backend.answer(Answers.bytes(response));
        client.send(request);
        HttpMessage received = request.startsWith("HEAD") ? client.readBodyless() : client.read();

        assertThat(received.head().lines()).containsSubsequence(lines);
        assertThat(cut).noneMatch(received::has);
        backend.answer(Answers.ok("next"));
        assertThat(client.get("/after").read().text()).isEqualTo("next");
    }

    static Stream<Arguments> passes() {
        return Stream.of(
                arguments(
                        "9110 7.6.1",
                        "what Connection names is cut",
                        GET,
                        OK + "Connection: X-Mine\r\nx-mine: 1\r\nX-Mine-Too: 1\r\nContent-Length: 0\r\n\r\n",
                        List.of("X-Mine-Too: 1"),
                        List.of("X-Mine", "Connection")),
                arguments(
                        "9110 7.6.1",
                        "what is for one connection is cut",
                        GET,
                        OK
                                + "Keep-Alive: timeout=5\r\nProxy-Connection: keep-alive\r\nUpgrade: h2c\r\nA: b\r\nContent-Length: 0\r\n\r\n",
                        List.of("A: b"),
                        List.of("Keep-Alive", "Proxy-Connection", "Upgrade")),
                arguments(
                        "9110 7.6.1",
                        "Content-Length stays, though Connection names it",
                        GET,
                        OK + "Connection: Content-Length\r\nContent-Length: 0\r\n\r\n",
                        List.of("Content-Length: 0"),
                        List.of("Connection")),
                arguments(
                        "9112 5.1",
                        "whitespace before a colon is removed, and hides no field",
                        GET,
                        OK + "A : b\r\nConnection\t: X\r\nX : 1\r\nContent-Length : 0\r\n\r\n",
                        List.of("A:  b", "Content-Length:  0"),
                        List.of("X", "Connection")),
                arguments(
                        "9110 5.4",
                        "a hundred fields",
                        GET,
                        OK + "A: b\r\n".repeat(98) + "Content-Length: 0\r\nLast: 1\r\n\r\n",
                        List.of("A: b", "Content-Length: 0", "Last: 1"),
                        List.of()),
                arguments(
                        "9110 6.6.1",
                        "Date is kept",
                        GET,
                        OK + "Date: Sun, 06 Nov 1994 08:49:37 GMT\r\nContent-Length: 0\r\n\r\n",
                        List.of("Date: Sun, 06 Nov 1994 08:49:37 GMT"),
                        List.of()),
                arguments(
                        "9110 5.3",
                        "fields of one name keep their order",
                        GET,
                        OK + "Set-Cookie: a\r\nB: 1\r\nset-cookie: b\r\nContent-Length: 0\r\n\r\n",
                        List.of("Set-Cookie: a", "B: 1", "set-cookie: b"),
                        List.of()),
                arguments(
                        "9110 7.6.3",
                        "Via of those behind passes, and none is added",
                        GET,
                        OK + "Via: 1.1 behind\r\nContent-Length: 0\r\n\r\n",
                        List.of("Via: 1.1 behind"),
                        List.of()),
                arguments(
                        "9112 6.3",
                        "a response to HEAD has no body",
                        HEAD,
                        OK + "Content-Length: 1234\r\n\r\n",
                        List.of("Content-Length: 1234"),
                        List.of()),
                arguments(
                        "9112 6.3",
                        "nor has a chunked one",
                        HEAD,
                        OK + "Transfer-Encoding: chunked\r\n\r\n",
                        List.of("HTTP/1.1 200 OK"),
                        List.of()),
                arguments(
                        "9110 8.6",
                        "204 has neither body nor length",
                        GET,
                        "HTTP/1.1 204 None\r\nContent-Length: 5\r\n\r\n",
                        List.of("HTTP/1.1 204 None"),
                        List.of("Content-Length", "Transfer-Encoding")),
                arguments(
                        "9112 6.1",
                        "204 has no coding",
                        GET,
                        "HTTP/1.1 204 None\r\nTransfer-Encoding: chunked\r\n\r\n",
                        List.of("HTTP/1.1 204 None"),
                        List.of("Content-Length", "Transfer-Encoding")),
                arguments(
                        "9112 6.3",
                        "304 has no body, though it may say a length",
                        GET,
                        "HTTP/1.1 304 Not Modified\r\nContent-Length: 9\r\n\r\n",
                        List.of("Content-Length: 9"),
                        List.of("Transfer-Encoding")),
                arguments(
                        "9110 2.5",
                        "a response of HTTP/1.0 goes on as one of HTTP/1.1",
                        GET,
                        "HTTP/1.0 200 OK\r\nContent-Length: 0\r\n\r\n",
                        List.of("HTTP/1.1 200 OK"),
                        List.of()));
    }

    @ParameterizedTest(name = "RFC 9112 8: a body that ends after {0} is not taken for a whole one")
    @MethodSource
    void tellsThatABodyIsCut(String what, String request, String response, End end) throws IOException {
        backend.answer(Answers.bytesAndClose(response));
        client.send(request);
        HttpMessage received = client.read();

        assertThat(received.status()).isEqualTo(200);
        assertThat(received.complete()).isFalse();
        assertThat(end == End.RST || client.readByte() == -1).isTrue();
    }

    static Stream<Arguments> tellsThatABodyIsCut() {
        String chunked = OK + "Transfer-Encoding: chunked\r\n\r\n";
        return Stream.of(
                arguments("less than its length", GET, OK + "Content-Length: 9\r\n\r\nhello", End.FIN),
                arguments("half a chunk", GET, chunked + "9\r\nhello", End.FIN),
                arguments("a chunk", GET, chunked + "5\r\nhello\r\n", End.FIN),
                arguments("the last chunk without its last line", GET, chunked + "5\r\nhello\r\n0\r\n", End.FIN),
                arguments("a malformed chunk", GET, chunked + "5\r\nhello\r\nz\r\n\r\n", End.FIN),
                arguments(
                        "a trailer that Connection names (RFC 9110 7.6.1)",
                        GET,
                        OK
                                + "Connection: X-Mine\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\nX-Mine: 1\r\n\r\n",
                        End.FIN),
                arguments("a chunk, for HTTP/1.0, which knows none", OLD_GET, chunked + "5\r\nhello\r\n", End.RST));
    }

    @ParameterizedTest(name = "RFC 9110 15.2: {0} is forwarded at once, and not to HTTP/1.0")
    @ValueSource(ints = {102, 103, 199})
    void forwardsInterimResponses(int status) throws IOException {
        backend.answer(Answers.bytes(
                "HTTP/1.1 " + status + " Interim\r\nLink: </a>\r\n\r\n" + OK + "Content-Length: 2\r\n\r\nok"));
        HttpMessage interim = client.send(GET).read();

        assertThat(interim.status()).isEqualTo(status);
        assertThat(interim.fieldLines()).containsExactly("Link: </a>");
        assertThat(client.read().text()).isEqualTo("ok");
        assertThat(client.send(OLD_GET).read().text()).isEqualTo("ok");
    }

    @ParameterizedTest(name = "RFC 9112 6.3: bytes behind {0} are nobody''s, and that connection is not used again")
    @MethodSource
    void bytesBehindAResponseAreNobodys(String what, String response) throws IOException {
        backend.answer(Answers.bytes(OK + response + OK + "Content-Length: 4\r\n\r\nevil"));
        assertThat(client.send(GET).read().text()).isEqualTo("ok");

        backend.answer(Answers.ok("next"));
        assertThat(client.get("/after").read().text()).isEqualTo("next");
        assertThat(backend.accepted()).isEqualTo(2);
    }

    static Stream<Arguments> bytesBehindAResponseAreNobodys() {
        return Stream.of(
                arguments("a length", "Content-Length: 2\r\n\r\nok"),
                arguments("the last chunk", "Transfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n"));
    }

    @ParameterizedTest(name = "RFC 9112 6.1: an HTTP/1.0 client that sends ''{0}'' gets no chunks")
    @ValueSource(strings = {"", "Connection: keep-alive\r\n", "Connection: TE\r\nTE: chunked\r\n"})
    void unframesForHttp10(String fields) throws IOException {
        backend.answer(Answers.bytes(OK + "Transfer-Encoding: chunked\r\n\r\n2;a=b\r\nok\r\n0\r\nX-Sum: 1\r\n\r\n"));
        HttpMessage received =
                client.send("GET / HTTP/1.0\r\nHost: h\r\n" + fields + "\r\n").read();

        assertThat(received.text()).isEqualTo("ok");
        assertThat(received.has("Transfer-Encoding")).isFalse();
        assertThat(received.complete()).isTrue();
    }

    @ParameterizedTest(name = "RFC 9110 6.6.1: a Date is added to {0}")
    @ValueSource(ints = {200, 204, 304, 404})
    void addsDate(int status) throws IOException {
        String length = status == 204 ? "" : "Content-Length: 0\r\n";
        backend.answer(Answers.bytes("HTTP/1.1 " + status + " Dateless\r\n" + length + "\r\n"));

        assertThat(client.send(GET).read().field("Date"))
                .matches("[A-Z][a-z]{2}, \\d{2} [A-Z][a-z]{2} \\d{4} [\\d:]{8} GMT");
    }
}
