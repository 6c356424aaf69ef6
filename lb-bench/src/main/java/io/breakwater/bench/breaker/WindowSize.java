package io.breakwater.bench.breaker;

import io.breakwater.health.Outcome;
import io.breakwater.health.breaker.CircuitBreaker;
import io.breakwater.health.breaker.Permit;
import io.breakwater.time.Ticker;
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
import org.openjdk.jmh.annotations.Warmup;

/**
 * One successful call through a closed circuit, by how much its window holds. A clock of its own moves on by a hundredth
 * of a second per call, so that one call in a hundred begins a new second and drops an old one: far more than under any
 * load, lest that part be lost among the others.
 */
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@State(Scope.Thread)
@Warmup(iterations = 2, time = 250, timeUnit = TimeUnit.MILLISECONDS)
@Measurement(iterations = 5, time = 250, timeUnit = TimeUnit.MILLISECONDS)
@Fork(1)
public class WindowSize {
    private static final long NANOS_PER_CALL = TimeUnit.MILLISECONDS.toNanos(10);

    @Param({"count-10", "count-100", "count-1000", "count-10000", "time-10", "time-100", "time-1000", "time-10000"})
    String window = "";

    private @Nullable CircuitBreaker breaker;
    private long now;

    @Nullable
    Permit permit;

    @Setup
    public void build() {
        now = Ticker.system().read();
        breaker = Windows.breakwater(window, () -> now);
    }

    @Benchmark
    public boolean breakwater() {
        now += NANOS_PER_CALL;
        Permit given = Objects.requireNonNull(breaker).tryAcquire(now);
        if (given == null) {
            return false;
        }
        // Kept as a request keeps it, so that the compiler cannot do without it.
        permit = given;
        given.record(Outcome.SUCCESS, 1, now);
        return true;
    }
}
