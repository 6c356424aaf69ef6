package io.breakwater.bench.breaker;

import io.breakwater.health.Outcome;
import io.breakwater.health.breaker.BreakerConfig;
import io.breakwater.health.breaker.BreakerListener;
import io.breakwater.health.breaker.Permit;
import io.breakwater.time.Ticker;
import io.github.resilience4j.circuitbreaker.CircuitBreaker;
import io.github.resilience4j.circuitbreaker.CircuitBreakerConfig;
import io.github.resilience4j.circuitbreaker.CircuitBreakerConfig.SlidingWindowType;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Threads;
import org.openjdk.jmh.annotations.Warmup;

/**
 * One successful request through a closed circuit that three failures open: a permit, and its outcome, with the clock
 * readings that a caller must make ({@code clock=needed}). Ours decides by failures in a row, so it needs none before a
 * failure; resilience4j takes the duration of every call into its window, so its caller reads the clock before and after.
 * Beside that both with two readings ({@code clock=read}), which is what a caller pays who times its requests anyway and
 * would like to forget it, and with none ({@code clock=given}), which shows the breakers alone.
 */
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@State(Scope.Benchmark)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(3)
public class AcquireAndRecord {
    @Param({"needed", "read", "given"})
    String clock = "";

    private final Ticker ticker = Ticker.system();
    private boolean oursReads;
    private boolean theirsReads;
    private final io.breakwater.health.breaker.CircuitBreaker breakwater =
            new io.breakwater.health.breaker.CircuitBreaker(BreakerConfig.DEFAULT, ticker, BreakerListener.NONE);
    private final CircuitBreaker resilience4j = CircuitBreaker.of(
            "backend",
            CircuitBreakerConfig.custom()
                    .slidingWindow(3, 3, SlidingWindowType.COUNT_BASED)
                    .failureRateThreshold(100)
                    .build());

    @Setup
    public void chooseClock() {
        oursReads = clock.equals("read");
        theirsReads = !clock.equals("given");
    }

    @Benchmark
    @Threads(1)
    public boolean breakwater1(Exchange exchange) {
        return breakwater(exchange);
    }

    @Benchmark
    @Threads(2)
    public boolean breakwater2(Exchange exchange) {
        return breakwater(exchange);
    }

    @Benchmark
    @Threads(1)
    public boolean resilience4j1(Exchange exchange) {
        return resilience4j(exchange);
    }

    @Benchmark
    @Threads(2)
    public boolean resilience4j2(Exchange exchange) {
        return resilience4j(exchange);
    }

    private boolean breakwater(Exchange exchange) {
        long start = oursReads ? ticker.read() : 0;
        Permit permit = breakwater.tryAcquire();
        if (permit == null) {
            return false;
        }
        exchange.permit = permit;
        exchange.start = start;
        long end = oursReads ? ticker.read() : 0;
        permit.record(Outcome.SUCCESS, end - exchange.start);
        return true;
    }

    private boolean resilience4j(Exchange exchange) {
        if (!resilience4j.tryAcquirePermission()) {
            return false;
        }
        exchange.start = theirsReads ? resilience4j.getCurrentTimestamp() : 0;
        long end = theirsReads ? resilience4j.getCurrentTimestamp() : 0;
        resilience4j.onSuccess(end - exchange.start, resilience4j.getTimestampUnit());
        return true;
    }

    /** Holds what a request keeps until its response is there, so that the compiler cannot do without it. */
    @State(Scope.Thread)
    public static class Exchange {
        @Nullable
        Permit permit;

        long start;
    }
}
