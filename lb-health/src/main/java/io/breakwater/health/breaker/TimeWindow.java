package io.breakwater.health.breaker;

import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLongFieldUpdater;
import java.util.concurrent.atomic.AtomicReferenceFieldUpdater;
import org.jspecify.annotations.Nullable;

/**
 * The outcomes of the present second and of the N - 1 before it. Seconds are counted from the beginning of the window. A
 * call counts in the second of its reading, and in the newest one if its reading is older than that.
 */
/*
 * Each second in which something happened is a slice; the slices of the window are a list, from the oldest on. The head
 * knows the newest slice and the totals of those before it, so the window holds those totals and the counts of one word:
 *
 *     | closed: 1 | slow calls: 21 | failures: 21 | calls: 21 |
 *
 * Adding to that word is the moment at which a call counts. The second is over when somebody closes the word: what was
 * added before is final, and what comes after finds it closed and goes to the head that follows. So nothing is lost and
 * nothing counts twice, and the totals that whoever adds has seen with the head are those of that moment. A word that is
 * full is closed as well, and its second goes on in another slice.
 *
 * Whoever finds a head outdated makes the next one: anybody can, from the same facts, and the first one's is taken. Seconds
 * without calls have no slice, so a long silence costs nothing; a slice that drops out is taken from the totals once.
 *
 * The list is linked late: a slice is linked to its successor by all who want to replace the head in which it is that, each
 * writing the same. Slices that dropped out are unlinked, lest each that got old in the heap keep the next one alive;
 * whoever meets a missing link has an outdated head, and begins again.
 */
final class TimeWindow extends Window {
    private static final long SECOND = TimeUnit.SECONDS.toNanos(1);

    private static final AtomicReferenceFieldUpdater<TimeWindow, Head> HEAD =
            AtomicReferenceFieldUpdater.newUpdater(TimeWindow.class, Head.class, "head");
    private static final AtomicLongFieldUpdater<Slice> WORD = AtomicLongFieldUpdater.newUpdater(Slice.class, "word");

    private static final int BITS = 21;
    private static final long FIELD = (1L << BITS) - 1;
    private static final long CALL = 1;
    private static final long FAILURE = 1L << BITS;
    private static final long SLOW_CALL = 1L << (2 * BITS);
    private static final long CLOSED = Long.MIN_VALUE;

    /** The calls of one second. */
    private static final class Slice {
        final long startNanos;
        volatile long word;
        volatile @Nullable Slice next;

        Slice(long startNanos) {
            this.startNanos = startNanos;
        }

        /** What it has counted, finally. */
        long close() {
            return WORD.getAndUpdate(this, counted -> counted | CLOSED) & ~CLOSED;
        }
    }

    /**
     * @param slice the newest
     * @param before the one before it; null if it is the only one
     * @param oldest the first in the window
     * @param calls of all slices but the newest
     */
    private record Head(Slice slice, @Nullable Slice before, Slice oldest, long calls, long failures, long slowCalls) {

        static Head only(long startNanos) {
            Slice slice = new Slice(startNanos);
            return new Head(slice, null, slice, 0, 0, 0);
        }

        /** Makes the list whole up to the newest slice. */
        void link() {
            if (before != null) {
                before.next = slice;
            }
        }

        long calls(long word) {
            return calls + callsOf(word);
        }

        long failures(long word) {
            return failures + failuresOf(word);
        }

        long slowCalls(long word) {
            return slowCalls + slowCallsOf(word);
        }

        /** The same with what the newest slice has finally counted among the totals; null if this is outdated. */
        @Nullable
        Head whole(long startNanos, long spanNanos, Slice newest, long word) {
            long allCalls = calls(word);
            long allFailures = failures(word);
            long allSlowCalls = slowCalls(word);
            Slice first = oldest;
            while (startNanos - first.startNanos >= spanNanos) {
                Slice next = first.next;
                if (next == null) {
                    return null;
                }
                long gone = first.word;
                allCalls -= callsOf(gone);
                allFailures -= failuresOf(gone);
                allSlowCalls -= slowCallsOf(gone);
                first = next;
            }
            return new Head(newest, slice, first, allCalls, allFailures, allSlowCalls);
        }
    }

    private final long spanNanos;
    private volatile Head head;

    TimeWindow(int seconds, long now) {
        this.spanNanos = seconds * SECOND;
        this.head = Head.only(now);
    }

    @Override
    @Nullable
    WindowCounts add(boolean failed, boolean slow, long now, Rates rates, boolean asked) {
        long call = CALL + (failed ? FAILURE : 0) + (slow ? SLOW_CALL : 0);
        while (true) {
            Head seen = head;
            long before = seen.slice.word;
            if (before < 0 || callsOf(before) == FIELD || now - seen.slice.startNanos >= SECOND) {
                moveOn(seen, now);
                continue;
            }
            long after = before + call;
            if (WORD.compareAndSet(seen.slice, before, after)) {
                return asked || rates.areReachedBy(seen.calls(after), seen.failures(after), seen.slowCalls(after))
                        ? WindowCounts.of(seen.calls(after), seen.failures(after), seen.slowCalls(after))
                        : null;
            }
        }
    }

    /** Replaces this head by one for the second of {@code now}, unless somebody else has replaced it. */
    private void moveOn(Head seen, long now) {
        long word = seen.slice.close();
        Head next = following(seen, word, now);
        if (next != null && HEAD.compareAndSet(this, seen, next)) {
            for (Slice gone = seen.oldest; gone != next.oldest && gone != null; ) {
                Slice after = gone.next;
                gone.next = null;
                gone = after;
            }
        }
    }

    private @Nullable Head following(Head seen, long word, long now) {
        long startNanos = startOfSecond(seen.slice, now);
        if (startNanos - seen.slice.startNanos >= spanNanos) {
            return Head.only(startNanos);
        }
        seen.link();
        return seen.whole(startNanos, spanNanos, new Slice(startNanos), word);
    }

    private static long callsOf(long word) {
        return word & FIELD;
    }

    private static long failuresOf(long word) {
        return (word >>> BITS) & FIELD;
    }

    private static long slowCallsOf(long word) {
        return (word >>> (2 * BITS)) & FIELD;
    }

    private static long startOfSecond(Slice newest, long now) {
        return newest.startNanos + Math.max(0, now - newest.startNanos) / SECOND * SECOND;
    }

    @Override
    WindowCounts counts(long now) {
        while (true) {
            Head seen = head;
            Head next = following(seen, seen.slice.word & ~CLOSED, now);
            if (next != null) {
                return WindowCounts.of(next.calls, next.failures, next.slowCalls);
            }
        }
    }

    @Override
    boolean goesByTime() {
        return true;
    }
}
