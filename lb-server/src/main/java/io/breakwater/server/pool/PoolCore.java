package io.breakwater.server.pool;

import static java.util.Objects.requireNonNull;

import io.breakwater.health.breaker.CircuitState;
import io.breakwater.metrics.PoolRecorder;
import io.breakwater.server.balance.Policy;
import io.breakwater.server.balance.TypicalLatency;
import io.breakwater.server.config.BackendConfig;
import io.breakwater.server.config.BalanceConfig;
import io.breakwater.server.config.PoolConfig;
import io.breakwater.time.Ticker;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.LongAdder;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.IntSupplier;
import org.jspecify.annotations.Nullable;

/**
 * What of a pool outlives its configurations: who is in rotation now, and what was learnt while serving. There is one for
 * each name of a pool; every configuration that it gets is a {@link BackendPool} in front of it. Safe from any thread.
 */
/*
 * Changes and the rotation:
 * - Every change of a backend (its circuit, its health, its admin state, a reload) counts up `changes`, once it has taken
 *   effect or while nobody can build. A rotation knows the count that it was built from, so anybody can tell whether it shows
 *   everything; a request asks that only before it is refused.
 * - Whoever made a change builds the rotation anew, unless somebody else is at it: that one looks at the count again
 *   after it has let go of the lock, so no change is forgotten, and many changes become one rotation. A large pool is
 *   built by `background`, not on an event loop.
 * - Requests never take the lock. A request that nobody admits, while a rotation is being built, asks every backend.
 *
 * Trips (min-available): two backends that fail at the same moment must not both go, so whether enough others are left
 * and the trip itself are one step under the lock. What makes others unavailable meanwhile without the lock, such as a
 * circuit opened by hand, is as if it had come after the trip. A backend whose circuit has closed a moment ago may not
 * be counted yet; then a trip is refused that could have been allowed, and the next failure asks again.
 *
 * Health: which backend is the last healthy one is decided under the lock too, in the order in which falls are heard of.
 */
public final class PoolCore {
    /** Pools of up to this size are built by whoever changed them, in some microseconds: {@value}. */
    static final int MOST_BUILT_AT_ONCE = 256;

    private final Ticker ticker;
    private final Executor background;
    private final PolicyFactory policies;
    private final PoolTraffic traffic;
    private final TypicalLatency typicalLatency = new TypicalLatency();
    private final LongAdder underWay = new LongAdder();
    /** Counts offers to half-open circuits. */
    private final AtomicInteger offers = new AtomicInteger();

    private final AtomicLong changes = new AtomicLong();
    private final AtomicBoolean building = new AtomicBoolean();
    private final ReentrantLock lock = new ReentrantLock();

    /** Written with the lock, as the next one. */
    private volatile @Nullable Rotation rotation;

    private @Nullable Policy policy;

    /**
     * @param background runs what takes too long for an event loop
     * @param recorder counts the pool's retries
     */
    public PoolCore(Ticker ticker, Executor background, PolicyFactory policies, PoolRecorder recorder) {
        this.traffic = new PoolTraffic(recorder);
        this.ticker = ticker;
        this.background = background;
        this.policies = policies;
    }

    /** Makes the policy that a configuration names. */
    @FunctionalInterface
    public interface PolicyFactory {

        /**
         * @param underWay counts the requests that are under way to all backends of the pool
         */
        Policy make(BalanceConfig balance, IntSupplier underWay);
    }

    /**
     * Serves by this configuration from now on, and returns the pool that does. Pools of earlier configurations go on
     * working for those who have them; they choose among the same backends as the newest.
     *
     * @param backends one for each of the configuration, in its order; where identity stays, the same objects as before
     */
    public BackendPool configure(PoolConfig config, List<Backend> backends) {
        List<Backend> members = List.copyOf(backends);
        change(() -> {
            Rotation before = rotation;
            if (before == null || !before.config().balance().equals(config.balance())) {
                policy = policies.make(config.balance(), underWay::intValue);
            }
            Map<String, BackendConfig> byId = new HashMap<>();
            config.backends().forEach(each -> byId.put(each.id(), each));
            long now = ticker.read();
            for (Backend member : members) {
                member.reconfigure(requireNonNull(byId.get(member.id().id())), config, now);
            }
            traffic.configure(config);
            build(config, members);
        });
        return new BackendPool(this, config, members);
    }

