package io.breakwater.health.breaker;

import static io.breakwater.health.breaker.BreakerFixture.COOLDOWN;
import static io.breakwater.health.breaker.BreakerFixture.LEASE;
import static org.assertj.core.api.Assertions.assertThat;

import io.breakwater.health.Outcome;
import java.time.Duration;
import java.util.DoubleSummaryStatistics;
import java.util.SplittableRandom;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** How long a circuit stays open. */
class CooldownTest {
    private static final Duration MAX = Duration.ofSeconds(60);

    static LongStream origins() {
        return BreakerFixture.origins();
    }

    private static BreakerConfig config(Duration cooldown, double multiplier, Duration max, double jitter) {
        return new BreakerConfig(
                true, BreakerConfig.Mode.ENFORCE, 3, WindowConfig.NONE, cooldown, multiplier, max, jitter, 1, 1, LEASE);
    }

    private static BreakerFixture doubling(long origin) {
        return new BreakerFixture(origin, config(COOLDOWN, 2, MAX, 0));
    }

    private static Duration remaining(BreakerFixture circuit) {
        return Duration.ofNanos(circuit.breaker.retryAfterNanos(circuit.now()));
    }

    /** Lets the cooldown pass and the probe end like this. */
    private static void probe(BreakerFixture circuit, Outcome outcome) {
        circuit.advance(remaining(circuit));
        circuit.record(circuit.acquireProbe(), outcome);
    }

    private static void recover(BreakerFixture circuit) {
        probe(circuit, Outcome.SUCCESS);
        assertThat(circuit.state()).isEqualTo(CircuitState.CLOSED);
    }

    private static void succeedTimes(BreakerFixture circuit, int times) {
        for (int i = 0; i < times; i++) {
            circuit.succeed();
        }
    }

    @ParameterizedTest
    @CsvSource({
        "PT5S, 1, PT60S, 1, PT5S",
        "PT5S, 1, PT60S, 100, PT5S",
        "PT5S, 2, PT60S, 1, PT5S",
        "PT5S, 2, PT60S, 2, PT10S",
        "PT5S, 2, PT60S, 4, PT40S",
        "PT5S, 2, PT60S, 5, PT60S",
        "PT5S, 2, PT60S, 2147483647, PT60S",
        "PT5S, 1.5, PT60S, 3, PT11.25S",
        "PT5S, 100, P365D, 3, PT50000S",
        "PT90S, 2, PT60S, 1, PT90S", // the maximum is not below the cooldown
        "PT90S, 2, PT60S, 5, PT90S",
        "P364DT0.000000001S, 1, PT1S, 7, P364DT0.000000001S"
    })
    void theNthInARowIsLongerByThePowerOfTheMultiplier(
            Duration cooldown, double multiplier, Duration max, int nth, Duration expected) {
        Cooldown before = new Cooldown(nth - 1, 1);

        assertThat(before.next(config(cooldown, multiplier, max, 0), 0, 0.9))
                .isEqualTo(new Cooldown(nth, expected.toNanos()));
    }

    @ParameterizedTest
    @CsvSource({
        "0.2, 0, PT60S, PT4S",
        "0.2, 0.5, PT60S, PT5S",
        "0.2, 0.75, PT60S, PT5.5S",
        "1, 0, PT60S, PT0.000000001S", // never nothing
        "1, 0.5, PT60S, PT5S",
        "1, 0.75, PT6S, PT6S", // jitter stays below the maximum
        "1, 0.75, PT1S, PT5S"
    })
    void jitterMovesItToAndFroButNotAboveTheLongest(double jitter, double draw, Duration max, Duration expected) {
        assertThat(Cooldown.NONE.next(config(COOLDOWN, 1, max, jitter), 0, draw).lengthNanos())
                .isEqualTo(expected.toNanos());
    }

