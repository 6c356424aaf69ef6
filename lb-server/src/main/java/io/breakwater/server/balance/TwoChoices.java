package io.breakwater.server.balance;

import java.util.function.Supplier;
import java.util.random.RandomGenerator;

/**
 * The power of two choices (Mitzenmacher 2001): two candidates are drawn, and the better one is asked. It costs the same
 * for any number of candidates, and event loops that know equally little do not all run to the same best one.
 *
 * <p>Both are drawn by weight and share, and the first is kept unless the second is better; so idle equals are chosen
 * in exact proportion. Loads are compared per weight. A lighter second, whose next request weighs more than one of the
 * first, must be better by half the difference, which is the fair rounding of Sainte-Laguë; else a light candidate
 * would be sent twice its share, because its load is mostly none.
 */
final class TwoChoices implements Balancer {

    /** What is minimised. */
    @FunctionalInterface
    interface Cost {

        /**
         * @param load of the candidate, brought to the weight of the one that it is compared with
         */
        double of(Candidate candidate, double load, long now);
    }

    /** Pairs that are drawn before all are asked in a row. */
    private static final int PAIRS = 4;

    /** How often a second is drawn that is not the first. */
    private static final int DRAWS = 3;

    private final Weights weights;
    private final Cost cost;
    private final Supplier<? extends RandomGenerator> randoms;

    TwoChoices(Weights weights, Cost cost, Supplier<? extends RandomGenerator> randoms) {
        this.weights = weights;
        this.cost = cost;
        this.randoms = randoms;
    }

    @Override
    public int choose(Admission admission, long key, long now) {
        int count = weights.count();
        RandomGenerator random = randoms.get();
        for (int pair = 0; pair < PAIRS && count > 1; pair++) {
            int first = weights.draw(random, now);
            int second = another(first, random, now);
            boolean kept = !better(second, first, now);
            if (admission.admit(kept ? first : second)) {
                return kept ? first : second;
            }
            if (admission.admit(kept ? second : first)) {
                return kept ? second : first;
            }
        }
        return weights.askAll(count == 1 ? 0 : random.nextInt(count), admission);
    }

    private int another(int first, RandomGenerator random, long now) {
        int count = weights.count();
        for (int draw = 0; draw < DRAWS && count > 2; draw++) {
            int second = weights.draw(random, now);
            if (second != first) {
                return second;
            }
        }
        int second = count == 2 ? 0 : random.nextInt(count - 1);
        return second < first ? second : second + 1;
    }

    private boolean better(int second, int first, long now) {
        double ratio = weights.weight(second)
                * weights.share(second, now)
                / (weights.weight(first) * weights.share(first, now));
        double handicap = Math.max(0, (1 / ratio - 1) / 2);
        Candidate kept = weights.candidate(first);
        Candidate other = weights.candidate(second);
        return cost.of(other, other.load(now) / ratio + handicap, now) < cost.of(kept, kept.load(now), now);
    }
}
