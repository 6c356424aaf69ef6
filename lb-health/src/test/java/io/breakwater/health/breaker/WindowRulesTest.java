package io.breakwater.health.breaker;

import static io.breakwater.health.breaker.BreakerFixture.COOLDOWN;
import static io.breakwater.health.breaker.BreakerFixture.LEASE;
import static org.assertj.core.api.Assertions.assertThat;

import io.breakwater.health.Outcome;
import io.breakwater.time.ManualTicker;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

/** When the rates of a window open the circuit, and what is in the window. */
class WindowRulesTest {
    private static final Duration SLOW = Duration.ofSeconds(3);
    private static final BreakerConfig NO_ROW = new BreakerConfig(true, 0, COOLDOWN, 1, 1, LEASE);

    static LongStream origins() {
        return BreakerFixture.origins();
    }

    private static WindowConfig window(
            WindowConfig.Type type, int calls, int minimum, double failureRate, double slowCallRate) {
        return new WindowConfig(type, calls, Duration.ofSeconds(10), minimum, failureRate, slowCallRate, SLOW);
    }

    /** A circuit that only its window opens: the latest 10 calls, 4 at least, half of them failed or slow. */
    private static BreakerFixture windowed() {
        return new BreakerFixture(7, NO_ROW.with(window(WindowConfig.Type.COUNT, 10, 4, 0.5, 0.5)));
    }

    /** Ends so many requests: s succeeds, f fails, S and F do so slowly, - ends without a verdict. */
    private static void end(BreakerFixture circuit, String calls) {
        for (int i = 0; i < calls.length(); i++) {
            end(circuit, circuit.acquire(), calls.charAt(i));
        }
    }

    private static void end(BreakerFixture circuit, Permit permit, char call) {
        Outcome outcome = switch (Character.toLowerCase(call)) {
            case 's' -> Outcome.SUCCESS;
            case 'f' -> Outcome.FAILURE_STATUS;
            default -> Outcome.CLIENT_ABORTED;
        };
        long latency = Character.isUpperCase(call) ? SLOW.toNanos() + 1 : SLOW.toNanos();
        permit.record(outcome, latency, circuit.now());
    }

    private static WindowCounts counts(int calls, int failures, int slowCalls) {
        return new WindowCounts(calls, failures, slowCalls);
    }

    @ParameterizedTest
    @CsvSource({
        "sf, closed", // half of them, but too few
        "sfs, closed",
        "ssff, failure_rate",
        "ssffs, failure_rate",
        "ffss, failure_rate", // judged after successes too
        "sssf, closed",
        "ff-s, closed", // no verdict, not in the window
        "ff-ss, failure_rate",
        "ssSS, slow_call_rate",
        "sSsS, slow_call_rate",
        "SSss, slow_call_rate",
        "ssSF, slow_call_rate", // a slow failure is slow, too
        "ssFF, failure_rate", // both; the failures are named
        "ssSs, closed",
        "sssssfffff, failure_rate",
        "ssssssffff, closed",
        "ssssssffffsssssssfff, closed", // the first failures have dropped out
        "sssssssssssssfffff, failure_rate"
    })
    void rates(String calls, String expected) {
        var circuit = windowed();
        for (int i = 0; i < calls.length() && circuit.state() == CircuitState.CLOSED; i++) {
            end(circuit, circuit.acquire(), calls.charAt(i));
        }

        if (expected.equals("closed")) {
            assertThat(circuit.transitions).isEmpty();
        } else {
            assertThat(circuit.transitions)
                    .singleElement()
                    .satisfies(opened -> assertThat(opened.reason().label()).isEqualTo(expected));
        }
    }

