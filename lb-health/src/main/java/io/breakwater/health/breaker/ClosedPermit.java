package io.breakwater.health.breaker;

import io.breakwater.health.Outcome;
import io.breakwater.health.Outcome.Verdict;
import java.util.concurrent.atomic.AtomicIntegerFieldUpdater;

/** The permit of a closed circuit: it votes into the counts of the closed period that admitted it. */
final class ClosedPermit implements Permit {
    private static final AtomicIntegerFieldUpdater<ClosedPermit> ENDED =
            AtomicIntegerFieldUpdater.newUpdater(ClosedPermit.class, "ended");

    private final CircuitBreaker breaker;
    private final Counts counts;
    private volatile int ended;

    ClosedPermit(CircuitBreaker breaker, Counts counts) {
        this.breaker = breaker;
        this.counts = counts;
    }

    @Override
    public CircuitState admittedIn() {
        return CircuitState.CLOSED;
    }

    @Override
    public void waitingForClient(long now) {}

    @Override
    public void waitingForBackend(long now) {}

    @Override
    public void headReceived(long now) {}

    @Override
    public void record(Outcome outcome, long latencyNanos, long now) {
        if (ended != 0) {
            return;
        }
        Verdict verdict = outcome.verdict();
        if (verdict == Verdict.SUCCESS && counts.isClean()) {
            // A healthy backend is all successes. This end changes nothing, so another one may as well win: the shared
            // count is read and not written, and no compare-and-set stands in the way of every request.
            ENDED.lazySet(this, 1);
            return;
        }
        if (!ENDED.compareAndSet(this, 0, 1)) {
            return;
        }
        switch (verdict) {
            case SUCCESS -> counts.succeeded();
            case FAILURE -> breaker.failedWhenClosed(counts, now);
            case IGNORED -> {}
        }
    }

    @Override
    public void record(Outcome outcome, long latencyNanos) {
        record(outcome, latencyNanos, outcome.verdict() == Verdict.FAILURE ? breaker.now() : 0);
    }

    @Override
    public void release(long now) {
        ENDED.lazySet(this, 1);
    }
}
