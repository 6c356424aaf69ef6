package io.breakwater.health.breaker;

import static io.breakwater.health.breaker.BreakerFixture.COOLDOWN;
import static io.breakwater.health.breaker.BreakerFixture.halfOpen;
import static io.breakwater.health.breaker.BreakerFixture.plain;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.tuple;

import io.breakwater.health.Outcome;
import io.breakwater.health.Outcome.Verdict;
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

class CircuitBreakerTest {

    static LongStream origins() {
        return BreakerFixture.origins();
    }

    @ParameterizedTest
    @MethodSource("origins")
    void opensAtTheThirdFailureInARow(long origin) {
        var circuit = new BreakerFixture(origin, BreakerConfig.DEFAULT);

        circuit.failTimes(2);
        assertThat(circuit.state()).isEqualTo(CircuitState.CLOSED);
        assertThat(circuit.snapshot().consecutiveFailures()).isEqualTo(2);

        circuit.fail();
        assertThat(circuit.state()).isEqualTo(CircuitState.OPEN);
        assertThat(circuit.tryAcquire()).isNull();
        assertThat(circuit.story()).containsExactly("1 closed>open consecutive_failures @0S x3");
        assertThat(circuit.snapshot())
                .isEqualTo(plain(
                        CircuitState.OPEN,
                        1,
                        3,
                        origin,
                        COOLDOWN.toNanos(),
                        false,
                        Transition.Reason.CONSECUTIVE_FAILURES));
    }

    @Test
    void aSuccessEndsARowOfFailures() {
        var circuit = new BreakerFixture(0, BreakerConfig.DEFAULT);

        circuit.failTimes(2);
        circuit.succeed();
        circuit.failTimes(2);

        assertThat(circuit.state()).isEqualTo(CircuitState.CLOSED);
        assertThat(circuit.snapshot().consecutiveFailures()).isEqualTo(2);
    }

    @ParameterizedTest
    @EnumSource(Outcome.class)
    void onlyAVerdictOnTheBackendChangesTheRow(Outcome outcome) {
        var circuit = new BreakerFixture(0, BreakerConfig.DEFAULT);
        circuit.failTimes(2);

        circuit.record(circuit.acquire(), outcome);

        assertThat(circuit.snapshot().consecutiveFailures())
                .isEqualTo(
                        switch (outcome.verdict()) {
                            case SUCCESS -> 0;
                            case FAILURE -> 3;
                            case IGNORED -> 2;
                        });
        assertThat(circuit.state() == CircuitState.OPEN).isEqualTo(outcome.verdict() == Verdict.FAILURE);
    }

    @Test
    void zeroTurnsTheRuleOffButNotTheCount() {
        var circuit = new BreakerFixture(0, new BreakerConfig(true, 0, COOLDOWN, 1, 1, BreakerFixture.LEASE));

        circuit.failTimes(1000);

        assertThat(circuit.state()).isEqualTo(CircuitState.CLOSED);
        assertThat(circuit.snapshot().consecutiveFailures()).isEqualTo(1000);
    }

    @ParameterizedTest
    @MethodSource("origins")
    void staysOpenUntilTheLastNanosecondOfTheCooldown(long origin) {
        var circuit = new BreakerFixture(origin, BreakerConfig.DEFAULT).opened();

        circuit.advanceNanos(COOLDOWN.toNanos() - 1);
        assertThat(circuit.state()).isEqualTo(CircuitState.OPEN);
        assertThat(circuit.breaker.retryAfterNanos(circuit.now())).isEqualTo(1);
        assertThat(circuit.tryAcquire()).isNull();

        circuit.advanceNanos(1);
        assertThat(circuit.state()).isEqualTo(CircuitState.HALF_OPEN);
        assertThat(circuit.breaker.retryAfterNanos(circuit.now())).isZero();
        assertThat(circuit.acquire().admittedIn()).isEqualTo(CircuitState.HALF_OPEN);
    }

