package io.breakwater.health.breaker;

import io.breakwater.health.Outcome;
import io.breakwater.health.Outcome.Verdict;
import java.util.concurrent.atomic.AtomicIntegerFieldUpdater;

/** The permit of a closed circuit without a window: it votes into the counts of the closed period that admitted it. */
sealed class ClosedPermit implements Permit permits WindowedPermit {
    private static final AtomicIntegerFieldUpdater<ClosedPermit> ENDED =
            AtomicIntegerFieldUpdater.newUpdater(ClosedPermit.class, "ended");

    final CircuitBreaker breaker;
    final Counts counts;
    private volatile int ended;

    ClosedPermit(CircuitBreaker breaker, Counts counts) {
        this.breaker = breaker;
        this.counts = counts;
    }

    @Override
    public final CircuitState admittedIn() {
        return CircuitState.CLOSED;
    }

    @Override
    public final void waitingForClient(long now) {}

    @Override
    public final void waitingForBackend(long now) {}

    @Override
    public final void headReceived(long now) {}

    @Override
    public void record(Outcome outcome, long latencyNanos, long retryAfterNanos, long now) {
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
        if (!end()) {
            return;
        }
        switch (verdict) {
            case SUCCESS -> counts.succeeded(true);
            case FAILURE -> breaker.failedWhenClosed(counts, retryAfterNanos, now);
            case IGNORED -> {}
        }
    }

    @Override
    public void record(Outcome outcome, long latencyNanos) {
        record(outcome, latencyNanos, outcome.verdict() == Verdict.FAILURE ? breaker.now() : 0);
    }

    /** Whether this is the first end. */
    final boolean end() {
        return ended == 0 && ENDED.compareAndSet(this, 0, 1);
    }

    @Override
    public final void release(long now) {
        ENDED.lazySet(this, 1);
    }
}
