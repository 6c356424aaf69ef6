package io.breakwater.metrics;

/** The durations that a histogram has counted so far, by bucket. Counts only grow. Read from any thread. */
public interface DurationBuckets {

    /** Returns how many buckets there are. */
    int buckets();

    /** Returns the longest duration of a bucket, in seconds; they ascend, and the last is infinite. */
    double upperBoundSeconds(int bucket);

    /** Returns the durations that fell into this bucket and into none below it. */
    long count(int bucket);
}
