package io.breakwater.bench.breaker;

import io.breakwater.health.breaker.BreakerConfig;
import io.breakwater.health.breaker.BreakerListener;
import io.breakwater.health.breaker.CircuitBreaker;
import io.breakwater.health.breaker.WindowConfig;
import io.breakwater.time.Ticker;
import io.github.resilience4j.circuitbreaker.CircuitBreakerConfig;
import io.github.resilience4j.circuitbreaker.CircuitBreakerConfig.SlidingWindowSynchronizationStrategy;
import io.github.resilience4j.circuitbreaker.CircuitBreakerConfig.SlidingWindowType;
import java.time.Duration;

/** Breakers of both makes whose windows are alike, and whose circuits no benchmark opens. */
final class Windows {
    private static final int MINIMUM_CALLS = 20;
    private static final double FAILURE_RATE = 0.5;
    private static final double SLOW_CALL_RATE = 1;
    private static final Duration SLOW_CALL_DURATION = Duration.ofSeconds(3);

    private Windows() {}

    static CircuitBreaker breakwater(String window, Ticker ticker) {
        WindowConfig config = new WindowConfig(
                isTime(window) ? WindowConfig.Type.TIME : WindowConfig.Type.COUNT,
                size(window),
                Duration.ofSeconds(size(window)),
                Math.min(MINIMUM_CALLS, size(window)),
                FAILURE_RATE,
                SLOW_CALL_RATE,
                SLOW_CALL_DURATION);
        BreakerConfig onlyWindow =
                new BreakerConfig(true, 0, Duration.ofSeconds(5), 1, 1, Duration.ofSeconds(10)).with(config);
        return new CircuitBreaker(onlyWindow, ticker, BreakerListener.NONE);
    }

    static io.github.resilience4j.circuitbreaker.CircuitBreaker resilience4j(
            String window, SlidingWindowSynchronizationStrategy strategy) {
        CircuitBreakerConfig config = CircuitBreakerConfig.custom()
                .slidingWindow(
                        size(window),
                        Math.min(MINIMUM_CALLS, size(window)),
                        isTime(window) ? SlidingWindowType.TIME_BASED : SlidingWindowType.COUNT_BASED,
                        strategy)
                .failureRateThreshold((float) (FAILURE_RATE * 100))
                .slowCallRateThreshold((float) (SLOW_CALL_RATE * 100))
                .slowCallDurationThreshold(SLOW_CALL_DURATION)
                .build();
        return io.github.resilience4j.circuitbreaker.CircuitBreaker.of("backend", config);
    }

    /** {@code count-100} is a window of 100 calls, {@code time-10} one of 10 seconds. */
    private static boolean isTime(String window) {
        return window.startsWith("time-");
    }

    private static int size(String window) {
        return Integer.parseInt(window.substring(window.indexOf('-') + 1));
    }
}
