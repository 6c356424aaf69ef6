package io.breakwater.server.runtime;

import io.breakwater.time.Ticker;
import io.netty.util.concurrent.EventExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLongArray;

/**
 * How late an event loop does what it has to do: it is asked for a task each 100 ms, and when that task runs late the
 * loop was busy, or its thread had no processor. The largest lag of a while is kept, so that whoever asks seldom misses
 * none, and none who ask disturb one another. Read from any thread; the loop writes.
 */
public final class LoopLag {
    private static final long PERIOD_NANOS = TimeUnit.MILLISECONDS.toNanos(100);
    private static final long SLOT_NANOS = TimeUnit.SECONDS.toNanos(10);
    /** The slot of now has only begun, so that a minute takes one more than six. */
    private static final int SLOTS = 7;

    private final Ticker ticker;
    private final long originNanos;
    /** The largest lag of each of the latest slots of time, by the slot's number modulo their count. */
    private final AtomicLongArray worst = new AtomicLongArray(SLOTS);

    private volatile long dueNanos;
    /** The slot that was written last. The loop's own. */
    private long slot;

    public LoopLag(Ticker ticker) {
        this.ticker = ticker;
        this.originNanos = ticker.read();
        this.dueNanos = originNanos;
    }

    /** Begins to ask the loop, until it ends. */
    public void start(EventExecutor loop) {
        loop.scheduleWithFixedDelay(this::ran, 0, PERIOD_NANOS, TimeUnit.NANOSECONDS);
    }

    /** The task of the loop. */
    void ran() {
        long now = ticker.read();
        long present = (now - originNanos) / SLOT_NANOS;
        for (long each = Math.max(slot, present - SLOTS) + 1; each <= present; each++) {
            worst.set(index(each), 0);
        }
        slot = present;
        int index = index(present);
        worst.set(index, Math.max(worst.get(index), now - dueNanos));
        dueNanos = now + PERIOD_NANOS;
    }

    private static int index(long slot) {
        return (int) (slot % SLOTS);
    }

    /** Returns the largest lag within the last 60 to 70 s, in nanoseconds; that of a task that is late now counts. */
    public long worstNanos() {
        long most = Math.max(0, ticker.read() - dueNanos);
        for (int i = 0; i < SLOTS; i++) {
            most = Math.max(most, worst.get(i));
        }
        return most;
    }
}
