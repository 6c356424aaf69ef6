package io.breakwater.server.runtime;

import io.netty.channel.AdaptiveRecvByteBufAllocator;
import io.netty.channel.RecvByteBufAllocator;

/** How large the buffers are that connections read into: as large as what came lately, within bounds. */
public final class ReadBuffers {
    private static final int LEAST_BYTES = 64;
    private static final int FIRST_BYTES = 2048;
    /**
     * Half of Netty's own. What a slow peer has not taken waits in the buffers that it was read into, and these may be half
     * empty.
     */
    private static final int MOST_BYTES = 32 * 1024;

    private ReadBuffers() {}

    /** Returns what the channels of one bootstrap share. */
    public static RecvByteBufAllocator create() {
        return new AdaptiveRecvByteBufAllocator(LEAST_BYTES, FIRST_BYTES, MOST_BYTES);
    }
}
