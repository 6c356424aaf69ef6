package io.breakwater.server.pool;

import static org.assertj.core.api.Assertions.assertThat;

import io.breakwater.health.BackendId;
import io.breakwater.health.Outcome;
import io.breakwater.health.breaker.BreakerConfig;
import io.breakwater.health.breaker.BreakerListener;
import io.breakwater.health.breaker.CircuitBreaker;
import io.breakwater.health.breaker.CircuitState;
import io.breakwater.health.breaker.Transition;
import io.breakwater.health.check.CheckResult;
import io.breakwater.metrics.BackendRecorder;
import io.breakwater.server.balance.RoundRobin;
import io.breakwater.server.config.BackendConfig;
import io.breakwater.server.config.PoolConfig;
import io.breakwater.server.fixtures.Conf;
import io.breakwater.time.ManualTicker;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

class BackendPoolTest {
    private static final Duration COOLDOWN = Duration.ofSeconds(5);

    private final ManualTicker ticker = new ManualTicker(Long.MAX_VALUE - COOLDOWN.toNanos());
    private final BreakerConfig breakers = new BreakerConfig(true, 1, COOLDOWN, 1, 1, Duration.ofSeconds(10));
    private final Selection selection = new Selection();
    private final AtomicInteger circuitRejections = new AtomicInteger();

    private BackendPool pool(int size) {
        List<Backend> backends = new ArrayList<>();
        for (int i = 0; i < size; i++) {
            String id = "backend:" + i;
            backends.add(new Backend(
                    new BackendId("pool", id),
                    new BackendConfig(id, "http://backend:" + (i + 1), "backend", i + 1, 1, 0),
                    new CircuitBreaker(breakers, ticker, BreakerListener.NONE),
                    new CountingRecorder(),
                    new AtomicInteger()));
        }
        PoolConfig config = Conf.poolConfig("backends = [\"http://backend\"]");
        return new BackendPool(config, backends, new RoundRobin());
    }

    private final class CountingRecorder implements BackendRecorder {
        @Override
        public void ended(Outcome outcome, long durationNanos) {}

        @Override
        public void circuitRejected() {
            circuitRejections.incrementAndGet();
        }

        @Override
        public void transition(Transition transition) {}

        @Override
        public void tripRefused() {}

        @Override
        public void healthChecked(CheckResult result, long durationNanos) {}
    }

    private void open(Backend backend) {
        CircuitBreaker breaker = backend.breaker();
        long now = ticker.read();
        var permit = breaker.tryAcquire(now);
        assertThat(permit).isNotNull();
        permit.record(Outcome.FAILURE_STATUS, 0, now);
        assertThat(breaker.state(now)).isEqualTo(CircuitState.OPEN);
    }

    private String select(BackendPool pool) {
        selection.request(0, true);
        pool.select(selection, ticker.read());
        Backend chosen = selection.backend();
        if (chosen == null) {
            pool.refused(selection);
            return "nobody";
        }
        return chosen.id().id();
    }

    @Test
    void threeRequestsMeetThreeBackends() {
        BackendPool pool = pool(3);

        assertThat(List.of(select(pool), select(pool), select(pool)))
                .containsExactlyInAnyOrder("backend:0", "backend:1", "backend:2");
        assertThat(pool.backends()).allMatch(backend -> backend.inFlight() == 1);
    }

    @Test
    void anOpenCircuitIsSkippedAndThatIsNoRejection() {
        BackendPool pool = pool(3);
        open(pool.backends().get(1));

        for (int i = 0; i < 10; i++) {
            assertThat(select(pool)).isNotEqualTo("backend:1").isNotEqualTo("nobody");
        }
        assertThat(circuitRejections).hasValue(0);
    }

    @Test
    void aHalfOpenCircuitIsOfferedTheNextRequestAndOnlyOne() {
        BackendPool pool = pool(3);
        open(pool.backends().get(2));
        ticker.advance(COOLDOWN);

        assertThat(select(pool)).isEqualTo("backend:2");
        assertThat(selection.permit().isProbe()).isTrue();
        for (int i = 0; i < 10; i++) {
            assertThat(select(pool)).isNotEqualTo("backend:2").isNotEqualTo("nobody");
        }
    }

    @Test
    void whenAllAreOpenTheSmallestCooldownIsWhenToComeAgain() {
        BackendPool pool = pool(2);
        open(pool.backends().get(0));
        ticker.advance(Duration.ofSeconds(2));
        open(pool.backends().get(1));
        ticker.advance(Duration.ofSeconds(1));

        assertThat(select(pool)).isEqualTo("nobody");
        assertThat(selection.refusedState()).isEqualTo(CircuitState.OPEN);
        assertThat(selection.retryAfterNanos()).isEqualTo(Duration.ofSeconds(2).toNanos());
        assertThat(circuitRejections).hasValue(2);
    }

    @Test
    void whileTheOnlyProbeIsOutTheRefusalSaysHalfOpen() {
        BackendPool pool = pool(2);
        open(pool.backends().get(0));
        ticker.advance(Duration.ofSeconds(2));
        open(pool.backends().get(1));
        ticker.advance(Duration.ofSeconds(3));

        assertThat(select(pool)).isEqualTo("backend:0");
        assertThat(select(pool)).isEqualTo("nobody");
        assertThat(selection.refusedState()).isEqualTo(CircuitState.HALF_OPEN);
        assertThat(pool.bestState(ticker.read())).isEqualTo(CircuitState.HALF_OPEN);
    }
}
