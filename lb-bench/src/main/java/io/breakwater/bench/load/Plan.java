package io.breakwater.bench.load;

import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** When requests are to be sent: nanoseconds since the start, ascending, up to an end. NOT thread safe. */
final class Plan {

    private final double nanosBetween;
    private final long endNanos;
    private final @Nullable SplittableRandom random;
    private long taken;
    private double next;

    /** @param random makes it a Poisson process of that rate; without it all requests are equally far apart */
    Plan(int perSecond, long endNanos, @Nullable SplittableRandom random) {
        this.nanosBetween = (double) TimeUnit.SECONDS.toNanos(1) / perSecond;
        this.endNanos = endNanos;
        this.random = random;
    }

    boolean hasNext() {
        return next < endNanos;
    }

    long next() {
        return (long) next;
    }

    void take() {
        taken++;
        next = random == null ? taken * nanosBetween : next - Math.log(1 - random.nextDouble()) * nanosBetween;
    }
}