    @ParameterizedTest
    @CsvSource({
        "PT0S, PT60S, PT5S",
        "PT4S, PT60S, PT5S", // a floor, no more
        "PT7S, PT60S, PT7S",
        "PT90S, PT60S, PT60S",
        "P30D, PT1S, PT5S"
    })
    void retryAfterIsTheFloorUpToTheLongest(Duration retryAfter, Duration max, Duration expected) {
        assertThat(Cooldown.NONE
                        .next(config(COOLDOWN, 1, max, 0), retryAfter.toNanos(), 0)
                        .lengthNanos())
                .isEqualTo(expected.toNanos());
    }

    @Test
    void theFloorHoldsAgainstJitterToo() {
        assertThat(Cooldown.NONE
                        .next(config(COOLDOWN, 1, MAX, 1), COOLDOWN.toNanos(), 0)
                        .lengthNanos())
                .isEqualTo(COOLDOWN.toNanos());
    }

    @Test
    void aRowOfAsManyOpeningsAsCanBeCountedGoesOnAtItsLongest() {
        var config = config(COOLDOWN, 2, MAX, 0);

        assertThat(new Cooldown(Integer.MAX_VALUE - 1, 1).next(config, 0, 0.5))
                .isEqualTo(new Cooldown(Integer.MAX_VALUE, MAX.toNanos()));
        assertThat(new Cooldown(Integer.MAX_VALUE, 1).next(config, 0, 0.5))
                .isEqualTo(new Cooldown(Integer.MAX_VALUE, MAX.toNanos()));
    }

    @Test
    void drawsAreSpreadEvenlyAndBelongToTheGeneration() {
        var config = config(COOLDOWN, 1, MAX, 0.5);
        var lengths = new DoubleSummaryStatistics();
        for (long generation = 0; generation < 10_000; generation++) {
            double draw = new Entry(generation, 0, null, 17).draw();
            assertThat(new Entry(generation, 99, Transition.Reason.MANUAL, 17).draw())
                    .isEqualTo(draw);
            lengths.accept(Cooldown.NONE.next(config, 0, draw).lengthNanos() / (double) COOLDOWN.toNanos());
        }

        assertThat(lengths.getMin()).isBetween(0.5, 0.501);
        assertThat(lengths.getMax()).isBetween(1.499, 1.5);
        assertThat(lengths.getAverage()).isBetween(0.99, 1.01);
    }

    /** The JDK's SplittableRandom is the same generator: its nth number is that of the nth generation. */
    @ParameterizedTest
    @ValueSource(longs = {0, 17, -1, Long.MIN_VALUE})
    void drawsAreThoseOfSplitMix64(long seed) {
        var reference = new SplittableRandom(seed);
        for (long generation = 1; generation <= 100; generation++) {
            assertThat(new Entry(generation, 0, null, seed).draw()).isEqualTo(reference.nextDouble());
        }
    }

    @Test
    void everybodySeesTheSameJitterOfALapseThatNobodyHasWrittenDown() {
        var circuit = new BreakerFixture(0, config(COOLDOWN, 1, MAX, 1));
        circuit.failTimes(3);
        circuit.advance(Duration.ofSeconds(60));
        circuit.acquireProbe();
        circuit.advance(LEASE);

        Duration seen = remaining(circuit);
        assertThat(remaining(circuit)).isEqualTo(seen);
        circuit.breaker.settle(circuit.now());
        assertThat(remaining(circuit)).isEqualTo(seen);
        assertThat(circuit.transitions.get(2).cooldownNanos()).isEqualTo(seen.toNanos());
    }

    @ParameterizedTest
    @MethodSource("origins")
    void eachFailedProbeMakesTheCooldownLonger(long origin) {
        var circuit = doubling(origin);
        circuit.failTimes(3);
        assertThat(remaining(circuit)).isEqualTo(COOLDOWN);

        for (int seconds : new int[] {10, 20, 40, 60, 60}) {
            probe(circuit, Outcome.FAILURE_STATUS);
            assertThat(remaining(circuit)).hasSeconds(seconds);
        }
        assertThat(circuit.snapshot().openings()).isEqualTo(6);
        assertThat(circuit.snapshot().cooldownNanos()).isEqualTo(MAX.toNanos());
    }

