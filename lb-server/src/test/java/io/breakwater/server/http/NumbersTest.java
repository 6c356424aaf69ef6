package io.breakwater.server.http;

import static io.breakwater.server.http.RequestHeadTest.text;
import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class NumbersTest {

    @ParameterizedTest
    @ValueSource(longs = {0, 1, 9, 10, 11, 99, 100, 101, 1_234_567_890, 999_999_999_999L, Long.MAX_VALUE})
    void aNumberIsWrittenAsItsDigits(long value) {
        ByteBuf out = Unpooled.buffer();

        Numbers.write(out, value);
        assertThat(text(out)).isEqualTo(Long.toString(value));
    }

    @ParameterizedTest
    @ValueSource(strings = {"0", "7", "007", "10", "9223372036854775807"})
    void digitsAreReadAsANumber(String digits) {
        byte[] bytes = Ascii.bytes("1" + digits + "1");

        assertThat(MessageHead.parseDigits(bytes, 1, bytes.length - 1)).isEqualTo(Long.parseLong(digits));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"", "-1", "+1", " 1", "1 ", "/", ":", "1a", "0x1", "9223372036854775808", "99999999999999999999"
            })
    void anythingElseIsNoNumber(String text) {
        byte[] bytes = Ascii.bytes("1" + text + "1");

        assertThat(MessageHead.parseDigits(bytes, 1, bytes.length - 1)).isNegative();
    }
}
