package io.breakwater.server.pool;

import static java.util.Objects.requireNonNull;

import io.breakwater.metrics.PoolRecorder;
import io.breakwater.server.balance.Policy;
import io.breakwater.server.balance.TypicalLatency;
import io.breakwater.server.config.BackendConfig;
import io.breakwater.server.config.BalanceConfig;
import io.breakwater.server.config.PoolConfig;
import io.breakwater.server.config.PoolConfig.BreakerScope;
import io.breakwater.time.Ticker;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Executor;
import java.util.concurrent.atomic.LongAdder;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.IntSupplier;
import org.jspecify.annotations.Nullable;

/**
 * What of a pool outlives its configurations: its circuits by scope, and what was learnt while serving. There is one for
 * each name of a pool; every configuration that it gets is a {@link ServedPool} in front of it. Safe from any thread.
 */
/*
 * Two kinds of lock, taken in this order and never by requests:
 * - that of the core: one change of replicas (their health, their admin state, a reload) at a time. Which replica is the
 *   last healthy one is decided under it, in the order in which falls are heard of.
 * - that of each scope: one rotation is built, or one trip judged, at a time. See CircuitScope.
 */
public final class PoolCore {
    private final Ticker ticker;
    private final long originNanos;
    private final Executor background;
    private final PolicyFactory policies;
    private final PoolTraffic traffic;
    private final TypicalLatency typicalLatency = new TypicalLatency();
    private final LongAdder underWay = new LongAdder();

    private final ReentrantLock lock = new ReentrantLock();
    /** Written with the lock, as the next one. */
    private volatile List<Replica> replicas = List.of();

    private volatile List<CircuitScope> scopes = List.of();
    /** Whether there may be a suspect, so that ten thousand need not be asked after each change. With the lock. */
    private boolean suspected;

    /**
     * @param background runs what takes too long for an event loop
     * @param recorder counts the pool's retries
     */
    public PoolCore(Ticker ticker, Executor background, PolicyFactory policies, PoolRecorder recorder) {
        this.traffic = new PoolTraffic(recorder);
        this.ticker = ticker;
        this.originNanos = ticker.read();
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
     * Serves by this configuration from now on, and returns what does. Pools of earlier configurations go on working for
     * those who have them; they choose among the same backends as the newest, as long as their circuits are there.
     *
     * @param members one for each backend of the configuration, in its order; where identity stays, the same objects as
     *     before
     * @param routes that lead here; each has circuits of its own if the configuration says so
     */
    public ServedPool configure(PoolConfig config, List<Replica> members, List<String> routes) {
        List<Replica> present = List.copyOf(members);
        ServedPool served;
        lock.lock();
        try {
            long now = ticker.read();
            Map<String, BackendConfig> byId = new HashMap<>();
            config.backends().forEach(each -> byId.put(each.id(), each));
            for (Replica member : present) {
                member.reconfigure(requireNonNull(byId.get(member.id().id())), config, now);
            }
            replicas = present;
            dropSuspects();
            traffic.configure(config);
            served = new ServedPool(config, present, configureScopes(config, present, routes, now));
        } finally {
            lock.unlock();
        }
        traffic.line().wakeAll();
        return served;
    }

    /** A scope stays, with its circuits, as long as its route does. */
    private List<BackendPool> configureScopes(PoolConfig config, List<Replica> present, List<String> routes, long now) {
        boolean perRoute = config.breakerScope() == BreakerScope.BACKEND_AND_ROUTE && !routes.isEmpty();
        Map<@Nullable String, CircuitScope> before = new HashMap<>();
        scopes.forEach(scope -> before.put(scope.route(), scope));
        List<CircuitScope> after = new ArrayList<>();
        List<BackendPool> pools = new ArrayList<>();
        for (String route : perRoute ? routes : Collections.<@Nullable String>singletonList(null)) {
            CircuitScope known = before.get(route);
            CircuitScope scope = known == null ? new CircuitScope(this, route) : known;
            after.add(scope);
            pools.add(scope.configure(config, present, now));
        }
        scopes = List.copyOf(after);
        for (int i = 0; i < present.size(); i++) {
            int number = i;
            present.get(i)
                    .circuits(pools.stream()
                            .map(pool -> pool.backends().get(number))
                            .toList());
        }
        return pools;
    }

    /** The backends of the newest configuration, in its order. */
    public List<Replica> replicas() {
        return replicas;
    }

    /** A moment before all that happens in the pool, as a reading of the ticker. */
    long originNanos() {
        return originNanos;
    }

    Ticker ticker() {
        return ticker;
    }

    Executor background() {
        return background;
    }

    PoolTraffic traffic() {
        return traffic;
    }

    TypicalLatency typicalLatency() {
        return typicalLatency;
    }

    Policy policy(BalanceConfig balance) {
        return policies.make(balance, underWay::intValue);
    }

    void attemptStarted() {
        underWay.increment();
    }

    /** A slot is free, for whichever route. */
    void attemptEnded() {
        underWay.decrement();
        traffic.line().slotFreed();
    }

    /** Makes a change of a replica while nobody else makes one. Not for the way of a request. */
    void change(Runnable step) {
        List<CircuitScope> concerned;
        lock.lock();
        try {
            step.run();
            dropSuspects();
            concerned = scopes;
        } finally {
            lock.unlock();
        }
        concerned.forEach(CircuitScope::changed);
        traffic.line().wakeAll();
    }

    /** A replica is in rotation although it is unhealthy. With the lock. */
    void suspected() {
        suspected = true;
    }

    /** With the lock. */
    private void dropSuspects() {
        if (suspected && replicas.stream().anyMatch(Replica::isHealthy)) {
            replicas.forEach(Replica::noLongerNeeded);
            suspected = false;
        }
    }

    /** Whether any other replica is enabled and healthy. With the lock. */
    boolean hasHealthyBeside(Replica one) {
        return replicas.stream().anyMatch(other -> other != one && other.isHealthy());
    }
}
