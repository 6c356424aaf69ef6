package io.breakwater.server.runtime;

import static org.assertj.core.api.Assertions.assertThat;

import io.breakwater.server.fixtures.Logged;
import io.breakwater.time.ManualTicker;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

class DirectMemoryTest {
    private static final long MEBIBYTE = 1 << 20;

    private final ManualTicker ticker = new ManualTicker(Long.MAX_VALUE - 1);
    private final AtomicLong inUse = new AtomicLong();
    private final DirectMemory memory = new DirectMemory(inUse::get, 100 * MEBIBYTE, ticker);

    @Test
    void itIsShortAboveNineTenthsAndOnlyAsLong() {
        inUse.set(90 * MEBIBYTE);
        memory.look();
        assertThat(memory.isShort()).isFalse();

        inUse.incrementAndGet();
        assertThat(memory.isShort()).as("before a look").isFalse();
        memory.look();
        assertThat(memory.isShort()).isTrue();

        inUse.set(90 * MEBIBYTE);
        memory.look();
        assertThat(memory.isShort()).isFalse();
    }

    @Test
    void itIsToldOnceAMinuteAtMost() {
        try (Logged log = Logged.by(DirectMemory.class.getName())) {
            for (int i = 0; i < 3; i++) {
                turnShort();
            }
            assertThat(log.lines())
                    .containsExactly(
                            "WARN buffers of connections hold 95 of 100 MiB of direct memory: new requests are refused"
                                    + " while it is more than 90 %");

            ticker.advance(Duration.ofMinutes(1));
            turnShort();
            assertThat(log.lines()).hasSize(2);
        }
    }

    private void turnShort() {
        inUse.set(0);
        memory.look();
        inUse.set(95 * MEBIBYTE);
        memory.look();
    }

    @Test
    void whatTheAllocatorHasTakenIsKnownWhicheverItIs() {
        assertThat(DirectMemory.takenBytes()).isNotNegative();
        assertThat(DirectMemory.ofConnections(ticker).isShort()).isFalse();
    }
}
