package io.breakwater.server.http;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import org.jspecify.annotations.Nullable;

/** Puts received bytes behind those that wait. */
public final class Cumulation {
    /** Up to here a buffer may be as empty as it likes. */
    private static final int SMALL_BYTES = 4096;

    private Cumulation() {}

    /**
     * Returns a buffer with the readable bytes of both, in order. Takes over both references.
     *
     * <p>Bytes are written behind the first buffer's own when they fit, which is safe beside slices of it, else both are
     * copied to a new one with room to grow.
     */
    public static ByteBuf append(ByteBufAllocator allocator, @Nullable ByteBuf first, ByteBuf more) {
        if (first == null) {
            return more;
        }
        int length = more.readableBytes();
        ByteBuf both = first;
        if (first.writableBytes() < length) {
            both = allocator.buffer(2 * (first.readableBytes() + length));
            both.writeBytes(first);
            first.release();
        }
        both.writeBytes(more);
        more.release();
        return both;
    }

    /**
     * Returns a buffer with the readable bytes of this one, which are to wait: a small one where they are few, so that
     * who sends much and then a single byte does not keep the room for much. Takes over the reference.
     */
    public static ByteBuf shrink(ByteBufAllocator allocator, ByteBuf waiting) {
        int length = waiting.readableBytes();
        if (waiting.capacity() <= SMALL_BYTES || length > waiting.capacity() / 4) {
            return waiting;
        }
        ByteBuf small = allocator.buffer(Math.max(length, SMALL_BYTES / 4));
        small.writeBytes(waiting);
        waiting.release();
        return small;
    }
}
