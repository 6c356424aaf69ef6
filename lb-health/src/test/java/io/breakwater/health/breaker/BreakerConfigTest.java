package io.breakwater.health.breaker;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class BreakerConfigTest {

    @ParameterizedTest
    @CsvSource({
        "-1, PT5S, 1, 1, PT10S, consecutive-failures: -1 (expected: >= 0)",
        "3, PT0S, 1, 1, PT10S, cooldown: PT0S (expected: > 0s and <= 365d)",
        "3, PT-1S, 1, 1, PT10S, cooldown: PT-1S (expected: > 0s and <= 365d)",
        "3, P366D, 1, 1, PT10S, cooldown: PT8784H (expected: > 0s and <= 365d)",
        "3, PT5S, 0, 1, PT10S, half-open.concurrent-probes: 0 (expected: >= 1)",
        "3, PT5S, 1, 0, PT10S, half-open.successes-to-close: 0 (expected: >= 1)",
        "3, PT5S, 1, 1, PT0S, half-open.probe-timeout: PT0S (expected: > 0s and <= 365d)",
        "3, PT5S, 1, 1, P1000000D, half-open.probe-timeout: PT24000000H (expected: > 0s and <= 365d)"
    })
    void anImpossibleValueIsRefusedWithKeyValueAndRule(
            int failures, Duration cooldown, int probes, int successes, Duration lease, String message) {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> new BreakerConfig(true, failures, cooldown, probes, successes, lease))
                .withMessage(message);
    }

    @Test
    void theLimitsThemselvesAreLegal() {
        var config = new BreakerConfig(true, 0, Duration.ofDays(365), 1, 1, Duration.ofNanos(1));

        assertThat(config.cooldown()).isEqualTo(Duration.ofDays(365));
    }
}
