package io.breakwater.health.breaker;

import io.breakwater.health.Outcome;
import io.breakwater.health.Outcome.Verdict;
import io.breakwater.time.ManualTicker;
import io.github.resilience4j.circuitbreaker.CircuitBreaker;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.TimeUnit;

/** This breaker and resilience4j's with the same settings, on one clock that a test moves. */
final class OraclePair {
    /** What resilience4j is told of a failure. */
    private static final class Failure extends Exception {
        private Failure() {
            super(null, null, false, false);
        }
    }

    /** Calls in the window, and how many of them failed or were slow. */
    record Figures(int calls, int failures, int slow) {}

    /** The clock of resilience4j: the ticker's time, and a date. */
    private final class WallClock extends Clock {
        @Override
        public Instant instant() {
            return Instant.ofEpochSecond(0, epochNanos + elapsedNanos() + ahead);
        }

        @Override
        public ZoneId getZone() {
            return ZoneOffset.UTC;
        }

        @Override
        public Clock withZone(ZoneId zone) {
            throw new UnsupportedOperationException();
        }
    }

    final io.breakwater.health.breaker.CircuitBreaker ours;
    final CircuitBreaker theirs;
    final List<Transition> transitions = new ArrayList<>();

    private final ManualTicker ticker;
    private final long origin;
    private final long epochNanos;
    private long ahead;
    private boolean failureRateExceeded;
    private boolean slowCallRateExceeded;

    /** Starts at a full second of either clock. */
    OraclePair(OracleSettings settings) {
        this(settings, 0, 0);
    }

    /**
     * @param origin the first reading of the ticker
     * @param epochNanos the first reading of resilience4j's clock
     */
    OraclePair(OracleSettings settings, long origin, long epochNanos) {
        this.ticker = new ManualTicker(origin);
        this.origin = origin;
        this.epochNanos = epochNanos;
        this.ours = new io.breakwater.health.breaker.CircuitBreaker(settings.ours(), ticker, transitions::add);
        this.theirs = CircuitBreaker.of("theirs", settings.theirs(new WallClock()));
        theirs.getEventPublisher()
                .onFailureRateExceeded(event -> failureRateExceeded = true)
                .onSlowCallRateExceeded(event -> slowCallRateExceeded = true);
    }

    long now() {
        return ticker.read();
    }

    long elapsedNanos() {
        return ticker.read() - origin;
    }

    /** The second of resilience4j's clock. */
    long epochSecond() {
        return Math.floorDiv(epochNanos + elapsedNanos(), TimeUnit.SECONDS.toNanos(1));
    }

    /** What has passed of that second. */
    long nanosOfSecond() {
        return Math.floorMod(epochNanos + elapsedNanos(), TimeUnit.SECONDS.toNanos(1));
    }

    void advance(Duration time) {
        ticker.advance(time);
    }

    void advance(long nanos) {
        ticker.advance(nanos);
    }

    CircuitState oursState() {
        return ours.state(now());
    }

    /** Asks ours, which must admit. */
    Permit acquireOurs() {
        return Objects.requireNonNull(ours.tryAcquire(now()), "ours refused");
    }

    boolean theirsAdmits() {
        return theirs.tryAcquirePermission();
    }

    /** Asks resilience4j as if a nanosecond later, since it waits until after the deadline and ours until it. */
    boolean theirsAdmitsNextNano() {
        ahead = 1;
        boolean admitted = theirs.tryAcquirePermission();
        ahead = 0;
        return admitted;
    }

    void end(Permit permit, Outcome outcome, long latencyNanos) {
        permit.record(outcome, latencyNanos, now());
    }

    void endTheirs(Verdict verdict, long latencyNanos) {
        switch (verdict) {
            case SUCCESS -> theirs.onSuccess(latencyNanos, TimeUnit.NANOSECONDS);
            case FAILURE -> theirs.onError(latencyNanos, TimeUnit.NANOSECONDS, new Failure());
            case IGNORED -> theirs.releasePermission();
        }
    }

    /** One call through both, which must admit it. */
    void call(Outcome outcome) {
        Permit permit = acquireOurs();
        if (!theirsAdmits()) {
            throw new AssertionError("theirs refused");
        }
        end(permit, outcome, 0);
        endTheirs(outcome.verdict(), 0);
    }

    /** Of ours, while it is closed. */
    Figures oursFigures() {
        WindowCounts window = Objects.requireNonNull(ours.snapshot(now()).window());
        return new Figures(window.calls(), window.failures(), window.slowCalls());
    }

    Figures theirsFigures() {
        CircuitBreaker.Metrics metrics = theirs.getMetrics();
        return new Figures(
                metrics.getNumberOfBufferedCalls(), metrics.getNumberOfFailedCalls(), metrics.getNumberOfSlowCalls());
    }

    /** Whether resilience4j named this reason when it last left closed; it may name both. */
    boolean theirsExceeded(Transition.Reason reason) {
        return switch (reason) {
            case FAILURE_RATE -> failureRateExceeded;
            case SLOW_CALL_RATE -> slowCallRateExceeded;
            default -> false;
        };
    }

    void forgetExceeded() {
        failureRateExceeded = false;
        slowCallRateExceeded = false;
    }
}
