package io.breakwater.server.runtime;

import io.netty.channel.DefaultMaxMessagesRecvByteBufAllocator;
import io.netty.channel.RecvByteBufAllocator;

/**
 * How large the buffers are that one connection reads into: as large as what came lately, within bounds. One read is made
 * each time the loop finds that something came, so that none is made in vain and no connection keeps the others waiting.
 * Confined to the connection's loop.
 */
public final class ReadBuffers extends DefaultMaxMessagesRecvByteBufAllocator {
    private static final int LEAST_BYTES = 64;
    private static final int FIRST_BYTES = 2048;
    /**
     * Where what is read may have to wait: it waits in the buffers that it was read into, and these may be half empty.
     */
    static final int MOST_BYTES = 32 * 1024;
    /** Where it leaves at once: a large body costs the fewer reads and writes. */
    static final int MOST_FLOWING_BYTES = 128 * 1024;

    private static final int GROWTH = 8;

    private boolean flowing;

    public ReadBuffers() {
        super(1);
    }

    /**
     * Says whether what is read from now on goes on at once: a body, and whoever gets it has taken all of it so far. It is
     * not at first.
     */
    public void flowing(boolean on) {
        flowing = on;
    }

    // Deprecated in favour of ExtendedHandle, which it is; the signature is Netty's.
    @Override
    @SuppressWarnings("deprecation")
    public RecvByteBufAllocator.Handle newHandle() {
        return new Sizes();
    }

    private final class Sizes extends MaxMessageHandle {
        private int next = FIRST_BYTES;
        /** The last read would have fitted into half of its buffer. */
        private boolean roomy;

        @Override
        public int guess() {
            return Math.min(next, most());
        }

        @Override
        public void lastBytesRead(int bytes) {
            super.lastBytesRead(bytes);
            if (bytes <= 0) {
                return;
            }
            int size = attemptedBytesRead();
            if (bytes == size) {
                next = Math.min(size * GROWTH, most());
                roomy = false;
            } else if (bytes > size / 2) {
                next = size;
                roomy = false;
            } else if (!roomy) {
                roomy = true; // once may be chance, or the end of something
            } else {
                next = Math.max(size / 2, LEAST_BYTES);
                roomy = false;
            }
        }

        private int most() {
            return flowing ? MOST_FLOWING_BYTES : MOST_BYTES;
        }
    }
}
