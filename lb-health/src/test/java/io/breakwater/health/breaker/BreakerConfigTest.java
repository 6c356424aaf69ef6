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

    @Test
    void inAnotherModeOrWithAnotherWindowEverythingElseIsTheSame() {
        var config = growing(2, Duration.ofSeconds(70), 0.5);
        var window =
                new WindowConfig(WindowConfig.Type.COUNT, 9, Duration.ofSeconds(1), 1, 1, 1, Duration.ofSeconds(1));

        var changed = config.with(BreakerConfig.Mode.OBSERVE).with(window);
        assertThat(changed.mode()).isEqualTo(BreakerConfig.Mode.OBSERVE);
        assertThat(changed.window()).isEqualTo(window);
        assertThat(changed.with(config.mode()).with(config.window())).isEqualTo(config);
    }

    @ParameterizedTest
    @CsvSource({
        "0.99, PT60S, 0, cooldown-multiplier: 0.99 (expected: >= 1 and <= 100)",
        "100.01, PT60S, 0, cooldown-multiplier: 100.01 (expected: >= 1 and <= 100)",
        "NaN, PT60S, 0, cooldown-multiplier: NaN (expected: >= 1 and <= 100)",
        "1, PT0S, 0, cooldown-max: PT0S (expected: > 0s and <= 365d)",
        "1, P366D, 0, cooldown-max: PT8784H (expected: > 0s and <= 365d)",
        "1, PT60S, -0.01, cooldown-jitter: -0.01 (expected: >= 0 and <= 1)",
        "1, PT60S, 1.01, cooldown-jitter: 1.01 (expected: >= 0 and <= 1)"
    })
    void aCooldownGrowsByBoundedSteps(double multiplier, Duration max, double jitter, String message) {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> growing(multiplier, max, jitter))
                .withMessage(message);
    }

    @ParameterizedTest
    @CsvSource({"1, PT0.000000001S, 0", "100, P365D, 1"})
    void aCooldownMayGrowByTheLimitsThemselves(double multiplier, Duration max, double jitter) {
        var config = growing(multiplier, max, jitter);

        assertThat(config.cooldownMultiplier()).isEqualTo(multiplier);
        assertThat(config.cooldownMax()).isEqualTo(max);
        assertThat(config.cooldownJitter()).isEqualTo(jitter);
    }

    private static BreakerConfig growing(double multiplier, Duration max, double jitter) {
        return new BreakerConfig(
                true,
                BreakerConfig.Mode.ENFORCE,
                3,
                WindowConfig.NONE,
                Duration.ofSeconds(5),
                multiplier,
                max,
                jitter,
                1,
                1,
                Duration.ofSeconds(10));
    }

    @ParameterizedTest
    @CsvSource({
        "COUNT, 0, PT10S, 1, 0.5, 1, PT3S, window.calls: 0 (expected: >= 1 and <= 100000)",
        "COUNT, 100001, PT10S, 1, 0.5, 1, PT3S, window.calls: 100001 (expected: >= 1 and <= 100000)",
        "TIME, 9, PT0.999S, 1, 0.5, 1, PT3S, 'window.duration: PT0.999S (expected: whole seconds, from 1s to 24h)'",
        "TIME, 9, PT1.5S, 1, 0.5, 1, PT3S, 'window.duration: PT1.5S (expected: whole seconds, from 1s to 24h)'",
        "TIME, 9, PT24H1S, 1, 0.5, 1, PT3S, 'window.duration: PT24H1S (expected: whole seconds, from 1s to 24h)'",
        "TIME, 9, PT10S, 0, 0.5, 1, PT3S, window.minimum-calls: 0 (expected: >= 1)",
        "COUNT, 9, PT10S, 10, 0.5, 1, PT3S, window.minimum-calls: 10 (expected: <= window.calls)",
        "COUNT, 9, PT10S, 1, 0, 1, PT3S, window.failure-rate: 0.0 (expected: > 0 and <= 1)",
        "COUNT, 9, PT10S, 1, 1.01, 1, PT3S, window.failure-rate: 1.01 (expected: > 0 and <= 1)",
        "COUNT, 9, PT10S, 1, 0.5, 0, PT3S, window.slow-call-rate: 0.0 (expected: > 0 and <= 1)",
        "COUNT, 9, PT10S, 1, 0.5, 1.01, PT3S, window.slow-call-rate: 1.01 (expected: > 0 and <= 1)",
        "COUNT, 9, PT10S, 1, 0.5, 1, PT0S, window.slow-call-duration: PT0S (expected: > 0s and <= 365d)"
    })
    void anImpossibleWindowIsRefusedWithKeyValueAndRule(
            WindowConfig.Type type,
            int calls,
            Duration duration,
            int minimum,
            double failureRate,
            double slowCallRate,
            Duration slow,
            String message) {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> new WindowConfig(type, calls, duration, minimum, failureRate, slowCallRate, slow))
                .withMessage(message);
    }

    @ParameterizedTest
    @CsvSource({"COUNT, 1, PT1S, 1", "COUNT, 100000, PT24H, 100000", "TIME, 1, PT1S, 2147483647", "NONE, 1, PT1S, 2"})
    void theLimitsOfAWindowThemselvesAreLegal(WindowConfig.Type type, int calls, Duration duration, int minimum) {
        var window = new WindowConfig(type, calls, duration, minimum, 1, 1, Duration.ofNanos(1));

        assertThat(window.minimumCalls()).isEqualTo(minimum);
    }
}
