package io.breakwater.health.breaker;

import static io.breakwater.health.breaker.BreakerFixture.COOLDOWN;
import static io.breakwater.health.breaker.BreakerFixture.LEASE;
import static io.breakwater.health.breaker.BreakerFixture.halfOpen;
import static org.assertj.core.api.Assertions.assertThat;

import io.breakwater.health.Outcome;
import java.time.Duration;
import java.util.List;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The lease of a probe: 10 s, after a cooldown of 5 s, so that half-open begins 5 s after the origin. */
class ProbeLeaseTest {

    static LongStream origins() {
        return BreakerFixture.origins();
    }

    @ParameterizedTest
    @MethodSource("origins")
    void aProbeThatNeverReportsIsAFailedProbeFromTheLastNanosecondOfItsLease(long origin) {
        var circuit = new BreakerFixture(origin, BreakerConfig.DEFAULT).cooledDown();
        Permit probe = circuit.acquireProbe();

        circuit.advanceNanos(LEASE.toNanos() - 1);
        assertThat(circuit.state()).isEqualTo(CircuitState.HALF_OPEN);
        assertThat(circuit.tryAcquire()).isNull();

        circuit.advanceNanos(1);
        assertThat(circuit.state()).isEqualTo(CircuitState.OPEN);
        assertThat(circuit.breaker.retryAfterNanos(circuit.now())).isEqualTo(COOLDOWN.toNanos());
        circuit.record(probe, Outcome.SUCCESS);
        assertThat(circuit.state()).isEqualTo(CircuitState.OPEN);
        assertThat(circuit.story()).last().isEqualTo("3 half-open>open probe_expired @15S x4");
    }

    @ParameterizedTest
    @MethodSource("origins")
    void aResultInTheLastNanosecondOfTheLeaseStillCounts(long origin) {
        var circuit = new BreakerFixture(origin, BreakerConfig.DEFAULT).cooledDown();
        Permit probe = circuit.acquireProbe();

        circuit.advanceNanos(LEASE.toNanos() - 1);
        circuit.record(probe, Outcome.SUCCESS);

        assertThat(circuit.state()).isEqualTo(CircuitState.CLOSED);
    }

    @ParameterizedTest
    @MethodSource("origins")
    void aLapsedHalfOpenIsOpenSinceTheLapseWhoeverLooksFirst(long origin) {
        var circuit = new BreakerFixture(origin, BreakerConfig.DEFAULT).cooledDown();
        circuit.acquireProbe();
        circuit.advance(LEASE.plusSeconds(2));

        assertThat(circuit.snapshot())
                .isEqualTo(new BreakerSnapshot(
                        CircuitState.OPEN,
                        3,
                        4,
                        origin + Duration.ofSeconds(15).toNanos(),
                        Duration.ofSeconds(3).toNanos(),
                        false,
                        Transition.Reason.PROBE_EXPIRED,
                        BreakerConfig.Mode.ENFORCE,
                        null,
                        false,
                        Duration.ofSeconds(5).toNanos(),
                        2,
                        new Observed(0, 0, 0, 0)));
        assertThat(circuit.transitions).as("reading reports nothing").hasSize(2);

        assertThat(circuit.tryAcquire()).isNull();
        assertThat(circuit.tryAcquire()).isNull();
        assertThat(circuit.story()).hasSize(3).last().isEqualTo("3 half-open>open probe_expired @15S x4");
    }

    @Test
    void aHalfOpenThatLapsedLongAgoIsHalfOpenAgainAndTheNextProbeReportsBothSteps() {
        var circuit = new BreakerFixture(0, BreakerConfig.DEFAULT).cooledDown();
        circuit.acquireProbe();
        circuit.advance(LEASE.plus(COOLDOWN).plusSeconds(60));

        assertThat(circuit.state()).isEqualTo(CircuitState.HALF_OPEN);
        circuit.acquireProbe();

        assertThat(circuit.tryAcquire()).isNull();
        assertThat(circuit.story())
                .containsExactly(
                        "1 closed>open consecutive_failures @0S x3",
                        "2 open>half-open cooldown_elapsed @5S x3",
                        "3 half-open>open probe_expired @15S x4",
                        "4 open>half-open cooldown_elapsed @20S x4");
    }

