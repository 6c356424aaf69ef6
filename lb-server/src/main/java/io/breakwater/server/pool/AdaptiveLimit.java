package io.breakwater.server.pool;

import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReferenceFieldUpdater;
import java.util.concurrent.atomic.LongAdder;

/**
 * How many requests at a time one backend can take, found out from its latency: while more of them at a time take no
 * longer the limit grows, and when they queue it shrinks. After {@code Gradient2Limit} and {@code WindowedLimit} of
 * Netflix concurrency-limits: the latency now is compared with the latency over a long time, their ratio (with some
 * tolerance) scales the limit, and a few requests are added, for which the backend may keep a queue. Where that has
 * nothing to say about requests that time out, they scale the limit down, as in its {@code AIMDLimit}.
 *
 * <p>Latencies are averaged over windows of at least {@value #WINDOW_MILLIS} ms and {@value #SAMPLES} requests, so that
 * one slow response moves nothing. A load that never pauses raises the long-term latency too, and with it, slowly, the
 * limit; the configured maximum holds whatever happens.
 *
 * <p>Safe from any thread, without locks: whoever ends a window replaces it, and alone folds it into the estimate.
 */
final class AdaptiveLimit {
    /** The limit never falls below this: {@value}. Something must get through to find out more. */
    static final int LEAST = 1;
    /** Where the limit begins, unless the maximum is lower: {@value}. */
    static final int INITIAL = 20;

    static final long WINDOW_MILLIS = 100;
    static final int SAMPLES = 10;

    private static final long WINDOW_NANOS = TimeUnit.MILLISECONDS.toNanos(WINDOW_MILLIS);
    /** How much longer than usual a request may take before the limit shrinks. */
    private static final double TOLERANCE = 1.5;

    private static final double STEEPEST_GRADIENT = 0.5;
    /** How much of the present limit a new one replaces. */
    private static final double SMOOTHING = 0.2;
    /** Requests that may queue at the backend. */
    private static final int QUEUE = 4;
    /** Windows behind the long-term latency, and how many of them are averaged plainly at first. */
    private static final int LONG_TERM = 600;

    private static final int WARM_UP = 10;
    /** A long-term latency this many times the present one is out of date, and loses a part of itself per window. */
    private static final double OUT_OF_DATE = 2;

    private static final double FORGET = 0.95;
    /** What timeouts in a window leave of the limit. */
    private static final double BACKOFF = 0.9;

    private static final AtomicReferenceFieldUpdater<AdaptiveLimit, Estimate> ESTIMATE =
            AtomicReferenceFieldUpdater.newUpdater(AdaptiveLimit.class, Estimate.class, "estimate");
    private static final AtomicReferenceFieldUpdater<AdaptiveLimit, Window> WINDOW =
            AtomicReferenceFieldUpdater.newUpdater(AdaptiveLimit.class, Window.class, "window");

    private volatile int most;
    private volatile Estimate estimate;
    private volatile Window window;

    /**
     * @param most the limit never rises above this
     * @param now the present reading of the ticker, in nanoseconds
     */
    AdaptiveLimit(int most, long now) {
        this.most = most;
        this.estimate = new Estimate(Math.min(INITIAL, most), 0, 0);
        this.window = new Window(now);
    }

    /** Sets another maximum; what was found out stays. */
    void most(int changed) {
        most = changed;
    }

    /** Returns how many requests may be under way now. */
    int limit() {
        return Math.min(most, (int) estimate.limit);
    }

    /**
     * A request ended well.
     *
     * @param latencyNanos from dispatch to the response head
     * @param underWay how many were, this one included
     */
    void succeeded(long latencyNanos, int underWay, long now) {
        Window present = window;
        present.latencies.add(latencyNanos);
        present.samples.increment();
        present.sawUnderWay(underWay);
        fold(present, now);
    }

    /** A request had no response in time. */
    void timedOut(long now) {
        Window present = window;
        present.timeouts.increment();
        fold(present, now);
    }

    private void fold(Window ended, long now) {
        if (!ended.isOver(now) || !WINDOW.compareAndSet(this, ended, new Window(now))) {
            return;
        }
        Estimate before;
        do {
            before = estimate;
        } while (!ESTIMATE.compareAndSet(this, before, before.after(ended, most)));
    }

    /** What ended within one stretch of time. Late comers to a window that is being folded may be lost. */
    private static final class Window {
        private final long beganNanos;
        private final LongAdder latencies = new LongAdder();
        private final LongAdder samples = new LongAdder();
        private final LongAdder timeouts = new LongAdder();
        private final AtomicInteger mostUnderWay = new AtomicInteger();

        Window(long beganNanos) {
            this.beganNanos = beganNanos;
        }

        void sawUnderWay(int underWay) {
            if (underWay > mostUnderWay.get()) {
                mostUnderWay.accumulateAndGet(underWay, Math::max);
            }
        }

        boolean isOver(long now) {
            return now - beganNanos >= WINDOW_NANOS && (samples.sum() >= SAMPLES || timeouts.sum() > 0);
        }
    }

    /**
     * @param limit with its fraction, so that small steps add up
     * @param longTermNanos the average latency of the past
     * @param windows that it was made of, up to the end of the warm-up
     */
    private record Estimate(double limit, double longTermNanos, int windows) {

        Estimate after(Window window, int most) {
            if (window.timeouts.sum() > 0) {
                return new Estimate(Math.max(LEAST, limit * BACKOFF), longTermNanos, windows);
            }
            double latency = Math.max(1, (double) window.latencies.sum() / window.samples.sum());
            double longTerm = longTermWith(latency);
            double next = limit;
            if (window.mostUnderWay.get() >= limit / 2) { // else the limit was not what held the load back
                double gradient = Math.max(STEEPEST_GRADIENT, Math.min(1, TOLERANCE * longTerm / latency));
                next = (1 - SMOOTHING) * limit + SMOOTHING * (limit * gradient + QUEUE);
            }
            return new Estimate(
                    Math.max(LEAST, Math.min(most, next)),
                    longTerm / latency > OUT_OF_DATE ? longTerm * FORGET : longTerm,
                    Math.min(windows + 1, WARM_UP));
        }

        private double longTermWith(double latency) {
            double part = windows < WARM_UP ? 1.0 / (windows + 1) : 2.0 / (LONG_TERM + 1);
            return longTermNanos + part * (latency - longTermNanos);
        }
    }
}
