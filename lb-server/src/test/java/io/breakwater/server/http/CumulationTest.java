package io.breakwater.server.http;

import static io.breakwater.server.http.RequestHeadTest.text;
import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.UnpooledByteBufAllocator;
import org.junit.jupiter.api.Test;

class CumulationTest {
    private final UnpooledByteBufAllocator allocator = new UnpooledByteBufAllocator(false);

    private ByteBuf buffer(String text, int capacity) {
        return allocator.heapBuffer(capacity, capacity).writeBytes(Ascii.bytes(text));
    }

    @Test
    void theFirstBytesAreWhatThereIs() {
        ByteBuf more = buffer("abc", 3);

        assertThat(Cumulation.append(allocator, null, more)).isSameAs(more);
        assertThat(more.refCnt()).isEqualTo(1);
        more.release();
    }

    @Test
    void bytesThatFitGoBehindTheOthersBesideTheirSlices() {
        ByteBuf first = buffer("xabc", 6);
        ByteBuf slice = first.readSlice(1);
        ByteBuf more = buffer("yde", 3).skipBytes(1);

        ByteBuf both = Cumulation.append(allocator, first, more);
        assertThat(both).isSameAs(first);
        assertThat(text(both)).isEqualTo("abcde");
        assertThat(text(slice)).isEqualTo("x");
        assertThat(more.refCnt()).isZero();
        assertThat(both.refCnt()).isEqualTo(1);
        both.release();
    }

    @Test
    void bytesThatDoNotFitAreCopiedWithRoomToGrow() {
        ByteBuf first = buffer("xabc", 5).skipBytes(1);
        ByteBuf more = buffer("de", 2);

        ByteBuf both = Cumulation.append(allocator, first, more);
        assertThat(both).isNotSameAs(first);
        assertThat(text(both)).isEqualTo("abcde");
        assertThat(both.writableBytes()).isEqualTo(5);
        assertThat(first.refCnt()).isZero();
        assertThat(more.refCnt()).isZero();
        both.release();
    }
}