    @Test
    void theLeaseStandsStillWhileTheClientIsWaitedFor() {
        var circuit = new BreakerFixture(0, BreakerConfig.DEFAULT).cooledDown();
        Permit probe = circuit.acquireProbe();

        for (int i = 0; i < 5; i++) {
            circuit.advance(Duration.ofSeconds(1));
            probe.waitingForClient(circuit.now());
            circuit.advance(LEASE.multipliedBy(3));
            assertThat(circuit.tryAcquire())
                    .as("one at a time, however slow its client")
                    .isNull();
            probe.waitingForBackend(circuit.now());
        }
        circuit.advance(Duration.ofSeconds(5).minusNanos(1));
        assertThat(circuit.state()).isEqualTo(CircuitState.HALF_OPEN);

        circuit.advanceNanos(1);
        assertThat(circuit.state()).isEqualTo(CircuitState.OPEN);
    }

    @Test
    void sayingTwiceWhatIsWaitedForChangesNothing() {
        var circuit = new BreakerFixture(0, BreakerConfig.DEFAULT).cooledDown();
        Permit probe = circuit.acquireProbe();

        circuit.advance(Duration.ofSeconds(4));
        probe.waitingForBackend(circuit.now());
        circuit.advance(Duration.ofSeconds(4));
        probe.waitingForClient(circuit.now());
        circuit.advance(Duration.ofSeconds(6));
        probe.waitingForClient(circuit.now());
        probe.waitingForBackend(circuit.now());
        circuit.advance(Duration.ofSeconds(2).minusNanos(1));
        assertThat(circuit.state()).isEqualTo(CircuitState.HALF_OPEN);

        circuit.advanceNanos(1);
        assertThat(circuit.state()).as("10 s of waiting for the backend").isEqualTo(CircuitState.OPEN);
    }

    @Test
    void aProbeWhoseClientIsWaitedForLosesItsSlotAndItsVoteAfterAMinute() {
        var circuit = new BreakerFixture(0, BreakerConfig.DEFAULT).cooledDown();
        Permit slow = circuit.acquireProbe();
        slow.waitingForClient(circuit.now());

        circuit.advanceNanos(Lease.LONGEST_CLIENT_WAIT_NANOS - 1);
        assertThat(circuit.tryAcquire()).isNull();
        circuit.advanceNanos(1);
        circuit.acquireProbe();
        circuit.record(slow, Outcome.FAILURE_STATUS);

        assertThat(circuit.state()).isEqualTo(CircuitState.HALF_OPEN);
    }

    @Test
    void aClientThatLeavesGivesTheSlotBackUncounted() {
        var circuit = new BreakerFixture(0, halfOpen(1, 2)).cooledDown();
        circuit.record(circuit.acquireProbe(), Outcome.SUCCESS);

        circuit.acquireProbe().release(circuit.now());
        circuit.record(circuit.acquireProbe(), Outcome.CLIENT_ABORTED);
        circuit.record(circuit.acquireProbe(), Outcome.LOCAL_ERROR);

        assertThat(circuit.state()).isEqualTo(CircuitState.HALF_OPEN);
        assertThat(circuit.snapshot().consecutiveFailures()).isZero();
        circuit.record(circuit.acquireProbe(), Outcome.SUCCESS);
        assertThat(circuit.state()).isEqualTo(CircuitState.CLOSED);
    }

    @Test
    void theWaitingOfClientsThatLeftAddsUpToOneLease() {
        var circuit = new BreakerFixture(0, BreakerConfig.DEFAULT).cooledDown();

        for (int i = 0; i < 3; i++) {
            Permit probe = circuit.acquireProbe();
            circuit.advance(Duration.ofSeconds(3));
            probe.release(circuit.now());
            circuit.advance(Duration.ofSeconds(30));
            assertThat(circuit.state()).isEqualTo(CircuitState.HALF_OPEN);
        }
        circuit.acquireProbe();
        circuit.advance(Duration.ofSeconds(1).minusNanos(1));
        assertThat(circuit.state()).isEqualTo(CircuitState.HALF_OPEN);

        circuit.advanceNanos(1);
        assertThat(circuit.state()).isEqualTo(CircuitState.OPEN);
    }

    @Test
    void theNextHalfOpenBeginsWithAWholeLease() {
        var circuit = new BreakerFixture(0, BreakerConfig.DEFAULT).cooledDown();
        Permit left = circuit.acquireProbe();
        circuit.advance(Duration.ofSeconds(9));
        left.release(circuit.now());
        circuit.record(circuit.acquireProbe(), Outcome.FAILURE_STATUS);
        circuit.advance(COOLDOWN);

        circuit.acquireProbe();
        circuit.advance(LEASE.minusNanos(1));

        assertThat(circuit.state()).isEqualTo(CircuitState.HALF_OPEN);
    }

