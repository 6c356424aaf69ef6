package io.breakwater.server.pool;

import static java.nio.charset.StandardCharsets.US_ASCII;

import io.breakwater.health.BackendId;
import io.breakwater.health.Outcome;
import io.breakwater.health.breaker.BreakerConfig;
import io.breakwater.health.breaker.BreakerListener;
import io.breakwater.health.breaker.BreakerSnapshot;
import io.breakwater.health.breaker.CircuitBreaker;
import io.breakwater.health.breaker.CircuitState;
import io.breakwater.health.breaker.Permit;
import io.breakwater.health.breaker.Transition;
import io.breakwater.server.balance.Candidate;
import io.breakwater.server.balance.LatencyScore;
import io.breakwater.server.config.BackendConfig;
import io.breakwater.server.config.PoolConfig;
import org.jspecify.annotations.Nullable;

/**
 * One backend as the requests of one {@link CircuitScope} meet it: a {@link Replica} behind a circuit. It stays the same
 * object over reloads for as long as its identity stays: pool, id and URL, and where circuits are per route, the route.
 * Shared by all event loops.
 */
public final class Backend implements Candidate {
    private final CircuitScope scope;
    private final Replica replica;
    private final BreakerListener journal;
    private final CircuitBreaker breaker;
    private volatile SlowStart slowStart;
    // The replica's: to compare two of ten thousand backends should wait for few objects in a row.
    private final LatencyScore latency;

    /** A trip was refused, and nothing has shown since that it is over. */
    private volatile boolean tripRefused;

    Backend(CircuitScope scope, Replica replica, PoolConfig pool) {
        this.scope = scope;
        this.replica = replica;
        this.journal = replica.journals().of(scope.route());
        this.slowStart = SlowStart.of(pool.slowStart());
        this.latency = replica.latency();
        this.breaker = new CircuitBreaker(
                pool.breaker(), scope.ticker(), new CircuitNews(), opening -> scope.onTrip(this, opening));
    }

    /** What it shares with the other circuits in front of the same backend. */
    public Replica replica() {
        return replica;
    }

    /** The only route whose requests its circuit is for; null if it is for all. */
    public @Nullable String route() {
        return scope.route();
    }

    public BackendId id() {
        return replica.id();
    }

    public BackendConfig config() {
        return replica.config();
    }

    /** What a Host field has for it. */
    public byte[] authority() {
        return config().authority().getBytes(US_ASCII);
    }

    public CircuitBreaker breaker() {
        return breaker;
    }

    /** Whether neither an operator nor the checks keep it out. */
    boolean isInRotation() {
        return replica.isInRotation();
    }

    /** Applies other settings from {@code now} on; what was counted stays. With the lock of the scope. */
    void reconfigure(PoolConfig before, PoolConfig pool, long now) {
        slowStart = slowStart.reconfigured(pool.slowStart());
        if (!pool.breaker().equals(before.breaker())) {
            boolean wasOut = breaker.servingState(now) != CircuitState.CLOSED;
            breaker.reconfigure(pool.breaker(), now);
            if (wasOut && breaker.servingState(now) == CircuitState.CLOSED) {
                slowStart.returned(now);
            }
        }
    }

    /** It serves again since {@code now}. */
    void returned(long now) {
        slowStart.returned(now);
    }

    /** Its circuit would have opened, had that not left too few others. */
    void tripRefused() {
        tripRefused = true;
        replica.recorder().tripRefused();
    }

    // ================ what it says to a request ================

    /**
     * Says whether a request can have this backend: by its admin state, its health, a free slot and its circuit, in this
     * order.
     *
     * @param taker takes a slot and a permit if it can; null only looks
     */
    Eligibility ask(long now, @Nullable Selection taker) {
        Eligibility bar = replica.barred();
        if (bar != null) {
            return bar;
        }
        if (!replica.hasSlot()) {
            return Eligibility.OVERLOADED;
        }
        if (!breaker.admits(now)) {
            if (taker != null) {
                breaker.settle(now);
            }
            return refusedByCircuit(now);
        }
        return taker == null ? howEligible(now) : take(taker, now);
    }

    /**
     * Takes a slot and a permit that were there a moment ago. A slot is not taken before, for a circuit that is going to
     * refuse: to free it again would call those who wait for one, who would do the same.
     */
    private Eligibility take(Selection taker, long now) {
        if (!replica.takeSlot()) {
            return Eligibility.OVERLOADED;
        }
        Permit permit = breaker.tryAcquire(now);
        if (permit == null) {
            replica.freeSlot();
            return refusedByCircuit(now);
        }
        taker.admitted(this, permit);
        return Eligibility.ELIGIBLE;
    }

