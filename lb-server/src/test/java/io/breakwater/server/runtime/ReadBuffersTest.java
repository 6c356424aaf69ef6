package io.breakwater.server.runtime;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.channel.RecvByteBufAllocator.Handle;
import io.netty.channel.embedded.EmbeddedChannel;
import org.junit.jupiter.api.Test;

@SuppressWarnings("deprecation") // Handle, by which Netty asks
class ReadBuffersTest {
    private static final int PLENTY = 1 << 20;

    private final ReadBuffers buffers = new ReadBuffers();
    private final Handle handle = buffers.newHandle();

    /** Reads once while so much is there; returns how large the buffer was. */
    private int read(int waiting) {
        int size = handle.guess();
        handle.attemptedBytesRead(size);
        handle.lastBytesRead(Math.min(size, waiting));
        return size;
    }

    private int largestOf(int reads) {
        int largest = 0;
        for (int i = 0; i < reads; i++) {
            largest = Math.max(largest, read(PLENTY));
        }
        return largest;
    }

    @Test
    void whatMayHaveToWaitIsReadIntoBuffersUpToTheSmallerBound() {
        assertThat(largestOf(10)).isEqualTo(ReadBuffers.MOST_BYTES);
    }

    @Test
    void whatFlowsIsReadIntoLargerOnesAndWhatStopsIsNot() {
        buffers.flowing(true);
        assertThat(largestOf(10)).isEqualTo(ReadBuffers.MOST_FLOWING_BYTES);

        buffers.flowing(false);
        assertThat(largestOf(1)).isEqualTo(ReadBuffers.MOST_BYTES);
        assertThat(largestOf(10)).isEqualTo(ReadBuffers.MOST_BYTES);
    }

    @Test
    void aFewReadsLeadFromASmallMessageToALargeBody() {
        for (int i = 0; i < 20; i++) {
            read(100);
        }
        buffers.flowing(true);
        largestOf(4);
        assertThat(read(PLENTY)).isEqualTo(ReadBuffers.MOST_FLOWING_BYTES);
    }

    @Test
    void oneSmallReadChangesNothingAndTwoHalve() {
        largestOf(10);
        int largest = handle.guess();
        read(1);
        assertThat(handle.guess()).isEqualTo(largest);
        read(largest / 2 + 1);
        read(1);
        assertThat(handle.guess()).isEqualTo(largest);
        read(1);
        assertThat(handle.guess()).isEqualTo(largest / 2);
    }

    @Test
    void buffersForSmallMessagesAreLittleLargerThanThese() {
        for (int i = 0; i < 20; i++) {
            read(100);
        }
        assertThat(handle.guess()).isBetween(100, 256);
        for (int i = 0; i < 40; i++) {
            read(1);
        }
        assertThat(handle.guess()).isPositive();
    }

    @Test
    void nothingReadChangesNothing() {
        int before = handle.guess();
        for (int i = 0; i < 4; i++) {
            handle.attemptedBytesRead(handle.guess());
            handle.lastBytesRead(0);
            handle.lastBytesRead(-1);
        }
        assertThat(handle.guess()).isEqualTo(before);
    }

    @Test
    void noSecondReadIsMadeInVain() {
        handle.reset(new EmbeddedChannel().config());
        handle.incMessagesRead(1);
        read(PLENTY);
        assertThat(handle.continueReading()).isFalse();
    }
}
