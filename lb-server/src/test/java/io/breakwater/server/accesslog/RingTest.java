package io.breakwater.server.accesslog;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.ByteBuffer;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Lines that are made by one thread and taken by another: whole, in order, and never more than fit. */
class RingTest {
    private final Ring ring = new Ring(16);

    private boolean add(String line) {
        ring.begin();
        ring.put(line.getBytes(US_ASCII));
        return ring.commit();
    }

    private static String take(Ring from) {
        StringBuilder text = new StringBuilder();
        int left = from.waiting();
        while (left > 0) {
            ByteBuffer piece = from.piece(left);
            int length = piece.remaining();
            text.append(US_ASCII.decode(piece));
            from.took(length);
            left -= length;
        }
        return text.toString();
    }

    @Test
    void whatDoesNotFitLeavesNoTrace() {
        assertThat(add("0123456789")).isTrue();
        assertThat(add("abcdefg")).isFalse();
        assertThat(add("ABCDEF")).isTrue();
        assertThat(add("x")).isFalse();

        assertThat(take(ring)).isEqualTo("0123456789ABCDEF");
        assertThat(add("0123456789abcdefg")).isFalse();
        assertThat(add("0123456789abcdef")).isTrue();
        assertThat(take(ring)).isEqualTo("0123456789abcdef");
    }

    @Test
    void aLineMayGoOverTheEdge() {
        for (int i = 0; i < 100; i++) {
            String line = "line " + i;
            assertThat(add(line)).isTrue();
            assertThat(take(ring)).isEqualTo(line);
        }
    }

    @Test
    void itSaysOnceThatHalfOfItIsFull() {
        long first = ring.begin();
        ring.put("1234567".getBytes(US_ASCII));
        ring.commit();
        assertThat(ring.isHalfFullSince(first)).isFalse();
        long second = ring.begin();
        ring.put('8');
        ring.commit();
        assertThat(ring.isHalfFullSince(second)).isTrue();
        long third = ring.begin();
        ring.put('9');
        ring.commit();
        assertThat(ring.isHalfFullSince(third)).isFalse();
    }

    @ParameterizedTest
    @ValueSource(longs = {0, 1, -1, 9, 10, 11, 99, 100, 1_000_000, Long.MAX_VALUE, Long.MIN_VALUE})
    void numbersAreDecimal(long number) {
        Ring wide = new Ring(32);
        wide.begin();
        wide.putNumber(number);
        wide.commit();

        assertThat(take(wide)).isEqualTo(Long.toString(number));
    }

    @Test
    void aSizeThatIsNoPowerOfTwoIsRefused() {
        assertThatThrownBy(() -> new Ring(100)).hasMessageContaining("capacity: 100");
    }

    @Test
    @Timeout(60)
    void twoThreadsLoseNothingThatWasTaken() throws InterruptedException {
        Ring shared = new Ring(256);
        int lines = 200_000;
        AtomicInteger refused = new AtomicInteger();
        Thread loop = new Thread(() -> {
            for (int i = 0; i < lines; i++) {
                shared.begin();
                shared.putNumber(i);
                shared.put('\n');
                if (!shared.commit()) {
                    refused.incrementAndGet();
                }
            }
        });
        loop.start();
        StringBuilder text = new StringBuilder();
        while (loop.isAlive()) {
            text.append(take(shared));
        }
        loop.join();
        text.append(take(shared));

        int[] numbers = text.toString().lines().mapToInt(Integer::parseInt).toArray();
        assertThat(numbers).isSorted().doesNotHaveDuplicates();
        assertThat(numbers.length + refused.get()).isEqualTo(lines);
    }
}
