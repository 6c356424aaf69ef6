package io.breakwater.server.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class StatusRangesTest {

    @Test
    void containsExactlyItsStatuses() {
        StatusRanges ranges = new StatusRanges(List.of("500-599", "429", "100-101"));

        assertThat(IntStream.rangeClosed(-100, 2000).filter(ranges::contains))
                .containsExactlyElementsOf(
                        IntStream.concat(IntStream.of(100, 101, 429), IntStream.rangeClosed(500, 599))
                                .boxed()
                                .toList());
    }

    @Test
    void noRangesContainNothing() {
        assertThat(IntStream.rangeClosed(0, 1000).filter(new StatusRanges(List.of())::contains))
                .isEmpty();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "99",
                "600",
                "50",
                "5000",
                "5xx",
                "500-",
                "-599",
                "599-500",
                "500-600",
                "500 - 599",
                "500-510-520"
            })
    void refuses(String range) {
        assertThatIllegalArgumentException().isThrownBy(() -> new StatusRanges(List.of(range)));
    }
}
