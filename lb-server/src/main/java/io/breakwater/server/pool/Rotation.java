package io.breakwater.server.pool;

import io.breakwater.health.breaker.CircuitState;
import io.breakwater.server.balance.Balancer;
import io.breakwater.server.balance.Policy;
import io.breakwater.server.config.PoolConfig;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/**
 * Who can be asked, as it was at one moment: made anew after each change, so that a request finds somebody without
 * looking at every backend. Whoever is asked decides by what is true now, so a rotation that is a moment out of date
 * costs a detour at most. Immutable; safe from any thread.
 */
final class Rotation {
    private final long builtFrom;
    private final PoolConfig config;
    private final List<Backend> backends;
    private final Tier[] tiers;
    private final int available;
    private final NotClosed notClosed;

    private Rotation(
            long builtFrom,
            PoolConfig config,
            List<Backend> backends,
            Tier[] tiers,
            int available,
            NotClosed notClosed) {
        this.builtFrom = builtFrom;
        this.config = config;
        this.backends = backends;
        this.tiers = tiers;
        this.available = available;
        this.notClosed = notClosed;
    }

    /**
     * @param builtFrom the number of the latest change that it shows
     * @param cursor of the offers to half-open circuits; goes on from one rotation to the next
     */
    static Rotation of(
            long builtFrom, PoolConfig config, List<Backend> backends, Policy policy, AtomicInteger cursor, long now) {
        Map<Integer, List<Backend>> byPriority = new TreeMap<>();
        for (Backend one : backends) {
            if (one.isInRotation()) {
                byPriority
                        .computeIfAbsent(one.config().priority(), priority -> new ArrayList<>())
                        .add(one);
            }
        }
        List<Tier> tiers = new ArrayList<>();
        int available = 0;
        for (List<Backend> members : byPriority.values()) {
            Tier tier = Tier.of(members, policy, cursor, now);
            tiers.add(tier);
            for (Backend one : members) {
                available += one.breaker().state(now) == CircuitState.CLOSED ? 1 : 0;
            }
        }
        return new Rotation(
                builtFrom, config, backends, tiers.toArray(Tier[]::new), available, NotClosed.of(backends, now));
    }

    long builtFrom() {
        return builtFrom;
    }

    PoolConfig config() {
        return config;
    }

    List<Backend> backends() {
        return backends;
    }

    /** How many are enabled and healthy with a closed circuit; one that only observes counts as if it enforced. */
    int available() {
        return available;
    }

    /**
     * Offers the request to half-open circuits and asks the balancer, priority by priority. Where nobody admits it, any
     * half-open circuit may have it.
     */
    boolean admit(Selection selection, long now) {
        boolean entitled = config.retries().max() == 0 || selection.isReplayable();
        for (Tier tier : tiers) {
            if (tier.offer(selection, entitled, now) || tier.balance(selection, now)) {
                return true;
            }
        }
        for (Tier tier : tiers) {
            if (tier.offerToAnybody(selection, now)) {
                return true;
            }
        }
        return false;
    }

    /** Asks every backend: for the moment in which a rotation is out of date and the next is not there yet. */
    boolean askEverybody(Selection selection) {
        for (Backend one : backends) {
            if (selection.ask(one)) {
                return true;
            }
        }
        return false;
    }

    /** Tells the selection of the circuits that need not be asked, because their cooldown is not over. */
    void tellOfOpenCircuits(Selection selection, long now) {
        for (Tier tier : tiers) {
            tier.tellOfOpenCircuits(selection, now);
        }
    }

    /** Counts a rejection at each backend that the request could not have because of its circuit. */
    void countRejections(Selection selection) {
        for (Backend one : backends) {
            if (one.isInRotation() && !selection.hasTried(one)) {
                one.circuitRejected();
            }
        }
    }

    /** Returns the state of the pool's best circuit: closed before half-open before open. */
    CircuitState bestState(long now) {
        if (notClosed.size() < backends.size()) {
            return CircuitState.CLOSED;
        }
        int due = notClosed.due(now);
        CircuitState best = CircuitState.OPEN;
        for (int i = 0; i < due && best == CircuitState.OPEN; i++) {
            best = notClosed.get(i).breaker().servingState(now); // a probe that is lost may have opened it again
        }
        return best;
    }

    /** The backends of one priority that are enabled and healthy. */
    static final class Tier {
        /** Those with closed circuits. */
        private final Backend[] serving;

        private final @Nullable Balancer balancer;
        private final NotClosed notClosed;
        /** Whom the next offer begins with, so that one who gives back its probe every time does not keep others waiting. */
        private final AtomicInteger cursor;

        private Tier(Backend[] serving, @Nullable Balancer balancer, NotClosed notClosed, AtomicInteger cursor) {
            this.serving = serving;
            this.balancer = balancer;
            this.notClosed = notClosed;
            this.cursor = cursor;
        }

        static Tier of(List<Backend> members, Policy policy, AtomicInteger cursor, long now) {
            List<Backend> serving = members.stream()
                    .filter(one -> one.breaker().servingState(now) == CircuitState.CLOSED)
                    .toList();
            return new Tier(
                    serving.toArray(Backend[]::new),
                    serving.isEmpty() ? null : policy.over(serving),
                    NotClosed.of(members, now),
                    cursor);
        }

        /**
         * Offers the request to half-open circuits.
         *
         * @param entitled whether this kind of request is offered to all of them; others only to those that have waited
         *     for a whole cooldown
         */
        boolean offer(Selection selection, boolean entitled, long now) {
            int due = notClosed.due(now);
            int first = due > 1 ? Integer.remainderUnsigned(cursor.getAndIncrement(), due) : 0;
            for (int i = 0; i < due; i++) {
                Backend one = notClosed.get(first + i < due ? first + i : first + i - due);
                if (one.breaker().offersProbe(now)
                        && (entitled || one.breaker().isProbeOverdue(now))
                        && selection.ask(one)) {
                    return true;
                }
            }
            return false;
        }

        boolean balance(Selection selection, long now) {
            Balancer asked = balancer;
            return asked != null && asked.choose(selection.among(serving), selection.hashKey(), now) != Balancer.NONE;
        }

        boolean offerToAnybody(Selection selection, long now) {
            int due = notClosed.due(now);
            for (int i = 0; i < due; i++) {
                if (selection.ask(notClosed.get(i))) {
                    return true;
                }
            }
            return false;
        }

        void tellOfOpenCircuits(Selection selection, long now) {
            int timed = notClosed.timed();
            boolean told = false;
            for (int i = notClosed.due(now); i < timed && !told; i++) {
                told = selection.sawOpenCircuit(notClosed.get(i), now);
            }
            told = false;
            for (int i = timed; i < notClosed.size() && !told; i++) {
                told = selection.sawOpenCircuit(notClosed.get(i), now);
            }
        }
    }
}