    @ParameterizedTest
    @MethodSource("origins")
    void readsHalfOpenForAsLongAsNobodyAsksForAPermitAndReportsItWithTheFirstProbe(long origin) {
        var circuit = new BreakerFixture(origin, BreakerConfig.DEFAULT).opened();

        circuit.advance(Duration.ofDays(200));
        assertThat(circuit.snapshot())
                .isEqualTo(plain(
                        CircuitState.HALF_OPEN,
                        1,
                        3,
                        origin + COOLDOWN.toNanos(),
                        0,
                        false,
                        Transition.Reason.CONSECUTIVE_FAILURES));
        assertThat(circuit.transitions).hasSize(1);

        circuit.acquireProbe();
        assertThat(circuit.story()).hasSize(2).last().isEqualTo("2 open>half-open cooldown_elapsed @5S x3");
        assertThat(circuit.snapshot())
                .isEqualTo(plain(
                        CircuitState.HALF_OPEN,
                        2,
                        3,
                        origin + COOLDOWN.toNanos(),
                        0,
                        false,
                        Transition.Reason.COOLDOWN_ELAPSED));
    }

    @Test
    void halfOpenAdmitsOneProbeAndItsSuccessCloses() {
        var circuit = new BreakerFixture(-1, BreakerConfig.DEFAULT).cooledDown();

        Permit probe = circuit.acquireProbe();
        assertThat(circuit.tryAcquire()).isNull();
        assertThat(circuit.tryAcquire()).isNull();

        circuit.advance(Duration.ofMillis(20));
        circuit.record(probe, Outcome.SUCCESS);
        assertThat(circuit.state()).isEqualTo(CircuitState.CLOSED);
        assertThat(circuit.acquire().isProbe()).isFalse();
        assertThat(circuit.story())
                .containsExactly(
                        "1 closed>open consecutive_failures @0S x3",
                        "2 open>half-open cooldown_elapsed @5S x3",
                        "3 half-open>closed probe_succeeded @5.02S x0");
    }

    @ParameterizedTest
    @MethodSource("origins")
    void aFailedProbeOpensAgainForAWholeCooldown(long origin) {
        var circuit = new BreakerFixture(origin, BreakerConfig.DEFAULT).cooledDown();
        Permit probe = circuit.acquireProbe();

        circuit.advance(Duration.ofSeconds(1));
        circuit.record(probe, Outcome.CONNECT_FAILED);

        assertThat(circuit.state()).isEqualTo(CircuitState.OPEN);
        assertThat(circuit.snapshot().consecutiveFailures()).isEqualTo(4);
        assertThat(circuit.story()).last().isEqualTo("3 half-open>open probe_failed @6S x4");
        circuit.advanceNanos(COOLDOWN.toNanos() - 1);
        assertThat(circuit.tryAcquire()).isNull();
        circuit.advanceNanos(1);
        circuit.acquireProbe();
    }

    @Test
    void severalProbesAtATimeAndAsManySuccessesAsConfiguredClose() {
        var circuit = new BreakerFixture(0, halfOpen(2, 3)).cooledDown();
        Permit first = circuit.acquireProbe();
        Permit second = circuit.acquireProbe();
        assertThat(circuit.tryAcquire()).isNull();

        circuit.record(first, Outcome.SUCCESS);
        assertThat(circuit.snapshot().consecutiveFailures()).isZero();
        circuit.record(second, Outcome.SUCCESS);
        assertThat(circuit.state()).isEqualTo(CircuitState.HALF_OPEN);

        circuit.record(circuit.acquireProbe(), Outcome.SUCCESS);
        assertThat(circuit.state()).isEqualTo(CircuitState.CLOSED);
    }

    @Test
    void theFirstFailedOfSeveralProbesOpensAndTheOthersVoteNoMore() {
        var circuit = new BreakerFixture(0, halfOpen(3, 1)).cooledDown();
        Permit failing = circuit.acquireProbe();
        Permit succeeding = circuit.acquireProbe();
        Permit failingToo = circuit.acquireProbe();

        circuit.record(failing, Outcome.RESPONSE_TIMEOUT);
        circuit.advance(Duration.ofSeconds(2));
        circuit.record(succeeding, Outcome.SUCCESS);
        circuit.record(failingToo, Outcome.RESPONSE_TIMEOUT);

        assertThat(circuit.state()).isEqualTo(CircuitState.OPEN);
        assertThat(circuit.snapshot().remainingNanos())
                .isEqualTo(Duration.ofSeconds(3).toNanos());
        assertThat(circuit.transitions).hasSize(3);
    }

