package io.breakwater.server.http;

import static io.breakwater.server.http.RequestHeadTest.buffer;
import static io.breakwater.server.http.RequestHeadTest.text;
import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.params.provider.Arguments.arguments;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

class BodyReaderTest {
    private static final HeadLimits LIMITS = new HeadLimits(100, 400, 10);

    private final BodyReader body = new BodyReader();
    private final ByteBuf data = Unpooled.buffer();

    @Test
    void isCompleteAtOnceWithoutBody() {
        body.start(BodyFraming.NONE, 0);

        assertThat(body.complete()).isTrue();
        assertThat(body.advance(buffer("GET"), data)).isZero();
        assertThat(body.endsWithConnection()).isFalse();
    }

    @Test
    void countsALengthAndLeavesWhatFollows() {
        body.start(BodyFraming.LENGTH, 5);

        assertThat(body.advance(buffer("ab"), data)).isEqualTo(2);
        assertThat(body.complete()).isFalse();
        assertThat(body.advance(buffer("cdeGET"), data)).isEqualTo(3);
        assertThat(body.complete()).isTrue();
        assertThat(body.dataBytes()).isEqualTo(5);
        assertThat(text(data)).isEqualTo("abcde");
    }

    @Test
    void takesEverythingUntilTheConnectionEnds() {
        body.start(BodyFraming.CLOSE, 0);

        assertThat(body.advance(buffer("abc"), data)).isEqualTo(3);
        assertThat(body.complete()).isFalse();
        assertThat(body.endsWithConnection()).isTrue();
        assertThat(body.dataBytes()).isEqualTo(3);
    }

    @Test
    void startsFromTheReaderIndexAndLeavesIt() {
        ByteBuf in = buffer("xx1\r\na\r\n0\r\n\r\n").skipBytes(2);
        body.start(BodyFraming.CHUNKED, 0);

        assertThat(body.advance(in, data)).isEqualTo(11);
        assertThat(in.readerIndex()).isEqualTo(2);
        assertThat(text(data)).isEqualTo("a");
    }

    @ParameterizedTest(name = "RFC 9112 {0}: {1}")
    @MethodSource
    void reads(String section, String what, String framed, String unframed) {
        String next = "0\r\n\r\nGET / HTTP/1.1\r\n";
        for (int cut = 0; cut <= framed.length(); cut++) {
            body.start(BodyFraming.CHUNKED, 0);
            data.clear();

            assertThat(body.advance(buffer(framed.substring(0, cut)), data)).isEqualTo(cut);
            assertThat(body.complete()).as("cut at " + cut).isEqualTo(cut == framed.length());
            assertThat(body.advance(buffer(framed.substring(cut) + next), data)).isEqualTo(framed.length() - cut);
            assertThat(body.complete()).isTrue();
            assertThat(text(data)).isEqualTo(unframed);
            assertThat(body.dataBytes()).isEqualTo(unframed.length());
        }
    }

    static Stream<Arguments> reads() {
        return Stream.of(
                arguments("7.1", "no chunk but the last", "0\r\n\r\n", ""),
                arguments("7.1", "one chunk", "3\r\nabc\r\n0\r\n\r\n", "abc"),
                arguments(
                        "7.1",
                        "hexadecimal sizes in both cases",
                        "a\r\n0123456789\r\nA\r\n0123456789\r\n0\r\n\r\n",
                        "01234567890123456789"),
                arguments("7.1", "leading zeros", "0003\r\nabc\r\n0000\r\n\r\n", "abc"),
                arguments("7.1", "sixteen digits", "0000000000000003\r\nabc\r\n0\r\n\r\n", "abc"),
                arguments("7.1", "data that looks like framing", "5\r\n0\r\n\r\n\r\n0\r\n\r\n", "0\r\n\r\n"),
                arguments("7.1.1", "an extension", "3;a=b\r\nabc\r\n0;c\r\n\r\n", "abc"),
                arguments("7.1.1", "a quoted extension", "3;a=\"b;\\\"c\"\r\nabc\r\n0\r\n\r\n", "abc"),
                arguments("7.1.1", "whitespace before an extension", "3 \t; a = b\r\nabc\r\n0\r\n\r\n", "abc"),
                arguments(
                        "7.1.1",
                        "extensions of 4 KiB in all",
                        "1;" + "x".repeat(2047) + "\r\na\r\n0;" + "x".repeat(2047) + "\r\n\r\n",
                        "a"),
                arguments(
                        "7.1.1",
                        "extensions of every form",
                        "1;a;b=c;d=\"\"; e ;f\r\nx\r\n0; f\t=\t\"\\\\\t!~\"\r\n\r\n",
                        "x"),
                arguments("7.1.2", "trailers", "0\r\nA: b\r\nC:\r\nD: \u00e4\r\n\r\n", ""),
                arguments("7.1.2", "a hundred trailers", "0\r\n" + "A:b\r\n".repeat(100) + "\r\n", ""),
                arguments("7.1.2", "a trailer with a long name", "0\r\n" + "x".repeat(100) + ": a\r\n\r\n", ""));
    }

