package io.breakwater.server.http;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.UnpooledByteBufAllocator;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class CumulationTest {
    private static final UnpooledByteBufAllocator ALLOCATOR = UnpooledByteBufAllocator.DEFAULT;

    private static ByteBuf buffer(int capacity, int skipped, int readable) {
        return ALLOCATOR.buffer(capacity).writeZero(skipped).skipBytes(skipped).writeBytes(new byte[readable]);
    }

    @ParameterizedTest
    @CsvSource({"65536, 65000, 1, true", "65536, 0, 16384, true", "65536, 0, 16385, false", "4096, 4000, 1, false"})
    void fewBytesOfALargeBufferMoveToASmallOne(int capacity, int skipped, int readable, boolean moves) {
        ByteBuf waiting = buffer(capacity, skipped, readable);

        ByteBuf shrunk = Cumulation.shrink(ALLOCATOR, waiting);

        assertThat(waiting.refCnt()).as("references to the large one").isEqualTo(moves ? 0 : 1);
        assertThat(shrunk.readableBytes()).isEqualTo(readable);
        assertThat(shrunk.capacity()).isLessThanOrEqualTo(moves ? Math.max(1024, readable) : capacity);
        shrunk.release();
    }

    @Test
    void whatMovedCanGrowAgain() {
        ByteBuf waiting = ALLOCATOR.buffer(65536);
        waiting.writeCharSequence("GET / HTT", US_ASCII);

        ByteBuf whole = Cumulation.append(
                ALLOCATOR,
                Cumulation.shrink(ALLOCATOR, waiting),
                ALLOCATOR.buffer().writeBytes("P/1.1".getBytes(US_ASCII)));

        assertThat(whole.toString(US_ASCII)).isEqualTo("GET / HTTP/1.1");
        whole.release();
    }
}
