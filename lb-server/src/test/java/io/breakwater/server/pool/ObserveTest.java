package io.breakwater.server.pool;

import static io.breakwater.server.pool.PoolFixture.COOLDOWN;
import static io.breakwater.server.pool.PoolFixture.replicas;
import static org.assertj.core.api.Assertions.assertThat;

import io.breakwater.health.Outcome;
import io.breakwater.health.breaker.CircuitState;
import java.util.Objects;
import org.junit.jupiter.api.Test;

/** A circuit that only observes stands in nobody's way, whatever it finds out. */
class ObserveTest {
    private static final String OBSERVE = "breaker.mode = observe";
    private static final String SLOW_START = "slow-start { enabled = true, min-weight = 10% }";

    @Test
    void requestsMeetAClosedCircuitWhateverTheMachineSays() {
        var at = PoolFixture.of(replicas(2), OBSERVE);
        at.open("a", "b");

        assertThat(at.pool.bestState(at.now())).isEqualTo(CircuitState.CLOSED);
        assertThat(at.pool.shares(at.now())).containsExactly(0.5, 0.5);
        assertThat(at.why("a")).isEqualTo(Eligibility.ELIGIBLE);
        assertThat(at.serve()).isEqualTo("a");
        assertThat(at.serve()).isEqualTo("b");
        assertThat(at.counts("a").wouldReject).hasValue(1);
        assertThat(at.counts("a").circuitRejections).hasValue(0);
    }

    @Test
    void aCircuitThatIsDueGetsNoRequestBeforeItsTurn() {
        var at = PoolFixture.of(replicas(3), OBSERVE);
        at.open("b");
        at.advance(COOLDOWN);

        assertThat(at.serve()).isEqualTo("a");
        assertThat(at.serve()).isEqualTo("b");
        assertThat(at.state("b")).as("its request was the probe").isEqualTo(CircuitState.CLOSED);
        assertThat(at.counts("b").wouldReject).hasValue(0);
        assertThat(at.serve()).isEqualTo("c");
    }

    @Test
    void minAvailableCountsWhoWouldBeLeftIfItEnforced() {
        var at = PoolFixture.of(replicas(2), OBSERVE, "breaker.min-available = 1");
        at.open("a");
        at.fail("b");

        assertThat(at.state("b")).isEqualTo(CircuitState.CLOSED);
        assertThat(at.counts("b").refusedTrips).hasValue(1);
        assertThat(at.why("a")).isEqualTo(Eligibility.ELIGIBLE);
        assertThat(at.why("b")).isEqualTo(Eligibility.PROTECTED);
    }

    @Test
    void whoWasNeverAwayDoesNotStartSlowly() {
        var at = PoolFixture.of(replicas(2), OBSERVE, SLOW_START);
        at.open("a");
        at.advance(COOLDOWN);
        at.serve();

        assertThat(at.state("a")).isEqualTo(CircuitState.CLOSED);
        assertThat(at.backend("a").share(at.now())).isEqualTo(1);
    }

    @Test
    void toEnforceIsToRefuseAtOnceAndToObserveIsToComeBack() {
        var at = PoolFixture.of(replicas(2), OBSERVE, SLOW_START);
        at.open("a", "b");
        at.reload(replicas(2), SLOW_START);

        assertThat(at.request()).isEqualTo("CIRCUIT_OPEN");
        assertThat(at.why("a")).isEqualTo(Eligibility.CIRCUIT_OPEN);
        assertThat(at.pool.bestState(at.now())).isEqualTo(CircuitState.OPEN);

        at.reload(replicas(2), OBSERVE, SLOW_START);
        assertThat(at.state("a")).isEqualTo(CircuitState.OPEN);
        assertThat(at.why("a")).isEqualTo(Eligibility.SLOW_START);
        assertThat(at.serve()).isIn("a", "b");
    }

    @Test
    void aRequestThatWouldHaveBeenRefusedHasNoVote() {
        var at = PoolFixture.of(replicas(1), OBSERVE);
        at.open("a");
        at.request();
        assertThat(Objects.requireNonNull(at.permit()).isProbe()).isFalse();
        at.advance(COOLDOWN);
        at.end(Outcome.FAILURE_STATUS);

        assertThat(at.state("a")).isEqualTo(CircuitState.HALF_OPEN);
    }
}
