package io.breakwater.server.balance;

import java.util.List;
import java.util.concurrent.ThreadLocalRandom;
import java.util.function.Supplier;
import java.util.random.RandomGenerator;

/**
 * Of two drawn at random the one that should answer sooner: the latency that it promises, times its load with this
 * request (Finagle, {@code loadbalancer/PeakEwma}). The load counts per weight; where nobody is busy only latency does.
 * See {@link TwoChoices} and {@link LatencyScore}.
 */
public final class PeakEwma implements Policy {
    private final Supplier<? extends RandomGenerator> randoms;

    public PeakEwma() {
        this(ThreadLocalRandom::current);
    }

    /**
     * @param randoms gives the calling thread's generator
     */
    public PeakEwma(Supplier<? extends RandomGenerator> randoms) {
        this.randoms = randoms;
    }

    @Override
    public Balancer over(List<? extends Candidate> candidates) {
        return new TwoChoices(
                new Weights(candidates),
                (candidate, load, now) -> candidate.expectedLatencyNanos(now) * (load + 1),
                randoms);
    }
}