    @ParameterizedTest
    @EnumSource(value = WindowConfig.Type.class, names = "NONE", mode = EnumSource.Mode.EXCLUDE)
    void aRowAFailureRateAndASlowRateReachedTogetherAreNamedInThisOrder(WindowConfig.Type type) {
        BreakerConfig row = new BreakerConfig(true, 4, COOLDOWN, 1, 1, LEASE);
        var all = new BreakerFixture(0, row.with(window(type, 4, 4, 1, 1)));
        var rates = new BreakerFixture(0, NO_ROW.with(window(type, 4, 4, 1, 1)));

        end(all, "FFFF");
        end(rates, "FFFF");

        assertThat(all.transitions)
                .singleElement()
                .isEqualTo(new Transition(
                        1,
                        0,
                        CircuitState.CLOSED,
                        CircuitState.OPEN,
                        Transition.Reason.CONSECUTIVE_FAILURES,
                        4,
                        counts(4, 4, 4),
                        COOLDOWN.toNanos()));
        assertThat(rates.transitions)
                .singleElement()
                .isEqualTo(new Transition(
                        1,
                        0,
                        CircuitState.CLOSED,
                        CircuitState.OPEN,
                        Transition.Reason.FAILURE_RATE,
                        4,
                        counts(4, 4, 4),
                        COOLDOWN.toNanos()));
    }

    @ParameterizedTest
    @CsvSource({
        "15, 3, 0.2",
        "10, 3, 0.3",
        "3, 1, 0.3333333333333333",
        "7, 7, 1",
        "100000, 10000, 0.1",
        "49, 7, 0.14285714285714285"
    })
    void aRateThatIsReachedExactlyOpens(int calls, int failures, double rate) {
        var circuit = new BreakerFixture(0, NO_ROW.with(window(WindowConfig.Type.COUNT, calls, calls, rate, 1)));
        var above = new BreakerFixture(
                0, NO_ROW.with(window(WindowConfig.Type.COUNT, calls, calls, Math.min(1, Math.nextUp(rate)), 1)));
        for (var each : List.of(circuit, above)) {
            end(each, "s".repeat(calls - failures));
            end(each, "f".repeat(failures));
        }

        assertThat(circuit.state()).isEqualTo(CircuitState.OPEN);
        assertThat(above.state()).isEqualTo(rate == 1 ? CircuitState.OPEN : CircuitState.CLOSED);
    }

    @Test
    void aTimeWindowMayAskForMoreCallsThanACountWindowWouldHold() {
        var circuit = new BreakerFixture(0, NO_ROW.with(window(WindowConfig.Type.TIME, 1, 200, 0.5, 1)));

        end(circuit, "f".repeat(199));
        assertThat(circuit.state()).isEqualTo(CircuitState.CLOSED);
        assertThat(circuit.snapshot().failureRate()).isNull();
        end(circuit, "s");
        assertThat(circuit.state()).isEqualTo(CircuitState.OPEN);
    }

    @ParameterizedTest
    @MethodSource("origins")
    void oldSecondsDropOutOfATimeWindow(long origin) {
        var circuit = new BreakerFixture(origin, NO_ROW.with(window(WindowConfig.Type.TIME, 1, 4, 0.5, 1)));
        end(circuit, "fff");
        circuit.advance(Duration.ofSeconds(10));
        end(circuit, "sss");

        end(circuit, "f");
        assertThat(circuit.state()).isEqualTo(CircuitState.CLOSED);
        assertThat(circuit.snapshot().window()).isEqualTo(counts(4, 1, 0));

        circuit.advance(Duration.ofSeconds(10).minusNanos(1));
        end(circuit, "ff");
        assertThat(circuit.state()).isEqualTo(CircuitState.OPEN);
        assertThat(circuit.snapshot().window()).isEqualTo(counts(6, 3, 0));
    }

