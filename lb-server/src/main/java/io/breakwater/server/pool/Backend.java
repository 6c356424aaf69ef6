package io.breakwater.server.pool;

import io.breakwater.health.BackendId;
import io.breakwater.health.Outcome;
import io.breakwater.health.breaker.BreakerConfig;
import io.breakwater.health.breaker.BreakerListener;
import io.breakwater.health.breaker.BreakerSnapshot;
import io.breakwater.health.breaker.CircuitBreaker;
import io.breakwater.health.breaker.CircuitState;
import io.breakwater.health.breaker.Permit;
import io.breakwater.health.breaker.Transition;
import io.breakwater.health.check.HealthStatus;
import io.breakwater.metrics.BackendRecorder;
import io.breakwater.server.balance.Candidate;
import io.breakwater.server.balance.KeyHash;
import io.breakwater.server.balance.LatencyScore;
import io.breakwater.server.config.BackendConfig;
import io.breakwater.server.config.ConcurrencyConfig;
import io.breakwater.server.config.PoolConfig;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.LongAdder;
import org.jspecify.annotations.Nullable;

/**
 * One replica: where it is, what an operator, the checks and its circuit say of it, and what is under way to it. It stays
 * the same object over reloads for as long as its identity stays: pool, id and URL. Shared by all event loops.
 */
public final class Backend implements Candidate {
    private final PoolCore core;
    private final BackendId id;
    private final long identityHash;
    private final BackendRecorder recorder;
    private final BreakerListener journal;
    private final AtomicInteger inFlight;
    private final CircuitBreaker breaker;
    private final LatencyScore latency;
    private final SlowStart slowStart;
    private final LongAdder successes = new LongAdder();
    private final LongAdder failures = new LongAdder();
    private final LongAdder ignored = new LongAdder();
    private final LongAdder rejected = new LongAdder();

    private volatile Settings settings;
    /** Written with the lock of the core, as the next two. */
    private volatile AdminState admin = AdminState.ENABLED;

    private volatile Health health;
    /** What admin state and health say: why nobody may be sent here, null if anybody may. */
    private volatile @Nullable Eligibility barred;
    /** A trip was refused, and nothing has shown since that it is over. */
    private volatile boolean tripRefused;

    private volatile boolean retired;

    /**
     * @param core of the pool that it will be part of
     * @param inFlight counts the attempts under way; given, because the gauge that shows it is made before
     * @param journal told of the circuit's transitions, after the recorder
     */
    public Backend(
            PoolCore core,
            BackendId id,
            BackendConfig config,
            PoolConfig pool,
            BackendRecorder recorder,
            BreakerListener journal,
            AtomicInteger inFlight) {
        this.core = core;
        this.id = id;
        this.identityHash = KeyHash.of(id.id());
        this.recorder = recorder;
        this.journal = journal;
        this.inFlight = inFlight;
        this.latency = new LatencyScore(core.typicalLatency());
        this.slowStart = new SlowStart(pool.slowStart());
        this.settings = Settings.first(config, pool, core.ticker().read());
        this.health = Health.first(pool);
        this.barred = health.allows() ? null : Eligibility.UNHEALTHY;
        this.breaker = new CircuitBreaker(
                pool.breaker(), core.ticker(), new CircuitNews(), opening -> core.onTrip(this, opening));
    }

    public BackendId id() {
        return id;
    }

    public BackendConfig config() {
        return settings.config;
    }

    /** What its circuit goes by now. */
    public BreakerConfig breakerConfig() {
        return settings.breaker;
    }

    public CircuitBreaker breaker() {
        return breaker;
    }

    // ================ what others say of it ================

    public AdminState admin() {
        return admin;
    }

    /** Sets what an operator wants of it. */
    public void admin(AdminState wanted) {
        core.change(() -> {
            admin = wanted;
            rejudge();
        });
    }

    public HealthStatus health() {
        return health.status;
    }

    /** Whether it is in rotation although it is unhealthy: the pool's last one, whose checks do nothing but time out. */
    public boolean isSuspect() {
        return health.suspect;
    }

