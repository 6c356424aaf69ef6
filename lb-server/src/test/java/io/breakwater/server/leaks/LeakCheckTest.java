package io.breakwater.server.leaks;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.buffer.PooledByteBufAllocator;
import io.netty.buffer.Unpooled;
import io.netty.buffer.UnpooledByteBufAllocator;
import io.netty.util.ResourceLeakDetector;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInfo;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Leaks on purpose; that this class passes shows that what is leaked here does not reach the others. */
class LeakCheckTest {

    private enum Kind {
        POOLED_HEAP {
            @Override
            ByteBuf make() {
                return PooledByteBufAllocator.DEFAULT.heapBuffer();
            }
        },
        POOLED_DIRECT {
            @Override
            ByteBuf make() {
                return PooledByteBufAllocator.DEFAULT.directBuffer();
            }
        },
        OF_A_CHANNEL {
            @Override
            ByteBuf make() {
                return ByteBufAllocator.DEFAULT.ioBuffer();
            }
        },
        UNPOOLED_DIRECT {
            @Override
            ByteBuf make() {
                return Unpooled.directBuffer();
            }
        },
        COMPOSITE {
            @Override
            ByteBuf make() {
                return UnpooledByteBufAllocator.DEFAULT.compositeBuffer();
            }
        };

        abstract ByteBuf make();
    }

    @BeforeEach
    void nothingIsLeft() throws InterruptedException {
        LeakCheck.verify(Leaks.OF_PROCESS);
    }

    @Test
    void everyBufferIsWatched() {
        assertThat(ResourceLeakDetector.getLevel()).isEqualTo(ResourceLeakDetector.Level.PARANOID);
    }

    @ParameterizedTest
    @EnumSource
    void whatIsNotReleasedFailsTheClassAndTellsTheTestThatMadeIt(Kind kind, TestInfo test) {
        leak(kind);

        assertThatThrownBy(() -> LeakCheck.verify(Leaks.OF_PROCESS))
                .isInstanceOf(AssertionError.class)
                .hasMessageStartingWith("1 leaks:")
                .hasMessageContaining("made during " + LeakCheckTest.class.getName() + ": " + test.getDisplayName())
                .hasMessageContaining("LeakCheckTest.leak(");
    }

    @ParameterizedTest
    @EnumSource
    void whatIsReleasedIsNoLeak(Kind kind) {
        kind.make().release();

        assertThatCode(() -> LeakCheck.verify(Leaks.OF_PROCESS)).doesNotThrowAnyException();
    }

    @Test
    void aLeakIsToldOnce() {
        leak(Kind.POOLED_DIRECT);

        assertThatThrownBy(() -> LeakCheck.verify(Leaks.OF_PROCESS)).isInstanceOf(AssertionError.class);
        assertThatCode(() -> LeakCheck.verify(Leaks.OF_PROCESS)).doesNotThrowAnyException();
    }

    private static void leak(Kind kind) {
        kind.make();
    }
}