    @Test
    void theSnapshotShowsWhatIsInTheWindowThenWhatOpenedTheCircuitThenNothing() {
        var circuit = windowed();
        end(circuit, "sSf");
        assertThat(circuit.snapshot().window()).isEqualTo(counts(3, 1, 1));
        assertThat(circuit.snapshot().rated()).isFalse();
        assertThat(circuit.snapshot().failureRate()).isNull();
        assertThat(circuit.snapshot().slowCallRate()).isNull();

        end(circuit, "s");
        assertThat(circuit.snapshot().failureRate()).isEqualTo(0.25);
        assertThat(circuit.snapshot().slowCallRate()).isEqualTo(0.25);

        end(circuit, "ff");
        assertThat(circuit.state()).isEqualTo(CircuitState.OPEN);
        assertThat(circuit.snapshot().window()).isEqualTo(counts(6, 3, 1));
        assertThat(circuit.snapshot().failureRate()).isEqualTo(0.5);

        circuit.advance(COOLDOWN);
        assertThat(circuit.snapshot().window()).isNull();
        Permit probe = circuit.acquireProbe();
        assertThat(circuit.snapshot().window()).isNull();
        assertThat(circuit.snapshot().failureRate()).isNull();

        end(circuit, probe, 'f');
        assertThat(circuit.state()).isEqualTo(CircuitState.OPEN);
        assertThat(circuit.snapshot().window()).as("it was a probe that opened").isNull();
    }

    @Test
    void afterClosingTheWindowIsEmpty() {
        var circuit = windowed();
        end(circuit, "ssff");
        circuit.advance(COOLDOWN);
        end(circuit, circuit.acquireProbe(), 's');

        assertThat(circuit.snapshot().window()).isEqualTo(counts(0, 0, 0));
        end(circuit, "fff");
        assertThat(circuit.state()).isEqualTo(CircuitState.CLOSED);
    }

    @Test
    void lateResultsAreInNoWindow() {
        var circuit = windowed();
        List<Permit> late = new ArrayList<>();
        for (int i = 0; i < 30; i++) {
            late.add(circuit.acquire());
        }
        end(circuit, "ssff");
        late.subList(0, 10).forEach(permit -> end(circuit, permit, 'f'));
        assertThat(circuit.snapshot().window()).isEqualTo(counts(4, 2, 0));
        circuit.advance(COOLDOWN);
        Permit probe = circuit.acquireProbe();
        late.subList(10, 20).forEach(permit -> end(circuit, permit, 'f'));
        assertThat(circuit.state()).isEqualTo(CircuitState.HALF_OPEN);
        end(circuit, probe, 's');
        late.subList(20, 30).forEach(permit -> end(circuit, permit, 'f'));

        assertThat(circuit.state()).isEqualTo(CircuitState.CLOSED);
        assertThat(circuit.snapshot().window()).isEqualTo(counts(0, 0, 0));
        assertThat(circuit.transitions).hasSize(3);
    }

    @Test
    void theFirstEndOfAPermitIsTheOneInTheWindow() {
        var circuit = windowed();
        Permit failed = circuit.acquire();
        Permit released = circuit.acquire();

        end(circuit, failed, 'f');
        end(circuit, failed, 's');
        failed.record(Outcome.SUCCESS, 0);
        released.release(circuit.now());
        end(circuit, released, 'f');

        assertThat(circuit.snapshot().window()).isEqualTo(counts(1, 1, 0));
    }

    @Test
    void aCallThatTellsNoTimeOpensAtTheTickersTime() {
        var circuit = windowed();
        for (int i = 0; i < 4; i++) {
            circuit.advance(Duration.ofSeconds(1));
            circuit.acquire().record(Outcome.SUCCESS, SLOW.toNanos() + 1);
        }

        assertThat(circuit.story()).containsExactly("1 closed>open slow_call_rate @4S x0");
    }

    @Test
    void aChangedRateIsJudgedWithTheNextCall() {
        var circuit = windowed();
        end(circuit, "ssssf");

        circuit.breaker.reconfigure(NO_ROW.with(window(WindowConfig.Type.COUNT, 10, 4, 0.1, 1)), circuit.now());
        assertThat(circuit.state()).isEqualTo(CircuitState.CLOSED);
        assertThat(circuit.snapshot().window()).isEqualTo(counts(5, 1, 0));
        end(circuit, "s");

        assertThat(circuit.transitions).singleElement().satisfies(opened -> {
            assertThat(opened.reason()).isEqualTo(Transition.Reason.FAILURE_RATE);
            assertThat(opened.window()).isEqualTo(counts(6, 1, 0));
        });
    }

