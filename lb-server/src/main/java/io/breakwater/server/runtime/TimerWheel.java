package io.breakwater.server.runtime;

import io.breakwater.time.Ticker;
import io.netty.util.concurrent.EventExecutor;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The timeouts of one event loop: a hashed wheel (Varghese and Lauck, 1987) of coarse ticks. NOT thread safe: confined
 * to its loop.
 *
 * <p>Setting a deadline costs a comparison and two stores, because a timeout that stands in the wheel is moved only
 * when its deadline comes nearer; one that went further away is moved when its old place is reached. So a timeout that
 * each request sets anew is moved once per its own length, and no task is scheduled per request.
 *
 * <p>A timeout never fires early, and late by one tick at most, as long as the ticker and the loop's own clock run
 * alike; a ticker that a test sets forward is noticed within {@link #LONGEST_SLEEP_TICKS}.
 */
public final class TimerWheel {
    private static final Logger LOG = LoggerFactory.getLogger(TimerWheel.class);
    private static final long TICK_NANOS = TimeUnit.MILLISECONDS.toNanos(10);
    private static final int BUCKETS = 1024;
    private static final int LONGEST_SLEEP_TICKS = 10;

    private final EventExecutor loop;
    private final Ticker ticker;
    private final long originNanos;
    private final @Nullable Timeout[] buckets = new @Nullable Timeout[BUCKETS];

    /** Every bucket up to this tick, counted from the origin, has been emptied. */
    private long doneTick;

    /** What is left of the bucket that is being emptied. */
    private @Nullable Timeout firing;

    private int linked;
    private boolean awake;
    private long wakeTick;

    public TimerWheel(EventExecutor loop, Ticker ticker) {
        this.loop = loop;
        this.ticker = ticker;
        this.originNanos = ticker.read();
    }

    /** Something that happens unless its deadline is moved or cancelled first. Its fields belong to the wheel. */
    public abstract static class Timeout {
        private @Nullable Timeout previous;
        private @Nullable Timeout next;
        private boolean linked;
        private boolean active;
        private long tick;
        private long deadlineNanos;

        /** The deadline is over. Called on the loop. */
        protected abstract void expired(long nowNanos);
    }

    /** Sets the deadline of a timeout, new or not. */
    public void schedule(Timeout timeout, long deadlineNanos) {
        assert loop.inEventLoop();
        timeout.deadlineNanos = deadlineNanos;
        timeout.active = true;
        long tick = tickAtOrAfter(deadlineNanos);
        if (timeout.linked) {
            if (timeout.tick <= tick) {
                return;
            }
            unlink(timeout);
        }
        link(timeout, tick);
    }

    /** Lets the timeout never happen, unless it is scheduled again. It may stay in the wheel for a while. */
    public void cancel(Timeout timeout) {
        timeout.active = false;
    }

    /** Cancels the timeout and lets go of it, so that what it refers to can be collected. */
    public void remove(Timeout timeout) {
        assert loop.inEventLoop();
        timeout.active = false;
        if (timeout.linked) {
            unlink(timeout);
        }
    }

    private long tickAtOrAfter(long nanos) {
        return Math.floorDiv(nanos - originNanos + TICK_NANOS - 1, TICK_NANOS);
    }

    private void link(Timeout timeout, long wantedTick) {
        if (!awake && firing == null && linked == 0) {
            doneTick = Math.max(doneTick, Math.floorDiv(ticker.read() - originNanos, TICK_NANOS)); // slept till now
        }
        long tick = Math.max(doneTick + 1, Math.min(wantedTick, doneTick + BUCKETS));
        int bucket = (int) (tick & (BUCKETS - 1));
        Timeout first = buckets[bucket];
        timeout.tick = tick;
        timeout.linked = true;
        timeout.previous = null;
        timeout.next = first;
        if (first != null) {
            first.previous = timeout;
        }
        buckets[bucket] = timeout;
        linked++;
        if (!awake || tick < wakeTick) {
            wakeAt(Math.min(tick, sleepEnd()));
        }
    }

    private void unlink(Timeout timeout) {
        Timeout previous = timeout.previous;
        Timeout next = timeout.next;
        if (timeout == firing) {
            firing = next;
        } else if (previous == null) {
            buckets[(int) (timeout.tick & (BUCKETS - 1))] = next;
        } else {
            previous.next = next;
        }
        if (next != null) {
            next.previous = previous;
        }
        timeout.previous = null;
        timeout.next = null;
        timeout.linked = false;
        linked--;
    }

    private long sleepEnd() {
        return Math.floorDiv(ticker.read() - originNanos, TICK_NANOS) + LONGEST_SLEEP_TICKS;
    }

    private void wakeAt(long tick) {
        if (awake && wakeTick <= tick) {
            return;
        }
        awake = true;
        wakeTick = tick;
        long delay = Math.max(0, originNanos + tick * TICK_NANOS - ticker.read());
        loop.schedule(() -> wake(tick), Math.min(delay, LONGEST_SLEEP_TICKS * TICK_NANOS), TimeUnit.NANOSECONDS);
    }

    private void wake(long tick) {
        if (!awake || tick != wakeTick) {
            return; // an earlier wake-up took its place
        }
        awake = false;
        advance(ticker.read());
        if (linked > 0) {
            long end = sleepEnd();
            long next = doneTick + 1;
            while (next < end && buckets[(int) (next & (BUCKETS - 1))] == null) {
                next++;
            }
            wakeAt(next);
        }
    }

    private void advance(long nowNanos) {
        long nowTick = Math.floorDiv(nowNanos - originNanos, TICK_NANOS);
        // One round meets every bucket, however far the clock jumped.
        long tick = Math.max(doneTick, nowTick - BUCKETS);
        while (tick < nowTick) {
            tick++;
            doneTick = tick;
            int bucket = (int) (tick & (BUCKETS - 1));
            // Detached first: what is linked from here on may land in this very bucket, for the next round.
            firing = buckets[bucket];
            buckets[bucket] = null;
            Timeout timeout;
            while ((timeout = firing) != null) {
                unlink(timeout);
                if (!timeout.active) {
                    continue;
                }
                if (nowNanos - timeout.deadlineNanos >= 0) {
                    timeout.active = false;
                    expire(timeout, nowNanos);
                } else {
                    link(timeout, tickAtOrAfter(timeout.deadlineNanos));
                }
            }
        }
    }

    /** A timeout that throws must not take the others of its bucket with it. */
    private static void expire(Timeout timeout, long nowNanos) {
        try {
            timeout.expired(nowNanos);
        } catch (RuntimeException | AssertionError e) {
            LOG.error("a timeout failed", e);
        }
    }
}
