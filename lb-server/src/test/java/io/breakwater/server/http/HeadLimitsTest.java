package io.breakwater.server.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class HeadLimitsTest {

    @ParameterizedTest
    @CsvSource({
        "0, 1, 1, startLineBytes: 0 (expected: 1 to 16777216)",
        "16777217, 1, 1, startLineBytes: 16777217 (expected: 1 to 16777216)",
        "1, 0, 1, headersBytes: 0 (expected: 1 to 16777216)",
        "1, 16777217, 1, headersBytes: 16777217 (expected: 1 to 16777216)",
        "1, 1, 0, headerCount: 0 (expected: 1 to 16777216)",
        "1, 1, 16777217, headerCount: 16777217 (expected: 1 to 16777216)"
    })
    void anImpossibleLimitIsRefusedWithNameValueAndRule(int startLine, int headers, int count, String message) {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> new HeadLimits(startLine, headers, count))
                .withMessage(message);
    }

    @Test
    void theLimitsOfTheLimitsAreLegal() {
        assertThat(new HeadLimits(1, 1, 1).headerCount()).isEqualTo(1);
        assertThat(new HeadLimits(16_777_216, 16_777_216, 16_777_216).headersBytes())
                .isEqualTo(16_777_216);
    }
}
