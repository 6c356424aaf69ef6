package io.breakwater.server.balance;

import java.util.List;
import java.util.concurrent.atomic.AtomicLong;

/**
 * Each candidate in turn, as often as its weight says. The cursor is shared by all event loops, so that three requests
 * on three connections meet three backends, and it moves past a candidate that refuses, so that its turn is shared by
 * all others instead of going to its neighbour. It outlives a change of the candidates.
 *
 * <p>A pick is one atomic increment and one look-up, whatever the weights are (the static stride of gRPC's weighted
 * round robin needs as little state, but passes over candidates in proportion to how far the greatest weight is from
 * the mean). Who has which turn of a round is one of these; proportions are exact over each round:
 *
 * <ul>
 *   <li>equal weights: the order of the list;
 *   <li>up to {@value #PLANNED} candidates times turns: nginx's smooth weighted round robin, laid out in advance;
 *   <li>above that, where laying out would take milliseconds: the candidates lie on a line, each as long as its weight,
 *       and turns walk over its points in steps of the golden section of the whole, wrapping round, so that they meet
 *       each point once and each candidate about as evenly as it can be (the three-distance theorem; Knuth, TAOCP 3,
 *       6.4).
 * </ul>
 *
 * <p>A candidate in its slow start takes the part of its turns that its share says, and passes the others on.
 */
public final class RoundRobin implements Policy {
    private static final long PLANNED = 1 << 18;
    private static final double GOLDEN_SECTION = (Math.sqrt(5) - 1) / 2;

    /** Refusals after which it is no longer asked by turns. */
    private static final int REFUSALS = 32;

    /** Turns passed on for a slow start after which the next one is taken all the same. */
    private static final int PASSES = 64;

    private final AtomicLong cursor = new AtomicLong();

    @Override
    public Balancer over(List<? extends Candidate> candidates) {
        Weights weights = new Weights(candidates);
        Round round = round(weights);
        return (admission, key, now) -> choose(weights, round, admission, now);
    }

    private int choose(Weights weights, Round round, Admission admission, long now) {
        int refusals = Math.min(weights.count(), REFUSALS);
        int passes = PASSES;
        long turn = 0;
        while (refusals > 0) {
            turn = cursor.getAndIncrement() & Long.MAX_VALUE;
            int candidate = round.who(turn % weights.length());
            double share = weights.share(candidate, now);
            if (share < 1 && passes > 0 && KeyHash.fraction(KeyHash.mix(turn)) >= share) {
                passes--;
            } else if (admission.admit(candidate)) {
                return candidate;
            } else {
                refusals--;
            }
        }
        // Other loops moved the cursor meanwhile and weights differ, so some may not have had a turn here. Where this
        // begins is mixed, because neighbours of one that refuses would else get all its turns.
        return weights.askAll((int) Long.remainderUnsigned(KeyHash.mix(turn), weights.count()), admission);
    }

    /** Who has each turn of a round. */
    @FunctionalInterface
    private interface Round {

        /**
         * @param turn from 0 to the length of the round
         */
        int who(long turn);
    }

    private static Round round(Weights weights) {
        long length = weights.length();
        if (weights.equal()) {
            return turn -> (int) turn;
        }
        if (length * weights.count() <= PLANNED) {
            int[] plan = plan(weights);
            return turn -> plan[(int) turn];
        }
        long step = step(length);
        return turn -> weights.at(turn * step % length);
    }

    /** Each turn everybody gains its weight, and who has most takes the turn and pays the sum of the weights. */
    private static int[] plan(Weights weights) {
        int[] plan = new int[(int) weights.length()];
        long[] credit = new long[weights.count()];
        for (int turn = 0; turn < plan.length; turn++) {
            int richest = 0;
            for (int i = 0; i < credit.length; i++) {
                credit[i] += weights.weight(i);
                if (credit[i] > credit[richest]) {
                    richest = i;
                }
            }
            credit[richest] -= plan.length;
            plan[turn] = richest;
        }
        return plan;
    }

    /** Returns the step next to the golden section of this length that meets every point. */
    private static long step(long length) {
        long step = Math.round(length * GOLDEN_SECTION);
        while (Weights.greatestCommonDivisor(step, length) > 1) {
            step--;
        }
        return step;
    }
}
