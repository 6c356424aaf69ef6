package io.breakwater.server.http;

import static io.breakwater.server.http.RequestHeadTest.buffer;
import static io.breakwater.server.http.RequestHeadTest.text;
import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.params.provider.Arguments.arguments;

import io.breakwater.health.breaker.CircuitState;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.time.Instant;
import java.time.InstantSource;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

class ResponseHeadTest {
    private static final HeadLimits LIMITS = new HeadLimits(100, 400, 10);
    private static final String DATE = "Date: Tue, 03 Nov 2026 08:49:37 GMT\r\n";

    private final ResponseHead head = new ResponseHead(LIMITS);
    private final ByteBuf out = Unpooled.buffer();
    private final ResponseFields fields =
            new ResponseFields("X-Circuit-State", InstantSource.fixed(Instant.parse("2026-11-03T08:49:37.9Z")));

    @ParameterizedTest(name = "RFC {0}: {1}")
    @MethodSource
    void refuses(String section, String what, HeadError why, String response) {
        assertThat(scan(head, response)).isEqualTo(Scan.REFUSED);
        assertThat(head.error()).isEqualTo(why);
    }

    static Stream<Arguments> refuses() {
        return Stream.of(
                arguments(
                        "9112 4",
                        "an empty line before the status line",
                        HeadError.INVALID_STATUS_LINE,
                        "\r\n" + ok("A: b")),
                arguments("9112 4", "another protocol", HeadError.INVALID_STATUS_LINE, "ICY 200 OK\r\n\r\n"),
                arguments("9112 4", "HTTP/2.0", HeadError.INVALID_STATUS_LINE, "HTTP/2.0 200 OK\r\n\r\n"),
                arguments("9112 4", "two digits", HeadError.INVALID_STATUS_LINE, "HTTP/1.1 20 OK\r\n\r\n"),
                arguments("9112 4", "four digits", HeadError.INVALID_STATUS_LINE, "HTTP/1.1 2000 OK\r\n\r\n"),
                arguments("9112 4", "letters for digits", HeadError.INVALID_STATUS_LINE, "HTTP/1.1 abc OK\r\n\r\n"),
                arguments(
                        "9112 4",
                        "two spaces before the code",
                        HeadError.INVALID_STATUS_LINE,
                        "HTTP/1.1  200 OK\r\n\r\n"),
                arguments(
                        "9112 4", "a tab before the reason", HeadError.INVALID_STATUS_LINE, "HTTP/1.1 200\tOK\r\n\r\n"),
                arguments("9112 4", "no code", HeadError.INVALID_STATUS_LINE, "HTTP/1.1\r\n\r\n"),
                arguments("9110 15", "a code below 100", HeadError.INVALID_STATUS_LINE, "HTTP/1.1 099 X\r\n\r\n"),
                arguments("9110 15", "a code above 599", HeadError.INVALID_STATUS_LINE, "HTTP/1.1 600 X\r\n\r\n"),
                arguments("9110 7.8", "101 that nobody asked for", HeadError.UNASKED_UPGRADE, "HTTP/1.1 101 X\r\n\r\n"),
                arguments("9112 2.2", "bare LF", HeadError.BARE_LINE_END, "HTTP/1.1 200 OK\n\n"),
                arguments("9112 2.2", "bare CR in the reason", HeadError.BARE_LINE_END, "HTTP/1.1 200 O\rK\r\n\r\n"),
                arguments("9110 5.5", "NUL in a value", HeadError.CONTROL_BYTE, ok("A: \0")),
                arguments("9112 5.1", "whitespace in a name", HeadError.SPACE_IN_FIELD_NAME, ok("A b: c")),
                arguments(
                        "9112 5.1",
                        "whitespace in a name and before its colon",
                        HeadError.SPACE_IN_FIELD_NAME,
                        ok("A b : c")),
                arguments("9112 5.1", "whitespace and no colon", HeadError.SPACE_IN_FIELD_NAME, ok("A  \t")),
                arguments("9112 5.1", "whitespace and no name", HeadError.FOLDED_LINE, ok(" : b")),
                arguments(
                        "9112 6.3",
                        "two lengths, one with whitespace before its colon",
                        HeadError.REPEATED_CONTENT_LENGTH,
                        ok("Content-Length : 1\r\nContent-Length: 2")),
                arguments(
                        "9112 6.1",
                        "a length, and a coding with whitespace before its colon",
                        HeadError.LENGTH_AND_CODING,
                        ok("Content-Length: 1\r\nTransfer-Encoding\t: chunked")),
                arguments("9112 5.2", "obs-fold", HeadError.FOLDED_LINE, ok("A: b\r\n c")),
                arguments("9110 5.1", "a line without colon", HeadError.INVALID_FIELD_NAME, ok("A")),
                arguments("9110 5.1", "a line without name", HeadError.INVALID_FIELD_NAME, ok(": b")),
                arguments(
                        "9112 6.3",
                        "Content-Length that is no number",
                        HeadError.INVALID_CONTENT_LENGTH,
                        ok("Content-Length: a")),
                arguments(
                        "9112 6.3", "a list of lengths", HeadError.INVALID_CONTENT_LENGTH, ok("Content-Length: 1, 1")),
                arguments(
                        "9110 8.6",
                        "two lengths",
                        HeadError.REPEATED_CONTENT_LENGTH,
                        ok("Content-Length: 1\r\nContent-Length: 1")),
                arguments(
                        "9112 6.1",
                        "length and coding",
                        HeadError.LENGTH_AND_CODING,
                        ok("Content-Length: 1\r\nTransfer-Encoding: chunked")),
                arguments(
                        "9112 6.1",
                        "coding in HTTP/1.0",
                        HeadError.CODING_IN_HTTP_10,
                        "HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"),
                arguments(
                        "9112 6.1",
                        "an unknown coding",
                        HeadError.UNKNOWN_CODING,
                        ok("Transfer-Encoding: gzip, chunked")),
                arguments(
                        "9112 6.3",
                        "a coding that ends with the connection",
                        HeadError.CHUNKED_NOT_LAST,
                        ok("Transfer-Encoding: gzip")),
                arguments(
                        "9112 4",
                        "a status line that is too long",
                        HeadError.STATUS_LINE_TOO_LONG,
                        "HTTP/1.1 200 " + "a".repeat(88)),
                arguments(
                        "6585 5", "fields that are too large", HeadError.FIELDS_TOO_LARGE, ok("A: " + "b".repeat(396))),
                arguments("6585 5", "too many fields", HeadError.TOO_MANY_FIELDS, ok("A: b\r\n".repeat(10) + "A: b")),
                arguments(
                        "9110 7.6.1",
                        "too many connection options",
                        HeadError.TOO_MANY_FIELDS,
                        ok("Connection: a" + ", a".repeat(10))));
    }

