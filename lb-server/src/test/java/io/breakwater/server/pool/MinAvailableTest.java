package io.breakwater.server.pool;

import static io.breakwater.server.pool.PoolFixture.COOLDOWN;
import static io.breakwater.server.pool.PoolFixture.replicas;
import static org.assertj.core.api.Assertions.assertThat;

import io.breakwater.health.Outcome;
import io.breakwater.health.breaker.CircuitState;
import io.breakwater.health.breaker.Permit;
import io.breakwater.health.check.HealthStatus;
import io.breakwater.server.fixtures.Together;
import java.util.List;
import java.util.Objects;
import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

class MinAvailableTest {

    @Test
    void aTripThatWouldLeaveTooFewIsRefused() {
        var at = PoolFixture.of(replicas(3), "breaker.min-available = 2");
        at.open("a");
        at.fail("b");

        assertThat(at.state("b")).isEqualTo(CircuitState.CLOSED);
        assertThat(at.counts("b").refusedTrips).hasValue(1);
        assertThat(at.why("b")).isEqualTo(Eligibility.PROTECTED);
        assertThat(at.why("c")).isEqualTo(Eligibility.ELIGIBLE);
        assertThat(at.serve()).isIn("b", "c");
    }

    @Test
    void theNextFailureAsksAgain() {
        var at = PoolFixture.of(replicas(3), "breaker.min-available = 2");
        at.open("a");
        at.fail("b");
        at.fail("b");
        assertThat(at.counts("b").refusedTrips).hasValue(2);

        at.backend("a").breaker().reset(at.now());
        at.fail("b");
        assertThat(at.state("b")).isEqualTo(CircuitState.OPEN);
    }

    @Test
    void aSuccessEndsTheProtection() {
        var at = PoolFixture.of(replicas(1), "breaker.min-available = 1");
        at.fail("a");
        assertThat(at.why("a")).isEqualTo(Eligibility.PROTECTED);

        at.serve();
        assertThat(at.why("a")).isEqualTo(Eligibility.ELIGIBLE);
    }

    @Test
    void aTripByRateIsRefusedTooAndShowsForAsLongAsTheRateIsReached() {
        var at = PoolFixture.of(replicas(1), """
                breaker {
                  min-available = 1
                  consecutive-failures = 0
                  window { type = count, calls = 4, minimum-calls = 2, failure-rate = 50%, slow-call-rate = 100% }
                }
                """);
        at.fail("a");
        assertThat(at.why("a")).isEqualTo(Eligibility.ELIGIBLE);
        at.serve();
        assertThat(at.state("a")).isEqualTo(CircuitState.CLOSED);
        assertThat(at.counts("a").refusedTrips).hasValue(1);
        assertThat(at.why("a")).isEqualTo(Eligibility.PROTECTED);

        at.serve();
        assertThat(at.why("a")).isEqualTo(Eligibility.ELIGIBLE);
    }

    @Test
    void withoutItTheLastOneOpens() {
        var at = PoolFixture.of(replicas(1));
        at.open("a");

        assertThat(at.counts("a").refusedTrips).hasValue(0);
    }

    @Test
    void onlyThoseWhoMayServeCountAndOthersMayTrip() {
        var at = PoolFixture.of(replicas(4), "breaker.min-available = 1");
        at.replica("a").admin(AdminState.DRAINING);
        at.health("b", HealthStatus.UNHEALTHY);
        at.open("c");
        at.fail("d");
        assertThat(at.state("d")).isEqualTo(CircuitState.CLOSED);

        at.open("a", "b"); // requests that were under way to them fail
    }

    @Test
    void aHalfOpenCircuitIsNotCountedAndItsFailedProbeAsksNobody() {
        var at = PoolFixture.of(replicas(2), "breaker.min-available = 1");
        at.open("a");
        at.advance(COOLDOWN);
        at.fail("b");
        assertThat(at.state("b")).isEqualTo(CircuitState.CLOSED);

        assertThat(at.request()).isEqualTo("a");
        at.end(Outcome.FAILURE_STATUS);
        assertThat(at.state("a")).isEqualTo(CircuitState.OPEN);
    }

    @Test
    void anOperatorMayTripTheLastOne() {
        var at = PoolFixture.of(replicas(1), "breaker.min-available = 1");
        at.backend("a").breaker().trip(at.now());

        assertThat(at.state("a")).isEqualTo(CircuitState.OPEN);
        assertThat(at.counts("a").refusedTrips).hasValue(0);
    }

    @Test
    void aReloadChangesTheNumber() {
        var at = PoolFixture.of(replicas(1), "breaker.min-available = 1");
        at.fail("a");
        at.reload(replicas(1));
        at.fail("a");

        assertThat(at.state("a")).isEqualTo(CircuitState.OPEN);
    }

    @RepeatedTest(200)
    @Timeout(60)
    void whenAllFailAtTheSameMomentAsManyStayAsMust() throws Exception {
        int count = 8;
        var at = PoolFixture.startingAt(0, replicas(count), "breaker.min-available = 3");
        List<Permit> permits = at.pool.backends().stream()
                .map(one -> Objects.requireNonNull(one.breaker().tryAcquire(at.now())))
                .toList();

        Together.run(count, i -> permits.get(i).record(Outcome.FAILURE_STATUS, 0, at.now()));

        assertThat(at.pool.backends())
                .filteredOn(one -> one.breaker().state(at.now()) == CircuitState.CLOSED)
                .hasSize(3);
        int refused = at.counts.values().stream()
                .mapToInt(one -> one.refusedTrips.get())
                .sum();
        assertThat(refused).isEqualTo(3);
    }
}
