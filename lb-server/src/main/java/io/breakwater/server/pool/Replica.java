package io.breakwater.server.pool;

import io.breakwater.health.BackendId;
import io.breakwater.health.Outcome;
import io.breakwater.health.breaker.BreakerConfig;
import io.breakwater.health.breaker.BreakerListener;
import io.breakwater.health.breaker.CircuitState;
import io.breakwater.health.check.HealthStatus;
import io.breakwater.metrics.BackendRecorder;
import io.breakwater.metrics.DurationBuckets;
import io.breakwater.server.balance.KeyHash;
import io.breakwater.server.balance.LatencyScore;
import io.breakwater.server.config.BackendConfig;
import io.breakwater.server.config.ConcurrencyConfig;
import io.breakwater.server.config.PoolConfig;
import io.breakwater.server.tls.TlsPeer;
import io.breakwater.server.traffic.Attempts;
import java.util.List;
import java.util.concurrent.atomic.AtomicIntegerFieldUpdater;
import java.util.concurrent.atomic.AtomicLongFieldUpdater;
import org.jspecify.annotations.Nullable;

/**
 * What belongs to one backend whatever is asked of it: where it is, what an operator and the checks say of it, its slots,
 * its latency and its counts. Its circuits are the {@link Backend}s in front of it, one, or one for each route. It stays
 * the same object over reloads for as long as its identity stays: pool, id and URL. Safe from any thread.
 */
/*
 * Its slots and counts are fields of this one object, and not objects of their own: among ten thousand backends every object
 * that a request meets may cost it a miss in the processor's caches, so what all requests read and write stands together.
 */
public final class Replica implements Attempts {
    private static final AtomicIntegerFieldUpdater<Replica> IN_FLIGHT =
            AtomicIntegerFieldUpdater.newUpdater(Replica.class, "inFlight");
    private static final AtomicLongFieldUpdater<Replica> SUCCESSES =
            AtomicLongFieldUpdater.newUpdater(Replica.class, "successes");
    private static final AtomicLongFieldUpdater<Replica> FAILURES =
            AtomicLongFieldUpdater.newUpdater(Replica.class, "failures");
    private static final AtomicLongFieldUpdater<Replica> IGNORED =
            AtomicLongFieldUpdater.newUpdater(Replica.class, "ignored");
    private static final AtomicLongFieldUpdater<Replica> REJECTED =
            AtomicLongFieldUpdater.newUpdater(Replica.class, "rejected");
    private static final AtomicLongFieldUpdater<Replica> CALLS =
            AtomicLongFieldUpdater.newUpdater(Replica.class, "calls");

    // ---- what every request meets ----
    /** Attempts under way. */
    private volatile int inFlight;
    /** How many may be, where nothing finds that out. Written with the lock of the core, as the next two. */
    private volatile int fixedLimit;
    /** Finds out how many may be; null if that is fixed. */
    private volatile @Nullable AdaptiveLimit adaptive;
    /** What admin state and health say: why nobody may be sent here, null if anybody may. */
    private volatile @Nullable Eligibility barred;

    private volatile long successes;
    private volatile long failures;
    private volatile long ignored;
    private volatile long rejected;
    /** Calls of which it is certain how they end. */
    private volatile long calls;

    private final LatencyScore latency;
    private final long[] recentCalls = RecentCalls.ring();
    private final BackendRecorder recorder;
    private final PoolCore core;

    // ---- what else there is ----
    private final BackendId id;
    private final long identityHash;
    private final Journals journals;
    /** Written with the lock of the core, as the next four. */
    private volatile Settings settings;

    private volatile AdminState admin = AdminState.ENABLED;
    private volatile @Nullable Long adminSinceNanos;
    private volatile Health health;
    private volatile List<Backend> circuits = List.of();
    private volatile boolean retired;
    private volatile @Nullable TlsPeer tls;

    /**
     * @param core of the pool that it will be part of
     * @param recorder told of what becomes of its requests, and of all its circuits
     * @param journals told of the circuits' transitions, after the recorder
     */
    public Replica(
            PoolCore core,
            BackendId id,
            BackendConfig config,
            PoolConfig pool,
            BackendRecorder recorder,
            Journals journals) {
        this.core = core;
        this.id = id;
        this.identityHash = KeyHash.of(id.id());
        this.recorder = recorder;
        this.journals = journals;
        this.latency = new LatencyScore(core.typicalLatency());
        this.settings = Settings.of(config, pool);
        limit(pool.concurrency(), core.ticker().read());
        this.health = Health.first(pool);
        this.barred = health.allows() ? null : Eligibility.UNHEALTHY;
    }