    @ParameterizedTest
    @CsvSource({
        "COUNT, 10, 10, COUNT, 10, 20, true", // the duration means nothing to it
        "COUNT, 10, 10, COUNT, 11, 10, false",
        "TIME, 10, 10, TIME, 20, 10, true",
        "TIME, 10, 10, TIME, 10, 11, false",
        "COUNT, 10, 10, TIME, 10, 10, false",
        "TIME, 10, 10, COUNT, 10, 10, false"
    })
    void aWindowBeginsAnewIfItsTypeOrSizeChangesWhileTheRowStays(
            WindowConfig.Type before,
            int callsBefore,
            int secondsBefore,
            WindowConfig.Type after,
            int callsAfter,
            int secondsAfter,
            boolean kept) {
        var circuit = new BreakerFixture(-1, NO_ROW.with(sized(before, callsBefore, secondsBefore)));
        end(circuit, "sff");
        Permit underWay = circuit.acquire();

        circuit.breaker.reconfigure(NO_ROW.with(sized(after, callsAfter, secondsAfter)), circuit.now());
        end(circuit, underWay, 'f');
        end(circuit, "f");

        assertThat(circuit.snapshot().consecutiveFailures()).isEqualTo(4);
        assertThat(circuit.snapshot().window()).isEqualTo(kept ? counts(5, 4, 0) : counts(1, 1, 0));
        assertThat(circuit.transitions).isEmpty();
    }

    private static WindowConfig sized(WindowConfig.Type type, int calls, int seconds) {
        return new WindowConfig(type, calls, Duration.ofSeconds(seconds), 10, 0.5, 1, SLOW);
    }

    @Test
    void aWindowThatIsTakenAwayAndPutBackIsEmpty() {
        WindowConfig window = window(WindowConfig.Type.COUNT, 10, 4, 0.5, 1);
        var circuit = new BreakerFixture(0, NO_ROW.with(window));
        end(circuit, "fff");
        circuit.breaker.reconfigure(NO_ROW, circuit.now());
        assertThat(circuit.snapshot().window()).isNull();
        Permit windowless = circuit.acquire();
        circuit.breaker.reconfigure(NO_ROW.with(window), circuit.now());
        end(circuit, windowless, 'f');

        assertThat(circuit.snapshot().window()).isEqualTo(counts(0, 0, 0));
        assertThat(circuit.snapshot().consecutiveFailures()).isEqualTo(4);
    }

    @Test
    void aSlowProbeOpensAgainWhereThereIsAWindow() {
        var circuit = windowed();
        end(circuit, "ssff");
        circuit.advance(COOLDOWN);
        end(circuit, circuit.acquireProbe(), 'S');
        assertThat(circuit.story()).last().isEqualTo("3 half-open>open probe_failed @5S x3");

        circuit.advance(COOLDOWN);
        end(circuit, circuit.acquireProbe(), 's');
        assertThat(circuit.state()).isEqualTo(CircuitState.CLOSED);
    }

    @Test
    void aSlowProbePassesWhereThereIsNoWindow() {
        var circuit = new BreakerFixture(0, BreakerConfig.DEFAULT).cooledDown();

        end(circuit, circuit.acquireProbe(), 'S');

        assertThat(circuit.state()).isEqualTo(CircuitState.CLOSED);
    }

    @ParameterizedTest
    @CsvSource({"0, closed", "1, open"})
    void aProbeWhoseLeaseEndsWhileItStreamsIsJudgedByHowLongItsHeadTook(long above, String expected) {
        var circuit = windowed();
        end(circuit, "ssff");
        circuit.advance(COOLDOWN);
        circuit.advance(Duration.ofSeconds(1));
        Permit left = circuit.acquireProbe();
        circuit.advance(Duration.ofSeconds(1));
        left.release(circuit.now());
        Permit streaming = circuit.acquireProbe();
        circuit.advanceNanos(SLOW.toNanos() + above);
        streaming.headReceived(circuit.now());
        circuit.advance(LEASE);

        // With the second that another probe has waited it would be slow in both cases.
        assertThat(circuit.breaker
                        .state(circuit.now() - Duration.ofSeconds(4).toNanos())
                        .label())
                .isEqualTo(expected);
    }

