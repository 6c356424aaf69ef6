package io.breakwater.health.breaker;

import static io.breakwater.health.breaker.BreakerFixture.COOLDOWN;
import static io.breakwater.health.breaker.BreakerFixture.LEASE;
import static org.assertj.core.api.Assertions.assertThat;

import io.breakwater.health.Outcome;
import io.breakwater.time.ManualTicker;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.junit.jupiter.api.Test;

/** A breaker that observes: it runs as one that enforces, and no request meets it. */
class ObserveTest {
    private static final BreakerConfig OBSERVE = BreakerConfig.DEFAULT.with(BreakerConfig.Mode.OBSERVE);

    private final BreakerFixture circuit = new BreakerFixture(-2, OBSERVE);

    private void assertThatNothingIsRefused() {
        long now = circuit.now();
        assertThat(circuit.breaker.servingState(now)).isEqualTo(CircuitState.CLOSED);
        assertThat(circuit.breaker.admits(now)).isTrue();
        assertThat(circuit.breaker.offersProbe(now)).isFalse();
        assertThat(circuit.breaker.isProbeOverdue(now)).isFalse();
    }

    private Permit acquire() {
        Permit permit = circuit.acquire();
        assertThat(permit.admittedIn()).isEqualTo(CircuitState.CLOSED);
        assertThat(permit.isProbe()).isFalse();
        return permit;
    }

    @Test
    void openItAdmitsAndCountsWhatItWouldHaveRefusedAndHowThatEnded() {
        circuit.failTimes(3);
        assertThat(circuit.state()).isEqualTo(CircuitState.OPEN);
        assertThatNothingIsRefused();

        acquire().record(Outcome.SUCCESS, 5, circuit.now());
        acquire().record(Outcome.FAILURE_STATUS, 70, circuit.now());
        acquire().record(Outcome.RESPONSE_TIMEOUT, 600, 1_000, circuit.now());
        acquire().record(Outcome.CLIENT_ABORTED, 8_000);
        acquire().release(circuit.now());
        Permit underWay = acquire();

        assertThat(circuit.snapshot().observed()).isEqualTo(new Observed(6, 1, 2, 670));
        assertThat(circuit.wouldReject).hasValue(6);
        underWay.record(Outcome.SUCCESS, 1);
        underWay.record(Outcome.SUCCESS, 1);
        underWay.record(Outcome.FAILURE_STATUS, 1, circuit.now());
        underWay.release(circuit.now());
        assertThat(circuit.snapshot().observed()).isEqualTo(new Observed(6, 2, 2, 670));
        assertThat(circuit.transitions).as("none of them had a vote").hasSize(1);
        assertThat(circuit.snapshot().mode()).isEqualTo(BreakerConfig.Mode.OBSERVE);
    }

    @Test
    void whatEndsTwiceIsCountedOnce() {
        circuit.failTimes(3);
        Permit released = acquire();

        released.release(circuit.now());
        released.record(Outcome.FAILURE_STATUS, 1);

        assertThat(circuit.snapshot().observed()).isEqualTo(new Observed(1, 0, 0, 0));
    }

    @Test
    void halfOpenOneRequestVotesAsTheProbeAndTheOthersWouldBeRefused() {
        circuit.failTimes(3);
        circuit.advance(COOLDOWN);
        assertThat(circuit.state()).isEqualTo(CircuitState.HALF_OPEN);
        assertThatNothingIsRefused();

        Permit probe = acquire();
        Permit other = acquire();
        circuit.record(other, Outcome.SUCCESS);
        assertThat(circuit.state()).isEqualTo(CircuitState.HALF_OPEN);
        assertThat(circuit.snapshot().observed()).isEqualTo(new Observed(1, 1, 0, 0));

        circuit.record(probe, Outcome.SUCCESS);
        assertThat(circuit.state()).isEqualTo(CircuitState.CLOSED);
        assertThat(circuit.story())
                .containsExactly(
                        "1 closed>open consecutive_failures @0S x3",
                        "2 open>half-open cooldown_elapsed @5S x3",
                        "3 half-open>closed probe_succeeded @5S x0");
    }

    @Test
    void theProbeHoldsALease() {
        circuit.failTimes(3);
        circuit.advance(COOLDOWN);
        acquire();
        circuit.advance(COOLDOWN.plus(COOLDOWN));
        assertThat(circuit.breaker.isProbeOverdue(circuit.now())).isFalse();

        acquire();

        assertThat(circuit.story()).last().isEqualTo("3 half-open>open probe_expired @15S x4");
        assertThat(LEASE).isEqualTo(COOLDOWN.plus(COOLDOWN));
        assertThat(circuit.snapshot().observed().wouldReject()).isEqualTo(1);
    }

