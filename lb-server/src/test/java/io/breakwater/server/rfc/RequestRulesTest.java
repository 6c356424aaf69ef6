package io.breakwater.server.rfc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.params.provider.Arguments.arguments;

import io.breakwater.server.fixtures.Answers;
import io.breakwater.server.fixtures.Conf;
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
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * What RFC 9110 and RFC 9112 say that an intermediary must do with a request, rule by rule (docs/conformance.md). The
 * grammar in all its corners is RequestHeadTest's and BodyReaderTest's.
 */
@Timeout(60)
class RequestRulesTest {
    private static final String CHUNKED = "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n";

    private final ScriptedBackend backend = ScriptedBackend.start();
    private final Proxy proxy = Proxy.start(Conf.everything(backend.url()));
    private final RawClient client = proxy.connect();

    @AfterEach
    void stop() throws IOException {
        client.close();
        proxy.close();
        backend.close();
    }

    @ParameterizedTest(name = "RFC {0}: {1} is {2}, and the connection ends")
    @MethodSource
    void refuses(String section, String what, int status, String request) throws IOException {
        HttpMessage response = client.send(request).read();

        assertThat(response.status()).isEqualTo(status);
        assertThat(response.field("Connection")).isEqualTo("close");
        assertThat(client.readByte()).isEqualTo(-1);
        assertThat(backend.accepted()).isZero();
    }

