package io.breakwater.server.pool;

import io.breakwater.health.BackendId;
import io.breakwater.health.Outcome;
import io.breakwater.health.breaker.CircuitBreaker;
import io.breakwater.metrics.BackendRecorder;
import io.breakwater.server.balance.Candidate;
import io.breakwater.server.balance.KeyHash;
import io.breakwater.server.config.BackendConfig;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.LongAdder;

/** One replica: where it is, its circuit, and what is under way to it. Shared by all event loops. */
public final class Backend implements Candidate {
    private final BackendId id;
    private final BackendConfig config;
    private final CircuitBreaker breaker;
    private final BackendRecorder recorder;
    private final AtomicInteger inFlight;
    private final long identityHash;
    private final LongAdder successes = new LongAdder();
    private final LongAdder failures = new LongAdder();
    private final LongAdder ignored = new LongAdder();
    private final LongAdder rejected = new LongAdder();

    /**
     * @param inFlight counts the attempts under way; given, because the gauge that shows it is made before
     */
    public Backend(
            BackendId id,
            BackendConfig config,
            CircuitBreaker breaker,
            BackendRecorder recorder,
            AtomicInteger inFlight) {
        this.id = id;
        this.config = config;
        this.breaker = breaker;
        this.recorder = recorder;
        this.inFlight = inFlight;
        this.identityHash = KeyHash.of(id.id());
    }

    public BackendId id() {
        return id;
    }

    public BackendConfig config() {
        return config;
    }

    public CircuitBreaker breaker() {
        return breaker;
    }

    @Override
    public int weight() {
        return config.weight();
    }

    @Override
    public double share(long now) {
        return 1;
    }

    @Override
    public double load(long now) {
        return inFlight.get();
    }

    @Override
    public double expectedLatencyNanos(long now) {
        return 1;
    }

    @Override
    public long identityHash() {
        return identityHash;
    }

    /** Attempts under way. */
    public int inFlight() {
        return inFlight.get();
    }

    void attemptStarted() {
        inFlight.incrementAndGet();
    }

    /**
     * An attempt that {@link BackendPool#select} gave out is over. Called once for each.
     *
     * @param headLatencyNanos from dispatch to the response head, less waiting for the client's body; 0 if none came
     * @param durationNanos of the whole attempt
     */
    public void attemptEnded(Outcome outcome, long headLatencyNanos, long durationNanos, long now) {
        inFlight.decrementAndGet();
        switch (outcome.verdict()) {
            case SUCCESS -> successes.increment();
            case FAILURE -> failures.increment();
            case IGNORED -> ignored.increment();
        }
        recorder.ended(outcome, durationNanos);
    }

    /** A kept connection turned out to be stale; the attempt goes on with a fresh one. */
    public void connectionWasStale(long durationNanos) {
        recorder.ended(Outcome.STALE_CONNECTION, durationNanos);
    }

    /** The circuit refused a request that was then answered {@code circuit open}. */
    void circuitRejected() {
        rejected.increment();
        recorder.circuitRejected();
    }

    /** Attempts that ended, whatever they say about the backend. */
    public long requests() {
        return successes() + failures() + ignored.sum();
    }

    public long successes() {
        return successes.sum();
    }

    public long failures() {
        return failures.sum();
    }

    /** Requests that the circuit refused. */
    public long rejected() {
        return rejected.sum();
    }
}
