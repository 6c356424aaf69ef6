package io.breakwater.health.breaker;

import static org.assertj.core.api.Assertions.assertThat;

import io.breakwater.health.Outcome;
import io.breakwater.time.ManualTicker;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Objects;
import java.util.Random;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.LongStream;
import org.jspecify.annotations.Nullable;

/** A breaker on a manual clock, with what it told its listener. */
final class BreakerFixture {
    static final Duration COOLDOWN = Duration.ofSeconds(5);
    static final Duration LEASE = Duration.ofSeconds(10);

    final long origin;
    final ManualTicker ticker;
    final CircuitBreaker breaker;
    final List<Transition> transitions = Collections.synchronizedList(new ArrayList<>());
    final AtomicInteger wouldReject = new AtomicInteger();

    BreakerFixture(long origin, BreakerConfig config) {
        this(origin, config, 1);
    }

    /**
     * @param seed of the jitter
     */
    BreakerFixture(long origin, BreakerConfig config, long seed) {
        this.origin = origin;
        this.ticker = new ManualTicker(origin);
        BreakerListener listener = new BreakerListener() {
            @Override
            public void onTransition(Transition transition) {
                transitions.add(transition);
            }

            @Override
            public void wouldReject() {
                wouldReject.incrementAndGet();
            }
        };
        this.breaker = new CircuitBreaker(config, ticker, listener, TripGuard.NONE, seed);
    }

    /** Readings at which a clock may stand: about to overflow, about to turn positive, anywhere. */
    static LongStream origins() {
        return LongStream.of(
                Long.MAX_VALUE - Duration.ofSeconds(4).toNanos(),
                Long.MAX_VALUE,
                -Duration.ofSeconds(4).toNanos(),
                -1,
                0,
                new Random().nextLong());
    }

    static BreakerConfig halfOpen(int concurrentProbes, int successesToClose) {
        return new BreakerConfig(true, 3, COOLDOWN, concurrentProbes, successesToClose, LEASE);
    }

    /** What a circuit without a window looks like whose first cooldown has just begun, if it is open. */
    static BreakerSnapshot plain(
            CircuitState state,
            long generation,
            int failures,
            long since,
            long remaining,
            boolean tripped,
            Transition.@Nullable Reason reason) {
        boolean counts = state != CircuitState.CLOSED && !tripped;
        return new BreakerSnapshot(
                state,
                generation,
                failures,
                since,
                remaining,
                tripped,
                reason,
                BreakerConfig.Mode.ENFORCE,
                null,
                false,
                counts ? remaining : 0,
                counts ? 1 : 0,
                new Observed(0, 0, 0, 0));
    }

    long now() {
        return ticker.read();
    }

    void advance(Duration time) {
        ticker.advance(time);
    }

    void advanceNanos(long nanos) {
        ticker.advance(nanos);
    }

    CircuitState state() {
        return breaker.state(now());
    }

    BreakerSnapshot snapshot() {
        return breaker.snapshot(now());
    }

    @Nullable
    Permit tryAcquire() {
        return breaker.tryAcquire();
    }

    Permit acquire() {
        return Objects.requireNonNull(breaker.tryAcquire(), () -> "no permit in state " + state());
    }

    Permit acquireProbe() {
        Permit permit = acquire();
        assertThat(permit.isProbe()).isTrue();
        return permit;
    }

    void record(Permit permit, Outcome outcome) {
        permit.record(outcome, 0, now());
    }

    void succeed() {
        record(acquire(), Outcome.SUCCESS);
    }

    void fail() {
        record(acquire(), Outcome.FAILURE_STATUS);
    }

    void failTimes(int times) {
        for (int i = 0; i < times; i++) {
            fail();
        }
    }

    /** Opens the circuit by its own rule. */
    BreakerFixture opened() {
        failTimes(3);
        assertThat(state()).isEqualTo(CircuitState.OPEN);
        return this;
    }

    /** Opens the circuit and lets its cooldown pass. */
    BreakerFixture cooledDown() {
        opened();
        advance(COOLDOWN);
        assertThat(state()).isEqualTo(CircuitState.HALF_OPEN);
        return this;
    }

    /** What was reported, each as {@code generation from>to reason @nanos-since-origin failures}. */
    List<String> story() {
        return transitions.stream()
                .map(t -> "%d %s>%s %s @%s x%d"
                        .formatted(
                                t.generation(),
                                t.from().label(),
                                t.to().label(),
                                t.reason().label(),
                                Duration.ofNanos(t.atNanos() - origin)
                                        .toString()
                                        .substring(2),
                                t.failures()))
                .toList();
    }
}
