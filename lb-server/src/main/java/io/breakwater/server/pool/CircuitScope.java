package io.breakwater.server.pool;

import static java.util.Objects.requireNonNull;

import io.breakwater.health.breaker.CircuitState;
import io.breakwater.server.balance.Policy;
import io.breakwater.server.config.PoolConfig;
import io.breakwater.time.Ticker;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * The requests of a pool that share circuits, which are all of them, or those of one route: who is in rotation for them
 * now. Outlives the pool's configurations. Safe from any thread.
 */
/*
 * Changes and the rotation:
 * - Every change of a backend (its circuit, its health, its admin state, a reload) counts up `changes`, once it has taken
 *   effect or while nobody can build. A rotation knows the count that it was built from, so anybody can tell whether it shows
 *   everything; a request asks that only before it is refused.
 * - Whoever made a change builds the rotation anew, unless somebody else is at it: that one looks at the count again
 *   after it has let go of the lock, so no change is forgotten, and many changes become one rotation. A large pool is
 *   built by the background, not on an event loop.
 * - Requests never take the lock. A request that nobody admits, while a rotation is being built, asks every backend.
 *
 * Trips (min-available): two backends that fail at the same moment must not both go, so whether enough others are left
 * and the trip itself are one step under the lock. What makes others unavailable meanwhile without the lock, such as a
 * failed health check or a circuit opened by hand, is as if it had come after the trip. A backend that has come back a
 * moment ago may not be counted yet; then a trip is refused that could have been allowed, and the next failure asks again.
 */
final class CircuitScope {
    /** Pools of up to this size are built by whoever changed them, in some microseconds: {@value}. */
    static final int MOST_BUILT_AT_ONCE = 256;

    private final PoolCore core;
    private final @Nullable String route;
    /** Counts offers to half-open circuits. */
    private final AtomicInteger offers = new AtomicInteger();

    private final AtomicLong changes = new AtomicLong();
    private final AtomicBoolean building = new AtomicBoolean();
    private final ReentrantLock lock = new ReentrantLock();

    /** Written with the lock, as the next one. */
    private volatile @Nullable Rotation rotation;

    private @Nullable Policy policy;

    /**
     * @param route the only one whose requests are concerned; null if all are
     */
    CircuitScope(PoolCore core, @Nullable String route) {
        this.core = core;
        this.route = route;
    }

    @Nullable
    String route() {
        return route;
    }

    Ticker ticker() {
        return core.ticker();
    }

    PoolTraffic traffic() {
        return core.traffic();
    }

    /** Serves by this configuration from now on. A replica that was there before keeps its circuit. */
    BackendPool configure(PoolConfig config, List<Replica> replicas, long now) {
        List<Backend> members = new ArrayList<>(replicas.size());
        lock.lock();
        try {
            Rotation before = rotation;
            Map<Replica, Backend> known = new HashMap<>();
            if (before != null) {
                before.backends().forEach(one -> known.put(one.replica(), one));
            }
            for (Replica each : replicas) {
                Backend there = known.get(each);
                if (there == null || before == null) {
                    members.add(made(each, config, now));
                } else {
                    there.reconfigure(before.config(), config, now);
                    members.add(there);
                }
            }
            if (before == null || !before.config().balance().equals(config.balance())) {
                policy = core.policy(config.balance());
            }
            changes.incrementAndGet();
            build(config, List.copyOf(members));
        } finally {
            lock.unlock();
        }
        buildSoon();
        return new BackendPool(this, config, List.copyOf(members));
    }

    /** What an operator opened until it is reset holds for a route that is new, too. */
    private Backend made(Replica replica, PoolConfig config, long now) {
        Backend made = new Backend(this, replica, config);
        if (replica.isTripped()) {
            made.breaker().trip(now);
        }
        return made;
    }

    /** Who is in rotation, as far as it is known. */
    Rotation rotation() {
        return requireNonNull(rotation, "not configured");
    }

    /** Whether this rotation shows every change. */
    boolean isCurrent(Rotation seen) {
        return seen.builtFrom() == changes.get();
    }

    // ================ changes ================

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
                core.background().execute(this::buildInBackground);
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
            traffic().line().wakeAll();
        }
    }

    /** With the lock. */
    private Rotation build(PoolConfig config, List<Backend> backends) {
        Rotation built = Rotation.of(changes.get(), config, backends, requireNonNull(policy), offers, ticker().read());
        rotation = built;
        return built;
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
            boolean serves = failing.isInRotation() && failing.breaker().state(ticker().read()) == CircuitState.CLOSED;
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
