package io.breakwater.bench.breaker;

import io.breakwater.health.Outcome;
import io.breakwater.health.breaker.Permit;
import io.breakwater.time.Ticker;
import io.github.resilience4j.circuitbreaker.CircuitBreaker;
import io.github.resilience4j.circuitbreaker.CircuitBreakerConfig.SlidingWindowSynchronizationStrategy;
import java.util.Objects;
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
 * One call through a closed circuit with a window: a permit, and its outcome with the time it took. Window, rates and
 * minimum are the same on both sides, and nothing reaches the rates; resilience4j runs with both of its ways to guard a
 * window.
 *
 * <p>A window judges slowness, so who makes the call reads the clock before and after it: {@code success} and
 * {@code failures}, where one call in a hundred fails, have both readings on both sides. {@code given} has neither, for
 * callers that time their calls anyway, and shows the breakers alone. A reading that a breaker makes itself is always in.
 */
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@State(Scope.Benchmark)
@Warmup(iterations = 2, time = 250, timeUnit = TimeUnit.MILLISECONDS)
@Measurement(iterations = 5, time = 250, timeUnit = TimeUnit.MILLISECONDS)
@Fork(2)
public class WindowedCall {
    private static final int CALLS_PER_FAILURE = 100;

    @Param({"count-100", "time-10"})
    String window = "";

    @Param({"success", "failures", "given"})
    String calls = "";

    private final Ticker ticker = Ticker.system();
    private final RuntimeException failure = new IllegalStateException("a call failed");
    private boolean reads;
    private boolean fails;
    private long given;
    private io.breakwater.health.breaker.@Nullable CircuitBreaker breakwater;
    private @Nullable CircuitBreaker synchronised;
    private @Nullable CircuitBreaker lockFree;

    @Setup
    public void build() {
        reads = !calls.equals("given");
        fails = calls.equals("failures");
        given = ticker.read();
        breakwater = Windows.breakwater(window, ticker);
        synchronised = Windows.resilience4j(window, SlidingWindowSynchronizationStrategy.SYNCHRONIZED);
        lockFree = Windows.resilience4j(window, SlidingWindowSynchronizationStrategy.LOCK_FREE);
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
    public boolean synchronised1(Exchange exchange) {
        return resilience4j(Objects.requireNonNull(synchronised), exchange);
    }

    @Benchmark
    @Threads(2)
    public boolean synchronised2(Exchange exchange) {
        return resilience4j(Objects.requireNonNull(synchronised), exchange);
    }

    @Benchmark
    @Threads(1)
    public boolean lockFree1(Exchange exchange) {
        return resilience4j(Objects.requireNonNull(lockFree), exchange);
    }

    @Benchmark
    @Threads(2)
    public boolean lockFree2(Exchange exchange) {
        return resilience4j(Objects.requireNonNull(lockFree), exchange);
    }

    private boolean breakwater(Exchange exchange) {
        long start = reads ? ticker.read() : given;
        Permit permit = Objects.requireNonNull(breakwater).tryAcquire(start);
        if (permit == null) {
            return false;
        }
        exchange.permit = permit;
        exchange.start = start;
        long end = reads ? ticker.read() : given;
        permit.record(
                fails && exchange.isDueToFail() ? Outcome.FAILURE_STATUS : Outcome.SUCCESS, end - exchange.start, end);
        return true;
    }

    private boolean resilience4j(CircuitBreaker breaker, Exchange exchange) {
        if (!breaker.tryAcquirePermission()) {
            return false;
        }
        exchange.start = reads ? breaker.getCurrentTimestamp() : given;
        long took = (reads ? breaker.getCurrentTimestamp() : given) - exchange.start;
        if (fails && exchange.isDueToFail()) {
            breaker.onError(took, breaker.getTimestampUnit(), failure);
        } else {
            breaker.onSuccess(took, breaker.getTimestampUnit());
        }
        return true;
    }

    /** Holds what a request keeps until its response is there, so that the compiler cannot do without it. */
    @State(Scope.Thread)
    public static class Exchange {
        @Nullable
        Permit permit;

        long start;
        private int calls;

        boolean isDueToFail() {
            calls = calls == CALLS_PER_FAILURE ? 1 : calls + 1;
            return calls == CALLS_PER_FAILURE;
        }
    }
}
