package io.breakwater.server.http;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import java.util.Locale;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** All 256 bytes against the words of the RFCs. */
class AsciiTest {
    private static final String DIGITS = "0123456789";
    private static final String LETTERS = "abcdefghijklmnopqrstuvwxyz";
    private static final String TOKEN = "!#$%&'*+-.^_`|~" + DIGITS + LETTERS + LETTERS.toUpperCase(Locale.ROOT);

    @Test
    void aTokenIsMadeOfTheCharactersOfRfc9110Section562() {
        for (int c = 0; c < 256; c++) {
            int lower = TOKEN.indexOf(c) < 0 ? 0 : Character.toLowerCase((char) c);
            assertThat(Ascii.tokenLower((byte) c)).as("%02x", c).isEqualTo((byte) lower);
        }
    }

    @Test
    void aFieldValueIsMadeOfTheBytesOfRfc9110Section55() {
        for (int c = 0; c < 256; c++) {
            boolean text = c == '\t' || c == ' ' || (c > ' ' && c < 0x7f) || c >= 0x80;
            assertThat(Ascii.isText((byte) c)).as("%02x", c).isEqualTo(text);
            assertThat(Ascii.isWhitespace((byte) c)).as("%02x", c).isEqualTo(c == ' ' || c == '\t');
        }
    }

    @Test
    void digitsAreDecimalOrHexadecimal() {
        for (int c = 0; c < 256; c++) {
            assertThat(Ascii.isDigit((byte) c)).as("%02x", c).isEqualTo(DIGITS.indexOf(c) >= 0);
            assertThat(Ascii.hexValue((byte) c))
                    .as("%02x", c)
                    .isEqualTo("0123456789abcdef".indexOf(Character.toLowerCase((char) c)));
        }
    }

    /** Wherever it is among text of any kind, and wherever one begins to look and stops. */
    @Test
    void textEndsAtTheFirstByteThatIsNone() {
        for (int filler : new int[] {' ', 'a', '~', 0x80, 0xff}) {
            for (int other = 0; other < 256; other++) {
                for (int at = 0; at < 20; at++) {
                    byte[] bytes = new byte[20];
                    Arrays.fill(bytes, (byte) filler);
                    bytes[at] = (byte) other;
                    for (int from = 0; from <= 4; from++) {
                        for (int to = 16; to <= 20; to++) {
                            boolean ends = at >= from && at < to && !Ascii.isText((byte) other);
                            assertThat(Ascii.endOfText(bytes, from, to)).isEqualTo(ends ? at : to);
                        }
                    }
                }
            }
        }
    }

    @Test
    void textThatStartsWhereItMustEndIsEmpty() {
        byte[] text = Ascii.bytes("abcdefghij");

        assertThat(Ascii.endOfText(text, 3, 3)).isEqualTo(3);
        assertThat(Ascii.endOfText(text, 10, 10)).isEqualTo(10);
    }

    @ParameterizedTest(name = "{0} [{1}, {2}) = {3}: {4}")
    @CsvSource({
        "close, 0, 5, close, true",
        "CLOSE, 0, 5, close, true",
        "closed, 0, 6, close, false",
        "clos, 0, 4, close, false",
        "xclosex, 1, 6, close, true",
        "xclosex, 0, 5, close, false",
        "close, 0, 5, closf, false",
        "close, 0, 5, dlose, false",
        "close, 0, 0, '', true",
        "keep@alive, 0, 10, keep-alive, false"
    })
    void wordsAreEqualWhateverTheirCase(String text, int from, int to, String lower, boolean equal) {
        assertThat(Ascii.equalsIgnoreCase(Ascii.bytes(text), from, to, Ascii.bytes(lower)))
                .isEqualTo(equal);
    }

    @ParameterizedTest(name = "{0} from {1} and {2} from {3}, {4} bytes: {5}")
    @CsvSource({
        "Abc, 0, aBC, 0, 3, true",
        "abx, 0, aby, 0, 2, true",
        "abx, 0, aby, 0, 3, false",
        "ab, 0, cb, 0, 2, false",
        "xab, 1, ab, 0, 2, true",
        "ab, 0, xxab, 2, 2, true",
        "a, 0, b, 0, 0, true"
    })
    void tokensAreTheSameWhateverTheirCase(
            String text, int from, String other, int otherFrom, int length, boolean same) {
        assertThat(Ascii.sameToken(Ascii.bytes(text), from, Ascii.bytes(other), otherFrom, length))
                .isEqualTo(same);
    }
}
