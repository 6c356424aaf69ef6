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

    private static ByteBuf buffer(String text, int capacity) {
        return ALLOCATOR.heapBuffer(capacity, capacity).writeBytes(Ascii.bytes(text));
    }

    @Test
    void theFirstBytesAreWhatThereIs() {
        ByteBuf more = buffer("abc", 3);

        assertThat(Cumulation.append(ALLOCATOR, null, more)).isSameAs(more);
        assertThat(more.refCnt()).isEqualTo(1);
        more.release();
    }

    @Test
    void bytesThatFitGoBehindTheOthersBesideTheirSlices() {
        ByteBuf first = buffer("xabc", 6);
        ByteBuf slice = first.readSlice(1);
        ByteBuf more = buffer("yde", 3).skipBytes(1);

        ByteBuf both = Cumulation.append(ALLOCATOR, first, more);
        assertThat(both).isSameAs(first);
        assertThat(RequestHeadTest.text(both)).isEqualTo("abcde");
        assertThat(RequestHeadTest.text(slice)).isEqualTo("x");
        assertThat(more.refCnt()).isZero();
        assertThat(both.refCnt()).isEqualTo(1);
        both.release();
    }

    @Test
    void bytesThatDoNotFitAreCopiedWithRoomToGrow() {
        ByteBuf first = buffer("xabc", 5).skipBytes(1);
        ByteBuf more = buffer("de", 2);

        ByteBuf both = Cumulation.append(ALLOCATOR, first, more);
        assertThat(both).isNotSameAs(first);
        assertThat(RequestHeadTest.text(both)).isEqualTo("abcde");
        assertThat(both.writableBytes()).isEqualTo(5);
        assertThat(first.refCnt()).isZero();
        assertThat(more.refCnt()).isZero();
        both.release();
    }
}
