package io.breakwater.server.http;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import org.jspecify.annotations.Nullable;

/** Puts received bytes behind those that wait. */
public final class Cumulation {
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
}
