package io.breakwater.server.balance;

import java.util.List;
import java.util.concurrent.ThreadLocalRandom;
import java.util.function.Supplier;
import java.util.random.RandomGenerator;

/** The less busy, for its weight, of two drawn at random: see {@link TwoChoices}. */
public final class LeastRequest implements Policy {
    private final Supplier<? extends RandomGenerator> randoms;

    public LeastRequest() {
        this(ThreadLocalRandom::current);
    }

    /**
     * @param randoms gives the calling thread's generator
     */
    public LeastRequest(Supplier<? extends RandomGenerator> randoms) {
        this.randoms = randoms;
    }

    @Override
    public Balancer over(List<? extends Candidate> candidates) {
        return new TwoChoices(new Weights(candidates), (candidate, load, now) -> load, randoms);
    }
}