    @Test
    void probesThatWaitedSideBySideDidNotWaitOneAfterTheOther() {
        var circuit = new BreakerFixture(0, halfOpen(3, 1)).cooledDown();
        Permit first = circuit.acquireProbe();
        Permit second = circuit.acquireProbe();
        Permit third = circuit.acquireProbe();
        circuit.advance(Duration.ofSeconds(6));

        first.release(circuit.now());
        second.release(circuit.now());
        circuit.advance(Duration.ofSeconds(3));
        assertThat(circuit.state()).isEqualTo(CircuitState.HALF_OPEN);

        circuit.record(third, Outcome.SUCCESS);
        assertThat(circuit.state()).isEqualTo(CircuitState.CLOSED);
    }

    @ParameterizedTest
    @MethodSource("origins")
    void aLeaseThatEndsAfterAGoodHeadHasPassed(long origin) {
        var circuit = new BreakerFixture(origin, BreakerConfig.DEFAULT).cooledDown();
        Permit streaming = circuit.acquireProbe();
        circuit.advance(Duration.ofSeconds(4));
        streaming.headReceived(circuit.now());

        circuit.advance(Duration.ofSeconds(6).minusNanos(1));
        assertThat(circuit.state()).isEqualTo(CircuitState.HALF_OPEN);
        circuit.advanceNanos(1);
        assertThat(circuit.state()).isEqualTo(CircuitState.CLOSED);
        circuit.advance(Duration.ofSeconds(3));
        circuit.record(streaming, Outcome.TRUNCATED);

        assertThat(circuit.snapshot())
                .isEqualTo(BreakerFixture.plain(
                        CircuitState.CLOSED,
                        3,
                        0,
                        origin + Duration.ofSeconds(15).toNanos(),
                        0,
                        false,
                        Transition.Reason.PROBE_SUCCEEDED));
        assertThat(circuit.story()).hasSize(3).last().isEqualTo("3 half-open>closed probe_succeeded @15S x0");
    }

    @Test
    void aCircuitThatALeaseHasClosedAdmitsEvenBeforeThatIsWrittenDown() {
        var circuit = new BreakerFixture(0, BreakerConfig.DEFAULT).cooledDown();
        circuit.acquireProbe().headReceived(circuit.now());
        circuit.advance(LEASE);

        assertThat(circuit.breaker.admits(circuit.now())).isTrue();
        assertThat(circuit.breaker.offersProbe(circuit.now())).isFalse();
        assertThat(circuit.acquire().isProbe()).isFalse();
    }

    @Test
    void aPassedProbeFreesItsSlotEvenIfMoreSuccessesAreNeeded() {
        var circuit = new BreakerFixture(0, halfOpen(1, 2)).cooledDown();
        Permit streaming = circuit.acquireProbe();
        streaming.headReceived(circuit.now());
        circuit.advance(LEASE);

        Permit next = circuit.acquireProbe();
        circuit.record(streaming, Outcome.SUCCESS);
        assertThat(circuit.state()).as("one success, not two").isEqualTo(CircuitState.HALF_OPEN);

        circuit.record(next, Outcome.SUCCESS);
        assertThat(circuit.state()).isEqualTo(CircuitState.CLOSED);
    }

    @Test
    void aFailureAfterTheGoodHeadCountsAsLongAsTheLeaseRuns() {
        var circuit = new BreakerFixture(0, BreakerConfig.DEFAULT).cooledDown();
        Permit streaming = circuit.acquireProbe();
        streaming.headReceived(circuit.now());
        circuit.advance(LEASE.minusNanos(1));

        circuit.record(streaming, Outcome.TRUNCATED);

        assertThat(circuit.state()).isEqualTo(CircuitState.OPEN);
    }

    @Test
    void afterAGoodHeadNothingStopsTheLease() {
        var circuit = new BreakerFixture(0, BreakerConfig.DEFAULT).cooledDown();
        Permit probe = circuit.acquireProbe();
        probe.waitingForClient(circuit.now());
        circuit.advance(Duration.ofSeconds(9));
        probe.headReceived(circuit.now());
        probe.waitingForClient(circuit.now());

        circuit.advance(LEASE.minusNanos(1));
        assertThat(circuit.state()).isEqualTo(CircuitState.HALF_OPEN);
        circuit.advanceNanos(1);
        assertThat(circuit.state()).isEqualTo(CircuitState.CLOSED);
    }

