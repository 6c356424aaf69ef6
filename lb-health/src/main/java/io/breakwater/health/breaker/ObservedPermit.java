package io.breakwater.health.breaker;

import io.breakwater.health.Outcome;
import java.util.concurrent.atomic.AtomicIntegerFieldUpdater;

/** The permit of a request that would have been refused: it has no vote, and how it ends is counted apart. */
final class ObservedPermit implements Permit {
    private static final AtomicIntegerFieldUpdater<ObservedPermit> ENDED =
            AtomicIntegerFieldUpdater.newUpdater(ObservedPermit.class, "ended");

    private final Observations observations;
    private volatile int ended;

    ObservedPermit(Observations observations) {
        this.observations = observations;
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
    public void record(Outcome outcome, long latencyNanos, long retryAfterNanos, long now) {
        record(outcome, latencyNanos);
    }

    @Override
    public void record(Outcome outcome, long latencyNanos) {
        if (ended == 0 && ENDED.compareAndSet(this, 0, 1)) {
            observations.ended(outcome.verdict(), latencyNanos);
        }
    }

    @Override
    public void release(long now) {
        ENDED.lazySet(this, 1);
    }
}