    @Test
    void probesOfAnEarlierHalfOpenNeitherVoteNorUseUpSlotsOfALaterOne() {
        var circuit = new BreakerFixture(0, halfOpen(2, 1)).cooledDown();
        Permit failing = circuit.acquireProbe();
        Permit earlier = circuit.acquireProbe();
        circuit.record(failing, Outcome.FAILURE_STATUS);
        circuit.advance(COOLDOWN);

        circuit.acquireProbe();
        circuit.acquireProbe();
        circuit.record(earlier, Outcome.SUCCESS);

        assertThat(circuit.state()).isEqualTo(CircuitState.HALF_OPEN);
        assertThat(circuit.tryAcquire()).isNull();
    }

    @Test
    void resultsAdmittedBeforeATransitionDoNotDecideTheStateAfterIt() {
        var circuit = new BreakerFixture(0, BreakerConfig.DEFAULT);
        List<Permit> late = new ArrayList<>();
        for (int i = 0; i < 20; i++) {
            late.add(circuit.acquire());
        }
        circuit.cooledDown();
        Permit probe = circuit.acquireProbe();

        for (int i = 0; i < 5; i++) {
            circuit.record(late.get(i), Outcome.SUCCESS);
            circuit.record(late.get(5 + i), Outcome.FAILURE_STATUS);
        }
        assertThat(circuit.state()).isEqualTo(CircuitState.HALF_OPEN);

        circuit.record(probe, Outcome.SUCCESS);
        for (int i = 10; i < 20; i++) {
            circuit.record(late.get(i), Outcome.FAILURE_STATUS);
        }
        assertThat(circuit.state()).isEqualTo(CircuitState.CLOSED);
        assertThat(circuit.snapshot().consecutiveFailures()).isZero();
        assertThat(circuit.transitions).hasSize(3);
    }

    @Test
    void aLateSuccessDoesNotEndARowOfTheNextClosedPeriod() {
        var circuit = new BreakerFixture(0, BreakerConfig.DEFAULT);
        Permit late = circuit.acquire();
        circuit.breaker.reset(circuit.now());
        circuit.failTimes(2);

        circuit.record(late, Outcome.SUCCESS);

        assertThat(circuit.snapshot().consecutiveFailures()).isEqualTo(2);
    }

    @Test
    void theFirstEndOfAPermitWins() {
        var circuit = new BreakerFixture(0, BreakerConfig.DEFAULT);
        Permit failed = circuit.acquire();
        Permit released = circuit.acquire();

        circuit.record(failed, Outcome.FAILURE_STATUS);
        circuit.record(failed, Outcome.FAILURE_STATUS);
        circuit.record(failed, Outcome.SUCCESS);
        failed.release(circuit.now());
        released.release(circuit.now());
        circuit.record(released, Outcome.FAILURE_STATUS);

        assertThat(circuit.snapshot().consecutiveFailures()).isEqualTo(1);
    }

    @Test
    void theSuccessOfAHealthyBackendIsAnEndToo() {
        var circuit = new BreakerFixture(0, BreakerConfig.DEFAULT);
        for (int i = 0; i < 3; i++) {
            Permit permit = circuit.acquire();
            assertThat(permit.admittedIn()).isEqualTo(CircuitState.CLOSED);
            circuit.record(permit, Outcome.SUCCESS);
            circuit.record(permit, Outcome.FAILURE_STATUS);
        }

        assertThat(circuit.snapshot().consecutiveFailures()).isZero();
    }

    @Test
    void theFirstEndOfAProbeWins() {
        var circuit = new BreakerFixture(0, halfOpen(1, 2)).cooledDown();
        Permit released = circuit.acquireProbe();
        released.release(circuit.now());
        circuit.record(released, Outcome.FAILURE_STATUS);
        Permit succeeded = circuit.acquireProbe();
        circuit.record(succeeded, Outcome.SUCCESS);
        circuit.record(succeeded, Outcome.SUCCESS);
        circuit.record(succeeded, Outcome.FAILURE_STATUS);

        assertThat(circuit.state()).isEqualTo(CircuitState.HALF_OPEN);
        assertThat(circuit.transitions).hasSize(2);
    }

