package io.breakwater.server.balance;

import java.util.List;
import java.util.random.RandomGenerator;

/**
 * Candidates laid side by side on a line, each as long as its weight (divided by what all weights have in common). Who
 * lies at a point is found in constant time on average by an index of one cell per candidate (the guide table of Chen
 * and Asau, 1974), whatever the weights are. Immutable; safe from any thread.
 */
final class Weights {
    /** A share below this is taken as this, so that nobody waits for ever for a turn. */
    private static final double LEAST_SHARE = 0.001;

    /** How often a draw meets a candidate in its slow start before it settles for one of those it met. */
    private static final int DRAWS = 16;

    private final Candidate[] candidates;
    private final boolean equal;

    /** Where each candidate begins; one more entry with the length of the line. */
    private final long[] begins;

    /** Who lies at the first point of each cell; one more entry for the end. A cell has {@code 1 << cellBits} points. */
    private final int[] cells;

    private final int cellBits;

    Weights(List<? extends Candidate> list) {
        candidates = list.toArray(Candidate[]::new);
        long divisor = 0;
        for (Candidate one : candidates) {
            divisor = greatestCommonDivisor(one.weight(), divisor);
        }
        begins = new long[candidates.length + 1];
        for (int i = 0; i < candidates.length; i++) {
            begins[i + 1] = begins[i] + candidates[i].weight() / divisor;
        }
        long length = begins[candidates.length];
        equal = length == candidates.length;
        cellBits = Long.SIZE - Long.numberOfLeadingZeros((length - 1) / candidates.length);
        cells = new int[(int) ((length - 1) >>> cellBits) + 2];
        int candidate = 0;
        for (int cell = 0; cell < cells.length - 1; cell++) {
            while (begins[candidate + 1] <= (long) cell << cellBits) {
                candidate++;
            }
            cells[cell] = candidate;
        }
        cells[cells.length - 1] = candidates.length - 1;
    }

    static long greatestCommonDivisor(long one, long other) {
        return other == 0 ? one : greatestCommonDivisor(other, one % other);
    }

    int count() {
        return candidates.length;
    }

    Candidate candidate(int index) {
        return candidates[index];
    }

    boolean equal() {
        return equal;
    }

    /** Returns how long the line is: the sum of the reduced weights. */
    long length() {
        return begins[candidates.length];
    }

    /** Returns the reduced weight. */
    long weight(int candidate) {
        return begins[candidate + 1] - begins[candidate];
    }

    /** Returns the part of its weight that counts now, above 0 and at most 1. */
    double share(int candidate, long now) {
        return Math.max(LEAST_SHARE, candidates[candidate].share(now));
    }

    /** Returns who lies at this point of the line. */
    int at(long point) {
        if (equal) {
            return (int) point;
        }
        int cell = (int) (point >>> cellBits);
        int low = cells[cell];
        int high = cells[cell + 1];
        while (low < high) {
            int middle = (low + high + 1) >>> 1;
            if (begins[middle] <= point) {
                low = middle;
            } else {
                high = middle - 1;
            }
        }
        return low;
    }

    /**
     * Draws a candidate with a probability in proportion to its weight and share. One in its slow start is taken with
     * the probability of its share, else the draw is repeated; when even the last meets such a one, one of those met is
     * taken, by their shares, so that a pool that starts as a whole is balanced too.
     */
    int draw(RandomGenerator random, long now) {
        int settled = 0;
        double met = 0;
        for (int draw = 0; draw < DRAWS; draw++) {
            int drawn = at(random.nextLong(length()));
            double share = share(drawn, now);
            if (share >= 1 || random.nextDouble() < share) {
                return drawn;
            }
            met += share;
            if (random.nextDouble() * met < share) {
                settled = drawn;
            }
        }
        return settled;
    }

    /** Asks every candidate once, from this one on. */
    int askAll(int first, Admission admission) {
        int candidate = first;
        for (int asked = 0; asked < candidates.length; asked++) {
            if (admission.admit(candidate)) {
                return candidate;
            }
            candidate = candidate + 1 == candidates.length ? 0 : candidate + 1;
        }
        return Balancer.NONE;
    }
}