    /** Keeps the transitions of circuits. */
    @FunctionalInterface
    public interface Journals {

        /**
         * Returns who is told of the transitions of a new circuit.
         *
         * @param route the only one whose requests it is for; null if it is for all
         */
        BreakerListener of(@Nullable String route);
    }

    @Override
    public BackendId id() {
        return id;
    }

    public BackendConfig config() {
        return settings.config;
    }

    /** How TLS is spoken to it now; null if it is not. */
    public @Nullable TlsPeer tls() {
        return tls;
    }

    /** From now on TLS is spoken to it in this way, on new connections. */
    public void tls(@Nullable TlsPeer present) {
        tls = present;
    }

    /** What its circuits go by now. */
    public BreakerConfig breakerConfig() {
        return settings.breaker;
    }

    long identityHash() {
        return identityHash;
    }

    BackendRecorder recorder() {
        return recorder;
    }

    Journals journals() {
        return journals;
    }

    // ================ its circuits ================

    /** One, or one for each route that leads to its pool, in the order of the routes. */
    public List<Backend> circuits() {
        return circuits;
    }

    /** With the lock of the core. */
    void circuits(List<Backend> present) {
        circuits = List.copyOf(present);
    }

    /** Returns the state of its worst circuit: open before half-open before closed. */
    public CircuitState worstState(long now) {
        CircuitState worst = CircuitState.CLOSED;
        for (Backend circuit : circuits) {
            worst = BackendPool.worse(worst, circuit.breaker().state(now));
        }
        return worst;
    }

    /** The state of the circuit that lets the least through: one that only observes lets everything through. */
    public CircuitState worstServingState(long now) {
        CircuitState worst = CircuitState.CLOSED;
        for (Backend circuit : circuits) {
            worst = BackendPool.worse(worst, circuit.breaker().servingState(now));
        }
        return worst;
    }

    /** Whether neither an operator nor the checks keep it out, and at least one of its circuits, once they are made, is not open. */
    public boolean isUp(long now) {
        List<Backend> present = circuits;
        return isInRotation()
                && (present.isEmpty()
                        || present.stream()
                                .anyMatch(circuit -> circuit.breaker().servingState(now) != CircuitState.OPEN));
    }

    /** Whether an operator has opened all its circuits. */
    boolean isTripped() {
        List<Backend> present = circuits;
        return !present.isEmpty()
                && present.stream().allMatch(circuit -> circuit.breaker().isTripped());
    }

    // ================ what others say of it ================

    public AdminState admin() {
        return admin;
    }

    /** When an operator wanted that, in nanoseconds; null if none has wanted anything yet. */
    public @Nullable Long adminSinceNanos() {
        return adminSinceNanos;
    }

    /** Sets what an operator wants of it. */
    public void admin(AdminState wanted) {
        core.change(() -> {
            adminSinceNanos = core.ticker().read();
            admin = wanted;
            rejudge();
        });
    }