    @ParameterizedTest
    @MethodSource("origins")
    void trippedByHandItStaysOpenUntilItIsReset(long origin) {
        var circuit = new BreakerFixture(origin, BreakerConfig.DEFAULT);
        Permit late = circuit.acquire();

        circuit.breaker.trip(circuit.now());
        circuit.advance(Duration.ofDays(300));
        circuit.record(late, Outcome.SUCCESS);
        circuit.breaker.trip(circuit.now());

        assertThat(circuit.tryAcquire()).isNull();
        assertThat(circuit.breaker.retryAfterNanos(circuit.now())).isEqualTo(COOLDOWN.toNanos());
        assertThat(circuit.snapshot())
                .isEqualTo(plain(CircuitState.OPEN, 1, 0, origin, COOLDOWN.toNanos(), true, Transition.Reason.MANUAL));

        circuit.breaker.reset(circuit.now());
        assertThat(circuit.state()).isEqualTo(CircuitState.CLOSED);
        assertThat(circuit.story()).containsExactly("1 closed>open manual @0S x0", "2 open>closed manual @7200H x0");
    }

    @ParameterizedTest
    @MethodSource("origins")
    void anEndThatTellsNoTimeIsOfThisMoment(long origin) {
        var circuit = new BreakerFixture(origin, BreakerConfig.DEFAULT);
        circuit.advanceNanos(7);
        for (int i = 0; i < 3; i++) {
            circuit.acquire().record(Outcome.FAILURE_STATUS, 0);
        }
        assertThat(circuit.snapshot().sinceNanos()).isEqualTo(origin + 7);

        circuit.advance(COOLDOWN);
        circuit.advanceNanos(7);
        circuit.acquireProbe().record(Outcome.FAILURE_STATUS, 0);
        assertThat(circuit.snapshot().sinceNanos()).isEqualTo(origin + COOLDOWN.toNanos() + 14);
    }

    @Test
    void isTrippedFromAnOperatorsTripToAReset() {
        var circuit = new BreakerFixture(0, BreakerConfig.DEFAULT);
        assertThat(circuit.breaker.isTripped()).as("closed").isFalse();

        circuit.opened();
        assertThat(circuit.breaker.isTripped()).as("open by its own rule").isFalse();
        circuit.breaker.trip(circuit.now());
        assertThat(circuit.breaker.isTripped()).as("tripped").isTrue();
        circuit.breaker.reset(circuit.now());
        assertThat(circuit.breaker.isTripped()).as("reset").isFalse();
    }

    @Test
    void trippingAnOpenCircuitTakesItsDeadlineAway() {
        var circuit = new BreakerFixture(0, BreakerConfig.DEFAULT).opened();

        circuit.breaker.trip(circuit.now());
        circuit.advance(COOLDOWN);

        assertThat(circuit.state()).isEqualTo(CircuitState.OPEN);
        assertThat(circuit.snapshot().tripped()).isTrue();
        assertThat(circuit.story()).last().isEqualTo("2 open>open manual @0S x3");
    }

    @Test
    void aProbeInFlightDoesNotCloseACircuitTrippedMeanwhile() {
        var circuit = new BreakerFixture(0, BreakerConfig.DEFAULT).cooledDown();
        Permit probe = circuit.acquireProbe();

        circuit.breaker.trip(circuit.now());
        circuit.record(probe, Outcome.SUCCESS);

        assertThat(circuit.state()).isEqualTo(CircuitState.OPEN);
    }

    @Test
    void resetClosesEmptiesTheCountAndBeginsANewGeneration() {
        var circuit = new BreakerFixture(0, BreakerConfig.DEFAULT);
        Permit late = circuit.acquire();
        circuit.failTimes(2);

        circuit.breaker.reset(circuit.now());
        circuit.record(late, Outcome.FAILURE_STATUS);

        assertThat(circuit.snapshot())
                .isEqualTo(plain(CircuitState.CLOSED, 1, 0, 0, 0, false, Transition.Reason.MANUAL));
        circuit.failTimes(2);
        assertThat(circuit.state()).isEqualTo(CircuitState.CLOSED);
        circuit.fail();
        assertThat(circuit.state()).isEqualTo(CircuitState.OPEN);
    }

