package io.breakwater.server.traffic;

import io.breakwater.metrics.DurationBuckets;
import org.jspecify.annotations.Nullable;

/** What was counted of attempts. NOT thread safe. */
final class Tally {
    private static final double MILLIS_PER_SECOND = 1e3;

    private final @Nullable DurationBuckets bounds;
    /** By bucket. */
    private final long[] durations;

    private long requests;
    private long successes;
    private long failures;

    /**
     * @param bounds the buckets of the durations; null where none are kept
     */
    Tally(@Nullable DurationBuckets bounds) {
        this.bounds = bounds;
        this.durations = new long[bounds == null ? 0 : bounds.buckets()];
    }

    /** Takes down what a backend has counted by now, and returns by how much that is more than before. */
    Tally advanceTo(Attempts now) {
        Tally more = new Tally(bounds);
        more.requests = now.requests() - requests;
        more.successes = now.successes() - successes;
        more.failures = now.failures() - failures;
        if (bounds != null) {
            for (int i = 0; i < durations.length; i++) {
                more.durations[i] = bounds.count(i) - durations[i];
            }
        }
        add(more);
        return more;
    }

    void add(Tally other) {
        requests += other.requests;
        successes += other.successes;
        failures += other.failures;
        for (int i = 0; i < durations.length; i++) {
            durations[i] += other.durations[i];
        }
    }

    double perSecond(double seconds) {
        return requests / seconds;
    }

    /** Returns the failures among what says whether a backend works; NaN without any. */
    double errorRate() {
        return failures / (double) (successes + failures);
    }

    /**
     * Returns the duration that this part of the attempts was not above, as Prometheus' {@code histogram_quantile}
     * estimates it: within a bucket durations are taken to be spread evenly, and above the last finite bound nothing is
     * known but that bound. NaN without any.
     *
     * @param part 0 to 1
     */
    double quantileMillis(double part) {
        long all = 0;
        for (long each : durations) {
            all += each;
        }
        if (bounds == null || all == 0) {
            return Double.NaN;
        }
        double rank = part * all;
        int last = durations.length - 1;
        long below = 0;
        int bucket = 0;
        while (bucket < last && below + durations[bucket] < rank) {
            below += durations[bucket];
            bucket++;
        }
        double from = bucket == 0 ? 0 : bounds.upperBoundSeconds(bucket - 1);
        if (bucket == last) {
            return from * MILLIS_PER_SECOND;
        }
        double width = bounds.upperBoundSeconds(bucket) - from;
        return (from + width * (rank - below) / durations[bucket]) * MILLIS_PER_SECOND;
    }
}