    Ticker ticker() {
        return ticker;
    }

    PoolTraffic traffic() {
        return traffic;
    }

    TypicalLatency typicalLatency() {
        return typicalLatency;
    }

    /** Who is in rotation, as far as it is known. */
    Rotation rotation() {
        return requireNonNull(rotation, "not configured");
    }

    /** Whether this rotation shows every change. */
    boolean isCurrent(Rotation seen) {
        return seen.builtFrom() == changes.get();
    }

    void attemptStarted() {
        underWay.increment();
    }

    /** A slot is free. */
    void attemptEnded() {
        underWay.decrement();
        traffic.line().slotFreed();
    }

    // ================ changes ================

    /** Makes a change of a backend while nobody else makes one. Not for the way of a request. */
    void change(Runnable step) {
        lock.lock();
        try {
            changes.incrementAndGet(); // first, for a rotation that the step builds; until it is done nobody else can
            step.run();
        } finally {
            lock.unlock();
        }
        buildSoon();
        traffic.line().wakeAll();
    }

    /** A backend has changed: the rotation must show it soon. */
    void changed() {
        changes.incrementAndGet();
        buildSoon();
    }

    private void buildSoon() {
        Rotation present = rotation;
        if (present == null || isCurrent(present)) {
            return;
        }
        if (present.backends().size() <= MOST_BUILT_AT_ONCE) {
            buildIfFree();
        } else if (building.compareAndSet(false, true)) {
            try {
                background.execute(this::buildInBackground);
            } catch (RejectedExecutionException e) { // it is shutting down
                buildInBackground();
            }
        }
    }

    private void buildInBackground() {
        building.set(false); // a change from here on is in the rotation that is built next, or has another one built
        buildIfFree();
    }

    private void buildIfFree() {
        while (!isCurrent(rotation()) && lock.tryLock()) {
            try {
                build(rotation().config(), rotation().backends());
            } finally {
                lock.unlock();
            }
            traffic.line().wakeAll();
        }
    }

    /** With the lock. */
    private Rotation build(PoolConfig config, List<Backend> backends) {
        long from = changes.get();
        if (backends.stream().anyMatch(Backend::isHealthy)) {
            backends.forEach(Backend::noLongerNeeded);
        }
        Rotation built = Rotation.of(from, config, backends, requireNonNull(policy), offers, ticker.read());
        rotation = built;
        return built;
    }

    // ================ what only all backends together know ================

    /** Whether any other backend is enabled and healthy. With the lock. */
    boolean hasHealthyBeside(Backend one) {
        Rotation present = rotation;
        return present != null && present.backends().stream().anyMatch(other -> other != one && other.isHealthy());
    }

    /** The circuit of this backend is about to open because of failures. */
    void onTrip(Backend failing, Runnable opening) {
        Rotation present = rotation;
        if (present == null || present.config().minAvailable() == 0) {
            opening.run();
            return;
        }
        boolean refused;
        lock.lock();
        try {
            Rotation current = rotation();
            if (!isCurrent(current)) {
                current = build(current.config(), current.backends());
            }
            boolean serves = failing.isInRotation() && failing.breaker().state(ticker.read()) == CircuitState.CLOSED;
            refused = serves && current.available() - 1 < current.config().minAvailable();
            if (!refused) {
                opening.run();
            }
        } finally {
            lock.unlock();
        }
        buildSoon();
        if (refused) {
            failing.tripRefused();
        }
    }
}