    /**
     * Takes over what the checks have found out.
     *
     * @param timeoutsOnly it is unhealthy, and no check has shown more than that it does not answer in time
     * @param sequence the number of this change; one that is not above the latest came too late and is dropped
     * @param now when it is heard of, in nanoseconds
     */
    public void health(HealthStatus status, boolean timeoutsOnly, long sequence, long now) {
        core.change(() -> {
            Health before = health;
            if (sequence - before.sequence <= 0) {
                return;
            }
            boolean unhealthy = status == HealthStatus.UNHEALTHY;
            boolean left = before.suspect || (before.good && !core.hasHealthyBeside(this));
            boolean suspect = unhealthy && timeoutsOnly && left && admin == AdminState.ENABLED;
            boolean good = !unhealthy && (status != HealthStatus.UNKNOWN || settings.initiallyHealthy);
            health = new Health(status, good, suspect, sequence);
            rejudge();
            if (before.status == HealthStatus.UNHEALTHY && !before.suspect && good) {
                slowStart.returned(now);
            }
        });
    }

    /** Another one is healthy: there is no reason any more to keep a suspect. With the lock of the core. */
    void noLongerNeeded() {
        Health before = health;
        if (before.suspect) {
            health = new Health(before.status, before.good, false, before.sequence);
            rejudge();
        }
    }

    /** Whether it is enabled and known, or taken, to be healthy. */
    boolean isHealthy() {
        return admin == AdminState.ENABLED && health.good;
    }

    private void rejudge() {
        barred = switch (admin) {
            case DRAINING -> Eligibility.DRAINING;
            case DISABLED -> Eligibility.DISABLED;
            case ENABLED -> health.allows() ? null : Eligibility.UNHEALTHY;
        };
    }

    /** Whether neither an operator nor the checks keep it out. */
    public boolean isInRotation() {
        return barred == null;
    }

    /** Applies other settings from {@code now} on; what was counted and found out stays. With the lock of the core. */
    void reconfigure(BackendConfig config, PoolConfig pool, long now) {
        Settings before = settings;
        settings = before.changed(config, pool, now);
        Health known = health;
        if (known.status == HealthStatus.UNKNOWN) { // the first rise or fall is still to come
            health = new Health(known.status, settings.initiallyHealthy, known.suspect, known.sequence);
            rejudge();
        }
        slowStart.reconfigure(pool.slowStart());
        if (!pool.breaker().equals(before.breaker)) {
            boolean wasOut = breaker.servingState(now) != CircuitState.CLOSED;
            breaker.reconfigure(pool.breaker(), now);
            if (wasOut && breaker.servingState(now) == CircuitState.CLOSED) {
                slowStart.returned(now);
            }
        }
    }

    /** A reload has taken it away: it serves those who still have its pool, and nothing is kept for it any more. */
    public void retire() {
        retired = true;
    }

    public boolean isRetired() {
        return retired;
    }

    /** Its circuit would have opened, had that not left too few others. */
    void tripRefused() {
        tripRefused = true;
        recorder.tripRefused();
    }

    // ================ what it says to a request ================

