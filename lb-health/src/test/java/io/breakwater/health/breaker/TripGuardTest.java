package io.breakwater.health.breaker;

import static org.assertj.core.api.Assertions.assertThat;

import io.breakwater.health.Outcome;
import io.breakwater.time.ManualTicker;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.junit.jupiter.api.Test;

class TripGuardTest {
    private final ManualTicker ticker = new ManualTicker(-1);
    private final List<Transition> transitions = new ArrayList<>();
    private int asked;
    private boolean refuses = true;
    private final CircuitBreaker breaker =
            new CircuitBreaker(BreakerConfig.DEFAULT, ticker, transitions::add, this::guard);

    private void guard(Runnable opening) {
        asked++;
        if (!refuses) {
            opening.run();
        }
    }

    private Permit acquire() {
        return Objects.requireNonNull(breaker.tryAcquire());
    }

    private void end(Outcome... outcomes) {
        for (Outcome outcome : outcomes) {
            acquire().record(outcome, 0, ticker.read());
        }
    }

    private CircuitState state() {
        return breaker.state(ticker.read());
    }

    @Test
    void isAskedByEveryFailureFromTheThresholdOnUntilASuccess() {
        end(Outcome.CONNECT_FAILED, Outcome.CONNECT_FAILED);
        assertThat(asked).isZero();
        end(Outcome.CONNECT_FAILED, Outcome.CONNECT_FAILED);
        assertThat(asked).isEqualTo(2);
        assertThat(state()).isEqualTo(CircuitState.CLOSED);
        assertThat(transitions).isEmpty();

        end(Outcome.SUCCESS, Outcome.CONNECT_FAILED);
        assertThat(asked).isEqualTo(2);
    }

    @Test
    void whatItAllowsOpensWithAllFailuresSoFar() {
        end(Outcome.CONNECT_FAILED, Outcome.CONNECT_FAILED, Outcome.CONNECT_FAILED);
        refuses = false;
        end(Outcome.CONNECT_FAILED);

        assertThat(state()).isEqualTo(CircuitState.OPEN);
        assertThat(transitions).singleElement().satisfies(opened -> {
            assertThat(opened.failures()).isEqualTo(4);
            assertThat(opened.reason()).isEqualTo(Transition.Reason.CONSECUTIVE_FAILURES);
        });
    }

    @Test
    void isNotAskedAboutAnOperatorsTripAFailedProbeOrALateFailure() {
        Permit late = acquire();
        breaker.trip(ticker.read());
        assertThat(state()).isEqualTo(CircuitState.OPEN);
        late.record(Outcome.CONNECT_FAILED, 0, ticker.read());
        breaker.reset(ticker.read());

        refuses = false;
        end(Outcome.CONNECT_FAILED, Outcome.CONNECT_FAILED, Outcome.CONNECT_FAILED);
        ticker.advance(BreakerConfig.DEFAULT.cooldown());
        end(Outcome.CONNECT_FAILED);

        assertThat(state()).isEqualTo(CircuitState.OPEN);
        assertThat(asked).isEqualTo(1);
    }

    @Test
    void aCircuitThatChangedWhileItWasAskedIsLeftAlone() {
        List<Runnable> openings = new ArrayList<>();
        CircuitBreaker other = new CircuitBreaker(BreakerConfig.DEFAULT, ticker, transitions::add, openings::add);
        for (int i = 0; i < 3; i++) {
            Objects.requireNonNull(other.tryAcquire()).record(Outcome.CONNECT_FAILED, 0, ticker.read());
        }
        other.reset(ticker.read());
        openings.forEach(Runnable::run);

        assertThat(openings).hasSize(1);
        assertThat(other.state(ticker.read())).isEqualTo(CircuitState.CLOSED);
    }

    @Test
    void whetherAPermitWouldBeGivenIsSeenWithoutTakingOne() {
        refuses = false;
        assertThat(breaker.admits(ticker.read())).isTrue();
        end(Outcome.CONNECT_FAILED, Outcome.CONNECT_FAILED, Outcome.CONNECT_FAILED);
        assertThat(breaker.admits(ticker.read())).isFalse();
        assertThat(breaker.offersProbe(ticker.read())).isFalse();

        ticker.advance(BreakerConfig.DEFAULT.cooldown());
        assertThat(breaker.admits(ticker.read())).isTrue();
        assertThat(breaker.offersProbe(ticker.read())).isTrue();
        assertThat(breaker.isProbeOverdue(ticker.read())).isFalse();
        acquire();
        assertThat(breaker.admits(ticker.read())).isFalse();

        ticker.advance(BreakerConfig.DEFAULT.cooldown());
        assertThat(breaker.isProbeOverdue(ticker.read())).isTrue();
        assertThat(breaker.offersProbe(ticker.read())).isFalse();
    }

    @Test
    void settlingReportsWhatTimeHasDone() {
        refuses = false;
        end(Outcome.CONNECT_FAILED, Outcome.CONNECT_FAILED, Outcome.CONNECT_FAILED);
        ticker.advance(BreakerConfig.DEFAULT.cooldown());
        acquire();
        ticker.advance(BreakerConfig.DEFAULT.probeTimeout());
        transitions.clear();
        breaker.settle(ticker.read());
        breaker.settle(ticker.read());

        assertThat(transitions)
                .singleElement()
                .satisfies(lost -> assertThat(lost.reason()).isEqualTo(Transition.Reason.PROBE_EXPIRED));
    }
}