    @Test
    void aGuardIsAskedByEveryCallThatFindsTheRateReached() {
        List<Runnable> asked = new ArrayList<>();
        var ticker = new ManualTicker(0);
        var breaker = new CircuitBreaker(
                NO_ROW.with(window(WindowConfig.Type.COUNT, 10, 4, 0.5, 1)), ticker, BreakerListener.NONE, asked::add);
        for (int i = 0; i < 6; i++) {
            Permit permit = breaker.tryAcquire(0);
            assertThat(permit).isNotNull();
            permit.record(i < 3 ? Outcome.FAILURE_STATUS : Outcome.SUCCESS, 0, 0);
        }

        assertThat(asked).hasSize(3);
        asked.get(2).run();
        assertThat(breaker.snapshot(0).window()).isEqualTo(counts(6, 3, 0));
        asked.get(0).run();
        assertThat(breaker.snapshot(0).generation()).isEqualTo(1);
    }

    @Test
    void aTripThatWasAskedForBeforeTheWindowBeganAnewOpensNothing() {
        List<Runnable> asked = new ArrayList<>();
        var ticker = new ManualTicker(0);
        var breaker = new CircuitBreaker(
                NO_ROW.with(window(WindowConfig.Type.COUNT, 4, 4, 0.5, 1)), ticker, BreakerListener.NONE, asked::add);
        for (int i = 0; i < 4; i++) {
            Permit permit = breaker.tryAcquire(0);
            assertThat(permit).isNotNull();
            permit.record(Outcome.FAILURE_STATUS, 0, 0);
        }
        breaker.reconfigure(NO_ROW.with(window(WindowConfig.Type.COUNT, 5, 4, 0.5, 1)), 0);
        asked.forEach(Runnable::run);

        assertThat(asked).hasSize(1);
        assertThat(breaker.state(0)).isEqualTo(CircuitState.CLOSED);
    }

    @Test
    void switchedOffItsWindowOpensNothing() {
        BreakerConfig off = new BreakerConfig(false, 0, COOLDOWN, 1, 1, LEASE);
        var circuit = new BreakerFixture(0, off.with(window(WindowConfig.Type.COUNT, 10, 4, 0.5, 1)));

        end(circuit, "ffffff");

        assertThat(circuit.state()).isEqualTo(CircuitState.CLOSED);
        assertThat(circuit.snapshot().window()).isEqualTo(counts(6, 6, 0));
    }

    @ParameterizedTest
    @CsvSource({
        "4, 0.5, 0.5, open",
        "5, 0.5, 0.5, closed", // more calls are wanted now
        "4, 0.75, 0.75, closed" // more of them
    })
    void aTripIsJudgedByTheSettingsThatCameWhileTheGuardWasAsked(
            int minimum, double failureRate, double slowCallRate, String expected) {
        for (char call : "fS".toCharArray()) {
            List<Runnable> asked = new ArrayList<>();
            var ticker = new ManualTicker(0);
            var breaker = new CircuitBreaker(
                    NO_ROW.with(window(WindowConfig.Type.COUNT, 10, 4, 0.5, 0.5)),
                    ticker,
                    BreakerListener.NONE,
                    asked::add);
            for (char each : new char[] {'s', 's', call, call}) {
                Permit permit = breaker.tryAcquire(0);
                assertThat(permit).isNotNull();
                permit.record(
                        each == 'f' ? Outcome.FAILURE_STATUS : Outcome.SUCCESS,
                        each == 'S' ? SLOW.toNanos() + 1 : 0,
                        0);
            }
            assertThat(asked).hasSize(1);

            breaker.reconfigure(
                    NO_ROW.with(window(WindowConfig.Type.COUNT, 10, minimum, failureRate, slowCallRate)), 0);
            asked.get(0).run();

            assertThat(breaker.state(0).label()).as("with %s", call).isEqualTo(expected);
        }
    }