    @ParameterizedTest(name = "RFC {0}: {1}")
    @MethodSource
    void refuses(String section, String what, String framed) {
        for (int cut = 0; cut <= framed.length(); cut++) {
            body.start(BodyFraming.CHUNKED, 0);

            int first = body.advance(buffer(framed.substring(0, cut)), null);
            int second = body.advance(buffer(framed.substring(cut) + "0\r\n\r\n"), null);
            assertThat(second).as("cut at " + cut).isEqualTo(BodyReader.MALFORMED);
            assertThat(first).isIn(cut, BodyReader.MALFORMED);
            assertThat(body.complete()).isFalse();
        }
    }

    static Stream<Arguments> refuses() {
        return Stream.of(
                arguments("9112 7.1", "no size", "\r\n"),
                arguments("9112 7.1", "a size that is no number", "g\r\n"),
                arguments("9112 7.1", "a prefix of hexadecimal numbers", "0x3\r\n"),
                arguments("9112 7.1", "a signed size", "+3\r\n"),
                arguments("9112 7.1", "a negative size", "-3\r\n"),
                arguments("9112 7.1", "whitespace before the size", " 3\r\n"),
                arguments("9112 7.1", "whitespace behind the size", "3 \r\n"),
                arguments("9112 7.1", "whitespace within the size", "3 3\r\n"),
                arguments("9112 7.1", "a size of 2 GiB", "80000000\r\n"),
                arguments("9112 7.1", "a size that 32 bits would cut to 4", "100000004\r\n"),
                arguments("9112 7.1", "a size of seventeen digits", "00000000000000003\r\n"),
                arguments("9112 7.1", "a size that would wrap around", "10000000000000003\r\n"),
                arguments("9112 7.1", "bare LF behind the size", "3\nabc\r\n"),
                arguments("9112 7.1", "bare CR behind the size", "3\rabc\r\n"),
                arguments("9112 7.1", "more data than announced", "3\r\nabcd\r\n"),
                arguments("9112 7.1", "bare LF behind the data", "3\r\nabc\n"),
                arguments("9112 7.1", "bare CR behind the data", "3\r\nabc\rx"),
                arguments("9112 7.1", "no line end behind the data", "3\r\nabc3\r\n"),
                arguments("9112 7.1.1", "bare LF in an extension", "3;a\nb\r\n"),
                arguments("9112 7.1.1", "bare CR in an extension", "3;a\rb\r\n"),
                arguments("9112 7.1.1", "a quoted line end in an extension", "3;a=\"\r\n\"\r\n"),
                arguments("9112 7.1.1", "no name of an extension", "3;\r\n"),
                arguments("9112 7.1.1", "an extension's value without name", "3;=a\r\n"),
                arguments("9112 7.1.1", "an extension without value", "3;a=\r\n"),
                arguments("9112 7.1.1", "an extension without value before the next", "3;a=;b\r\n"),
                arguments("9112 7.1.1", "whitespace behind an extension's name", "3;a \r\n"),
                arguments("9112 7.1.1", "whitespace behind an extension", "3;a=b \r\n"),
                arguments("9112 7.1.1", "whitespace behind a quoted extension", "3;a=\"b\" \r\n"),
                arguments("9112 7.1.1", "two names of one extension", "3;a b\r\n"),
                arguments("9112 7.1.1", "two values of one extension", "3;a=b c\r\n"),
                arguments("9112 7.1.1", "a token behind a quoted string", "3;a=\"b\"c\r\n"),
                arguments("9112 7.1.1", "a quote within a token", "3;a=b\"c\"\r\n"),
                arguments("9112 7.1.1", "an open quoted string", "3;a=\"b\r\nabc\r\n"),
                arguments("9112 7.1.1", "an escaped line end", "3;a=\"\\\r\n"),
                arguments("9112 7.1.1", "a byte beyond ASCII in an extension", "3;a=\"\u00e4\"\r\n"),
                arguments("9112 7.1.1", "NUL in an extension", "3;a\0\r\n"),
                arguments(
                        "9112 7.1.1",
                        "more than 4 KiB of extensions",
                        "1;" + "x".repeat(2048) + "\r\na\r\n1;" + "x".repeat(2049)),
                arguments("9112 7.1.1", "more than 4 KiB of whitespace", "1" + " ".repeat(4098)),
                arguments("9112 7.1.2", "bare LF ends the trailers", "0\r\n\n"),
                arguments("9112 7.1.2", "bare LF behind a trailer", "0\r\nA: b\n"),
                arguments("9112 7.1.2", "bare CR in a trailer", "0\r\nA: b\rc\r\n"),
                arguments("9110 5.5", "NUL in a trailer", "0\r\nA: \0\r\n"),
                arguments("9112 5.1", "whitespace before a trailer's colon", "0\r\nA : b\r\n"),
                arguments("9112 5.2", "a folded trailer", "0\r\nA: b\r\n c\r\n"),
                arguments("9110 5.1", "a trailer without name", "0\r\n: b\r\n"),
                arguments("9110 5.1", "a trailer without colon", "0\r\nA\r\n"),
                arguments("9110 6.5.1", "Content-Length as a trailer", "0\r\nContent-Length: 1\r\n"),
                arguments("9110 6.5.1", "Transfer-Encoding as a trailer", "0\r\ntransfer-encoding: chunked\r\n"),
                arguments("9110 6.5.1", "Host as a trailer", "0\r\nA: b\r\nHost: h\r\n"),
                arguments("9110 6.5.1", "X-Forwarded-For as a trailer", "0\r\nX-Forwarded-For: 1\r\n"),
                arguments(
                        "9110 6.5.1",
                        "a long name that starts as X-Forwarded",
                        "0\r\nX-Forwarded-" + "x".repeat(40) + ": 1\r\n"),
                arguments("6585 5", "a hundred and one trailers", "0\r\n" + "A:b\r\n".repeat(101)),
                arguments("6585 5", "more than 8 KiB of trailers", "0\r\nA: " + "b".repeat(8190)));
    }

