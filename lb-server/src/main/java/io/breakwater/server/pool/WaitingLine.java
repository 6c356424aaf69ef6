package io.breakwater.server.pool;

import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * The requests of a pool that wait for a slot: first come, first served, and no more than a limit. One that waits holds
 * neither slot nor permit. When a slot may have become free the first is called; it then asks the pool again, and says
 * what came of it: {@link #leave}, served or not, or {@link #back}. Safe from any thread; while nobody waits, all that it
 * costs is one read of a counter.
 */
/*
 * No slot is lost between those who free and those who wait:
 * - Who joins calls slotFreed once more (see join), for a slot that became free after it was refused and before it stood
 *   in the line. Either its join is seen by the one who frees, or the free slot by the one whom that calls.
 * - A call that finds nobody to call, because all who wait have been called already, is owed: whoever of them comes back
 *   is called again at once.
 * - One that leaves after it was called calls the next. If it was not served, that passes the call on; if it was, more
 *   than one slot may have become free. It ends with the first that comes back and could have taken any slot.
 * Those who come back stand where they stood: each has the number of its coming.
 */
public final class WaitingLine {
    private final ReentrantLock lock = new ReentrantLock();
    /** Those who stand in the line and those who have been called. */
    private final AtomicInteger length = new AtomicInteger();

    private volatile int limit;
    private @Nullable Waiter first;
    private @Nullable Waiter last;
    private long comings;
    private int owedCalls;

    public WaitingLine(int limit) {
        this.limit = limit;
    }

    /** One request that waits; may be used again once it has left. Its fields belong to the line. */
    public abstract static class Waiter {
        private @Nullable Waiter previous;
        private @Nullable Waiter next;
        private Place place = Place.OUTSIDE;
        private long coming;

        /**
         * A slot may be free. Called by the thread that freed it, with no lock held; must hand over to the waiter's own
         * thread, which asks {@link WaitingLine#isCalled} before it does anything.
         */
        protected abstract void call();
    }

    private enum Place {
        OUTSIDE,
        IN_LINE,
        CALLED
    }

    /** Whether nobody waits. */
    public boolean isEmpty() {
        return length.get() == 0;
    }

    /** How many wait. */
    public int length() {
        return length.get();
    }

    /** How many may wait from now on; those who wait already stay. */
    public void limit(int most) {
        limit = most;
    }

    /**
     * Takes the last place; false when the line is full. Calls the first one, which may be this one: there may be a slot
     * for it that became free before anybody knew that it waits.
     */
    public boolean join(Waiter waiter) {
        lock.lock();
        try {
            if (length.get() >= limit) {
                return false;
            }
            length.incrementAndGet();
            waiter.coming = comings++;
            insert(waiter);
        } finally {
            lock.unlock();
        }
        slotFreed();
        return true;
    }

    /** Whether the waiter has been called and has not yet said what came of it. */
    public boolean isCalled(Waiter waiter) {
        lock.lock();
        try {
            return waiter.place == Place.CALLED;
        } finally {
            lock.unlock();
        }
    }

    /**
     * The waiter was called, and there was no slot for it: it takes its place again.
     *
     * @param choosy it cannot take every slot, as a retry cannot take one of the backend that failed it: those behind it
     *     are asked, or a slot would stay free while they wait
     */
    public void back(Waiter waiter, boolean choosy) {
        @Nullable Waiter called = waiter;
        lock.lock();
        try {
            if (waiter.place != Place.CALLED) {
                throw new IllegalStateException("not called: " + waiter.place);
            }
            if (owedCalls > 0) {
                owedCalls--;
            } else {
                insert(waiter);
                called = choosy ? waiter.next : null;
                if (called == null) {
                    return;
                }
                unlink(called);
                called.place = Place.CALLED;
            }
        } finally {
            lock.unlock();
        }
        called.call();
    }

    /** The waiter waits no longer: it was served, or gave up. Nothing when it did not wait. */
    public void leave(Waiter waiter) {
        Place was;
        lock.lock();
        try {
            was = waiter.place;
            if (was == Place.OUTSIDE) {
                return;
            }
            if (was == Place.IN_LINE) {
                unlink(waiter);
            }
            waiter.place = Place.OUTSIDE;
            if (length.decrementAndGet() == 0) {
                owedCalls = 0;
            }
        } finally {
            lock.unlock();
        }
        if (was == Place.CALLED) {
            slotFreed();
        }
    }

    /** A slot may be free: calls the first, if anybody waits. */
    public void slotFreed() {
        if (length.get() == 0) {
            return;
        }
        Waiter called;
        lock.lock();
        try {
            called = first;
            if (called == null) {
                owedCalls = Math.min(owedCalls + 1, length.get());
                return;
            }
            unlink(called);
            called.place = Place.CALLED;
        } finally {
            lock.unlock();
        }
        called.call();
    }

    /**
     * Something else changed than one slot: a backend came or went. Those who can be served now are called one after the
     * other.
     */
    public void wakeAll() {
        slotFreed();
    }

    /** Puts it in front of all who came after it. Those who come back came early, those who join came last. */
    private void insert(Waiter waiter) {
        Waiter after = last == null || last.coming - waiter.coming < 0 ? null : first;
        while (after != null && after.coming - waiter.coming < 0) {
            after = after.next;
        }
        Waiter before = after == null ? last : after.previous;
        waiter.place = Place.IN_LINE;
        waiter.previous = before;
        waiter.next = after;
        if (before == null) {
            first = waiter;
        } else {
            before.next = waiter;
        }
        if (after == null) {
            last = waiter;
        } else {
            after.previous = waiter;
        }
    }

    private void unlink(Waiter waiter) {
        Waiter before = waiter.previous;
        Waiter after = waiter.next;
        if (before == null) {
            first = after;
        } else {
            before.next = after;
        }
        if (after == null) {
            last = before;
        } else {
            after.previous = before;
        }
        waiter.previous = null;
        waiter.next = null;
    }
}
