package io.breakwater.server.balance;

/**
 * What a request of this pool usually takes, to the response head, in nanoseconds: the average over the successes of all
 * its backends, decaying over time. It stands in where a backend has told nothing about itself: before its first
 * response, and for its failures. One object per pool; safe from any thread.
 */
public final class TypicalLatency extends DecayingAverage {
    /** {@value} ns, 30 ms: assumed before the first success. Linkerd assumes as much. */
    static final long ASSUMED_NANOS = 30_000_000;

    /** Over the window of {@link LatencyScore#WINDOW_NANOS}. */
    public TypicalLatency() {
        this(LatencyScore.WINDOW_NANOS);
    }

    /**
     * @param windowNanos after which a sample counts 1/e of a fresh one
     */
    public TypicalLatency(long windowNanos) {
        super(windowNanos, false);
    }

    /** Takes the latency of a success of any backend of the pool. */
    void succeeded(long latencyNanos, long now) {
        add(latencyNanos, now);
    }

    /** Returns the typical latency, at least 1. */
    public double nanos() {
        double average = value();
        return Double.isNaN(average) ? ASSUMED_NANOS : Math.max(1, average);
    }
}
