package io.breakwater.server.http;

import static io.breakwater.server.http.RequestHeadTest.buffer;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.junit.jupiter.params.provider.Arguments.arguments;

import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What is said to be wrong with a chunked body, and that it is not said of the next one. */
class BodyErrorTest {
    private final BodyReader body = new BodyReader();

    @ParameterizedTest(name = "{0}: {1}")
    @MethodSource
    void tellsWhatIsWrong(BodyError why, String framed) {
        body.start(BodyFraming.CHUNKED, 0);
        assertThat(body.error()).isNull();

        assertThat(body.advance(buffer(framed + "\r\n\r\n"), null)).isEqualTo(BodyReader.MALFORMED);
        assertThat(body.error()).isEqualTo(why);
        assertThat(body.advance(buffer("0\r\n\r\n"), null)).isEqualTo(BodyReader.MALFORMED);
        assertThat(body.complete()).isFalse();

        body.start(BodyFraming.CHUNKED, 0);
        assertThat(body.error()).isNull();
        assertThat(body.advance(buffer("1\r\na\r\n0\r\n\r\n"), null)).isEqualTo(11);
        assertThat(body.complete()).isTrue();
    }

    static Stream<Arguments> tellsWhatIsWrong() {
        return Stream.of(
                arguments(BodyError.INVALID_SIZE, ""),
                arguments(BodyError.INVALID_SIZE, ";a"),
                arguments(BodyError.INVALID_SIZE, "3x"),
                arguments(BodyError.INVALID_SIZE, "80000000"),
                arguments(BodyError.INVALID_SIZE, "00000000000000001"),
                arguments(BodyError.INVALID_EXTENSION, "3 x"),
                arguments(BodyError.INVALID_EXTENSION, "3;"),
                arguments(BodyError.INVALID_EXTENSION, "3;a b"),
                arguments(BodyError.INVALID_EXTENSION, "3;a ;b "),
                arguments(BodyError.INVALID_EXTENSION, "3;a=(b)"),
                arguments(BodyError.INVALID_EXTENSION, "3;a=\"\u007f\""),
                arguments(BodyError.INVALID_EXTENSION, "3;a=\"\\\u001f\""),
                arguments(BodyError.INVALID_EXTENSION, "3;a=\"b\"c"),
                arguments(BodyError.DATA_TOO_LONG, "3\r\nabcd"),
                arguments(BodyError.DATA_TOO_LONG, "3\r\nabc\n"),
                arguments(BodyError.BARE_LINE_END, "3\n"),
                arguments(BodyError.BARE_LINE_END, "3\r;"),
                arguments(BodyError.BARE_LINE_END, "3;a\n"),
                arguments(BodyError.BARE_LINE_END, "3\r\nabc\ra"),
                arguments(BodyError.BARE_LINE_END, "0\r\n\n"),
                arguments(BodyError.BARE_LINE_END, "0\r\n\ra"),
                arguments(BodyError.BARE_LINE_END, "0\r\nA\n"),
                arguments(BodyError.BARE_LINE_END, "0\r\nA: b\n"),
                arguments(BodyError.BARE_LINE_END, "0\r\nA: b\rc"),
                arguments(BodyError.CONTROL_BYTE, "0\r\nA: b\0"),
                arguments(BodyError.CONTROL_BYTE, "0\r\nA: \u007f"),
                arguments(BodyError.EXTENSIONS_TOO_LARGE, "1;" + "x".repeat(4096)),
                arguments(BodyError.INVALID_TRAILER_NAME, "0\r\nA b: c"),
                arguments(BodyError.INVALID_TRAILER_NAME, "0\r\n: c"),
                arguments(BodyError.INVALID_TRAILER_NAME, "0\r\nA"),
                arguments(BodyError.FORBIDDEN_TRAILER, "0\r\nHost: h"),
                arguments(BodyError.TRAILERS_TOO_LARGE, "0\r\n" + "A:b\r\n".repeat(100) + "A"),
                arguments(BodyError.TRAILERS_TOO_LARGE, "0\r\n" + "x".repeat(8193)),
                arguments(BodyError.TRAILERS_TOO_LARGE, "0\r\nA:" + "b".repeat(8191)));
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource
    void takesAsMuchAsIsAllowed(String what, String framed) {
        body.start(BodyFraming.CHUNKED, 0);

        assertThat(body.advance(buffer(framed), null)).isEqualTo(framed.length());
        assertThat(body.error()).isNull();
        assertThat(body.complete()).isEqualTo(framed.endsWith("\r\n\r\n"));
    }

    static Stream<Arguments> takesAsMuchAsIsAllowed() {
        return Stream.of(
                arguments(
                        "4 KiB of extension, counted from the semicolon to the CR",
                        "0;" + "x".repeat(4095) + "\r\n\r\n"),
                arguments("8 KiB of trailers, colons and line ends apart", "0\r\nA:" + "b".repeat(8190) + "\r\n\r\n"),
                arguments("a hundred trailers", "0\r\n" + "A:b\r\n".repeat(100) + "\r\n"),
                arguments("the largest size", "7fffffff\r\n"),
                arguments("whitespace on both sides of the equals sign", "0;a \t =\t b\r\n\r\n"),
                arguments("as many digits as 64 bits have", "0000000000000000\r\n\r\n"),
                arguments("every byte that a quoted string may hold", "0;a=\"\t !#[]~\\\"\\\\\\\t\"\r\n\r\n"));
    }

    @Test
    void theExtensionsOfOneMessageAreNotThoseOfTheNext() {
        String framed = "0;" + "x".repeat(3000) + "\r\n\r\n";
        for (int message = 0; message < 3; message++) {
            body.start(BodyFraming.CHUNKED, 0);

            assertThat(body.advance(buffer(framed), null)).isEqualTo(framed.length());
        }
    }

    @Test
    void theTrailersOfOneMessageAreNotThoseOfTheNext() {
        String framed = "0\r\n" + ("A: " + "b".repeat(60) + "\r\n").repeat(90) + "\r\n";
        for (int message = 0; message < 3; message++) {
            body.start(BodyFraming.CHUNKED, 0);

            assertThat(body.advance(buffer(framed), null)).isEqualTo(framed.length());
        }
    }

    @Test
    void nothingBelongsToALineOrASectionThatHasEnded() {
        var line = new ChunkLine();
        line.startMessage();
        assertThat(line.ends((byte) '0')).isFalse();
        assertThat(line.ends((byte) '\r')).isFalse();
        assertThat(line.ends((byte) '\n')).isTrue();
        var trailers = new TrailerSection();
        assertThat(trailers.ends((byte) '\r')).isFalse();
        assertThat(trailers.ends((byte) '\n')).isTrue();

        assertThatIllegalStateException()
                .isThrownBy(() -> line.ends((byte) '0'))
                .withMessage("END");
        assertThatIllegalStateException()
                .isThrownBy(() -> trailers.ends((byte) 'A'))
                .withMessage("END");
    }

    @ParameterizedTest(name = "{0}")
    @ValueSource(strings = {"x", "ffffffff", "0x", "0\rx", "0;=", "0;a=\n"})
    void nothingBelongsToALineThatIsBroken(String broken) {
        var line = new ChunkLine();
        line.startMessage();
        for (byte b : Ascii.bytes(broken)) {
            assertThat(line.ends(b)).isFalse();
        }

        assertThat(line.error()).isNotNull();
        assertThatIllegalStateException()
                .isThrownBy(() -> line.ends((byte) '0'))
                .withMessage("BROKEN");
    }

    @ParameterizedTest(name = "{0}")
    @ValueSource(strings = {":", "A ", "A:\n", "A:b\rx", "\rx", "Host:"})
    void nothingBelongsToASectionThatIsBroken(String broken) {
        var trailers = new TrailerSection();
        for (byte b : Ascii.bytes(broken)) {
            assertThat(trailers.ends(b)).isFalse();
        }

        assertThat(trailers.error()).isNotNull();
        assertThatIllegalStateException()
                .isThrownBy(() -> trailers.ends((byte) 'A'))
                .withMessage("BROKEN");
    }

    @Test
    void aLengthOfZeroIsCompleteAtOnce() {
        body.start(BodyFraming.LENGTH, 0);

        assertThat(body.complete()).isTrue();
        assertThat(body.advance(buffer("GET"), null)).isZero();
    }

    @Test
    void whatEndsWithTheConnectionIsCountedFromTheReaderIndex() {
        body.start(BodyFraming.CLOSE, 0);

        assertThat(body.advance(buffer("xxabc").skipBytes(2), null)).isEqualTo(3);
        assertThat(body.dataBytes()).isEqualTo(3);
        assertThat(body.advance(buffer(""), null)).isZero();
    }

    @Test
    void aLengthBeyondWhatAnIntegerHoldsIsCountedDown() {
        body.start(BodyFraming.LENGTH, 0x1_0000_0002L);

        assertThat(body.advance(buffer("abc"), null)).isEqualTo(3);
        assertThat(body.complete()).isFalse();
        assertThat(body.dataBytes()).isEqualTo(3);
    }
}