    @Test
    void trippedByHandItShowsThatAndRefusesNothing() {
        circuit.breaker.trip(circuit.now());

        assertThat(circuit.snapshot().tripped()).isTrue();
        assertThat(circuit.state()).isEqualTo(CircuitState.OPEN);
        assertThatNothingIsRefused();
        acquire();
        assertThat(circuit.snapshot().observed().wouldReject()).isEqualTo(1);
    }

    @Test
    void enforcingKeepsWhatItHasFoundOut() {
        circuit.failTimes(3);
        Permit observed = acquire();

        circuit.breaker.reconfigure(BreakerConfig.DEFAULT, circuit.now());
        assertThat(circuit.tryAcquire()).isNull();
        assertThat(circuit.breaker.servingState(circuit.now())).isEqualTo(CircuitState.OPEN);
        assertThat(circuit.breaker.retryAfterNanos(circuit.now())).isEqualTo(COOLDOWN.toNanos());
        circuit.record(observed, Outcome.SUCCESS);
        assertThat(circuit.snapshot().observed()).isEqualTo(new Observed(1, 1, 0, 0));

        circuit.breaker.reconfigure(OBSERVE, circuit.now());
        assertThatNothingIsRefused();
        acquire();
        assertThat(circuit.snapshot().observed().wouldReject()).isEqualTo(2);
        assertThat(circuit.transitions).hasSize(1);
    }

    @Test
    void aProbeAdmittedUnderObservationVotesUnderEnforcement() {
        circuit.failTimes(3);
        circuit.advance(COOLDOWN);
        Permit probe = acquire();

        circuit.breaker.reconfigure(BreakerConfig.DEFAULT, circuit.now());
        assertThat(circuit.tryAcquire()).isNull();
        circuit.record(probe, Outcome.SUCCESS);

        assertThat(circuit.state()).isEqualTo(CircuitState.CLOSED);
    }

    @Test
    void enforcingItObservesNothing() {
        var enforcing = new BreakerFixture(0, BreakerConfig.DEFAULT).opened();

        assertThat(enforcing.tryAcquire()).isNull();
        assertThat(enforcing.breaker.servingState(enforcing.now())).isEqualTo(CircuitState.OPEN);

        assertThat(enforcing.snapshot().observed()).isEqualTo(new Observed(0, 0, 0, 0));
        assertThat(enforcing.wouldReject).hasValue(0);
    }

    @Test
    void theGuardIsAskedAsIfItEnforced() {
        List<Runnable> asked = new ArrayList<>();
        var breaker = new CircuitBreaker(OBSERVE, new ManualTicker(0), BreakerListener.NONE, asked::add);
        for (int i = 0; i < 3; i++) {
            Objects.requireNonNull(breaker.tryAcquire()).record(Outcome.FAILURE_STATUS, 0);
        }

        assertThat(asked).hasSize(1);
        assertThat(breaker.state(0)).isEqualTo(CircuitState.CLOSED);
    }

    @Test
    void aListenerThatThrowsDoesNotDisturbTheRequest() {
        List<Throwable> uncaught = new ArrayList<>();
        Thread thread = Thread.currentThread();
        Thread.UncaughtExceptionHandler handler = thread.getUncaughtExceptionHandler();
        var breaker = new CircuitBreaker(OBSERVE, new ManualTicker(0), new BreakerListener() {
            @Override
            public void onTransition(Transition transition) {}

            @Override
            public void wouldReject() {
                throw new IllegalStateException("would reject");
            }
        });
        breaker.trip(0);

        thread.setUncaughtExceptionHandler((where, what) -> uncaught.add(what));
        try {
            assertThat(breaker.tryAcquire(0)).isNotNull();
        } finally {
            thread.setUncaughtExceptionHandler(handler);
        }

        assertThat(uncaught).extracting(Throwable::getMessage).containsExactly("would reject");
    }

    @Test
    void aListenerThatWantsOnlyTransitionsHearsOfNothingElse() {
        List<Transition> transitions = new ArrayList<>();
        var breaker = new CircuitBreaker(OBSERVE, new ManualTicker(0), transitions::add);
        breaker.trip(0);

        assertThat(breaker.tryAcquire(0)).isNotNull();
        assertThat(breaker.snapshot(0).observed().wouldReject()).isEqualTo(1);
        assertThat(transitions).hasSize(1);
    }
}
