package io.breakwater.server.pool;

import io.breakwater.server.config.RetriesConfig.Budget;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.atomic.AtomicReferenceArray;
import java.util.concurrent.atomic.LongAdder;
import org.jspecify.annotations.Nullable;

/**
 * How often the requests of a pool may be tried again: a rate, as in Finagle's retry budget, and not a number of retries
 * at the same time. Retries in the last window are at most {@code ratio} times the requests in it, plus
 * {@code min-per-second} for each of its seconds. So a replica that hangs under every client at once costs none of them,
 * and a pool that is down altogether is not asked much more often than it would be without retries. Safe from any
 * thread; takes no lock once the first request has come.
 */
/*
 * Time is cut into tenths of a window, counted from the origin. A retry is judged by the requests of the present tenth
 * and the nine before it, which is the window or a little less, and by the retries of those and of one more, which is
 * the window or a little more. Both errors refuse: whatever moment the window ends at, no retry is let through that the
 * rule refuses.
 *
 * Requests are counted on the way of every request, by an adder per tenth. Retries are few, so all their counts are one
 * immutable value that a compare-and-set replaces: two threads never both take the last one.
 */
public final class RetryBudget {
    private static final int TENTHS = 10;
    private static final double NANOS_PER_SECOND = 1e9;

    private Budget budget;
    /** Set with the first request, whose time becomes the origin. */
    private volatile @Nullable Window window;

    public RetryBudget(Budget budget) {
        this.budget = budget;
    }

    /**
     * A request of the pool began; its retries are not requests.
     *
     * @param now a reading of the ticker, in nanoseconds
     */
    public void requestStarted(long now) {
        Window present = window(now);
        present.requestStarted(present.tenth(now));
    }

    /** Takes leave for one retry; false when there is none. */
    public boolean tryRetry(long now) {
        Window present = window(now);
        return present.tryRetry(present.tenth(now));
    }

    /**
     * Gives back a leave that was not used: no other backend was there to try.
     *
     * @param now the reading that it was taken with
     */
    public void giveBack(long now) {
        Window present = window(now);
        present.giveBack(present.tenth(now));
    }

    /** Other settings. What was counted stays, unless the window has another length. */
    public synchronized void reconfigure(Budget changed) {
        budget = changed;
        Window present = window;
        if (present != null) {
            window = present.reconfigured(changed);
        }
    }

    private Window window(long now) {
        Window present = window;
        return present == null ? firstWindow(now) : present;
    }

    private synchronized Window firstWindow(long now) {
        Window present = window;
        if (present == null) {
            present = new Window(budget, now);
            window = present;
        }
        return present;
    }

    /** The counts of one length of window. */
    private static final class Window {
        private final Budget budget;
        private final long originNanos;
        private final long tenthNanos;
        private final AtomicReferenceArray<@Nullable Requests> requests;
        private final AtomicReference<Retries> retries;

        Window(Budget budget, long originNanos) {
            this(budget, originNanos, new AtomicReferenceArray<>(TENTHS), new AtomicReference<>(Retries.NONE));
        }

        private Window(
                Budget budget,
                long originNanos,
                AtomicReferenceArray<@Nullable Requests> requests,
                AtomicReference<Retries> retries) {
            this.budget = budget;
            this.originNanos = originNanos;
            this.tenthNanos = budget.window().toNanos() / TENTHS;
            this.requests = requests;
            this.retries = retries;
        }

        Window reconfigured(Budget changed) {
            boolean sameTenths = changed.window().equals(budget.window());
            return sameTenths ? new Window(changed, originNanos, requests, retries) : new Window(changed, originNanos);
        }

        long tenth(long now) {
            return Math.floorDiv(now - originNanos, tenthNanos);
        }

        void requestStarted(long tenth) {
            int slot = Math.floorMod(tenth, TENTHS);
            Requests present = requests.get(slot);
            while (present == null || present.tenth < tenth) {
                Requests fresh = new Requests(tenth);
                present = requests.compareAndSet(slot, present, fresh) ? fresh : requests.get(slot);
            }
            if (present.tenth == tenth) { // else a thread that was held up for a window: its request is history
                present.count.increment();
            }
        }

        boolean tryRetry(long tenth) {
            while (true) {
                Retries before = Objects.requireNonNull(retries.get());
                Retries after = before.plusOne(tenth);
                if (after.sum() > allowed(after.newest)) {
                    return false;
                }
                if (retries.compareAndSet(before, after)) {
                    return true;
                }
            }
        }

        void giveBack(long tenth) {
            retries.updateAndGet(counted -> counted.minusOne(tenth));
        }

        private long allowed(long newest) {
            long sum = 0;
            for (int slot = 0; slot < TENTHS; slot++) {
                Requests some = requests.get(slot);
                if (some != null && newest - some.tenth < TENTHS) {
                    sum += some.count.sum();
                }
            }
            double atLeast = budget.minPerSecond() * (budget.window().toNanos() / NANOS_PER_SECOND);
            return (long) (budget.ratio() * sum + atLeast);
        }
    }

    /** The requests of one tenth. */
    private static final class Requests {
        private final long tenth;
        private final LongAdder count = new LongAdder();

        Requests(long tenth) {
            this.tenth = tenth;
        }
    }

    /** The retries of the newest tenth that had one and of the ten before it. Immutable. */
    private static final class Retries {
        private static final int KEPT = TENTHS + 1;
        static final Retries NONE = new Retries(Long.MIN_VALUE, new int[KEPT]);

        private final long newest;
        private final int[] counts;

        private Retries(long newest, int[] counts) {
            this.newest = newest;
            this.counts = counts;
        }

        /** A thread whose reading of the clock is a little old counts in the newest tenth. */
        Retries plusOne(long tenth) {
            int[] next = counts.clone();
            long last = Math.max(tenth, newest);
            long firstEmpty = Math.max(newest, last - KEPT) + 1;
            for (long empty = firstEmpty; empty <= last; empty++) {
                next[Math.floorMod(empty, KEPT)] = 0;
            }
            next[Math.floorMod(last, KEPT)]++;
            return new Retries(last, next);
        }

        Retries minusOne(long tenth) {
            int slot = Math.floorMod(tenth, KEPT);
            if (tenth > newest || newest - tenth >= KEPT || counts[slot] == 0) {
                return this; // counted elsewhere, or forgotten: one too many is counted for a while
            }
            int[] next = counts.clone();
            next[slot]--;
            return new Retries(newest, next);
        }

        long sum() {
            long sum = 0;
            for (int count : counts) {
                sum += count;
            }
            return sum;
        }
    }
}
