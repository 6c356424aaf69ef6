package io.breakwater.server.events;

import static org.assertj.core.api.Assertions.assertThat;

import io.breakwater.health.BackendId;
import io.breakwater.health.breaker.CircuitState;
import io.breakwater.health.breaker.Transition;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class SequencerTest {
    private static final long PATIENCE_NANOS = Sequencer.PATIENCE.toNanos();

    private final List<String> out = new ArrayList<>();
    private final Sequencer<CircuitEvent> sequencer = new Sequencer<>(new Sequencer.Output<>() {
        @Override
        public void inOrder(CircuitEvent event) {
            out.add("" + event.generation());
        }

        @Override
        public void late(CircuitEvent event) {
            out.add("late " + event.generation());
        }

        @Override
        public void missing(CircuitEvent before, long first, long last) {
            out.add("missing " + first + ".." + last + " before " + before.generation());
        }
    });

    @Test
    void whatComesInOrderGoesOutAtOnce() {
        add(1, 2, 3);

        assertThat(out).containsExactly("1", "2", "3");
        assertThat(sequencer.isWaiting()).isFalse();
    }

    @Test
    void whatComesTooEarlyWaitsForThoseBeforeIt() {
        add(3, 2);
        assertThat(out).isEmpty();
        assertThat(sequencer.isWaiting()).isTrue();

        add(1);
        assertThat(out).containsExactly("1", "2", "3");
        assertThat(sequencer.isWaiting()).isFalse();
    }

    @ParameterizedTest
    @ValueSource(longs = {0, Long.MAX_VALUE - 5, Long.MIN_VALUE, -1})
    void gapIsPassedAfterASecondAndTold(long originNanos) {
        sequencer.add(event(1), originNanos);
        sequencer.add(event(4), originNanos);
        sequencer.add(event(5), originNanos + PATIENCE_NANOS - 1);

        sequencer.expire(originNanos + PATIENCE_NANOS - 1);
        assertThat(out).containsExactly("1");

        sequencer.expire(originNanos + PATIENCE_NANOS);
        assertThat(out).containsExactly("1", "missing 2..3 before 4", "4", "5");
    }

    @Test
    void patienceBeginsAnewAfterAGapWasFilled() {
        sequencer.add(event(2), 0);
        sequencer.add(event(1), PATIENCE_NANOS - 1);
        sequencer.add(event(4), PATIENCE_NANOS - 1);

        sequencer.expire(PATIENCE_NANOS);
        assertThat(out).containsExactly("1", "2");
    }

    @Test
    void whatComesAfterItsGapWasPassedIsToldAsLate() {
        add(2);
        sequencer.flush();
        add(1, 3);

        assertThat(out).containsExactly("missing 1..1 before 2", "2", "late 1", "3");
    }

    @Test
    void bufferIsBoundedAndPassesTheFirstGapOnly() {
        LongStream.rangeClosed(2, Sequencer.CAPACITY).forEach(this::add);
        add(100);
        assertThat(out).isEmpty();

        add(Sequencer.CAPACITY + 1);
        assertThat(out.get(0)).isEqualTo("missing 1..1 before 2");
        assertThat(out).hasSize(1 + Sequencer.CAPACITY).doesNotContain("100");
        assertThat(sequencer.isWaiting()).isTrue();
    }

    @Test
    void flushLetsEverythingOutWithEachGapTold() {
        add(1, 3, 6);

        sequencer.flush();

        assertThat(out).containsExactly("1", "missing 2..2 before 3", "3", "missing 4..5 before 6", "6");
        assertThat(sequencer.isWaiting()).isFalse();
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4, 5})
    void anyOrderWithinTheBufferComesOutInOrder(long seed) {
        List<Long> generations =
                new ArrayList<>(LongStream.rangeClosed(1, 400).boxed().toList());
        Random random = new Random(seed);
        for (int from = 0; from < generations.size(); from += Sequencer.CAPACITY) {
            Collections.shuffle(
                    generations.subList(from, Math.min(generations.size(), from + Sequencer.CAPACITY)), random);
        }

        generations.forEach(this::add);

        assertThat(out)
                .as("seed " + seed)
                .containsExactlyElementsOf(
                        LongStream.rangeClosed(1, 400).mapToObj(Long::toString).toList());
    }

    private void add(long... generations) {
        for (long generation : generations) {
            sequencer.add(event(generation), 0);
        }
    }

    private static CircuitEvent event(long generation) {
        return new CircuitEvent(
                new CircuitId(new BackendId("default", "a"), null),
                generation,
                Instant.EPOCH,
                CircuitState.CLOSED,
                CircuitState.OPEN,
                Transition.Reason.CONSECUTIVE_FAILURES,
                "3 in a row",
                Duration.ofSeconds(5),
                false);
    }
}
