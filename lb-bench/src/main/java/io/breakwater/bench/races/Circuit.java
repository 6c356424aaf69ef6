package io.breakwater.bench.races;

import io.breakwater.health.Outcome;
import io.breakwater.health.breaker.BreakerConfig;
import io.breakwater.health.breaker.CircuitBreaker;
import io.breakwater.health.breaker.CircuitState;
import io.breakwater.health.breaker.Permit;
import java.time.Duration;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicInteger;

/** A breaker whose transitions are counted, brought to where a race begins. Its clock is whatever its callers say. */
final class Circuit {
    /** The length of a cooldown, and of a lease. */
    static final long SPAN_NANOS = 1_000;

    private final AtomicInteger transitions = new AtomicInteger();
    private final CircuitBreaker breaker;

    private Circuit(int consecutiveFailures) {
        BreakerConfig config = new BreakerConfig(
                true, consecutiveFailures, Duration.ofNanos(SPAN_NANOS), 1, 1, Duration.ofNanos(SPAN_NANOS));
        this.breaker = new CircuitBreaker(config, () -> 0, transition -> transitions.incrementAndGet());
    }

    /** A closed circuit that so many failures in a row open. */
    static Circuit closed(int consecutiveFailures) {
        return new Circuit(consecutiveFailures);
    }

    /** A circuit that opened at 0 and is half-open since {@link #SPAN_NANOS}. One transition was counted. */
    static Circuit halfOpen() {
        Circuit circuit = new Circuit(1);
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

    int transitions() {
        return transitions.get();
    }
}
