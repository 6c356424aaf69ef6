package io.breakwater.health.breaker;

import io.breakwater.health.Outcome;
import io.breakwater.health.Outcome.Verdict;

/** The permit of a closed circuit with a window: it votes into that window too, as long as it is the circuit's. */
final class WindowedPermit extends ClosedPermit {
    private final Window window;

    WindowedPermit(CircuitBreaker breaker, Counts counts, Window window) {
        super(breaker, counts);
        this.window = window;
    }

    @Override
    public void record(Outcome outcome, long latencyNanos, long retryAfterNanos, long now) {
        Verdict verdict = outcome.verdict();
        if (end() && verdict != Verdict.IGNORED) {
            breaker.endedWhenClosed(
                    counts, window, verdict == Verdict.FAILURE, latencyNanos, retryAfterNanos, now, true);
        }
    }

    @Override
    public void record(Outcome outcome, long latencyNanos) {
        if (window.goesByTime()) {
            record(outcome, latencyNanos, breaker.now());
            return;
        }
        Verdict verdict = outcome.verdict();
        if (end() && verdict != Verdict.IGNORED) {
            breaker.endedWhenClosed(counts, window, verdict == Verdict.FAILURE, latencyNanos, 0, 0, false);
        }
    }
}
