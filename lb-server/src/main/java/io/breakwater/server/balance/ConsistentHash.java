package io.breakwater.server.balance;

import java.util.Arrays;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.IntSupplier;

/**
 * The same candidate for the same key, for as long as it is there and not overloaded.
 *
 * <p>Multi-probe consistent hashing (Appleton and O'Reilly 2015): each candidate is {@value #POINTS} points on a
 * ring per unit of weight, a key is hashed to {@value #PROBES} places, and the candidate with the point that follows
 * one of them most closely is its home. When one of n goes, its keys move, about 1/n of all, and no other. Chosen over a
 * ring with one place per key because that needs some two hundred points per candidate for as even a spread (a
 * deviation of 6 %), and is too slow to build anew for 10,000 candidates whenever a circuit opens; over Maglev because
 * that moves keys between those that stay; and over rendezvous hashing because that looks at everybody for every key.
 *
 * <p>Bounded loads (Mirrokni, Thorup and Zadimoghaddam 2016): nobody is asked who has {@value #BOUND} times its part of
 * all requests under way, rounded up. A key whose home is full goes on to others in an order of its own, so that what
 * one hot candidate cannot take is spread over all. With few requests under way the bound is one each, so that a key
 * leaves its home while that answers another request; that is the price of the bound. If all are full, it holds nobody
 * back.
 *
 * <p>During a slow start a candidate takes the part of its keys that its share says, always the same ones and more and
 * more of them, and its bound is that part.
 */
public final class ConsistentHash implements Policy {
    /** Points of a candidate per unit of weight: {@value}. */
    private static final int POINTS = 8;

    /** Places of a key: {@value}. */
    private static final int PROBES = 16;

    /** Places of a key for each further choice: the bound, and not they, evens these out. */
    private static final int FURTHER_PROBES = 2;

    /** Choices of a key before its order is that of the list. */
    private static final int CHOICES = 16;

    /** How much more than its part a candidate may have under way. */
    private static final double BOUND = 1.25;

    /** Points that a ring has at most, apart from those that candidates of little weight have at least. */
    private static final long MOST_POINTS = 1 << 17;

    private static final long GOLDEN = 0x9e3779b97f4a7c15L;

    private final IntSupplier underWay;

    /**
     * What the number of points is divided by to stay below the most. It never shrinks, so that the ring does not turn
     * over whenever a circuit opens or closes.
     */
    private final AtomicLong thinning = new AtomicLong(1);

    /**
     * @param underWay counts the requests that are under way to all candidates
     */
    public ConsistentHash(IntSupplier underWay) {
        this.underWay = underWay;
    }

    @Override
    public Balancer over(List<? extends Candidate> candidates) {
        Weights weights = new Weights(candidates);
        long sum = candidates.stream().mapToLong(Candidate::weight).sum();
        Ring ring = new Ring(candidates, thinning.accumulateAndGet(sum * POINTS / MOST_POINTS + 1, Math::max));
        return (admission, key, now) -> choose(weights, ring, admission, key, now);
    }

    private int choose(Weights weights, Ring ring, Admission admission, long key, long now) {
        double part = BOUND * (underWay.getAsInt() + 1) / weights.length();
        int home = ring.owner(key, PROBES);
        int choice = home;
        for (int more = 1; more <= CHOICES; more++) {
            if (takes(weights, choice, key, now) && hasRoom(weights, choice, part, now) && admission.admit(choice)) {
                return choice;
            }
            choice = ring.owner(KeyHash.mix(key + more), FURTHER_PROBES);
        }
        int count = weights.count();
        for (int asked = 0; asked < count; asked++) {
            choice = choice + 1 == count ? 0 : choice + 1;
            if (hasRoom(weights, choice, part, now) && admission.admit(choice)) {
                return choice;
            }
        }
        return weights.askAll(home, admission);
    }

    private static boolean takes(Weights weights, int candidate, long key, long now) {
        double share = weights.share(candidate, now);
        return share >= 1
                || KeyHash.fraction(
                                KeyHash.mix(key ^ weights.candidate(candidate).identityHash()))
                        < share;
    }

    private static boolean hasRoom(Weights weights, int candidate, double part, long now) {
        double bound = part * weights.weight(candidate) * weights.share(candidate, now);
        return weights.candidate(candidate).load(now) < Math.ceil(bound);
    }

    /** Points in order; each is a place in its high bits, and who is there in its low ones. Immutable. */
    private static final class Ring {
        private static final int PLACE_BITS = Long.SIZE - 1;

        private final long[] points;
        private final long ownerMask;

        /** For each of the equal parts of the ring the index of the first point in it or after it. */
        private final int[] firsts;

        private final int partShift;

        Ring(List<? extends Candidate> candidates, long thinning) {
            ownerMask = Integer.highestOneBit(candidates.size()) * 2L - 1;
            int count = 0;
            for (Candidate one : candidates) {
                count += points(one, thinning);
            }
            points = new long[count];
            int point = 0;
            for (int owner = 0; owner < candidates.size(); owner++) {
                Candidate one = candidates.get(owner);
                for (int i = points(one, thinning); i > 0; i--) {
                    points[point++] = place(one.identityHash() + i * GOLDEN) | owner;
                }
            }
            Arrays.sort(points);
            int partBits = Integer.SIZE - Integer.numberOfLeadingZeros(count);
            partShift = PLACE_BITS - partBits;
            firsts = new int[1 << partBits];
            int first = 0;
            for (int part = 0; part < firsts.length; part++) {
                while (first < count && points[first] >>> partShift < part) {
                    first++;
                }
                firsts[part] = first;
            }
        }

        private static int points(Candidate one, long thinning) {
            return (int) Math.max(1, ((long) one.weight() * POINTS + thinning / 2) / thinning);
        }

        private long place(long hash) {
            return KeyHash.mix(hash) >>> 1 & ~ownerMask;
        }

        /** Returns who follows one of the key's places most closely. */
        int owner(long key, int probes) {
            long nearest = Long.MAX_VALUE;
            int owner = 0;
            for (int probe = 0; probe < probes; probe++) {
                long place = place(key + probe * GOLDEN);
                int i = firsts[(int) (place >>> partShift)];
                while (i < points.length && points[i] < place) {
                    i++;
                }
                long found = points[i < points.length ? i : 0];
                long distance = found - place & Long.MAX_VALUE & ~ownerMask;
                if (distance < nearest) {
                    nearest = distance;
                    owner = (int) (found & ownerMask);
                }
            }
            return owner;
        }
    }
}