    @Test
    void aLoweredThresholdTripsWithTheNextFailure() {
        var circuit = new BreakerFixture(0, BreakerConfig.DEFAULT);
        circuit.failTimes(2);
        Permit admittedBefore = circuit.acquire();

        circuit.breaker.reconfigure(new BreakerConfig(true, 1, COOLDOWN, 1, 1, BreakerFixture.LEASE), circuit.now());
        assertThat(circuit.state()).isEqualTo(CircuitState.CLOSED);
        assertThat(circuit.snapshot().consecutiveFailures()).isEqualTo(2);

        circuit.record(admittedBefore, Outcome.FAILURE_STATUS);
        assertThat(circuit.state()).isEqualTo(CircuitState.OPEN);
    }

    @Test
    void anotherCooldownLeavesTheRunningOneAlone() {
        var circuit = new BreakerFixture(0, BreakerConfig.DEFAULT).opened();

        circuit.advance(Duration.ofSeconds(1));
        circuit.breaker.reconfigure(
                new BreakerConfig(true, 3, Duration.ofSeconds(60), 1, 1, BreakerFixture.LEASE), circuit.now());

        assertThat(circuit.breaker.retryAfterNanos(circuit.now()))
                .isEqualTo(Duration.ofSeconds(4).toNanos());
        circuit.advance(Duration.ofSeconds(4));
        circuit.record(circuit.acquireProbe(), Outcome.FAILURE_STATUS);
        assertThat(circuit.breaker.retryAfterNanos(circuit.now()))
                .isEqualTo(Duration.ofSeconds(60).toNanos());
        assertThat(circuit.transitions).hasSize(3);
    }

    @Test
    void aTripByHandSurvivesOtherSettings() {
        var circuit = new BreakerFixture(0, BreakerConfig.DEFAULT);
        circuit.breaker.trip(circuit.now());

        circuit.breaker.reconfigure(halfOpen(2, 2), circuit.now());
        circuit.advance(Duration.ofHours(1));

        assertThat(circuit.snapshot().tripped()).isTrue();
        assertThat(circuit.tryAcquire()).isNull();
    }

    @ParameterizedTest
    @MethodSource("origins")
    void restoredOpenItWaitsForTheRestOfItsCooldown(long origin) {
        var circuit = new BreakerFixture(origin, BreakerConfig.DEFAULT);

        circuit.breaker.restoreOpen(Duration.ofSeconds(2).toNanos(), 7, circuit.now());

        assertThat(circuit.snapshot())
                .isEqualTo(plain(
                        CircuitState.OPEN,
                        1,
                        7,
                        origin,
                        Duration.ofSeconds(2).toNanos(),
                        false,
                        Transition.Reason.RESTORED));
        circuit.advance(Duration.ofSeconds(2).minusNanos(1));
        assertThat(circuit.tryAcquire()).isNull();
        circuit.advanceNanos(1);
        circuit.record(circuit.acquireProbe(), Outcome.FAILURE_STATUS);
        assertThat(circuit.snapshot().consecutiveFailures()).isEqualTo(8);
    }

    @Test
    void whoNamesNoMomentMeansNow() {
        var circuit = new BreakerFixture(0, BreakerConfig.DEFAULT);

        circuit.advance(Duration.ofMinutes(1));
        circuit.breaker.trip();
        assertThat(circuit.breaker.state()).isEqualTo(CircuitState.OPEN);
        assertThat(circuit.breaker.snapshot()).isEqualTo(circuit.breaker.snapshot(circuit.now()));

        circuit.advance(Duration.ofMinutes(1));
        circuit.breaker.reset();
        assertThat(circuit.breaker.state()).isEqualTo(CircuitState.CLOSED);
        assertThat(circuit.breaker.snapshot().sinceNanos()).isEqualTo(circuit.now());

        circuit.failTimes(3);
        circuit.advance(Duration.ofMinutes(1));
        assertThat(circuit.breaker.state()).as("the cooldown is over").isEqualTo(CircuitState.HALF_OPEN);
        circuit.breaker.reconfigure(new BreakerConfig(false, 3, COOLDOWN, 1, 1, BreakerFixture.LEASE));
        assertThat(circuit.breaker.state()).as("switched off").isEqualTo(CircuitState.CLOSED);
        assertThat(circuit.breaker.snapshot().sinceNanos()).isEqualTo(circuit.now());
    }