    @Test
    void aClientThatLeavesDuringAGoodResponseSpendsNothingOfTheLease() {
        var circuit = new BreakerFixture(0, BreakerConfig.DEFAULT).cooledDown();
        Permit probe = circuit.acquireProbe();
        circuit.advance(Duration.ofSeconds(1));
        probe.headReceived(circuit.now());
        circuit.advance(Duration.ofSeconds(8));
        probe.release(circuit.now());

        circuit.acquireProbe();
        circuit.advance(Duration.ofSeconds(9).minusNanos(1));
        assertThat(circuit.state()).isEqualTo(CircuitState.HALF_OPEN);
        circuit.advanceNanos(1);
        assertThat(circuit.state()).isEqualTo(CircuitState.OPEN);
    }

    @Test
    void whatEndsFirstDecidesHoweverLateItIsLookedAt() {
        var circuit = new BreakerFixture(0, halfOpen(2, 1)).cooledDown();
        Permit hanging = circuit.acquireProbe();
        circuit.advanceNanos(1);
        Permit good = circuit.acquireProbe();
        good.headReceived(circuit.now());
        circuit.advance(Duration.ofHours(1));
        circuit.record(hanging, Outcome.SUCCESS);

        assertThat(circuit.story()).hasSize(3).last().isEqualTo("3 half-open>open probe_expired @15S x4");
    }

