package io.breakwater.server.balance;

import java.util.concurrent.atomic.AtomicLongFieldUpdater;

/**
 * An exponentially weighted moving average over time: a sample that is one window old counts 1/e of a fresh one,
 * whatever came between. Safe from any thread, without locks and without garbage.
 *
 * <p>The thread that moves the time of the last sample forward owns the time since then, and applies its decay once.
 * Samples that come within 1/{@value #GRAINS} of the window after the last one add nothing and are dropped, so that the
 * event loops do not fight for the same cache line at every request.
 *
 * <p>What averages something extends it, so that the two are one object: among ten thousand backends each object may be a cache
 * miss.
 */
abstract class DecayingAverage {
    private static final AtomicLongFieldUpdater<DecayingAverage> BITS =
            AtomicLongFieldUpdater.newUpdater(DecayingAverage.class, "bits");
    private static final AtomicLongFieldUpdater<DecayingAverage> SAMPLED_AT =
            AtomicLongFieldUpdater.newUpdater(DecayingAverage.class, "sampledAt");
    private static final int GRAINS = 8192;
    private static final long NOTHING_YET = Double.doubleToRawLongBits(Double.NaN);

    private final boolean peaks;
    private final double windowNanos;
    private final long grainNanos;
    private volatile long bits = NOTHING_YET;
    private volatile long sampledAt;

    /**
     * @param peaks whether a sample above the average becomes the average at once
     */
    DecayingAverage(long windowNanos, boolean peaks) {
        if (windowNanos <= 0) {
            throw new IllegalArgumentException("windowNanos: " + windowNanos + " (expected: > 0)");
        }
        this.windowNanos = windowNanos;
        this.grainNanos = Math.max(1, windowNanos / GRAINS);
        this.peaks = peaks;
    }

    final void add(long sample, long now) {
        if (bits == NOTHING_YET) {
            sampledAt = now;
            if (BITS.compareAndSet(this, NOTHING_YET, Double.doubleToRawLongBits((double) sample))) {
                return;
            }
        }
        long before = sampledAt;
        boolean owner = now - before >= grainNanos && SAMPLED_AT.compareAndSet(this, before, now);
        double kept = owner ? Math.exp((before - now) / windowNanos) : 1;
        long old;
        double next;
        do {
            old = bits;
            double average = Double.longBitsToDouble(old);
            if (peaks && sample > average) {
                next = sample;
            } else if (owner) {
                next = average * kept + sample * (1 - kept);
            } else {
                return;
            }
        } while (!BITS.compareAndSet(this, old, Double.doubleToRawLongBits(next)));
    }

    /** Returns the average as of the last sample; NaN while there was none. */
    final double value() {
        return Double.longBitsToDouble(bits);
    }

    /** Returns the average, less what it has decayed since the last sample; NaN while there was none. */
    final double decayed(long now) {
        long idle = now - sampledAt;
        return idle < grainNanos ? value() : value() * Math.exp(-idle / windowNanos);
    }
}
