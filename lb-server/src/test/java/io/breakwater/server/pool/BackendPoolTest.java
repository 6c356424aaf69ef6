package io.breakwater.server.pool;

import static io.breakwater.server.pool.PoolFixture.COOLDOWN;
import static io.breakwater.server.pool.PoolFixture.replicas;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.breakwater.health.Outcome;
import io.breakwater.health.breaker.CircuitState;
import io.breakwater.health.check.HealthStatus;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

class BackendPoolTest {
    private static final String RETRIES = "retries.max = 2";

    static LongStream origins() {
        return LongStream.of(
                Long.MAX_VALUE - Duration.ofSeconds(4).toNanos(),
                Long.MAX_VALUE,
                -Duration.ofSeconds(4).toNanos(),
                -1,
                0,
                new Random().nextLong());
    }

    private static List<String> requests(PoolFixture at, int count) {
        List<String> met = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            met.add(at.serve());
        }
        return met;
    }

    // ---- closed and open circuits ----

    @Test
    void anotherInitialHealthHoldsForThoseWhoseFirstChecksAreNotDone() {
        var at = PoolFixture.of(replicas(2), "health-check { enabled = true, initial = healthy }");
        at.health("b", HealthStatus.HEALTHY);

        at.reload(replicas(2), "health-check { enabled = true, initial = unhealthy }");
        assertThat(at.why("a")).isEqualTo(Eligibility.UNHEALTHY);
        assertThat(at.why("b")).isEqualTo(Eligibility.ELIGIBLE);
        assertThat(at.request()).isEqualTo("b");

        at.reload(replicas(2), "health-check { enabled = true, initial = healthy }");
        assertThat(at.why("a")).isEqualTo(Eligibility.ELIGIBLE);
    }

    @Test
    void threeRequestsMeetThreeBackends() {
        var at = PoolFixture.of(replicas(3));

        assertThat(List.of(at.request(), at.request(), at.request())).containsExactlyInAnyOrder("a", "b", "c");
        assertThat(at.pool.backends()).allMatch(backend -> backend.replica().inFlight() == 1);
    }

    @Test
    void anOpenCircuitIsSkippedAndThatIsNoRejection() {
        var at = PoolFixture.of(replicas(3));
        at.open("b");

        assertThat(requests(at, 10)).containsOnly("a", "c");
        assertThat(at.counts("b").circuitRejections).hasValue(0);
    }

    @ParameterizedTest
    @MethodSource("origins")
    void whenAllAreOpenTheSmallestCooldownIsWhenToComeAgain(long origin) {
        var at = PoolFixture.startingAt(origin, replicas(3));
        at.open("b");
        at.advance(Duration.ofSeconds(2));
        at.open("a", "c");
        at.advance(Duration.ofSeconds(1));

        assertThat(at.request()).isEqualTo("CIRCUIT_OPEN");
        assertThat(at.selection.refusedState()).isEqualTo(CircuitState.OPEN);
        assertThat(at.selection.retryAfterNanos())
                .isEqualTo(Duration.ofSeconds(2).toNanos());
        assertThat(at.counts.values()).allMatch(counts -> counts.circuitRejections.get() == 1);
        assertThat(at.pool.bestState(at.now())).isEqualTo(CircuitState.OPEN);
    }

    @Test
    void circuitsTrippedByHandSayTheConfiguredCooldown() {
        var at = PoolFixture.of(replicas(2));
        at.backend("a").breaker().trip(at.now());
        at.backend("b").breaker().trip(at.now());
        at.advance(Duration.ofMinutes(1));

        assertThat(at.request()).isEqualTo("CIRCUIT_OPEN");
        assertThat(at.selection.refusedState()).isEqualTo(CircuitState.OPEN);
        assertThat(at.selection.retryAfterNanos()).isEqualTo(COOLDOWN.toNanos());
    }

    @Test
    void theCooldownOfOneThatCannotServeAnywayIsNoReasonToComeAgain() {
        var at = PoolFixture.of(replicas(3));
        at.open("a", "b");
        at.advance(Duration.ofSeconds(1));
        at.open("c");
        at.replica("a").admin(AdminState.DRAINING);
        at.health("b", HealthStatus.UNHEALTHY);

        assertThat(at.request()).isEqualTo("CIRCUIT_OPEN");
        assertThat(at.selection.retryAfterNanos()).isEqualTo(COOLDOWN.toNanos());
        assertThat(at.counts("c").circuitRejections).hasValue(1);
        assertThat(at.counts("a").circuitRejections).hasValue(0);
        assertThat(at.counts("b").circuitRejections).hasValue(0);
    }

    @Test
    void aCircuitThatClosesIsBalancedOverAtOnce() {
        var at = PoolFixture.of(replicas(3));
        at.open("b");
        at.advance(COOLDOWN);

        assertThat(at.serve()).isEqualTo("b");
        assertThat(requests(at, 3)).containsExactlyInAnyOrder("a", "b", "c");
    }

    // ---- half-open ----

    @ParameterizedTest
    @MethodSource("origins")
    void aHalfOpenCircuitIsOfferedTheNextRequestAndOnlyOne(long origin) {
        var at = PoolFixture.startingAt(origin, replicas(3));
        at.open("c");
        at.advance(COOLDOWN.minusNanos(1));
        assertThat(requests(at, 3)).doesNotContain("c");
        at.advance(Duration.ofNanos(1));

        assertThat(at.request(0, false)).isEqualTo("c");
        assertThat(at.selection.permit().isProbe()).isTrue();
        for (int i = 0; i < 10; i++) {
            assertThat(at.request()).isIn("a", "b");
        }
        assertThat(at.replica("c").inFlight()).isEqualTo(1);
    }

    @Test
    void whileTheOnlyProbeIsOutTheRefusalSaysHalfOpen() {
        var at = PoolFixture.of(replicas(2));
        at.open("a");
        at.advance(Duration.ofSeconds(2));
        at.open("b");
        at.advance(Duration.ofSeconds(3));

        assertThat(at.request()).isEqualTo("a");
        assertThat(at.request()).isEqualTo("CIRCUIT_OPEN");
        assertThat(at.selection.refusedState()).isEqualTo(CircuitState.HALF_OPEN);
        assertThat(at.pool.bestState(at.now())).isEqualTo(CircuitState.HALF_OPEN);
    }

    @Test
    void aLostProbeOpensTheCircuitForWhoeverLooksFirst() {
        var at = PoolFixture.of(replicas(1));
        at.open("a");
        at.advance(COOLDOWN);
        at.request();
        at.advance(Duration.ofSeconds(12));

        assertThat(at.pool.bestState(at.now())).isEqualTo(CircuitState.OPEN);
        assertThat(at.request()).isEqualTo("CIRCUIT_OPEN");
        assertThat(at.selection.refusedState()).isEqualTo(CircuitState.OPEN);
        assertThat(at.selection.retryAfterNanos())
                .isEqualTo(Duration.ofSeconds(3).toNanos());
        at.advance(Duration.ofSeconds(3));
        assertThat(at.request()).isEqualTo("a");
    }

    @Test
    void whileThePoolRetriesAProbeIsARequestThatCanBeRepeated() {
        var at = PoolFixture.of(replicas(2), RETRIES);
        at.open("a");
        at.advance(COOLDOWN);

        assertThat(at.request(0, false)).isEqualTo("b");
        assertThat(at.request(0, true)).isEqualTo("a");
    }

    @ParameterizedTest
    @MethodSource("origins")
    void afterOneCooldownInHalfOpenAnyRequestIsAProbe(long origin) {
        var at = PoolFixture.startingAt(origin, replicas(2), RETRIES);
        at.open("a");
        at.advance(COOLDOWN.plus(COOLDOWN).minusNanos(1));
        assertThat(at.request(0, false)).isEqualTo("b");
        at.advance(Duration.ofNanos(1));

        assertThat(at.request(0, false)).isEqualTo("a");
    }

    @Test
    void aProbeWhoseClientLeftDoesNotBeginTheWaitAnew() {
        var at = PoolFixture.of(replicas(2), RETRIES);
        at.open("a");
        at.advance(COOLDOWN.multipliedBy(2).minusNanos(1));
        assertThat(at.request(0, true)).isEqualTo("a");
        at.end(Outcome.CLIENT_ABORTED);
        at.advance(Duration.ofNanos(1));

        assertThat(at.request(0, false)).isEqualTo("a");
    }

    @Test
    void whereNobodyElseServesAnyRequestIsAProbe() {
        var at = PoolFixture.of(replicas(2), RETRIES);
        at.open("a", "b");
        at.advance(COOLDOWN);

        String first = at.request(0, false);
        String second = at.request(0, false);
        assertThat(List.of(first, second)).containsExactlyInAnyOrder("a", "b");
    }

    @Test
    void halfOpenCircuitsTakeTurnsThoughOneGivesBackEveryProbe() {
        var at = PoolFixture.of(replicas(3));
        at.open("a", "b");
        at.advance(COOLDOWN);
        Set<String> met = new HashSet<>();
        for (int i = 0; i < 2; i++) {
            met.add(at.request());
            at.end(Outcome.CLIENT_ABORTED);
        }

        assertThat(met).containsExactlyInAnyOrder("a", "b");
    }

    // ---- priorities ----

    @Test
    void aLowerPriorityServesOnlyWhenTheUpperHasNobody() {
        var at = PoolFixture.of(replicas(4, "", "", "priority = 1", "priority = 2"));
        assertThat(requests(at, 10)).containsOnly("a", "b");

        at.open("a");
        at.health("b", HealthStatus.UNHEALTHY);
        assertThat(requests(at, 10)).containsOnly("c");

        at.replica("c").admin(AdminState.DISABLED);
        assertThat(requests(at, 10)).containsOnly("d");

        at.health("b", HealthStatus.HEALTHY);
        assertThat(requests(at, 10)).containsOnly("b");
    }

    @Test
    void aLowerPriorityServesWhatTheUpperHasNoSlotFor() {
        var at = PoolFixture.of(replicas(2, "", "priority = 1"), "concurrency.max-per-backend = 1");

        assertThat(List.of(at.request(), at.request(), at.request())).containsExactly("a", "b", "OVERLOADED");
    }

    @Test
    void halfOpenCircuitsAreOfferedDownToThePriorityInUse() {
        var at = PoolFixture.of(replicas(3, "", "priority = 1", "priority = 2"), RETRIES);
        at.open("a", "b", "c");
        at.advance(COOLDOWN);

        assertThat(at.serve()).isEqualTo("a");
        assertThat(requests(at, 5)).containsOnly("a");
        at.open("a");
        assertThat(at.serve()).isEqualTo("b");
        assertThat(requests(at, 5)).containsOnly("b");
        assertThat(at.state("c")).isEqualTo(CircuitState.HALF_OPEN);
    }

    @Test
    void aClosedCircuitOfALowerPriorityIsBetterThanAProbeThatCannotBeRepeated() {
        var at = PoolFixture.of(replicas(2, "", "priority = 1"), RETRIES);
        at.open("a");
        at.advance(COOLDOWN);

        assertThat(at.request(0, false)).isEqualTo("b");
        assertThat(at.request(0, true)).isEqualTo("a");
    }

    // ---- attempts ----

    @Test
    void aBackendThatFailedARequestNeverMeetsItAgain() {
        var at = PoolFixture.of(replicas(3), "breaker.consecutive-failures = 100");
        Set<String> met = new HashSet<>();
        met.add(at.request());
        for (int i = 0; i < 2; i++) {
            at.end(Outcome.FAILURE_STATUS);
            at.selection.tried();
            met.add(at.select());
        }
        at.end(Outcome.FAILURE_STATUS);
        at.selection.tried();

        assertThat(met).containsExactlyInAnyOrder("a", "b", "c");
        assertThat(at.select()).isEqualTo("TRIED");
        assertThat(at.serve()).isIn("a", "b", "c");
    }

    @Test
    void aHalfOpenBackendThatFailedARequestNeverMeetsItAgain() {
        var at = PoolFixture.of(replicas(1));
        at.open("a");
        at.advance(COOLDOWN);
        at.request();
        at.end(Outcome.CLIENT_TIMEOUT);
        at.selection.tried();

        assertThat(at.select()).isEqualTo("TRIED");
        assertThat(at.counts("a").circuitRejections).hasValue(0);
    }

    @Test
    void theCircuitThatARequestOpenedItselfIsNotWhatRefusesItsNextAttempt() {
        var at = PoolFixture.of(replicas(1));
        at.request();
        at.end(Outcome.CONNECT_FAILED);
        at.selection.tried();

        assertThat(at.select()).isEqualTo("TRIED");
        assertThat(at.counts("a").circuitRejections).hasValue(0);
    }

    @Test
    void nobodyIsTriedWhoDidNotAdmit() {
        assertThatThrownBy(() -> new Selection().tried()).isInstanceOf(IllegalStateException.class);
        assertThatThrownBy(() -> new Selection().permit()).isInstanceOf(IllegalStateException.class);
    }

    // ---- refusals ----

    @ParameterizedTest
    @CsvSource({
        "full,     open,      unhealthy, OVERLOADED",
        "full,     full,      full,      OVERLOADED",
        "open,     unhealthy, drained,   CIRCUIT_OPEN",
        "tripped,  drained,   disabled,  CIRCUIT_OPEN",
        "fullopen, open,      unhealthy, CIRCUIT_OPEN",
        "unhealthy,drained,   disabled,  UNHEALTHY",
        "unhealthy,unhealthy, unhealthy, UNHEALTHY",
        "drained,  disabled,  drained,   UNAVAILABLE"
    })
    void theFirstReasonThatAppliesIsGiven(String first, String second, String third, Refusal expected) {
        var at = PoolFixture.of(replicas(3), "concurrency.max-per-backend = 1");
        List<String> wanted = List.of(first, second, third);
        for (int i = 0; i < 3; i++) {
            if (wanted.get(i).startsWith("full")) {
                occupy(at, PoolFixture.name(i));
            }
        }
        for (int i = 0; i < 3; i++) {
            bring(at, PoolFixture.name(i), wanted.get(i));
        }

        assertThat(at.request()).isEqualTo(expected.name());
    }

    /** Takes the only slot of one backend. */
    private static void occupy(PoolFixture at, String name) {
        Set<String> others = new HashSet<>(at.backends.keySet());
        others.remove(name);
        others.forEach(other -> at.replica(other).admin(AdminState.DISABLED));
        assertThat(at.request()).isEqualTo(name);
        others.forEach(other -> at.replica(other).admin(AdminState.ENABLED));
    }

    private static void bring(PoolFixture at, String name, String into) {
        switch (into) {
            case "full" -> {}
            case "open", "fullopen" -> at.open(name);
            case "tripped" -> at.backend(name).breaker().trip(at.now());
            case "unhealthy" -> at.health(name, HealthStatus.UNHEALTHY);
            case "drained" -> at.replica(name).admin(AdminState.DRAINING);
            case "disabled" -> at.replica(name).admin(AdminState.DISABLED);
            default -> throw new IllegalArgumentException(into);
        }
    }

    @Test
    void aRefusalThatIsNoCircuitsShowsTheBestStateOfThePoolAndCountsNoRejection() {
        var at = PoolFixture.of(replicas(2));
        at.health("a", HealthStatus.UNHEALTHY);
        at.open("b");
        at.replica("b").admin(AdminState.DISABLED);

        assertThat(at.request()).isEqualTo("UNHEALTHY");
        assertThat(at.selection.refusedState()).isEqualTo(CircuitState.CLOSED);
        assertThat(at.counts("b").circuitRejections).hasValue(0);
    }

    // ---- slots ----

    @Test
    void aFullBackendIsSkippedUntilAnAttemptEnds() {
        var at = PoolFixture.of(replicas(2), "concurrency.max-per-backend = 2");
        for (int i = 0; i < 4; i++) {
            assertThat(at.request()).isIn("a", "b");
        }
        assertThat(at.request()).isEqualTo("OVERLOADED");
        assertThat(at.state("a")).isEqualTo(CircuitState.CLOSED);

        at.backend("b").attemptEnded(Outcome.SUCCESS, 1, 1, at.now());
        assertThat(at.request()).isEqualTo("b");
        assertThat(at.request()).isEqualTo("OVERLOADED");
    }

    @Test
    void aRefusedPermitGivesBackTheSlot() {
        var at = PoolFixture.of(replicas(1));
        at.open("a");
        at.request();
        at.advance(COOLDOWN);
        at.request();
        at.request();

        assertThat(at.replica("a").inFlight()).isEqualTo(1);
    }

    // ---- health ----

    @Test
    void theLastHealthyOneStaysWhenItsChecksOnlyTimeOut() {
        var at = PoolFixture.of(replicas(2), "health-check.enabled = true");
        at.health("a", HealthStatus.UNHEALTHY, true);
        assertThat(requests(at, 4)).containsOnly("b");

        at.health("b", HealthStatus.UNHEALTHY, true);
        assertThat(at.replica("b").isSuspect()).isTrue();
        assertThat(at.replica("a").isSuspect()).isFalse();
        assertThat(requests(at, 4)).containsOnly("b");

        at.health("a", HealthStatus.HEALTHY);
        assertThat(at.replica("b").isSuspect()).isFalse();
        assertThat(requests(at, 4)).containsOnly("a");
    }

    @Test
    void aRefusedConnectionTakesEvenTheLastOneOut() {
        var at = PoolFixture.of(replicas(2), "health-check.enabled = true");
        at.health("a", HealthStatus.UNHEALTHY, true);
        at.health("b", HealthStatus.UNHEALTHY, false);

        assertThat(at.request()).isEqualTo("UNHEALTHY");
    }

    @Test
    void aSuspectThatThenRefusesGoesOut() {
        var at = PoolFixture.of(replicas(1), "health-check.enabled = true");
        at.health("a", HealthStatus.UNHEALTHY, true);
        at.health("a", HealthStatus.UNHEALTHY, true);
        assertThat(at.serve()).isEqualTo("a");

        at.health("a", HealthStatus.UNHEALTHY, false);
        assertThat(at.request()).isEqualTo("UNHEALTHY");
    }

    @Test
    void oneThatIsDrainedDoesNotCountAsAHealthyOneThatIsLeft() {
        var at = PoolFixture.of(replicas(2), "health-check.enabled = true");
        at.replica("a").admin(AdminState.DRAINING);
        at.health("b", HealthStatus.UNHEALTHY, true);
        assertThat(at.serve()).isEqualTo("b");

        at.replica("a").admin(AdminState.ENABLED);
        assertThat(at.replica("b").isSuspect()).isFalse();
        assertThat(requests(at, 4)).containsOnly("a");
    }

    @Test
    void aHealthChangeThatComesLateIsDropped() {
        var at = PoolFixture.of(replicas(1), "health-check.enabled = true");
        at.replica("a").health(HealthStatus.UNHEALTHY, false, 2, at.now());
        at.replica("a").health(HealthStatus.HEALTHY, false, 1, at.now());

        assertThat(at.replica("a").health()).isEqualTo(HealthStatus.UNHEALTHY);
    }

    @Test
    void whatIsUnknownIsWhatTheConfigurationSays() {
        var healthy = PoolFixture.of(replicas(1), "health-check { enabled = true, initial = healthy }");
        assertThat(healthy.serve()).isEqualTo("a");

        var unhealthy = PoolFixture.of(replicas(1), "health-check { enabled = true, initial = unhealthy }");
        assertThat(unhealthy.replica("a").health()).isEqualTo(HealthStatus.UNKNOWN);
        assertThat(unhealthy.request()).isEqualTo("UNHEALTHY");
        unhealthy.health("a", HealthStatus.HEALTHY);
        assertThat(unhealthy.serve()).isEqualTo("a");
    }

    // ---- reload ----

    @Test
    void aReloadKeepsWhatIsKnownOfThoseThatStay() {
        var at = PoolFixture.of(replicas(3));
        at.open("a");
        at.replica("b").admin(AdminState.DRAINING);
        assertThat(at.request()).isEqualTo("c");
        at.advance(Duration.ofSeconds(2));

        at.reload(replicas(4));
        assertThat(at.replica("c").inFlight()).isEqualTo(1);
        assertThat(requests(at, 6)).containsOnly("c", "d");
        assertThat(at.backend("a").breaker().retryAfterNanos(at.now()))
                .isEqualTo(Duration.ofSeconds(3).toNanos());
        at.advance(Duration.ofSeconds(3));
        assertThat(at.serve()).isEqualTo("a");
    }

    @Test
    void thePoolOfBeforeServesFromTheBackendsOfNow() {
        var at = PoolFixture.of(replicas(2));
        BackendPool before = at.pool;
        at.reload("backends = [{ url = \"http://host:9\", id = z }]");

        at.selection.request(0, true);
        before.select(at.selection, at.now());
        assertThat(at.selection.backend()).isSameAs(at.backend("z"));
    }

    @Test
    void otherWeightsAndLimitsApplyAtOnce() {
        var at = PoolFixture.of(replicas(2));
        at.reload(replicas(2, "weight = 3", "weight = 1"), "concurrency.max-per-backend = 1");

        assertThat(at.pool.shares(at.now())).containsExactly(0.75, 0.25);
        assertThat(List.of(at.request(), at.request())).containsExactlyInAnyOrder("a", "b");
        assertThat(at.request()).isEqualTo("OVERLOADED");
    }

    @Test
    void otherBreakerNumbersApplyInPlace() {
        var at = PoolFixture.of(replicas(1), "breaker.consecutive-failures = 3");
        at.fail("a");
        at.fail("a");
        at.reload(replicas(1), "breaker.consecutive-failures = 2");
        assertThat(at.state("a")).isEqualTo(CircuitState.CLOSED);

        at.fail("a");
        assertThat(at.state("a")).isEqualTo(CircuitState.OPEN);
        at.reload(replicas(1), "breaker.enabled = false");
        assertThat(at.serve()).isEqualTo("a");
    }

    // ---- large pools ----

    @Test
    void aLargePoolIsBuiltInTheBackgroundAndRightMeanwhile() {
        int count = CircuitScope.MOST_BUILT_AT_ONCE + 1;
        var at = PoolFixture.of(replicas(count));
        at.background.forEach(Runnable::run);
        at.background.clear();
        for (int i = 0; i < count; i++) {
            at.open(PoolFixture.name(i));
        }

        assertThat(at.background).as("one rotation for many changes").hasSize(1);
        assertThat(at.request()).isEqualTo("CIRCUIT_OPEN");
        assertThat(at.selection.retryAfterNanos()).isEqualTo(COOLDOWN.toNanos());
        assertThat(at.pool.bestState(at.now())).isEqualTo(CircuitState.OPEN);
        at.backend("c").breaker().reset(at.now());
        assertThat(at.pool.bestState(at.now())).isEqualTo(CircuitState.CLOSED);
        assertThat(at.serve()).isEqualTo("c");

        List.copyOf(at.background).forEach(Runnable::run);
        assertThat(requests(at, 3)).containsOnly("c");
        at.advance(COOLDOWN);
        assertThat(at.serve()).isNotEqualTo("c");
    }

    // ---- what is shown ----

    @Test
    void sharesAreOfThePriorityInUse() {
        var at = PoolFixture.of(replicas(4, "weight = 2", "weight = 2", "weight = 4", "priority = 1"));
        assertThat(at.pool.shares(at.now())).containsExactly(0.25, 0.25, 0.5, 0);

        at.open("c");
        assertThat(at.pool.shares(at.now())).containsExactly(0.5, 0.5, 0, 0);
        at.replica("a").admin(AdminState.DRAINING);
        at.health("b", HealthStatus.UNHEALTHY);
        assertThat(at.pool.shares(at.now())).containsExactly(0, 0, 0, 1);
        at.replica("d").admin(AdminState.DISABLED);
        assertThat(at.pool.shares(at.now())).containsExactly(0, 0, 0, 0);
    }

    @Test
    void aBackendOfALowerPriorityThanTheOneInUseSaysSo() {
        var at = PoolFixture.of(replicas(3, "", "priority = 1", "priority = 1"));
        at.open("c");
        assertThat(at.why("a")).isEqualTo(Eligibility.ELIGIBLE);
        assertThat(at.why("b")).isEqualTo(Eligibility.LOWER_PRIORITY);
        assertThat(at.why("c")).isEqualTo(Eligibility.CIRCUIT_OPEN);

        at.open("a");
        assertThat(at.why("b")).isEqualTo(Eligibility.ELIGIBLE);
    }
}
