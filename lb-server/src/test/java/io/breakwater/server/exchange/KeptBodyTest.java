package io.breakwater.server.exchange;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.buffer.UnpooledByteBufAllocator;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** What is kept of a body is bounded, and given back. */
class KeptBodyTest {
    private final UnpooledByteBufAllocator alloc = new UnpooledByteBufAllocator(false);
    private final KeptBody kept = new KeptBody();
    private final ByteBuf in = Unpooled.wrappedBuffer(new byte[100_000]);

    private long held() {
        return alloc.metric().usedHeapMemory();
    }

    @AfterEach
    void everythingIsGivenBack() {
        kept.release();
        assertThat(held()).isZero();
        assertThat(in.readerIndex()).as("what is kept is a copy").isZero();
    }

    @Test
    void nothingIsWhole() {
        kept.begin(0);

        assertThat(kept.isWhole()).isTrue();
        assertThat(held()).isZero();
    }

    @Test
    void aBodyUpToTheLimitIsWhole() {
        kept.begin(20_000);
        kept.add(alloc, in, 15_000);
        kept.add(alloc, in, 5_000);

        assertThat(kept.isWhole()).isTrue();
        assertThat(held()).isEqualTo(20_000);
    }

    @Test
    void aByteMoreIsNotKeptAndNothingOfItIs() {
        kept.begin(20_000);
        kept.add(alloc, in, 20_000);
        kept.add(alloc, in, 1);

        assertThat(kept.isWhole()).isFalse();
        assertThat(held()).isZero();

        kept.add(alloc, in, 1);
        assertThat(kept.isWhole()).isFalse();
        assertThat(held()).isZero();
    }

    @Test
    void manySmallPartsCostLittleMoreThanTheirBytes() {
        kept.begin(64 * 1024);
        for (int i = 0; i < 10_000; i++) {
            kept.add(alloc, in, 1);
        }

        assertThat(kept.isWhole()).isTrue();
        assertThat(held()).isLessThanOrEqualTo(10_000 + 8 * 1024);
    }

    @Test
    void withoutRoomTheFirstByteMakesItPartial() {
        kept.begin(0);
        kept.add(alloc, in, 1);

        assertThat(kept.isWhole()).isFalse();
    }

    @Test
    void afterItsReleaseNothingIsKeptUntilTheNextRequest() {
        kept.begin(20_000);
        kept.add(alloc, in, 10);
        kept.release();
        assertThat(held()).isZero();
        kept.add(alloc, in, 10);
        assertThat(kept.isWhole()).isFalse();

        kept.begin(20_000);
        kept.add(alloc, in, 10);

        assertThat(kept.isWhole()).isTrue();
        assertThat(held()).isPositive();
    }
}