    @ParameterizedTest(name = "RFC 9110 7.6.1: Connection: {0}, trailer {1}")
    @CsvSource({
        "X-Mine, X-Mine, false",
        "x-mine, X-MINE, false",
        "'close, X-Mine', X-Mine, false",
        "X-A-Name-That-Is-Longer-Than-Thirty-Two-Bytes, X-A-Name-That-Is-Longer-Than-Thirty-Two-Bytes, false",
        "X-Mine, X-Mine-Too, true",
        "X-Mine-Too, X-Mine, true",
        "X-Mine, X-Main, true",
        "close, X-Mine, true"
    })
    void refusesATrailerThatConnectionNames(String option, String trailer, boolean passes) {
        String fields = "Connection: " + option + "\r\nTransfer-Encoding: chunked\r\n\r\n";
        RequestHead request = new RequestHead(LIMITS);
        request.scan(buffer("POST / HTTP/1.1\r\nHost: h\r\n" + fields));
        ResponseHead response = new ResponseHead(LIMITS);
        response.scan(buffer("HTTP/1.1 200 OK\r\n" + fields), false);
        String framed = "0\r\nX-Sum: 1\r\n" + trailer + ": 1\r\n\r\n";

        body.start(request);
        assertThat(body.advance(buffer(framed), null)).isEqualTo(passes ? framed.length() : BodyReader.MALFORMED);
        assertThat(body.complete()).isEqualTo(passes);
        body.start(response);
        assertThat(body.advance(buffer(framed), null)).isEqualTo(passes ? framed.length() : BodyReader.MALFORMED);
        assertThat(body.error()).isEqualTo(passes ? null : BodyError.FORBIDDEN_TRAILER);
    }

    @Test
    void canBeUsedForTheNextMessage() {
        body.start(BodyFraming.CHUNKED, 0);
        assertThat(body.advance(buffer("x"), null)).isEqualTo(BodyReader.MALFORMED);

        body.start(BodyFraming.CHUNKED, 0);
        assertThat(body.advance(buffer("1\r\na\r\n0\r\n\r\n"), data)).isEqualTo(11);
        body.start(BodyFraming.LENGTH, 1);
        assertThat(body.advance(buffer("bc"), data)).isEqualTo(1);
        assertThat(text(data)).isEqualTo("ab");
        assertThat(body.dataBytes()).isEqualTo(1);
    }

    @Test
    void passesOverLargeChunksWhoseDataComesInPieces() {
        body.start(BodyFraming.CHUNKED, 0);

        assertThat(body.advance(buffer("7fffffff\r\n"), null)).isEqualTo(10);
        assertThat(body.advance(Unpooled.wrappedBuffer(new byte[100_000]), null))
                .isEqualTo(100_000);
        assertThat(body.dataBytes()).isEqualTo(100_000);
        assertThat(body.complete()).isFalse();
    }
}