    @Test
    void whatEndsFirstDecidesEvenIfItBeganLast() {
        var circuit = new BreakerFixture(0, halfOpen(2, 1)).cooledDown();
        Permit hanging = circuit.acquireProbe();
        circuit.acquireProbe().headReceived(circuit.now());
        hanging.waitingForClient(circuit.now());
        circuit.advanceNanos(1);
        hanging.waitingForBackend(circuit.now());
        circuit.advance(LEASE);

        assertThat(circuit.state()).isEqualTo(CircuitState.CLOSED);
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1})
    void ofTwoLeasesThatEndTogetherTheFailedOneDecides(int good) {
        var circuit = new BreakerFixture(0, halfOpen(2, 1)).cooledDown();
        List<Permit> probes = List.of(circuit.acquireProbe(), circuit.acquireProbe());
        probes.get(good).headReceived(circuit.now());
        circuit.advance(LEASE);

        assertThat(circuit.state()).isEqualTo(CircuitState.OPEN);
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1})
    void ofTwoLeasesThatEndWithoutAnAnswerTheFirstDecides(int nanosBetween) {
        var circuit = new BreakerFixture(0, halfOpen(2, 1)).cooledDown();
        circuit.acquireProbe();
        circuit.advanceNanos(nanosBetween);
        circuit.acquireProbe();
        circuit.advance(LEASE);

        assertThat(circuit.tryAcquire()).isNull();
        assertThat(circuit.story()).hasSize(3).last().isEqualTo("3 half-open>open probe_expired @15S x4");
    }

    @Test
    void aProbeIsOfferedWhileThereAreFewerThanConfigured() {
        var circuit = new BreakerFixture(0, halfOpen(2, 1)).cooledDown();

        circuit.acquireProbe();
        assertThat(circuit.breaker.offersProbe(circuit.now())).isTrue();
        circuit.acquireProbe();
        assertThat(circuit.breaker.offersProbe(circuit.now())).isFalse();
    }

    @Test
    void aProbeOfAHalfOpenThatIsNoMoreSaysInVainWhatItWaitsFor() {
        var circuit = new BreakerFixture(0, BreakerConfig.DEFAULT).cooledDown();
        Permit late = circuit.acquireProbe();
        circuit.breaker.reset(circuit.now());
        BreakerSnapshot closed = circuit.snapshot();

        late.waitingForClient(circuit.now());
        late.headReceived(circuit.now());

        assertThat(circuit.snapshot()).isEqualTo(closed);
    }

    @Test
    void anotherTimeoutCountsFromTheMomentItIsSet() {
        var circuit = new BreakerFixture(0, BreakerConfig.DEFAULT).cooledDown();
        circuit.acquireProbe();
        circuit.advance(Duration.ofSeconds(6));

        circuit.breaker.reconfigure(new BreakerConfig(true, 3, COOLDOWN, 1, 1, Duration.ofSeconds(7)), circuit.now());
        circuit.advance(Duration.ofSeconds(1).minusNanos(1));
        assertThat(circuit.state()).isEqualTo(CircuitState.HALF_OPEN);
        circuit.advanceNanos(1);
        assertThat(circuit.state()).isEqualTo(CircuitState.OPEN);
    }

    @Test
    void aTimeoutShorterThanWhatWasWaitedEndsTheLeaseThenAndNotBefore() {
        var circuit = new BreakerFixture(0, BreakerConfig.DEFAULT).cooledDown();
        circuit.acquireProbe();
        circuit.advance(Duration.ofSeconds(6));

        circuit.breaker.reconfigure(new BreakerConfig(true, 3, COOLDOWN, 1, 1, Duration.ofSeconds(2)), circuit.now());

        assertThat(circuit.state()).isEqualTo(CircuitState.OPEN);
        assertThat(circuit.breaker.retryAfterNanos(circuit.now())).isEqualTo(COOLDOWN.toNanos());
        assertThat(circuit.tryAcquire()).isNull();
        assertThat(circuit.story()).last().isEqualTo("3 half-open>open probe_expired @11S x4");
    }

    @Test
    void aTimeoutShorterThanWhatClientsLeftBehindOpensAgain() {
        var circuit = new BreakerFixture(0, BreakerConfig.DEFAULT).cooledDown();
        Permit left = circuit.acquireProbe();
        circuit.advance(Duration.ofSeconds(6));
        left.release(circuit.now());

        circuit.breaker.reconfigure(new BreakerConfig(true, 3, COOLDOWN, 1, 1, Duration.ofSeconds(6)), circuit.now());

        assertThat(circuit.story()).last().isEqualTo("3 half-open>open probe_expired @11S x4");
    }

    @Test
    void aReloadDoesNotRewriteALapseThatHappenedBeforeIt() {
        var circuit = new BreakerFixture(0, BreakerConfig.DEFAULT).cooledDown();
        circuit.acquireProbe();
        circuit.advance(LEASE);

        circuit.breaker.reconfigure(new BreakerConfig(true, 3, COOLDOWN, 1, 1, Duration.ofSeconds(60)), circuit.now());

        assertThat(circuit.state()).isEqualTo(CircuitState.OPEN);
        assertThat(circuit.story()).last().isEqualTo("3 half-open>open probe_expired @15S x4");
    }

    @Test
    void aLeaseThatEndsFreesNoSlotWhereAReloadLeftFewerThanAreTaken() {
        var circuit = new BreakerFixture(0, halfOpen(3, 2)).cooledDown();
        circuit.acquireProbe().headReceived(circuit.now());
        Permit second = circuit.acquireProbe();
        Permit third = circuit.acquireProbe();
        second.waitingForClient(circuit.now());
        third.waitingForClient(circuit.now());

        circuit.breaker.reconfigure(halfOpen(2, 2), circuit.now());
        circuit.advance(LEASE);
        assertThat(circuit.tryAcquire()).isNull();
        second.release(circuit.now());

        circuit.record(circuit.acquireProbe(), Outcome.SUCCESS);
        assertThat(circuit.state()).as("the second success").isEqualTo(CircuitState.CLOSED);
    }

    @Test
    void aProbeThatLostItsSlotSaysInVainWhatItWaitsFor() {
        var circuit = new BreakerFixture(0, BreakerConfig.DEFAULT).cooledDown();
        Permit lost = circuit.acquireProbe();
        circuit.advance(LEASE.plus(COOLDOWN));
        circuit.acquireProbe();

        lost.waitingForClient(circuit.now());
        lost.headReceived(circuit.now());
        circuit.advance(LEASE);
        assertThat(circuit.state()).as("the other's lease ran").isEqualTo(CircuitState.OPEN);
    }

    @ParameterizedTest
    @MethodSource("origins")
    void aProbeIsOverdueFromOneCooldownAfterTheFirstUntilALeaseHasClosed(long origin) {
        var circuit = new BreakerFixture(origin, BreakerConfig.DEFAULT).cooledDown();
        circuit.acquireProbe().headReceived(circuit.now());

        circuit.advance(COOLDOWN.minusNanos(1));
        assertThat(circuit.breaker.isProbeOverdue(circuit.now())).isFalse();
        circuit.advanceNanos(1);
        assertThat(circuit.breaker.isProbeOverdue(circuit.now())).isTrue();
        circuit.advance(LEASE.minus(COOLDOWN).minusNanos(1));
        assertThat(circuit.breaker.isProbeOverdue(circuit.now())).isTrue();
        circuit.advanceNanos(1);
        assertThat(circuit.breaker.isProbeOverdue(circuit.now())).isFalse();
    }
}
