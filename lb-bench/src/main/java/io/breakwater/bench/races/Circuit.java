package io.breakwater.bench.races;

import io.breakwater.health.Outcome;
import io.breakwater.health.breaker.BreakerConfig;
import io.breakwater.health.breaker.CircuitBreaker;
import io.breakwater.health.breaker.CircuitState;
import io.breakwater.health.breaker.Permit;
import io.breakwater.health.breaker.WindowConfig;
import io.breakwater.health.breaker.WindowCounts;
import java.time.Duration;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicInteger;

/** A breaker whose transitions are counted, brought to where a race begins. Its clock is whatever its callers say. */
final class Circuit {
    /** The length of a cooldown, and of a lease. */
    static final long SPAN_NANOS = 1_000;

    private final AtomicInteger transitions = new AtomicInteger();
    private final CircuitBreaker breaker;

    private Circuit(BreakerConfig config) {
        this.breaker = new CircuitBreaker(config, () -> 0, transition -> transitions.incrementAndGet());
    }

    /** A closed circuit that so many failures in a row open. */
    static Circuit closed(int consecutiveFailures) {
        return new Circuit(config(true, consecutiveFailures));
    }

    /**
     * A closed circuit that only its window opens: with half of its calls failed, once it holds so many.
     *
     * @param size calls, or seconds
     */
    static Circuit windowed(WindowConfig.Type type, int size, int minimumCalls) {
        return new Circuit(config(true, 0).with(window(type, size, minimumCalls)));
    }

    /** A circuit that nothing opens, with a window of so many calls. */
    static Circuit counting(int calls) {
        return new Circuit(config(false, 0).with(window(WindowConfig.Type.COUNT, calls, calls)));
    }

    private static WindowConfig window(WindowConfig.Type type, int size, int minimumCalls) {
        Duration length = Duration.ofSeconds(size);
        return new WindowConfig(type, size, length, minimumCalls, 0.5, 1, length);
    }

    private static BreakerConfig config(boolean enabled, int consecutiveFailures) {
        Duration span = Duration.ofNanos(SPAN_NANOS);
        return new BreakerConfig(enabled, consecutiveFailures, span, 1, 1, span);
    }

    /** A circuit that opened at 0 and is half-open since {@link #SPAN_NANOS}. One transition was counted. */
    static Circuit halfOpen() {
        Circuit circuit = closed(1);
        circuit.fail();
        return circuit;
    }

    CircuitBreaker breaker() {
        return breaker;
    }

    Permit acquire(long now) {
        return Objects.requireNonNull(breaker.tryAcquire(now), "permit");
    }

    void fail() {
        fail(acquire(0), 0);
    }

    static void fail(Permit permit, long now) {
        permit.record(Outcome.FAILURE_STATUS, 0, now);
    }

    static void succeed(Permit permit, long now) {
        permit.record(Outcome.SUCCESS, 0, now);
    }

    /** 1 for a permit, 0 for a refusal. */
    int tryAcquire(long now) {
        return breaker.tryAcquire(now) == null ? 0 : 1;
    }

    CircuitState state(long now) {
        return breaker.state(now);
    }

    /** What the window holds at {@code now}, or held when it opened the circuit. */
    WindowCounts window(long now) {
        return Objects.requireNonNull(breaker.snapshot(now).window(), "window");
    }

    int transitions() {
        return transitions.get();
    }
}