    @Test
    void whatIsRestoredIsHeldWithinZeroAndAWholeCooldown() {
        var circuit = new BreakerFixture(0, BreakerConfig.DEFAULT);

        circuit.breaker.restoreOpen(Long.MAX_VALUE, 3, circuit.now());
        assertThat(circuit.breaker.retryAfterNanos(circuit.now())).isEqualTo(BreakerConfig.DEFAULT.cooldownNanos());

        circuit.breaker.restoreOpen(Long.MIN_VALUE, 3, circuit.now());
        circuit.acquireProbe();
    }

    @Test
    void restoredAsTrippedItStaysOpenUntilItIsReset() {
        var circuit = new BreakerFixture(0, BreakerConfig.DEFAULT);

        circuit.breaker.restoreTripped(2, circuit.now());
        circuit.advance(Duration.ofDays(1));

        assertThat(circuit.snapshot().tripped()).isTrue();
        assertThat(circuit.snapshot().consecutiveFailures()).isEqualTo(2);
        assertThat(circuit.tryAcquire()).isNull();
        assertThat(circuit.transitions)
                .containsExactly(
                        new Transition(1, 0, CircuitState.CLOSED, CircuitState.OPEN, Transition.Reason.RESTORED, 2));
        circuit.breaker.reset(circuit.now());
        assertThat(circuit.state()).isEqualTo(CircuitState.CLOSED);
    }

    @Test
    void restoredAsHalfOpenItOffersItsProbe() {
        var circuit = new BreakerFixture(0, BreakerConfig.DEFAULT);

        circuit.breaker.restoreHalfOpen(4, 1, circuit.now());

        assertThat(circuit.state()).isEqualTo(CircuitState.HALF_OPEN);
        Permit probe = circuit.acquireProbe();
        assertThat(circuit.tryAcquire()).isNull();
        circuit.record(probe, Outcome.FAILURE_STATUS);
        assertThat(circuit.transitions)
                .extracting(Transition::from, Transition::to, Transition::reason, Transition::failures)
                .containsExactly(
                        tuple(CircuitState.CLOSED, CircuitState.HALF_OPEN, Transition.Reason.RESTORED, 4),
                        tuple(CircuitState.HALF_OPEN, CircuitState.OPEN, Transition.Reason.PROBE_FAILED, 5));
    }

    @Test
    void restoredAsClosedItGoesOnCountingAndReportsNoTransition() {
        var circuit = new BreakerFixture(0, BreakerConfig.DEFAULT);

        circuit.breaker.restoreClosed(2, 0, circuit.now());

        assertThat(circuit.snapshot()).isEqualTo(plain(CircuitState.CLOSED, 0, 2, 0, 0, false, null));
        assertThat(circuit.transitions).isEmpty();
        circuit.failTimes(1);
        assertThat(circuit.state()).isEqualTo(CircuitState.OPEN);
    }

    @Test
    void whatACircuitHadCountedElsewhereWhenItWasClosedIsNothingToAnOpenOne() {
        var circuit = new BreakerFixture(0, BreakerConfig.DEFAULT).opened();
        BreakerSnapshot open = circuit.snapshot();

        circuit.breaker.restoreClosed(2, 3, circuit.now());

        assertThat(circuit.snapshot()).isEqualTo(open);
        assertThat(circuit.transitions).hasSize(1);
    }

    @Test
    void aCountAboveTheThresholdIsJudgedWithTheNextFailureOnly() {
        var circuit = new BreakerFixture(0, BreakerConfig.DEFAULT);

        circuit.breaker.restoreClosed(100, 0, circuit.now());
        assertThat(circuit.state()).isEqualTo(CircuitState.CLOSED);
        circuit.succeed();
        circuit.failTimes(2);

        assertThat(circuit.state()).isEqualTo(CircuitState.CLOSED);
    }

