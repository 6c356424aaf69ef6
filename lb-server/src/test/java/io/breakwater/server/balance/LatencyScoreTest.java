package io.breakwater.server.balance;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.breakwater.server.fixtures.Together;
import java.util.SplittableRandom;
import org.assertj.core.data.Percentage;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class LatencyScoreTest {
    private static final long MS = 1_000_000;
    private static final long WINDOW = LatencyScore.WINDOW_NANOS;

    private final TypicalLatency typical = new TypicalLatency();
    private final LatencyScore score = new LatencyScore(typical);

    @Test
    void expectsTheTypicalLatencyBeforeTheFirstEnd() {
        assertThat(score.expectedLatencyNanos(0)).isEqualTo(TypicalLatency.ASSUMED_NANOS);

        new LatencyScore(typical).succeeded(7 * MS, 0);

        assertThat(score.expectedLatencyNanos(0)).isEqualTo(7 * MS);
    }

    @Test
    void takesALatencyAboveTheAverageAtOnceAndALowerOneByTheTimeSinceTheLast() {
        score.succeeded(5 * MS, 0);
        score.succeeded(50 * MS, 1);
        assertThat(score.expectedLatencyNanos(1)).isEqualTo(50 * MS);

        score.succeeded(5 * MS, WINDOW);

        double kept = Math.exp(-1);
        assertThat(score.expectedLatencyNanos(WINDOW))
                .isCloseTo(50 * MS * kept + 5 * MS * (1 - kept), Percentage.withPercentage(0.1));
    }

    @Test
    void dropsALowerSampleThatComesWithinAGrainButNeverAPeak() {
        score.succeeded(50 * MS, 0);
        score.succeeded(1 * MS, WINDOW / 8192 - 1);
        assertThat(score.expectedLatencyNanos(WINDOW / 8192 - 1)).isEqualTo(50 * MS);

        score.succeeded(60 * MS, WINDOW / 8192 - 1);

        assertThat(score.expectedLatencyNanos(WINDOW / 8192 - 1)).isEqualTo(60 * MS);
    }

    @ParameterizedTest
    @ValueSource(longs = {0, -3, Long.MAX_VALUE - 1_000, Long.MIN_VALUE})
    void decaysTowardsZeroWhileNothingEndsWhereverTheClockStarted(long origin) {
        score.succeeded(2_000 * MS, origin);

        assertThat(score.expectedLatencyNanos(origin)).isEqualTo(2_000 * MS);
        assertThat(score.expectedLatencyNanos(origin + WINDOW))
                .isCloseTo(2_000 * MS / Math.E, Percentage.withPercentage(0.001));
        assertThat(score.expectedLatencyNanos(origin + 6 * WINDOW)).isLessThan(5 * MS);
        assertThat(score.expectedLatencyNanos(origin + 1_000 * WINDOW)).isEqualTo(1);
    }

    @Test
    void followsASteadyLatencyDownFromAPeak() {
        score.succeeded(2_000 * MS, 0);
        for (long now = MS; now <= 10 * WINDOW; now += 10 * MS) {
            score.succeeded(5 * MS, now);
        }
        assertThat(score.expectedLatencyNanos(10 * WINDOW)).isCloseTo(5 * MS, Percentage.withPercentage(3));
    }

    @Test
    void scoresAFailureAsAtLeastTheTypicalLatency() {
        LatencyScore other = new LatencyScore(typical);
        other.succeeded(50 * MS, 0);

        score.failed(1 * MS, 0);
        assertThat(score.expectedLatencyNanos(0)).isEqualTo(50 * MS);

        score.failed(5_000 * MS, 1);
        assertThat(score.expectedLatencyNanos(1)).isEqualTo(5_000 * MS);
        assertThat(typical.nanos()).as("failures are not typical").isEqualTo(50 * MS);
    }

    @ParameterizedTest
    @ValueSource(longs = {0, -3, Long.MAX_VALUE - 1_000, Long.MIN_VALUE})
    void aFailureIsOneRequestOfLoadThatDecaysWithTheTypicalLatency(long origin) {
        score.succeeded(50 * MS, origin);
        assertThat(score.load(3, origin)).isEqualTo(3);

        score.failed(1 * MS, origin);
        assertThat(score.load(3, origin)).isEqualTo(4);
        assertThat(score.load(3, origin + 50 * MS)).isCloseTo(3 + Math.exp(-1), within(1e-9));

        score.failed(1 * MS, origin + 50 * MS);
        assertThat(score.load(3, origin + 50 * MS)).isCloseTo(4 + Math.exp(-1), within(1e-9));
        assertThat(score.load(3, origin + 1_000 * MS)).as("forgotten").isEqualTo(3);
    }

    /** Little's law: what fails at a rate counts as much as what is under way for the typical latency at that rate. */
    @Test
    void aStreamOfFailuresWeighsAsMuchAsTheSameStreamOfTypicalRequests() {
        score.succeeded(50 * MS, 0);
        double sum = 0;
        int samples = 0;
        for (long now = 0; now < 20_000 * MS; now += MS) {
            if (now % (10 * MS) == 0) {
                score.failed(0, now);
            }
            if (now >= 1_000 * MS) {
                sum += score.load(0, now);
                samples++;
            }
        }
        assertThat(sum / samples).isCloseTo(50.0 / 10, Percentage.withPercentage(2));
    }

    @Test
    void losesNoFailureOfAnotherLoop() throws InterruptedException {
        score.succeeded(50 * MS, 0);

        Together.run(4, loop -> {
            for (int i = 0; i < 1_000; i++) {
                score.failed(MS, 0);
            }
        });

        assertThat(score.load(0, 0)).isEqualTo(4_000);
    }

    @Test
    void theAverageStaysWithinItsSamplesWhileSeveralLoopsTellThem() throws InterruptedException {
        Together.run(4, loop -> {
            SplittableRandom random = new SplittableRandom(loop);
            for (int i = 0; i < 20_000; i++) {
                score.succeeded(random.nextLong(10 * MS, 20 * MS), i * 2L * MS);
            }
        });

        assertThat(score.expectedLatencyNanos(40_000 * MS)).isBetween(10.0 * MS, 20.0 * MS);
        assertThat(typical.nanos()).isBetween(10.0 * MS, 20.0 * MS);
        assertThat(typical.nanos()).isCloseTo(15 * MS, Percentage.withPercentage(10));
    }

    @Test
    void theTypicalLatencyForgetsByTimeAndNotByCount() {
        typical.succeeded(100 * MS, 0);
        for (int i = 0; i < 1_000; i++) {
            typical.succeeded(1 * MS, i);
        }
        assertThat(typical.nanos()).as("a burst within a grain").isEqualTo(100 * MS);

        typical.succeeded(1 * MS, 20 * WINDOW);

        assertThat(typical.nanos()).isCloseTo(1 * MS, Percentage.withPercentage(0.01));
    }

    @Test
    void refusesAWindowThatHoldsNothing() {
        assertThatThrownBy(() -> new LatencyScore(typical, 0))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("windowNanos: 0 (expected: > 0)");
    }
}