    @Test
    void aFailureThatIsInNoWindowAnyMoreStillEndsARow() {
        WindowConfig ten = window(WindowConfig.Type.COUNT, 10, 10, 1, 1);
        var circuit = new BreakerFixture(7, BreakerConfig.DEFAULT.with(ten));
        end(circuit, "ff");
        Permit underWay = circuit.acquire();

        circuit.breaker.reconfigure(
                BreakerConfig.DEFAULT.with(window(WindowConfig.Type.COUNT, 11, 10, 1, 1)), circuit.now());
        end(circuit, underWay, 'f');

        assertThat(circuit.transitions).singleElement().satisfies(opened -> {
            assertThat(opened.reason()).isEqualTo(Transition.Reason.CONSECUTIVE_FAILURES);
            assertThat(opened.window()).isNull();
        });
    }

    @ParameterizedTest
    @CsvSource({"NONE, 0", "COUNT, 0", "TIME, 10"})
    void onlyAWindowOfTimeAsksForTheTimeOfEachCall(WindowConfig.Type type, int readings) {
        int[] read = {0};
        var breaker =
                new CircuitBreaker(NO_ROW.with(window(type, 10, 4, 0.5, 0.5)), () -> read[0]++, BreakerListener.NONE);
        read[0] = 0;

        for (int i = 0; i < 10; i++) {
            Permit permit = breaker.tryAcquire();
            assertThat(permit).isNotNull();
            permit.record(Outcome.SUCCESS, 0);
        }

        assertThat(read[0]).isEqualTo(readings);
        assertThat(breaker.snapshot(0).window()).isEqualTo(type == WindowConfig.Type.NONE ? null : counts(10, 0, 0));
    }

    @Test
    void ratesAreShownWhereThereIsAWindowWithEnoughCalls() {
        var circuit = windowed();

        end(circuit, "sfS");
        assertThat(circuit.snapshot().failureRate()).isNull();
        assertThat(circuit.snapshot().slowCallRate()).isNull();
        end(circuit, "s");
        assertThat(circuit.snapshot().failureRate()).isEqualTo(0.25);
        assertThat(circuit.snapshot().slowCallRate()).isEqualTo(0.25);

        circuit.breaker.reconfigure(NO_ROW, circuit.now());
        assertThat(circuit.snapshot().failureRate()).isNull();
        assertThat(circuit.snapshot().slowCallRate()).isNull();
    }

    @Test
    void ofAnOpenCircuitRatesAreShownAsLongAsSoManyCallsAreEnough() {
        var circuit = windowed();
        end(circuit, "ssff");
        assertThat(circuit.snapshot().failureRate()).isEqualTo(0.5);

        circuit.breaker.reconfigure(NO_ROW.with(window(WindowConfig.Type.COUNT, 10, 5, 0.5, 0.5)), circuit.now());
        assertThat(circuit.state()).isEqualTo(CircuitState.OPEN);
        assertThat(circuit.snapshot().window()).isEqualTo(counts(4, 2, 0));
        assertThat(circuit.snapshot().failureRate()).isNull();
    }

    @ParameterizedTest
    @EnumSource(value = WindowConfig.Type.class, names = "NONE", mode = EnumSource.Mode.EXCLUDE)
    void aCallThatEndsWithoutAReadingCountsOnceAndOnlyWithAVerdict(WindowConfig.Type type) {
        var circuit = new BreakerFixture(7, NO_ROW.with(window(type, 10, 4, 0.5, 0.5)));

        for (Outcome first : List.of(Outcome.FAILURE_STATUS, Outcome.SUCCESS, Outcome.CLIENT_ABORTED)) {
            Permit permit = circuit.acquire();
            permit.record(first, 0);
            permit.record(Outcome.FAILURE_STATUS, 0);
        }

        assertThat(circuit.snapshot().window()).isEqualTo(counts(2, 1, 0));
        assertThat(circuit.snapshot().consecutiveFailures()).isZero();
    }
}