    @Test
    void switchedOffItAdmitsEverythingAndStaysClosed() {
        var circuit = new BreakerFixture(0, new BreakerConfig(false, 3, COOLDOWN, 1, 1, BreakerFixture.LEASE));

        circuit.failTimes(100);
        circuit.breaker.trip(circuit.now());
        circuit.breaker.restoreOpen(1, 3, circuit.now());
        circuit.breaker.restoreTripped(3, circuit.now());
        circuit.breaker.restoreHalfOpen(3, 1, circuit.now());

        assertThat(circuit.state()).isEqualTo(CircuitState.CLOSED);
        assertThat(circuit.tryAcquire()).isNotNull();
        assertThat(circuit.transitions).isEmpty();
    }

    @Test
    void switchingOffClosesAnOpenCircuitAndAHalfOpenOne() {
        BreakerConfig off = new BreakerConfig(false, 3, COOLDOWN, 1, 1, BreakerFixture.LEASE);
        var open = new BreakerFixture(0, BreakerConfig.DEFAULT).opened();
        var halfOpen = new BreakerFixture(0, BreakerConfig.DEFAULT).cooledDown();
        Permit probe = halfOpen.acquireProbe();

        open.breaker.reconfigure(off, open.now());
        halfOpen.breaker.reconfigure(off, halfOpen.now());
        halfOpen.record(probe, Outcome.FAILURE_STATUS);

        assertThat(open.state()).isEqualTo(CircuitState.CLOSED);
        assertThat(open.story()).last().isEqualTo("2 open>closed manual @0S x0");
        assertThat(halfOpen.state()).isEqualTo(CircuitState.CLOSED);
        assertThat(halfOpen.snapshot().consecutiveFailures()).isZero();
        assertThat(halfOpen.story()).last().isEqualTo("3 half-open>closed manual @5S x0");
    }

    @Test
    void aReadingFromBeforeTheTripNeverWaitsLongerThanOneCooldown() {
        var circuit = new BreakerFixture(0, BreakerConfig.DEFAULT);
        long earlier = circuit.now();
        circuit.advanceNanos(100);
        circuit.opened();

        assertThat(circuit.breaker.state(earlier)).isEqualTo(CircuitState.OPEN);
        assertThat(circuit.breaker.retryAfterNanos(earlier)).isEqualTo(COOLDOWN.toNanos());
    }

    @Test
    void aListenerThatThrowsBreaksNeitherTheBreakerNorItsCaller() {
        List<Throwable> uncaught = new ArrayList<>();
        Thread thread = Thread.currentThread();
        Thread.UncaughtExceptionHandler handler = thread.getUncaughtExceptionHandler();
        var ticker = new ManualTicker(0);
        var breaker = new CircuitBreaker(BreakerConfig.DEFAULT, ticker, transition -> {
            throw new IllegalStateException("listener of " + transition.to());
        });

        thread.setUncaughtExceptionHandler((where, what) -> uncaught.add(what));
        try {
            breaker.trip(0);
            breaker.reset(0);
        } finally {
            thread.setUncaughtExceptionHandler(handler);
        }

        assertThat(breaker.state(0)).isEqualTo(CircuitState.CLOSED);
        assertThat(uncaught)
                .extracting(Throwable::getMessage)
                .containsExactly("listener of OPEN", "listener of CLOSED");
    }

    @Test
    void aListenerMayAskTheBreakerThatCallsIt() {
        List<CircuitState> seen = new ArrayList<>();
        var ticker = new ManualTicker(0);
        var self = new CircuitBreaker[1];
        self[0] = new CircuitBreaker(BreakerConfig.DEFAULT, ticker, transition -> {
            seen.add(self[0].state(transition.atNanos()));
            if (transition.to() == CircuitState.OPEN) {
                self[0].reset(transition.atNanos());
            }
        });

        self[0].trip(0);

        assertThat(seen).containsExactly(CircuitState.OPEN, CircuitState.CLOSED);
    }

    @ParameterizedTest
    @CsvSource({
        "-1, 1",
        "0, 1",
        "1, 1",
        "1000000000, 1",
        "1000000001, 2",
        "4999999999, 5",
        "5000000000, 5",
        "5000000001, 6",
        "9223372036854775807, 9223372037"
    })
    void retryAfterIsWholeSecondsRoundedUpAndAtLeastOne(long nanos, long seconds) {
        assertThat(CircuitBreaker.retryAfterSeconds(nanos)).isEqualTo(seconds);
    }
}
