package io.breakwater.health.breaker;

import java.util.concurrent.atomic.AtomicIntegerArray;
import java.util.concurrent.atomic.AtomicLongFieldUpdater;
import org.jspecify.annotations.Nullable;

/** The latest N outcomes, in the order in which they were counted. */
/*
 * One word says everything but what drops out, and its compare-and-set is the moment at which a call counts:
 *
 *     | lap | outcome of the last call: 2 | slot of the last call: b | slow calls: b | failures: b |    b bits hold 0 to N
 *
 * Counting reads the outcome that the ring holds in the next slot, which is the one that drops out, and moves all of it
 * on at once. So the totals are those of exactly N calls in a row, whatever races; two that are added to and taken from
 * separately are not, and could show a rate that never was.
 *
 * The outcome of the last call is in the word and not yet in the ring. It is put there before the word moves on, by
 * whoever wants to move it; where the slot already says the same, as it does while all is well, nothing is written. A
 * slot has a version, which rises with each change of it, so that one who was held up cannot change it again later:
 * by then its version is another.
 *
 * The lap only tells that the ring was filled once, and the word from the same word laps ago: it has 62 - 3b bits, enough
 * for 100 million calls, in the largest window, between the reading of a word and its compare-and-set.
 */
final class CountWindow extends Window {
    private static final AtomicLongFieldUpdater<CountWindow> WORD =
            AtomicLongFieldUpdater.newUpdater(CountWindow.class, "word");
    private static final int FAILED = 1;
    private static final int SLOW = 2;
    private static final int OUTCOME_BITS = 2;
    private static final int OUTCOME = FAILED | SLOW;

    private final int size;
    private final int bits;
    private final long field;
    /** Of each slot its version and its outcome. */
    private final AtomicIntegerArray ring;

    private volatile long word;

    CountWindow(int size) {
        this.size = size;
        this.bits = Integer.SIZE - Integer.numberOfLeadingZeros(size);
        this.field = (1L << bits) - 1;
        this.ring = new AtomicIntegerArray(size);
        // Lap 0 ends where the first begins. Its outcome is that of every slot.
        this.word = (size - 1L) << slotShift();
    }

    @Override
    @Nullable
    WindowCounts add(boolean failed, boolean slow, long now, Rates rates, boolean asked) {
        int outcome = (failed ? FAILED : 0) | (slow ? SLOW : 0);
        long before;
        long after;
        do {
            before = word;
            after = next(before, outcome);
        } while (!WORD.compareAndSet(this, before, after));
        return asked || rates.areReachedBy(calls(after), failures(after), slowCalls(after)) ? countsOf(after) : null;
    }

    private long next(long before, int outcome) {
        settle(before);
        int slot = slot(before) + 1;
        long lap = lap(before);
        if (slot == size) {
            slot = 0;
            // Back to 2, not to 0 or 1: the ring stays full.
            lap = lap + 1 == 1L << (Long.SIZE - lapShift()) ? 2 : lap + 1;
        }
        int dropped = ring.get(slot);
        long failures = failures(before) + (outcome & FAILED) - (dropped & FAILED);
        long slowCalls = slowCalls(before) + ((outcome & SLOW) - (dropped & SLOW)) / SLOW;
        return (lap << lapShift())
                | ((long) outcome << outcomeShift())
                | ((long) slot << slotShift())
                | (slowCalls << bits)
                | failures;
    }

    /** Puts the outcome of the last call into its slot, unless somebody else has. */
    private void settle(long seen) {
        int slot = slot(seen);
        int outcome = (int) (seen >>> outcomeShift()) & OUTCOME;
        int kept = ring.get(slot);
        // The slot is changed for this word only while the word stands, so what was read before is what it had then.
        if ((kept & OUTCOME) != outcome && word == seen) {
            ring.compareAndSet(slot, kept, ((kept & ~OUTCOME) + (1 << OUTCOME_BITS)) | outcome);
        }
    }

    @Override
    WindowCounts counts(long now) {
        return countsOf(word);
    }

    @Override
    boolean goesByTime() {
        return false;
    }

    private WindowCounts countsOf(long seen) {
        return WindowCounts.of(calls(seen), failures(seen), slowCalls(seen));
    }

    private long calls(long seen) {
        long lap = lap(seen);
        return lap == 0 ? 0 : lap == 1 ? slot(seen) + 1 : size;
    }

    private long failures(long seen) {
        return seen & field;
    }

    private long slowCalls(long seen) {
        return (seen >>> bits) & field;
    }

    private int slot(long seen) {
        return (int) ((seen >>> slotShift()) & field);
    }

    private long lap(long seen) {
        return seen >>> lapShift();
    }

    private int slotShift() {
        return 2 * bits;
    }

    private int outcomeShift() {
        return 3 * bits;
    }

    private int lapShift() {
        return 3 * bits + OUTCOME_BITS;
    }
}
