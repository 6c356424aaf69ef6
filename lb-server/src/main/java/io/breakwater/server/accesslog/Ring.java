package io.breakwater.server.accesslog;

import java.nio.ByteBuffer;
import java.util.concurrent.atomic.AtomicLong;

/**
 * A bounded buffer of whole lines between one event loop, which makes them in it, and the writer. The loop calls
 * {@link #begin}, the {@code put} methods and {@link #commit}; the writer {@link #committed} and {@link #taken}. A line
 * for which there is no room leaves no trace.
 */
/*
 * Positions only grow and are taken modulo the capacity. `committed` is written by the loop alone and `taken` by the
 * writer alone, each released after the bytes it speaks of were written or read and acquired by the other before it
 * reads or writes them; so neither ever touches what is the other's.
 */
final class Ring {
    private final byte[] bytes;
    private final AtomicLong committed = new AtomicLong();
    private final AtomicLong taken = new AtomicLong();

    // The loop's own.
    private long at;
    private long limit;

    /**
     * @param capacity in bytes, a power of two
     */
    Ring(int capacity) {
        if (Integer.bitCount(capacity) != 1) {
            throw new IllegalArgumentException("capacity: " + capacity + " (expected: a power of two)");
        }
        this.bytes = new byte[capacity];
    }

    // ================ the loop's side ================

    /** A line begins; one that was begun and not committed is forgotten. Returns where it begins. */
    long begin() {
        at = committed.getPlain();
        limit = taken.getAcquire() + bytes.length;
        return at;
    }

    void put(int b) {
        if (at < limit) {
            bytes[index(at)] = (byte) b;
        }
        at++;
    }

    void put(byte[] constant) {
        int start = index(at);
        if (at + constant.length <= limit && start + constant.length <= bytes.length) {
            System.arraycopy(constant, 0, bytes, start, constant.length);
            at += constant.length;
        } else {
            for (byte b : constant) {
                put(b);
            }
        }
    }

    /** Puts an integer in decimal. */
    void putNumber(long number) {
        if (number < 0) {
            put('-');
        }
        // Downwards from a negative number, for there is no positive counterpart to the least one.
        long rest = number < 0 ? number : -number;
        long power = 1;
        while (rest / power <= -10) {
            power *= 10;
        }
        for (; power > 0; power /= 10) {
            put('0' - (int) (rest / power % 10));
        }
    }

    /** Puts a number of so many digits, with zeros in front. */
    void putDigits(int number, int digits) {
        int power = 1;
        for (int i = 1; i < digits; i++) {
            power *= 10;
        }
        for (; power > 0; power /= 10) {
            put('0' + number / power % 10);
        }
    }

    /** Hands the line over; returns false, and forgets it, if there was no room for all of it. */
    boolean commit() {
        if (at > limit) {
            return false;
        }
        committed.setRelease(at);
        return true;
    }

    /** Whether the line that was begun there and committed has filled the ring to the half, as far as the loop knows. */
    boolean isHalfFullSince(long lineStart) {
        long half = limit - bytes.length / 2;
        return lineStart < half && at >= half;
    }

    // ================ the writer's side ================

    /** Returns how many bytes of whole lines wait. */
    int waiting() {
        return (int) (committed.getAcquire() - taken.getPlain());
    }

    /** Returns the first {@code length} bytes that wait, or as many of them as lie in one piece. */
    ByteBuffer piece(int length) {
        int start = index(taken.getPlain());
        return ByteBuffer.wrap(bytes, start, Math.min(length, bytes.length - start));
    }

    /** Gives the room of the first {@code length} bytes back. */
    void took(int length) {
        taken.setRelease(taken.getPlain() + length);
    }

    private int index(long position) {
        return (int) position & (bytes.length - 1);
    }
}