    /**
     * Puts one that is new, and was neither asked for nor checked yet, where it was before a restart. What its checks had
     * found means nothing if it is not checked any more.
     *
     * @param wanted by an operator
     * @param unhealthy its checks had taken it out
     * @param wasSuspect it was in rotation although it was unhealthy
     */
    public void restore(AdminState wanted, boolean unhealthy, boolean wasSuspect) {
        core.change(() -> {
            admin = wanted;
            if (unhealthy && health.status != HealthStatus.UNCHECKED) {
                health = new Health(HealthStatus.UNHEALTHY, false, wasSuspect, health.sequence);
                if (wasSuspect) {
                    core.suspected();
                }
            }
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
            if (suspect) {
                core.suspected();
            }
            rejudge();
            if (before.status == HealthStatus.UNHEALTHY && !before.suspect && good) {
                circuits.forEach(circuit -> circuit.returned(now));
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

    /** Whether the checks have found it healthy, or nothing yet and it is taken to be so, or there are none. */
    public boolean isTakenAsHealthy() {
        return health.good;
    }

    /** Whether it is enabled, and known or taken to be healthy. */
    boolean isHealthy() {
        return admin == AdminState.ENABLED && isTakenAsHealthy();
    }

    private void rejudge() {
        barred = switch (admin) {
            case DRAINING -> Eligibility.DRAINING;
            case DISABLED -> Eligibility.DISABLED;
            case ENABLED -> health.allows() ? null : Eligibility.UNHEALTHY;
        };
    }

    /** Why an operator or the checks keep it out; null if neither does. */
    @Nullable
    Eligibility barred() {
        return barred;
    }

    /** Whether neither an operator nor the checks keep it out. */
    public boolean isInRotation() {
        return barred == null;
    }

    /** Applies other settings from {@code now} on; what was counted and found out stays. With the lock of the core. */
    void reconfigure(BackendConfig config, PoolConfig pool, long now) {
        settings = Settings.of(config, pool);
        limit(pool.concurrency(), now);
        Health known = health;
        if (known.status == HealthStatus.UNKNOWN) { // the first rise or fall is still to come
            health = new Health(known.status, settings.initiallyHealthy, known.suspect, known.sequence);
            rejudge();
        }
    }

    /** A reload has taken it away: it serves those who still have its pool, and nothing is kept for it any more. */
    public void retire() {
        retired = true;
    }

    public boolean isRetired() {
        return retired;
    }

    // ================ its slots ================

    /** Attempts under way, whichever circuit admitted them. */
    public int inFlight() {
        return inFlight;
    }

    /** How many attempts may be under way now. */
    public int limit() {
        AdaptiveLimit found = adaptive;
        return found == null ? fixedLimit : found.limit();
    }

    private void limit(ConcurrencyConfig concurrency, long now) {
        int most = concurrency.maxPerBackend();
        if (!concurrency.adaptive()) {
            fixedLimit = most; // before it is read: nobody may see one that was never in force
            adaptive = null;
        } else if (adaptive == null) {
            adaptive = new AdaptiveLimit(most, now);
        } else {
            adaptive.most(most);
        }
    }

    boolean hasSlot() {
        return inFlight < limit();
    }

    boolean takeSlot() {
        int limit = limit();
        int underWay;
        do {
            underWay = inFlight;
            if (underWay >= limit) {
                return false;
            }
        } while (!IN_FLIGHT.compareAndSet(this, underWay, underWay + 1));
        core.attemptStarted();
        return true;
    }

    void freeSlot() {
        IN_FLIGHT.decrementAndGet(this);
        core.attemptEnded();
    }

    // ================ what became of requests ================

    LatencyScore latency() {
        return latency;
    }

    /** Returns how the latest attempts ended, on whichever route. Cheap: a request may ask. */
    public RecentCalls.Copy recentCalls() {
        return RecentCalls.copy(recentCalls, calls, core.originNanos());
    }

    /** See {@link Backend#outcomeKnown}. */
    void outcomeKnown(Outcome outcome, long latencyNanos, long now) {
        RecentCalls.put(recentCalls, CALLS.getAndIncrement(this), outcome, latencyNanos, now - core.originNanos());
    }

    /** Takes in how an attempt ended, before its slot is freed. See {@link Backend#attemptEnded}. */
    void attemptEnded(Outcome outcome, long headLatencyNanos, long durationNanos, long now) {
        AdaptiveLimit limit = adaptive;
        switch (outcome.verdict()) {
            case SUCCESS -> {
                SUCCESSES.incrementAndGet(this);
                latency.succeeded(headLatencyNanos, now);
                if (limit != null) {
                    limit.succeeded(headLatencyNanos, inFlight, now);
                }
            }
            case FAILURE -> {
                FAILURES.incrementAndGet(this);
                latency.failed(headLatencyNanos > 0 ? headLatencyNanos : durationNanos, now);
                if (limit != null && outcome == Outcome.RESPONSE_TIMEOUT) {
                    limit.timedOut(now);
                }
            }
            case IGNORED -> IGNORED.incrementAndGet(this);
        }
        recorder.ended(outcome, durationNanos);
    }

    /** A circuit refused a request that was then answered {@code circuit open}. */
    void circuitRejected() {
        REJECTED.incrementAndGet(this);
        recorder.circuitRejected();
    }

    /** Attempts that ended, whatever they say about the backend. */
    @Override
    public long requests() {
        return successes + failures + ignored;
    }

    @Override
    public long successes() {
        return successes;
    }

    @Override
    public long failures() {
        return failures;
    }

    @Override
    public @Nullable DurationBuckets durations() {
        return recorder.durations();
    }

    /** Requests that its circuits refused. */
    public long rejected() {
        return rejected;
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

    /** What the configuration says, its slots apart. */
    private record Settings(BackendConfig config, boolean initiallyHealthy, BreakerConfig breaker) {

        static Settings of(BackendConfig config, PoolConfig pool) {
            return new Settings(config, Health.isInitiallyHealthy(pool), pool.breaker());
        }
    }
}
