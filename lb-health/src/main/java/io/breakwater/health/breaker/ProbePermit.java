package io.breakwater.health.breaker;

import io.breakwater.health.Outcome;
import io.breakwater.health.Outcome.Verdict;

/**
 * The permit of a probe. It has no state of its own: while a half-open state holds a lease for it, it may vote; it ends
 * by losing the lease, through its owner or through the clock.
 */
final class ProbePermit implements Permit {
    private final CircuitBreaker breaker;
    private final boolean observed;

    /**
     * @param observed whether the request is none the wiser: all requests are admitted alike, and it is a probe to the
     *     breaker only
     */
    ProbePermit(CircuitBreaker breaker, boolean observed) {
        this.breaker = breaker;
        this.observed = observed;
    }

    @Override
    public CircuitState admittedIn() {
        return observed ? CircuitState.CLOSED : CircuitState.HALF_OPEN;
    }

    @Override
    public void waitingForClient(long now) {
        breaker.probeEntered(this, Lease.Phase.CLIENT, now);
    }

    @Override
    public void waitingForBackend(long now) {
        breaker.probeEntered(this, Lease.Phase.BACKEND, now);
    }

    @Override
    public void headReceived(long now) {
        breaker.probeEntered(this, Lease.Phase.BODY, now);
    }

    @Override
    public void record(Outcome outcome, long latencyNanos, long retryAfterNanos, long now) {
        breaker.probeEnded(this, outcome.verdict(), latencyNanos, retryAfterNanos, now);
    }

    @Override
    public void record(Outcome outcome, long latencyNanos) {
        record(outcome, latencyNanos, breaker.now());
    }

    @Override
    public void release(long now) {
        breaker.probeEnded(this, Verdict.IGNORED, 0, 0, now);
    }
}