    /** Returns what it would say to a request of the pool, all other backends apart. Takes nothing. */
    public Eligibility why(long now) {
        return ask(now, null);
    }

    private Eligibility howEligible(long now) {
        if (isProtected(now)) {
            return Eligibility.PROTECTED;
        }
        return share(now) < 1 ? Eligibility.SLOW_START : Eligibility.ELIGIBLE;
    }

    private Eligibility refusedByCircuit(long now) {
        if (breaker.state(now) != CircuitState.OPEN) {
            return Eligibility.HALF_OPEN_BUSY;
        }
        return breaker.isTripped() ? Eligibility.TRIPPED : Eligibility.CIRCUIT_OPEN;
    }

    private boolean isProtected(long now) {
        if (!tripRefused) {
            return false;
        }
        BreakerSnapshot circuit = breaker.snapshot(now);
        BreakerConfig rules = replica.breakerConfig();
        int threshold = rules.consecutiveFailures();
        return circuit.state() == CircuitState.CLOSED
                && ((threshold > 0 && circuit.consecutiveFailures() >= threshold)
                        || isReached(rules.window().failureRate(), circuit.failureRate())
                        || isReached(rules.window().slowCallRate(), circuit.slowCallRate()));
    }

    private static boolean isReached(double threshold, @Nullable Double rate) {
        return rate != null && rate >= threshold;
    }

    // ================ what balancing knows of it ================

    @Override
    public int weight() {
        return replica.config().weight();
    }

    @Override
    public double share(long now) {
        return slowStart.share(now);
    }

    /** How far it has come since it returned; null when all of its weight counts. */
    public @Nullable Growth growth(long now) {
        return slowStart.growth(now);
    }

    @Override
    public double load(long now) {
        return latency.load(replica.inFlight(), now);
    }

    @Override
    public long identityHash() {
        return replica.identityHash();
    }

    @Override
    public double expectedLatencyNanos(long now) {
        return latency.expectedLatencyNanos(now);
    }

    // ================ what became of requests ================

    /**
     * How an attempt that {@link BackendPool#select} gave out ends is certain. Called once for each before its permit is
     * told, so that the call that opens the circuit is among those that are known when it opens.
     *
     * @param latencyNanos as its permit is told
     */
    public void outcomeKnown(Outcome outcome, long latencyNanos, long now) {
        replica.outcomeKnown(outcome, latencyNanos, now);
    }

    /**
     * An attempt that {@link BackendPool#select} gave out is over, and its permit has ended. Called once for each.
     *
     * @param headLatencyNanos from dispatch to the response head, less waiting for the client's body; 0 if none came
     * @param durationNanos of the whole attempt
     */
    public void attemptEnded(Outcome outcome, long headLatencyNanos, long durationNanos, long now) {
        replica.attemptEnded(outcome, headLatencyNanos, durationNanos, now);
        long began = now - durationNanos;
        switch (outcome.verdict()) {
            case SUCCESS -> slowStart.succeeded(began);
            case FAILURE -> slowStart.failed(began, now);
            case IGNORED -> {}
        }
        replica.freeSlot();
    }

    /** A kept connection turned out to be stale; the attempt goes on with a fresh one. */
    public void connectionWasStale(long durationNanos) {
        replica.recorder().ended(Outcome.STALE_CONNECTION, durationNanos);
    }

    /** The circuit refused a request that was then answered {@code circuit open}. */
    void circuitRejected() {
        replica.circuitRejected();
    }

    /** What the circuit reports. */
    private final class CircuitNews implements BreakerListener {

        @Override
        public void onTransition(Transition transition) {
            tripRefused = false;
            boolean wasClosed = transition.from() == CircuitState.CLOSED;
            // Who was only observed was never away.
            boolean enforced = replica.breakerConfig().mode() == BreakerConfig.Mode.ENFORCE;
            if (transition.to() == CircuitState.CLOSED && !wasClosed && enforced) {
                returned(transition.atNanos());
            }
            scope.changed();
            replica.recorder().transition(transition);
            journal.onTransition(transition);
        }

        @Override
        public void wouldReject() {
            replica.recorder().circuitWouldReject();
        }
    }
}