    @ParameterizedTest
    @CsvSource({"5, 10, 5", "4, 10, 10", "5, 9, 10", "0, 0, 10", "86400, 9, 10", "4, 1000, 10"})
    void aRowEndsOnlyAfterTheLengthOfTheLastCooldownAndTenSuccesses(int seconds, int successes, int expected) {
        var circuit = doubling(-3);
        circuit.failTimes(3);
        recover(circuit);

        succeedTimes(circuit, successes);
        circuit.advance(Duration.ofSeconds(seconds));
        assertThat(circuit.snapshot().openings()).isEqualTo(expected == 5 ? 0 : 1);
        circuit.failTimes(3);

        assertThat(remaining(circuit)).hasSeconds(expected);
    }

    @Test
    void afterALongCooldownHealthMustBeProvenForAsLong() {
        var circuit = doubling(0);
        circuit.failTimes(3);
        probe(circuit, Outcome.FAILURE_STATUS);
        recover(circuit);
        succeedTimes(circuit, 10);
        circuit.advance(Duration.ofSeconds(10).minusNanos(1));
        circuit.failTimes(3);
        assertThat(remaining(circuit)).hasSeconds(20);

        recover(circuit);
        succeedTimes(circuit, 10);
        circuit.advance(Duration.ofSeconds(20));
        circuit.failTimes(3);
        assertThat(remaining(circuit)).hasSeconds(5);
    }

    @ParameterizedTest
    @CsvSource({"19, 10", "20, 5"})
    void withAWindowAsManySuccessesProveAsItAsksForAndSlowOnesDoNot(int successes, int expected) {
        var circuit = new BreakerFixture(
                0,
                config(COOLDOWN, 2, MAX, 0)
                        .with(new WindowConfig(
                                WindowConfig.Type.COUNT, 40, COOLDOWN, 20, 1, 1, Duration.ofSeconds(1))));
        circuit.failTimes(3);
        recover(circuit);

        for (int i = 0; i < 5; i++) {
            circuit.acquire().record(Outcome.SUCCESS, Duration.ofSeconds(2).toNanos(), circuit.now());
        }
        succeedTimes(circuit, successes);
        circuit.advance(COOLDOWN);
        circuit.failTimes(3);

        assertThat(remaining(circuit)).hasSeconds(expected);
    }

    @Test
    void lateSuccessesProveNothing() {
        var circuit = doubling(0);
        Permit[] late = new Permit[20];
        for (int i = 0; i < late.length; i++) {
            late[i] = circuit.acquire();
        }
        circuit.failTimes(3);
        recover(circuit);
        circuit.advance(Duration.ofHours(1));

        for (Permit permit : late) {
            circuit.record(permit, Outcome.SUCCESS);
        }
        circuit.failTimes(3);

        assertThat(remaining(circuit)).hasSeconds(10);
    }

    @Test
    void resetByHandBeginsANewRow() {
        var circuit = doubling(0);
        circuit.failTimes(3);
        probe(circuit, Outcome.FAILURE_STATUS);

        circuit.breaker.reset(circuit.now());
        circuit.failTimes(3);

        assertThat(remaining(circuit)).isEqualTo(COOLDOWN);
    }

    @Test
    void aTripByHandIsNoOpeningOfARow() {
        var circuit = doubling(0);

        circuit.breaker.trip(circuit.now());
        assertThat(circuit.snapshot().openings()).isZero();
        assertThat(circuit.snapshot().cooldownNanos()).isZero();
        assertThat(circuit.transitions.get(0).cooldownNanos()).isZero();
        circuit.breaker.reset(circuit.now());
        circuit.failTimes(3);

        assertThat(remaining(circuit)).isEqualTo(COOLDOWN);
    }

    @Test
    void aRestoredOpeningIsTheFirstOfARow() {
        var circuit = doubling(0);

        circuit.breaker.restoreOpen(Duration.ofSeconds(30).toNanos(), 3, circuit.now());
        assertThat(remaining(circuit)).hasSeconds(5);
        probe(circuit, Outcome.FAILURE_STATUS);

        assertThat(remaining(circuit)).hasSeconds(10);
    }