    @ParameterizedTest(name = "RFC 9112 6.3: {0} {1} to HEAD {2} = {3} {4}")
    @CsvSource({
        "200, A: b, false, CLOSE, 0",
        "200, Content-Length: 0, false, NONE, 0",
        "200, Content-Length: 9, false, LENGTH, 9",
        "200, Content-Length : 9, false, LENGTH, 9",
        "200, 'Transfer-Encoding 	 : chunked', false, CHUNKED, 0",
        "200, Transfer-Encoding: chunked, false, CHUNKED, 0",
        "200, Content-Length: 9, true, NONE, 0",
        "200, Transfer-Encoding: chunked, true, NONE, 0",
        "200, A: b, true, NONE, 0",
        "204, Content-Length: 9, false, NONE, 0",
        "204, Transfer-Encoding: chunked, false, NONE, 0",
        "304, Content-Length: 9, false, NONE, 0",
        "103, Content-Length: 9, false, NONE, 0",
        "205, A: b, false, CLOSE, 0",
        "599, A: b, false, CLOSE, 0"
    })
    void tellsTheFraming(int status, String field, boolean toHead, BodyFraming framing, long length) {
        head.scan(buffer("HTTP/1.1 " + status + " X\r\n" + field + "\r\n\r\n"), toHead);

        assertThat(head.status()).isEqualTo(status);
        assertThat(head.isInformational()).isEqualTo(status < 200);
        assertThat(head.framing()).isEqualTo(framing);
        assertThat(head.contentLength()).isEqualTo(length);
    }

