package io.breakwater.server.traffic;

import io.breakwater.health.BackendId;
import io.breakwater.metrics.DurationBuckets;
import org.jspecify.annotations.Nullable;

/** A backend whose counts a test sets. Its buckets reach to 10 ms, 100 ms, 1 s and beyond. */
final class FakeAttempts implements Attempts, DurationBuckets {
    private static final double[] BOUNDS = {0.01, 0.1, 1, Double.POSITIVE_INFINITY};

    private final BackendId id;
    private final boolean keepsDurations;
    final long[] durations = new long[BOUNDS.length];
    long ignored;
    long successes;
    long failures;

    FakeAttempts(String id, boolean keepsDurations) {
        this.id = new BackendId("pool", id);
        this.keepsDurations = keepsDurations;
    }

    /** So many that succeed, and fall into this bucket. */
    FakeAttempts succeed(int count, int bucket) {
        successes += count;
        durations[bucket] += count;
        return this;
    }

    FakeAttempts fail(int count, int bucket) {
        failures += count;
        durations[bucket] += count;
        return this;
    }

    @Override
    public BackendId id() {
        return id;
    }

    @Override
    public long requests() {
        return successes + failures + ignored;
    }

    @Override
    public long successes() {
        return successes;
    }

    @Override
    public long failures() {
        return failures;
    }

    @Override
    public @Nullable DurationBuckets durations() {
        return keepsDurations ? this : null;
    }

    @Override
    public int buckets() {
        return BOUNDS.length;
    }

    @Override
    public double upperBoundSeconds(int bucket) {
        return BOUNDS[bucket];
    }

    @Override
    public long count(int bucket) {
        return durations[bucket];
    }
}