    @Test
    void aRestoredOpeningGoesOnWithItsRowIfThatIsKnown() {
        var circuit = doubling(0);

        circuit.breaker.restoreOpen(Duration.ofSeconds(30).toNanos(), 3, 2, circuit.now());
        assertThat(remaining(circuit)).as("the second is twice as long").hasSeconds(10);
        assertThat(circuit.snapshot().openings()).isEqualTo(2);
        probe(circuit, Outcome.FAILURE_STATUS);

        assertThat(remaining(circuit)).hasSeconds(20);
    }

    @Test
    void aRestoredClosedCircuitGoesOnWithItsRowUntilTheBackendHasProvenItself() {
        var early = doubling(0);
        early.breaker.restoreClosed(0, 2, early.now());
        assertThat(early.snapshot().openings()).isEqualTo(2);
        succeedTimes(early, 9);
        early.advance(Duration.ofSeconds(10));
        early.failTimes(3);
        assertThat(remaining(early)).hasSeconds(20);

        var proven = doubling(0);
        proven.breaker.restoreClosed(0, 2, proven.now());
        succeedTimes(proven, 10);
        proven.advance(Duration.ofSeconds(10));
        proven.failTimes(3);
        assertThat(remaining(proven)).isEqualTo(COOLDOWN);
    }

    @Test
    void aRestoredRowMeansNothingWithoutGrowth() {
        var circuit = new BreakerFixture(0, config(COOLDOWN, 1, MAX, 0));

        circuit.breaker.restoreClosed(1, 7, circuit.now());

        assertThat(circuit.snapshot().openings()).isZero();
        assertThat(circuit.snapshot().consecutiveFailures()).isEqualTo(1);
    }

    @Test
    void aMultiplierThatComesWithAReloadMultipliesFromTheNextOpeningOn() {
        var circuit = new BreakerFixture(0, config(COOLDOWN, 1, MAX, 0));
        circuit.failTimes(3);
        probe(circuit, Outcome.FAILURE_STATUS);
        assertThat(remaining(circuit)).isEqualTo(COOLDOWN);

        circuit.breaker.reconfigure(config(COOLDOWN, 2, MAX, 0), circuit.now());
        assertThat(remaining(circuit)).isEqualTo(COOLDOWN);
        probe(circuit, Outcome.FAILURE_STATUS);

        assertThat(remaining(circuit)).hasSeconds(20);
    }

    @Test
    void theRetryAfterOfTheFailureThatOpensCounts() {
        var circuit = doubling(0);
        long minute = Duration.ofSeconds(50).toNanos();
        circuit.acquire().record(Outcome.FAILURE_STATUS, 0, minute, circuit.now());
        circuit.acquire().record(Outcome.FAILURE_STATUS, 0, minute, circuit.now());
        circuit.fail();
        assertThat(remaining(circuit)).as("not that of the failures before").isEqualTo(COOLDOWN);

        circuit.advance(COOLDOWN);
        circuit.acquireProbe().record(Outcome.FAILURE_STATUS, 0, minute, circuit.now());
        assertThat(remaining(circuit)).hasSeconds(50);
        assertThat(circuit.transitions.get(2).cooldownNanos()).isEqualTo(minute);

        circuit.advance(Duration.ofSeconds(50));
        circuit.record(circuit.acquireProbe(), Outcome.FAILURE_STATUS);
        assertThat(remaining(circuit)).as("the row goes by the settings").hasSeconds(20);
    }

    @Test
    void aProbeIsOverdueAfterTheConfiguredCooldownHoweverLongThePresentOneHasGrown() {
        var circuit = doubling(0);
        circuit.failTimes(3);
        probe(circuit, Outcome.FAILURE_STATUS);
        assertThat(circuit.breaker.isProbeOverdue(circuit.now())).isFalse();
        circuit.advance(remaining(circuit));

        circuit.advance(COOLDOWN.minusNanos(1));
        assertThat(circuit.breaker.isProbeOverdue(circuit.now())).isFalse();
        circuit.advanceNanos(1);
        assertThat(circuit.breaker.isProbeOverdue(circuit.now())).isTrue();
    }
}
