package io.breakwater.health.breaker;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import io.breakwater.health.Outcome;
import io.breakwater.health.Outcome.Verdict;
import io.github.resilience4j.circuitbreaker.CircuitBreaker.State;
import java.time.Clock;
import java.time.Duration;
import java.util.Locale;
import java.util.Objects;

/**
 * What this breaker means to do otherwise than resilience4j: the rows of "Beside resilience4j" in {@code docs/health.md},
 * each with the shortest story that tells the two apart, and the reasons for which {@link OracleTest} leaves out a step
 * or the rest of a case.
 */
enum Difference {
    COOLDOWN_ELAPSED {
        @Override
        void show() {
            OraclePair pair = opened(OracleSettings.of(settings -> {}));

            pair.advance(COOLDOWN.plusNanos(1));

            assertThat(pair.theirs.getState()).isEqualTo(State.OPEN);
            assertThat(pair.oursState()).isEqualTo(CircuitState.HALF_OPEN);
        }
    },

    AT_DEADLINE {
        @Override
        void show() {
            OraclePair pair = opened(OracleSettings.of(settings -> {}));

            pair.advance(COOLDOWN);

            assertThat(pair.theirsAdmits()).isFalse();
            assertThat(pair.ours.tryAcquire(pair.now())).isNotNull();
        }
    },

    LATE_RESULT {
        @Override
        void show() {
            OraclePair pair = new OraclePair(OracleSettings.of(settings -> {}));
            Permit late = pair.acquireOurs();
            assertThat(pair.theirsAdmits()).isTrue();
            halfOpen(open(pair));

            pair.end(late, Outcome.SUCCESS, 0);
            pair.endTheirs(Verdict.SUCCESS, 0);

            assertThat(pair.theirs.getState()).isEqualTo(State.CLOSED);
            assertThat(pair.oursState()).isEqualTo(CircuitState.HALF_OPEN);
        }
    },

    SECOND_END {
        @Override
        void show() {
            OraclePair pair = new OraclePair(OracleSettings.of(settings -> {}));
            Permit permit = pair.acquireOurs();
            assertThat(pair.theirsAdmits()).isTrue();

            for (int i = 0; i < 2; i++) {
                pair.end(permit, Outcome.FAILURE_STATUS, 0);
                pair.endTheirs(Verdict.FAILURE, 0);
            }

            assertThat(pair.theirs.getState()).isEqualTo(State.OPEN);
            assertThat(pair.oursState()).isEqualTo(CircuitState.CLOSED);
        }
    },

    PROBES_VERDICT {
        @Override
        void show() {
            OraclePair pair = opened(OracleSettings.of(settings -> settings.probes = 2));
            Permit probe = halfOpen(pair);

            pair.end(probe, Outcome.FAILURE_STATUS, 0);
            pair.endTheirs(Verdict.FAILURE, 0);

            assertThat(pair.theirs.getState()).isEqualTo(State.HALF_OPEN);
            assertThat(pair.oursState()).isEqualTo(CircuitState.OPEN);
        }
    },

    PROBE_LEASE {
        @Override
        void show() {
            OraclePair pair = opened(OracleSettings.of(settings -> settings.probeTimeout = Duration.ofSeconds(10)));
            halfOpen(pair);

            pair.advance(Duration.ofDays(1));

            assertThat(pair.theirsAdmits()).isFalse();
            assertThat(pair.ours.tryAcquire(pair.now())).isNotNull();
        }
    },

    COOLDOWN_GROWTH {
        @Override
        void show() {
            OraclePair pair = opened(OracleSettings.of(settings -> settings.cooldownMultiplier = 3));
            Permit probe = halfOpen(pair);
            pair.end(probe, Outcome.SUCCESS, 0);
            pair.endTheirs(Verdict.SUCCESS, 0);

            open(pair).advance(COOLDOWN.plusNanos(1));

            assertThat(pair.theirsAdmits()).isTrue();
            assertThat(pair.oursState()).isEqualTo(CircuitState.OPEN);
        }
    },

    MINIMUM_ABOVE_CALLS {
        @Override
        void show() {
            OracleSettings eleven = OracleSettings.of(settings -> settings.minimumCalls = 11);

            assertThat(eleven.theirs(Clock.systemUTC()).getMinimumNumberOfCalls())
                    .isEqualTo(10);
            assertThatIllegalArgumentException().isThrownBy(eleven::ours);
        }
    },

    SECONDS_OF_THE_WINDOW {
        @Override
        void show() {
            OraclePair pair = new OraclePair(
                    OracleSettings.of(settings -> {
                        settings.count = false;
                        settings.size = 1;
                    }),
                    0,
                    Duration.ofMillis(900).toNanos());
            pair.call(Outcome.FAILURE_STATUS);

            pair.advance(Duration.ofMillis(200));

            assertThat(pair.theirsFigures().calls()).isZero();
            assertThat(pair.oursFigures().calls()).isOne();
        }
    },

    CONSECUTIVE_FAILURES {
        @Override
        void show() {
            OraclePair pair = new OraclePair(OracleSettings.of(settings -> {
                settings.minimumCalls = 10;
                settings.consecutiveFailures = 2;
            }));

            pair.call(Outcome.FAILURE_STATUS);
            pair.call(Outcome.FAILURE_STATUS);

            assertThat(pair.theirs.getState()).isEqualTo(State.CLOSED);
            assertThat(pair.oursState()).isEqualTo(CircuitState.OPEN);
        }
    };

    private static final Duration COOLDOWN = Duration.ofSeconds(1);

    /** Tells the story, and fails where the two do the same. */
    abstract void show();

    /** Returns the first cell of its row. */
    String label() {
        return name().toLowerCase(Locale.ROOT);
    }

    private static OraclePair opened(OracleSettings settings) {
        return open(new OraclePair(settings));
    }

    private static OraclePair open(OraclePair pair) {
        pair.call(Outcome.FAILURE_STATUS);
        pair.call(Outcome.FAILURE_STATUS);
        assertThat(pair.theirs.getState()).isEqualTo(State.OPEN);
        assertThat(pair.oursState()).isEqualTo(CircuitState.OPEN);
        return pair;
    }

    /** Lets the cooldown pass and returns our probe; resilience4j has admitted one too. */
    private static Permit halfOpen(OraclePair pair) {
        pair.advance(COOLDOWN.plusNanos(1));
        assertThat(pair.theirsAdmits()).isTrue();
        return Objects.requireNonNull(pair.ours.tryAcquire(pair.now()));
    }
}
