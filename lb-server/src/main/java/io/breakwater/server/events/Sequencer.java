package io.breakwater.server.events;

import java.time.Duration;
import java.util.NavigableMap;
import java.util.TreeMap;

/**
 * Puts the changes of one circuit back in the order in which they happened. One that came too early waits for those
 * before it, but not for ever: after {@value #PATIENCE_SECONDS} s, or with {@value #CAPACITY} others waiting, those
 * before it are taken not to come any more. That gap is told of, and so is what comes late all the same. NOT thread
 * safe.
 *
 * @param <T> what tells of one change
 */
final class Sequencer<T extends Sequencer.Numbered> {
    static final int CAPACITY = 16;

    private static final int PATIENCE_SECONDS = 1;
    static final Duration PATIENCE = Duration.ofSeconds(PATIENCE_SECONDS);

    private final Output<T> output;
    private final NavigableMap<Long, T> waiting = new TreeMap<>();
    private long next = 1;
    private long waitingSinceNanos;

    Sequencer(Output<T> output) {
        this.output = output;
    }

    /** What is put in order. */
    interface Numbered {
        long generation();
    }

    /** What comes out. */
    interface Output<T> {
        /** The next change. */
        void inOrder(T change);

        /** A change whose successors are out already. */
        void late(T change);

        /** The changes of these generations did not come in time. */
        void missing(T before, long first, long last);
    }

    void add(T change, long nowNanos) {
        if (change.generation() < next) {
            output.late(change);
            return;
        }
        if (waiting.isEmpty()) {
            waitingSinceNanos = nowNanos;
        }
        waiting.put(change.generation(), change);
        release();
        if (waiting.size() > CAPACITY) {
            passGap();
        }
    }

    /** Whether something waits for what came before it. */
    boolean isWaiting() {
        return !waiting.isEmpty();
    }

    /** Lets out what has waited too long. */
    void expire(long nowNanos) {
        if (isWaiting() && nowNanos - waitingSinceNanos >= PATIENCE.toNanos()) {
            flush();
        }
    }

    /** Lets out everything. */
    void flush() {
        while (isWaiting()) {
            passGap();
        }
    }

    private void passGap() {
        T first = waiting.firstEntry().getValue();
        output.missing(first, next, first.generation() - 1);
        next = first.generation();
        release();
    }

    private void release() {
        for (T change = waiting.remove(next); change != null; change = waiting.remove(next)) {
            next++;
            output.inOrder(change);
        }
    }
}
