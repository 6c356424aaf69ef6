package io.breakwater.server.balance;

import java.util.List;
import java.util.concurrent.ThreadLocalRandom;
import java.util.function.Supplier;
import java.util.random.RandomGenerator;

/** Anybody, with a probability in proportion to weight and share. */
public final class Random implements Policy {
    /** Draws after which all are asked in a row. */
    private static final int DRAWS = 8;

    private final Supplier<? extends RandomGenerator> randoms;

    public Random() {
        this(ThreadLocalRandom::current);
    }

    /**
     * @param randoms gives the calling thread's generator
     */
    public Random(Supplier<? extends RandomGenerator> randoms) {
        this.randoms = randoms;
    }

    @Override
    public Balancer over(List<? extends Candidate> candidates) {
        Weights weights = new Weights(candidates);
        return (admission, key, now) -> choose(weights, admission, now);
    }

    private int choose(Weights weights, Admission admission, long now) {
        RandomGenerator random = randoms.get();
        for (int draw = 0; draw < DRAWS; draw++) {
            int candidate = weights.draw(random, now);
            if (admission.admit(candidate)) {
                return candidate;
            }
        }
        return weights.askAll(random.nextInt(weights.count()), admission);
    }
}
