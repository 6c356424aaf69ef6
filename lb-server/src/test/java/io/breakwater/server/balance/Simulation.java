package io.breakwater.server.balance;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.PriorityQueue;
import java.util.SplittableRandom;
import org.jspecify.annotations.Nullable;

/**
 * Clients that send one request after another to a pool, in virtual time: each waits for its response, thinks for a
 * random time, and sends the next.
 */
final class Simulation {
    static final long MS = 1_000_000;

    /** How a backend answers. */
    @FunctionalInterface
    interface Behaviour {

        /** Returns the latency of the next request in nanoseconds, negative if it fails after that time. */
        long next(SplittableRandom random);
    }

    private final SplittableRandom random;
    private final List<Replica> replicas = new ArrayList<>();
    private final PriorityQueue<Event> events = new PriorityQueue<>(Comparator.comparingLong(Event::at));

    Simulation(long seed, Behaviour... behaviours) {
        random = new SplittableRandom(seed);
        TypicalLatency typical = new TypicalLatency();
        for (Behaviour behaviour : behaviours) {
            replicas.add(new Replica("replica-" + replicas.size(), behaviour, new LatencyScore(typical)));
        }
    }

    SplittableRandom random() {
        return random;
    }

    Replica replica(int index) {
        return replicas.get(index);
    }

    /**
     * Returns the part of all requests that each replica got in the second half.
     *
     * @param thinkNanos between a response and the client's next request, on average
     */
    double[] run(Policy policy, int clients, long thinkNanos, long durationNanos) {
        Balancer balancer = policy.over(replicas);
        int[] chosen = new int[replicas.size()];
        int all = 0;
        for (int i = 0; i < clients; i++) {
            events.add(new Event(random.nextLong(thinkNanos + 1), null, 0));
        }
        for (Event event = events.remove(); event.at < durationNanos; event = events.remove()) {
            long now = event.at;
            if (event.from != null) {
                event.from.ended(event.latency, now);
                events.add(new Event(now + random.nextLong(2 * thinkNanos + 1), null, 0));
                continue;
            }
            int choice = balancer.choose(candidate -> true, random.nextLong(), now);
            Replica to = replicas.get(choice);
            to.inFlight++;
            long latency = to.behaviour.next(random);
            events.add(new Event(now + Math.abs(latency), to, latency));
            if (now > durationNanos / 2) {
                chosen[choice]++;
                all++;
            }
        }
        double[] parts = new double[chosen.length];
        for (int i = 0; i < parts.length; i++) {
            parts[i] = (double) chosen[i] / all;
        }
        return parts;
    }

    /** A response, or a client that sends when {@code from} is null. */
    private record Event(long at, @Nullable Replica from, long latency) {}

    static final class Replica implements Candidate {
        double share = 1;
        private final long identityHash;
        private final Behaviour behaviour;
        private final LatencyScore score;
        private int inFlight;

        Replica(String id, Behaviour behaviour, LatencyScore score) {
            this.identityHash = KeyHash.of(id);
            this.behaviour = behaviour;
            this.score = score;
        }

        void ended(long latency, long now) {
            inFlight--;
            if (latency < 0) {
                score.failed(-latency, now);
            } else {
                score.succeeded(latency, now);
            }
        }

        @Override
        public int weight() {
            return 1;
        }

        @Override
        public double share(long now) {
            return share;
        }

        @Override
        public double load(long now) {
            return score.load(inFlight, now);
        }

        @Override
        public double expectedLatencyNanos(long now) {
            return score.expectedLatencyNanos(now);
        }

        @Override
        public long identityHash() {
            return identityHash;
        }
    }
}
