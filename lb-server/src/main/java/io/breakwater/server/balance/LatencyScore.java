package io.breakwater.server.balance;

import java.util.concurrent.atomic.AtomicReferenceFieldUpdater;
import org.jspecify.annotations.Nullable;

/**
 * What the ends of one backend's requests say about the next one: its latency as a peak EWMA, and its failures as load.
 * Safe from any thread, without locks; only a failure makes garbage.
 *
 * <p>The latency follows Finagle's peak EWMA ({@code loadbalancer/PeakEwma}): a latency above the average is taken at
 * once, a lower one counts by the time since the last. While nothing ends the average decays towards zero, so that a
 * backend that was slow once is tried again.
 *
 * <p>A backend that fails fast has few requests under way and answers soon, which makes it look idle and quick. So a
 * failure is scored as at least the pool's typical latency, and leaves one request of load behind, which decays with the
 * typical latency as its time constant: over time it adds up to what one typical request under way would have been.
 */
public final class LatencyScore extends DecayingAverage {
    /** {@value} ns, 10 s: the default window, as Finagle's. */
    public static final long WINDOW_NANOS = 10_000_000_000L;

    /** Below this many requests a debt is forgotten. */
    private static final double FORGOTTEN = 0.001;

    private static final AtomicReferenceFieldUpdater<LatencyScore, @Nullable Debt> DEBT =
            AtomicReferenceFieldUpdater.newUpdater(LatencyScore.class, Debt.class, "debt");

    private final TypicalLatency typical;
    private volatile @Nullable Debt debt;

    /**
     * @param typical of the pool that the backend belongs to; its successes are told to it
     */
    public LatencyScore(TypicalLatency typical) {
        this(typical, WINDOW_NANOS);
    }

    /**
     * @param windowNanos after which a latency counts 1/e of a fresh one
     */
    public LatencyScore(TypicalLatency typical, long windowNanos) {
        super(windowNanos, true);
        this.typical = typical;
    }

    /**
     * A request ended well.
     *
     * @param latencyNanos from dispatch to the response head
     * @param now a reading of the ticker, in nanoseconds
     */
    public void succeeded(long latencyNanos, long now) {
        add(latencyNanos, now);
        typical.succeeded(latencyNanos, now);
    }

    /**
     * A request ended with a failure of the backend.
     *
     * @param latencyNanos from dispatch to the failure
     * @param now a reading of the ticker, in nanoseconds
     */
    public void failed(long latencyNanos, long now) {
        double typicalNanos = typical.nanos();
        add(Math.max(latencyNanos, (long) Math.ceil(typicalNanos)), now);
        Debt old;
        Debt more;
        do {
            old = debt;
            more = new Debt((old == null ? 0 : old.at(now)) + 1, typicalNanos, now);
        } while (!DEBT.compareAndSet(this, old, more));
    }

    /**
     * Returns the load: the requests under way, and those that the latest failures stand for.
     *
     * @param now a reading of the ticker, in nanoseconds
     */
    public double load(int inFlight, long now) {
        Debt owed = debt;
        return owed == null ? inFlight : inFlight + owed.at(now);
    }

    /**
     * Returns the latency that the next request may expect, in nanoseconds, at least 1; the pool's typical one before
     * the first end.
     *
     * @param now a reading of the ticker, in nanoseconds
     */
    public double expectedLatencyNanos(long now) {
        double expected = decayed(now);
        return Double.isNaN(expected) ? typical.nanos() : Math.max(1, expected);
    }

    /**
     * @param requests that stood to be counted
     * @param lifeNanos the time constant of their decay
     * @param since the time that {@code requests} holds for
     */
    private record Debt(double requests, double lifeNanos, long since) {

        double at(long now) {
            long age = now - since;
            double left = age <= 0 ? requests : requests * Math.exp(-age / lifeNanos);
            return left < FORGOTTEN ? 0 : left;
        }
    }
}