    /**
     * Says whether a request can have this backend: by its admin state, its health, a free slot and its circuit, in this
     * order.
     *
     * @param taker takes a slot and a permit if it can; null only looks
     */
    Eligibility ask(long now, @Nullable Selection taker) {
        Eligibility bar = barred;
        if (bar != null) {
            return bar;
        }
        if (inFlight.get() >= settings.limit()) {
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
        if (!takeSlot()) {
            return Eligibility.OVERLOADED;
        }
        Permit permit = breaker.tryAcquire(now);
        if (permit == null) {
            freeSlot();
            return refusedByCircuit(now);
        }
        taker.admitted(this, permit);
        return Eligibility.ELIGIBLE;
    }

    /** Returns what it would say to a request of the pool, all other backends apart. Takes nothing. */
    Eligibility why(long now) {
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
        BreakerConfig rules = settings.breaker;
        int threshold = rules.consecutiveFailures();
        return circuit.state() == CircuitState.CLOSED
                && ((threshold > 0 && circuit.consecutiveFailures() >= threshold)
                        || isReached(rules.window().failureRate(), circuit.failureRate())
                        || isReached(rules.window().slowCallRate(), circuit.slowCallRate()));
    }

    private static boolean isReached(double threshold, @Nullable Double rate) {
        return rate != null && rate >= threshold;
    }

    private boolean takeSlot() {
        int limit = settings.limit();
        int underWay;
        do {
            underWay = inFlight.get();
            if (underWay >= limit) {
                return false;
            }
        } while (!inFlight.compareAndSet(underWay, underWay + 1));
        core.attemptStarted();
        return true;
    }

    private void freeSlot() {
        inFlight.decrementAndGet();
        core.attemptEnded();
    }

    // ================ what balancing knows of it ================

    @Override
    public int weight() {
        return settings.config.weight();
    }

    @Override
    public double share(long now) {
        return slowStart.share(now);
    }

    @Override
    public double load(long now) {
        return latency.load(inFlight.get(), now);
    }

    @Override
    public long identityHash() {
        return identityHash;
    }

    @Override
    public double expectedLatencyNanos(long now) {
        return latency.expectedLatencyNanos(now);
    }

    // ================ what became of requests ================

    /** Attempts under way. */
    public int inFlight() {
        return inFlight.get();
    }

    /** How many attempts may be under way now. */
    public int limit() {
        return settings.limit();
    }

    /**
     * An attempt that {@link BackendPool#select} gave out is over, and its permit has ended. Called once for each.
     *
     * @param headLatencyNanos from dispatch to the response head, less waiting for the client's body; 0 if none came
     * @param durationNanos of the whole attempt
     */
    public void attemptEnded(Outcome outcome, long headLatencyNanos, long durationNanos, long now) {
        long began = now - durationNanos;
        AdaptiveLimit adaptive = settings.adaptive;
        switch (outcome.verdict()) {
            case SUCCESS -> {
                successes.increment();
                latency.succeeded(headLatencyNanos, now);
                slowStart.succeeded(began);
                if (adaptive != null) {
                    adaptive.succeeded(headLatencyNanos, inFlight.get(), now);
                }
            }
            case FAILURE -> {
                failures.increment();
                latency.failed(headLatencyNanos > 0 ? headLatencyNanos : durationNanos, now);
                slowStart.failed(began, now);
                if (adaptive != null && outcome == Outcome.RESPONSE_TIMEOUT) {
                    adaptive.timedOut(now);
                }
            }
            case IGNORED -> ignored.increment();
        }
        recorder.ended(outcome, durationNanos);
        freeSlot();
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

    /** What the circuit reports. */
    private final class CircuitNews implements BreakerListener {

        @Override
        public void onTransition(Transition transition) {
            tripRefused = false;
            boolean wasClosed = transition.from() == CircuitState.CLOSED;
            // Who was only observed was never away.
            boolean enforced = settings.breaker.mode() == BreakerConfig.Mode.ENFORCE;
            if (transition.to() == CircuitState.CLOSED && !wasClosed && enforced) {
                slowStart.returned(transition.atNanos());
            }
            core.changed();
            recorder.transition(transition);
            journal.onTransition(transition);
        }

        @Override
        public void wouldReject() {
            recorder.circuitWouldReject();
        }
    }

    /**
     * What the checks say.
     *
     * @param good known to be healthy, or taken to be so
     * @param suspect in rotation although it is unhealthy
     * @param sequence the number of the change that brought this
     */
    private record Health(HealthStatus status, boolean good, boolean suspect, long sequence) {

        static Health first(PoolConfig pool) {
            boolean checked = pool.healthCheck().enabled();
            return new Health(
                    checked ? HealthStatus.UNKNOWN : HealthStatus.UNCHECKED,
                    !checked || isInitiallyHealthy(pool),
                    false,
                    0);
        }

        static boolean isInitiallyHealthy(PoolConfig pool) {
            return pool.healthCheck().initial() == HealthStatus.HEALTHY;
        }

        boolean allows() {
            return good || suspect;
        }
    }

    /**
     * What the configuration says.
     *
     * @param adaptive finds a lower limit than {@code mostUnderWay}; null if that is the limit
     */
    private record Settings(
            BackendConfig config,
            int mostUnderWay,
            @Nullable AdaptiveLimit adaptive,
            boolean initiallyHealthy,
            BreakerConfig breaker) {

        static Settings first(BackendConfig config, PoolConfig pool, long now) {
            return of(config, pool, null, now);
        }

        Settings changed(BackendConfig changed, PoolConfig pool, long now) {
            return of(changed, pool, adaptive, now);
        }

        private static Settings of(BackendConfig config, PoolConfig pool, @Nullable AdaptiveLimit present, long now) {
            ConcurrencyConfig concurrency = pool.concurrency();
            int most = concurrency.maxPerBackend();
            AdaptiveLimit adaptive = null;
            if (concurrency.adaptive()) {
                adaptive = present == null ? new AdaptiveLimit(most, now) : present;
                adaptive.most(most);
            }
            return new Settings(config, most, adaptive, Health.isInitiallyHealthy(pool), pool.breaker());
        }

        int limit() {
            return adaptive == null ? mostUnderWay : adaptive.limit();
        }
    }
}