    @ParameterizedTest(name = "RFC 9112 9.3: HTTP/{0} {1} = {2}")
    @CsvSource({
        "1.1, Content-Length: 1, true",
        "1.1, A: b, false",
        "1.0, Content-Length: 1, false",
        "1.1, 'Content-Length: 1\r\nConnection: close', false",
        "1.0, 'Content-Length: 1\r\nConnection: Keep-Alive', true",
        "1.1, 'Content-Length: 1\r\nConnection: keep-alive, close', false",
        "1.0, Connection: keep-alive, false"
    })
    void tellsWhetherTheConnectionMayBeUsedAgain(String version, String lines, boolean kept) {
        scan(head, "HTTP/" + version + " 200 OK\r\n" + lines + "\r\n\r\n");

        assertThat(head.keepAlive()).isEqualTo(kept);
    }

    @Test
    void isTheSameHoweverTheBytesAreCut() {
        Stream.concat(
                        refuses().map(a -> (String) a.get()[3]),
                        writesDownstream().map(a -> (String) a.get()[1]))
                .forEach(response -> {
                    ResponseHead whole = new ResponseHead(LIMITS);
                    String expected = describe(whole, scan(whole, response));
                    for (int cut = 0; cut <= response.length(); cut++) {
                        ResponseHead parts = new ResponseHead(LIMITS);
                        Scan first = scan(parts, response.substring(0, cut));
                        Scan found = first == Scan.INCOMPLETE ? scan(parts, response) : first;
                        assertThat(describe(parts, found))
                                .as(response + " cut at " + cut)
                                .isEqualTo(expected);
                    }
                });
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource
    void writesDownstream(String what, String received, String sent) {
        assertThat(scan(head, received)).as(String.valueOf(head.error())).isEqualTo(Scan.COMPLETE);

        head.writeDownstream(out, fields, CircuitState.HALF_OPEN, ConnectionField.ABSENT, false);
        assertThat(text(out)).isEqualTo(sent);
    }

    static Stream<Arguments> writesDownstream() {
        String state = "X-Circuit-State: half-open\r\n\r\n";
        return Stream.of(
                arguments(
                        "fields in order",
                        ok("B: 1\r\nA:2 \r\nb: 3\r\n" + DATE + "Content-Length: 1"),
                        ok("B: 1\r\nA:2 \r\nb: 3\r\n" + DATE + "Content-Length: 1", state)),
                arguments(
                        "RFC 9112 5.1: no whitespace before a colon",
                        ok("A : b\r\nC\t \t:d\r\nE :\r\nContent-Length : 1"),
                        ok("A:  b\r\nC:   d\r\nE: \r\nContent-Length:  1", DATE + state)),
                arguments(
                        "RFC 9112 5.1: nor does it hide what is cut, nor Date",
                        ok("Connection : X\r\nX : 1\r\nKeep-Alive : 5\r\nX-Circuit-State : open\r\nDate : y"),
                        ok("Date:  y", state)),
                arguments(
                        "RFC 9110 6.6.1: Date where absent",
                        ok("Content-Length: 1"),
                        ok("Content-Length: 1", DATE + state)),
                arguments(
                        "RFC 9110 6.6.1: Date where a connection option took it",
                        ok("Connection: date\r\nDate: x"),
                        ok("", DATE + state)),
                arguments(
                        "the backend's own state cut",
                        ok("x-circuit-state: open\r\nA: b\r\nX-CIRCUIT-STATE: closed"),
                        ok("A: b", DATE + state)),
                arguments(
                        "RFC 9110 7.6.1: hop-by-hop and nominated fields cut",
                        ok(
                                "Connection: X, keep-alive\r\nKeep-Alive: 5\r\nA: 1\r\nx: 1\r\nUpgrade: h2c\r\nProxy-Authenticate: x\r\nB: 2"),
                        ok("A: 1\r\nB: 2", DATE + state)),
                arguments(
                        "RFC 9110 7.6.1: an option that names Content-Length is ignored",
                        ok("Connection: content-length\r\nContent-Length: 1"),
                        ok("Content-Length: 1", DATE + state)),
                arguments(
                        "RFC 9112 7: chunked written anew",
                        ok("Transfer-encoding: Chunked\r\nTrailer: T"),
                        ok("Trailer: T", "Transfer-Encoding: chunked\r\n" + DATE + state)),
                arguments(
                        "RFC 9110 8.6: no Content-Length with 204",
                        "HTTP/1.1 204 X\r\nContent-Length: 0\r\nA: b\r\n\r\n",
                        "HTTP/1.1 204 X\r\nA: b\r\n" + DATE + state),
                arguments(
                        "RFC 9110 8.6: Content-Length with 304",
                        "HTTP/1.1 304 X\r\nContent-Length: 9\r\n\r\n",
                        "HTTP/1.1 304 X\r\nContent-Length: 9\r\n" + DATE + state),
                arguments(
                        "RFC 9112 6.1: no coding with 204",
                        "HTTP/1.1 204 X\r\nTransfer-Encoding: chunked\r\n\r\n",
                        "HTTP/1.1 204 X\r\n" + DATE + state),
                arguments(
                        "RFC 9110 15.2: nothing added to 1xx",
                        "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\nConnection: x\r\nContent-Length: 1\r\n\r\n",
                        "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n"),
                arguments("RFC 9110 15.2: 100", "HTTP/1.1 100 Continue\r\n\r\n", "HTTP/1.1 100 Continue\r\n\r\n"),
                arguments(
                        "RFC 9110 2.5: HTTP/1.0 goes on as HTTP/1.1",
                        "HTTP/1.0 404 Not Found\r\nA: b\r\n\r\n",
                        "HTTP/1.1 404 Not Found\r\nA: b\r\n" + DATE + state),
                arguments(
                        "RFC 9110 2.5: a higher minor version goes on as HTTP/1.1",
                        "HTTP/1.2 200 OK\r\n\r\n",
                        "HTTP/1.1 200 OK\r\n" + DATE + state),
                arguments(
                        "RFC 9112 4: a missing reason and its space",
                        "HTTP/1.1 200\r\nA: b\r\n\r\n",
                        "HTTP/1.1 200 \r\nA: b\r\n" + DATE + state),
                arguments(
                        "RFC 9112 4: an empty reason",
                        "HTTP/1.1 200 \r\nA: b\r\n\r\n",
                        "HTTP/1.1 200 \r\nA: b\r\n" + DATE + state),
                arguments(
                        "RFC 9112 4: a reason beyond ASCII",
                        "HTTP/1.1 200 d'accord \u00e0 toi\r\n\r\n",
                        "HTTP/1.1 200 d'accord \u00e0 toi\r\n" + DATE + state));
    }

    @ParameterizedTest(name = "{0} {1}")
    @CsvSource({
        "ABSENT, CLOSED, 'X-Circuit-State: closed|'",
        "CLOSE, OPEN, 'X-Circuit-State: open|Connection: close|'",
        "KEEP_ALIVE, , 'Connection: keep-alive|'"
    })
    void saysWhatTheConnectionDoes(ConnectionField connection, CircuitState state, String end) {
        scan(head, ok(DATE + "Content-Length: 1"));

        head.writeDownstream(out, fields, state, connection, false);
        assertThat(text(out)).isEqualTo(ok(DATE + "Content-Length: 1", end.replace("|", "\r\n") + "\r\n"));
    }

    @Test
    void takesTheFramingOffForAnOldClient() {
        scan(head, ok("Transfer-Encoding: chunked\r\nTrailer: T\r\nA: b"));

        head.writeDownstream(out, fields, null, ConnectionField.CLOSE, true);
        assertThat(text(out)).isEqualTo(ok("A: b", DATE + "Connection: close\r\n\r\n"));
    }

    @Test
    void startsAnewAfterReset() {
        scan(head, "HTTP/1.1 503 X\r\nContent-Length: 5\r\nConnection: close\r\n\r\n");
        head.reset();

        assertThat(head.started()).isFalse();
        assertThat(scan(head, ok("A: b"))).isEqualTo(Scan.COMPLETE);
        assertThat(head.status()).isEqualTo(200);
        assertThat(head.framing()).isEqualTo(BodyFraming.CLOSE);
        assertThat(head.values(Ascii.bytes("a"))).isEqualTo("b");
        assertThat(head.values(Ascii.bytes("content-length"))).isNull();
    }

    /** Our clock says 08:49:37 on 3 November 2026, a Tuesday. */
    @ParameterizedTest(name = "RFC 9110 10.2.3: {0} = {1} s")
    @CsvSource(delimiter = '|', textBlock = """
            A: b                                                    | 0
            Retry-After: 20                                         | 20
            retry-after:   007                                      | 7
            Retry-After: 0                                          | 0
            Retry-After:                                            | 0
            Retry-After: -5                                         | 0
            Retry-After: 1.5                                        | 0
            Retry-After: 20s                                        | 0
            Retry-After: 5, 6                                       | 0
            Retry-After: soon                                       | 0
            Retry-After: Tue, 03 Nov 2026 08:50:07 GMT              | 30
            Retry-After: Tuesday, 03-Nov-26 08:50:07 GMT            | 30
            Retry-After: Tue Nov  3 08:50:07 2026                   | 30
            Retry-After: Tue, 03 Nov 2026 08:49:37 GMT              | 0
            Retry-After: Tue, 03 Nov 2026 08:49:36 GMT              | 0
            Retry-After: Tue, 03 Nov 2026                           | 0
            Retry-After: Tue, 03 Nov 2026 25:50:07 GMT              | 0
            Retry-After: 20#Retry-After: 40                         | 20
            Retry-After: Tue, 03 Nov 2026 08:50:07 GMT#Date: Tue, 03 Nov 2026 08:50:00 GMT | 7
            Retry-After: Tue, 03 Nov 2026 08:50:07 GMT#Date: Tue, 03 Nov 2026 08:50:08 GMT | 0
            Retry-After: Tue, 03 Nov 2026 08:50:07 GMT#Date: yesterday | 30
            Retry-After: 20#Date: Tue, 03 Nov 2026 08:50:00 GMT     | 20
            Retry-After: Tue, 03 Nov 2026 08:50:07 GMT, which has been put off for the last time | 0
            Retry-After: Tue, 03 Nov 2026 08:50:07 GMT#Date: the day before yesterday, or the day before that, or never | 30
            """)
    void tellsForHowLongTheBackendWantsToBeLeftAlone(String lines, long seconds) {
        scan(head, ok(lines.replace("#", "\r\n")));

        assertThat(head.retryAfterNanos(fields)).isEqualTo(TimeUnit.SECONDS.toNanos(seconds));
    }

    @ParameterizedTest
    @ValueSource(strings = {"9223372036854775807", "9223372036854775808", "99999999999999999999999999"})
    void takesAnyNumberOfSecondsForAVeryLongTime(String seconds) {
        scan(head, ok("Retry-After: " + seconds));

        assertThat(head.retryAfterNanos(fields)).isEqualTo(Long.MAX_VALUE);
    }

    private String describe(ResponseHead head, Scan found) {
        if (found != Scan.COMPLETE) {
            return found + " " + head.error();
        }
        ByteBuf sent = Unpooled.buffer();
        head.writeDownstream(sent, fields, CircuitState.OPEN, ConnectionField.CLOSE, false);
        return head.length() + " " + head.status() + head.framing() + head.keepAlive() + text(sent);
    }

    private static Scan scan(ResponseHead head, String bytes) {
        return head.scan(buffer(bytes), false);
    }

    private static String ok(String lines) {
        return ok(lines.endsWith("\r\n") ? lines.substring(0, lines.length() - 2) : lines, "\r\n");
    }

    private static String ok(String lines, String end) {
        return "HTTP/1.1 200 OK\r\n" + (lines.isEmpty() ? "" : lines + "\r\n") + end;
    }
}