    static Stream<Arguments> refuses() {
        return Stream.of(
                arguments("9112 3.2", "a missing Host", 400, get("")),
                arguments("9112 3.2", "a repeated Host", 400, get("Host: h\r\nHost: h\r\n")),
                arguments(
                        "9112 3.2", "a repeated Host in HTTP/1.0", 400, "GET / HTTP/1.0\r\nHost: h\r\nHost: h\r\n\r\n"),
                arguments("9112 3.2", "an invalid Host", 400, get("Host: a b\r\n")),
                arguments("9112 3.2", "a missing Host beside absolute-form", 400, "GET http://h/ HTTP/1.1\r\n\r\n"),
                arguments("9112 3.2", "a target with a space", 400, "GET /a b HTTP/1.1\r\nHost: h\r\n\r\n"),
                arguments("9112 3.2", "a target in no form", 400, "GET a/b HTTP/1.1\r\nHost: h\r\n\r\n"),
                arguments("9112 3.2.4", "the asterisk but for OPTIONS", 400, "GET * HTTP/1.1\r\nHost: h\r\n\r\n"),
                arguments(
                        "9112 3", "a request line that is too long", 414, "GET /" + "a".repeat(9000) + " HTTP/1.1\r\n"),
                arguments("9110 5.4", "too many bytes of fields", 431, get("Host: h\r\nA: " + "b".repeat(33_000))),
                arguments("9110 2.5", "another major version", 505, "GET / HTTP/2.0\r\nHost: h\r\n\r\n"),
                arguments("9112 5.1", "a space before the colon", 400, get("Host: h\r\nA : b\r\n")),
                arguments("9112 5.1", "a tab before the colon", 400, get("Host: h\r\nA\t: b\r\n")),
                arguments("9112 5.2", "a folded line", 400, get("Host: h\r\nA: b\r\n c\r\n")),
                arguments("9112 2.2", "whitespace before the first field", 400, get(" A: b\r\nHost: h\r\n")),
                arguments("9112 2.2", "a bare CR", 400, get("Host: h\r\nA: b\rc\r\n")),
                arguments("9112 2.2", "a bare LF", 400, get("Host: h\nA: b\r\n")),
                arguments("9110 5.5", "NUL in a value", 400, get("Host: h\r\nA: b\0c\r\n")),
                arguments("9110 5.1", "a field without a name", 400, get("Host: h\r\n: b\r\n")),
                arguments(
                        "9112 6.1",
                        "Content-Length before Transfer-Encoding",
                        400,
                        post("Content-Length: 5\r\nTransfer-Encoding: chunked\r\n")),
                arguments(
                        "9112 6.1",
                        "Transfer-Encoding before Content-Length",
                        400,
                        post("Transfer-Encoding: chunked\r\nContent-Length: 5\r\n")),
                arguments(
                        "9112 6.1",
                        "Transfer-Encoding in HTTP/1.0",
                        400,
                        "POST / HTTP/1.0\r\nConnection: keep-alive\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
                arguments(
                        "9112 6.1",
                        "an unknown coding before chunked",
                        501,
                        post("Transfer-Encoding: cow, chunked\r\n")),
                arguments(
                        "9112 6.3",
                        "a coding that does not end in chunked",
                        400,
                        post("Transfer-Encoding: chunked, cow\r\n")),
                arguments("9112 6.1", "chunked twice", 400, post("Transfer-Encoding: chunked, chunked\r\n")),
                arguments("9112 6.3", "a Content-Length that is no number", 400, post("Content-Length: +5\r\n")),
                arguments(
                        "9112 6.3",
                        "a Content-Length that overflows",
                        400,
                        post("Content-Length: " + "9".repeat(30) + "\r\n")),
                arguments(
                        "9112 6.3",
                        "Content-Lengths that differ",
                        400,
                        post("Content-Length: 5\r\nContent-Length: 6\r\n")),
                arguments("9112 6.3", "a list of lengths that differ", 400, post("Content-Length: 5, 6\r\n")),
                arguments("9110 7.6.1", "Connection that names Host", 400, get("Host: h\r\nConnection: Host\r\n")),
                arguments(
                        "9110 7.6.1",
                        "Connection that names Content-Length",
                        400,
                        post("Connection: content-length\r\nContent-Length: 5\r\n")),
                arguments("9110 9.3.6", "CONNECT", 501, "CONNECT h:443 HTTP/1.1\r\nHost: h:443\r\n\r\n"),
                arguments(
                        "9110 10.1.1",
                        "an expectation but 100-continue",
                        417,
                        post("Expect: miracles\r\nContent-Length: 5\r\n")));
    }

    @ParameterizedTest(name = "RFC 9110 9.3.2: HEAD with {0} is {1}, without a body")
    @MethodSource
    void refusesHeadWithAHeadAlone(String what, int status, String rest) throws IOException {
        HttpMessage response = client.send("HEAD " + rest).readBodyless();

        assertThat(response.status()).isEqualTo(status);
        assertThat(response.field("Connection")).isEqualTo("close");
        assertThat(Integer.parseInt(String.valueOf(response.field("Content-Length"))))
                .as("as a GET's would be")
                .isPositive();
        assertThat(client.readByte()).isEqualTo(-1);
        assertThat(backend.accepted()).isZero();
    }

    static Stream<Arguments> refusesHeadWithAHeadAlone() {
        return Stream.of(
                arguments("a dot segment", 400, "/a/../b HTTP/1.1\r\nHost: h\r\n\r\n"),
                arguments("no Host", 400, "/ HTTP/1.1\r\n\r\n"),
                arguments("a bare CR", 400, "/ HTTP/1.1\r\nHost: h\r\nA: b\rc\r\n\r\n"),
                arguments("an unknown coding", 501, "/ HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: cow, chunked\r\n\r\n"),
                arguments("too many fields", 431, "/ HTTP/1.1\r\nHost: h\r\n" + "A: b\r\n".repeat(100) + "\r\n"));
    }

    @ParameterizedTest(name = "RFC 9110 9.3.2: {0} {1} is {2}, with a body: its method is not known")
    @CsvSource({"HEAD, / SIP/1.1, 400", "HEAD, / HTTP/2.0, 505", "head, /../ HTTP/1.1, 400"})
    void refusesWhatMayBeNoHeadWithABody(String method, String rest, int status) throws IOException {
        HttpMessage response =
                client.send(method + " " + rest + "\r\nHost: h\r\n\r\n").read();

        assertThat(response.status()).isEqualTo(status);
        assertThat(response.text()).startsWith("{\"error\": ");
        assertThat(client.readByte()).isEqualTo(-1);
    }

    /** The head has gone on by then; its body never becomes whole. */
    @ParameterizedTest(name = "RFC {0}: {1} is 400, and no whole request goes on")
    @MethodSource
    void refusesTheBody(String section, String what, String request) throws IOException {
        HttpMessage response = client.send(request).read();

        assertThat(response.status()).isEqualTo(400);
        assertThat(client.readByte()).isEqualTo(-1);
        assertThat(backend.requests()).isEmpty();
    }

    static Stream<Arguments> refusesTheBody() {
        return Stream.of(
                arguments("9112 7.1", "a chunk size that is no number", CHUNKED + "\r\n5x\r\nhello\r\n0\r\n\r\n"),
                arguments(
                        "9112 7.1",
                        "a chunk size that overflows",
                        CHUNKED + "\r\n10000000000000005\r\nhello\r\n0\r\n\r\n"),
                arguments("9112 7.1", "a chunk longer than its size", CHUNKED + "\r\n5\r\nhello!\r\n0\r\n\r\n"),
                arguments("9112 7.1", "a bare LF behind a chunk", CHUNKED + "\r\n5\r\nhello\n0\r\n\r\n"),
                arguments(
                        "9112 7.1.1", "a line end in an extension", CHUNKED + "\r\n5;a=\"\r\n\"\r\nhello\r\n0\r\n\r\n"),
                arguments("9112 5.1", "a space before a trailer's colon", CHUNKED + "\r\n0\r\nA : b\r\n\r\n"),
                arguments(
                        "9110 6.5.1",
                        "Content-Length among the trailers",
                        CHUNKED + "\r\n0\r\nContent-Length: 1\r\n\r\n"),
                arguments(
                        "9110 7.6.1",
                        "a trailer that Connection names",
                        CHUNKED + "Connection: X-Mine\r\n\r\n0\r\nx-mine: 1\r\n\r\n"));
    }

    @ParameterizedTest(name = "RFC {0}: {1}")
    @MethodSource
    void forwards(String section, String what, String request, List<String> lines, List<String> cut)
            throws IOException {
        assertThat(client.send(request).read().status()).isEqualTo(200);

        HttpMessage received = backend.onlyRequest();
        assertThat(received.head().lines()).containsSubsequence(lines);
        assertThat(cut).noneMatch(received::has);
        assertThat(client.get("/after").read().status()).isEqualTo(200);
    }

    static Stream<Arguments> forwards() {
        return Stream.of(
                arguments(
                        "9112 3.2.2",
                        "absolute-form goes on as origin-form, and its authority wins over Host",
                        "GET http://shop.test:81/a?b HTTP/1.1\r\nHost: other\r\n\r\n",
                        List.of("GET /a?b HTTP/1.1", "Host: shop.test:81"),
                        List.of()),
                arguments(
                        "9110 7.7",
                        "the target goes on byte for byte",
                        "GET //a/%41%2Fb;c?d=/../e HTTP/1.1\r\nHost: h\r\n\r\n",
                        List.of("GET //a/%41%2Fb;c?d=/../e HTTP/1.1"),
                        List.of()),
                arguments(
                        "9110 7.6.1",
                        "what Connection names is cut",
                        "GET / HTTP/1.1\r\nHost: h\r\nConnection: X-Mine, close-by\r\nx-mine: 1\r\nClose-By: 1\r\nX-Mine-Too: 1\r\n\r\n",
                        List.of("X-Mine-Too: 1"),
                        List.of("X-Mine", "Close-By", "Connection")),
                arguments(
                        "9110 7.6.1",
                        "what is for one connection is cut",
                        "GET / HTTP/1.1\r\nHost: h\r\nKeep-Alive: timeout=5\r\nProxy-Connection: keep-alive\r\nTE: gzip\r\nUpgrade: h2c\r\nA: b\r\n\r\n",
                        List.of("A: b"),
                        List.of("Keep-Alive", "Proxy-Connection", "TE", "Upgrade")),
                arguments(
                        "9110 7.6.3",
                        "Via is appended",
                        "GET / HTTP/1.1\r\nHost: h\r\nVia: 1.0 first\r\n\r\n",
                        List.of("Via: 1.0 first", "Via: 1.1 breakwater"),
                        List.of()),
                arguments(
                        "9110 7.6.3",
                        "Via tells the version that was received",
                        "GET / HTTP/1.0\r\nHost: h\r\nConnection: keep-alive\r\n\r\n",
                        List.of("GET / HTTP/1.1", "Via: 1.0 breakwater"),
                        List.of()),
                arguments(
                        "9110 7.6.2",
                        "Max-Forwards of OPTIONS is counted down",
                        "OPTIONS / HTTP/1.1\r\nHost: h\r\nMax-Forwards: 10\r\n\r\n",
                        List.of("Max-Forwards: 9"),
                        List.of()),
                arguments(
                        "9110 7.6.2",
                        "Max-Forwards of TRACE is counted down",
                        "TRACE / HTTP/1.1\r\nHost: h\r\nMax-Forwards: 1\r\n\r\n",
                        List.of("Max-Forwards: 0"),
                        List.of()),
                arguments(
                        "9110 7.6.2",
                        "Max-Forwards of others passes",
                        "GET / HTTP/1.1\r\nHost: h\r\nMax-Forwards: 0\r\n\r\n",
                        List.of("Max-Forwards: 0"),
                        List.of()),
                arguments(
                        "9110 5.3",
                        "fields of one name keep their order",
                        "GET / HTTP/1.1\r\nHost: h\r\nA: 1\r\nB: 2\r\na: 3\r\nA: 4\r\n\r\n",
                        List.of("A: 1", "B: 2", "a: 3", "A: 4"),
                        List.of()),
                arguments(
                        "9110 5.1",
                        "fields that nobody knows pass",
                        "GET / HTTP/1.1\r\nHost: h\r\nX_Odd!: 1\r\nEmpty:\r\n\r\n",
                        List.of("X_Odd!: 1", "Empty:"),
                        List.of()),
                arguments(
                        "9110 10.1.1",
                        "what HTTP/1.0 expects is not heard",
                        "POST / HTTP/1.0\r\nHost: h\r\nConnection: keep-alive\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\nhello",
                        List.of("Content-Length: 5"),
                        List.of("Expect")),
                arguments(
                        "9112 3.2",
                        "a request without Host, of HTTP/1.0, is given one",
                        "GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n",
                        List.of("GET / HTTP/1.1"),
                        List.of()));
    }

    @ParameterizedTest(name = "RFC 9110 7.6.2: {0} with Max-Forwards: 0 ends here with {1}")
    @CsvSource({"OPTIONS, 200", "TRACE, 405"})
    void answersForTheBackend(String method, int status) throws IOException {
        HttpMessage response = client.send(method + " / HTTP/1.1\r\nHost: h\r\nMax-Forwards: 0\r\n\r\n")
                .read();

        assertThat(response.status()).isEqualTo(status);
        assertThat(backend.accepted()).isZero();
        assertThat(client.get("/after").read().status()).isEqualTo(200);
    }

    @ParameterizedTest(name = "RFC 9110 9.2.2: {0} is not sent again after its connection was lost")
    @ValueSource(strings = {"POST", "PATCH", "LOCK"})
    void isSentOnce(String method) throws IOException {
        backend.answer(Answers.close());
        HttpMessage response = client.send(method + " / HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\nhello")
                .read();

        assertThat(response.status()).isEqualTo(502);
        assertThat(backend.requests()).hasSize(1);
    }

    private static String get(String fields) {
        return "GET / HTTP/1.1\r\n" + fields + "\r\n";
    }

    private static String post(String fields) {
        return "POST / HTTP/1.1\r\nHost: h\r\n" + fields + "\r\nhello";
    }
}
