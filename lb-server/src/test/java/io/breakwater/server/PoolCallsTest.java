package io.breakwater.server;

import static org.assertj.core.api.Assertions.assertThat;

import io.breakwater.health.BackendId;
import io.breakwater.health.Outcome;
import io.breakwater.health.breaker.BreakerListener;
import io.breakwater.health.breaker.CircuitState;
import io.breakwater.metrics.BackendGauges;
import io.breakwater.metrics.ProxyRecorder;
import io.breakwater.server.config.BackendConfig;
import io.breakwater.server.config.PoolConfig;
import io.breakwater.server.events.CallHistory;
import io.breakwater.server.events.CallHistory.Latency;
import io.breakwater.server.events.PastCall;
import io.breakwater.server.fixtures.Conf;
import io.breakwater.server.pool.Policies;
import io.breakwater.server.pool.PoolCore;
import io.breakwater.server.pool.Replica;
import io.breakwater.time.ManualTicker;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class PoolCallsTest {
    private static final long MILLI = 1_000_000;
    private static final BackendGauges NO_GAUGES = new BackendGauges() {
        @Override
        public int inFlight() {
            return 0;
        }

        @Override
        public CircuitState circuitState() {
            return CircuitState.CLOSED;
        }

        @Override
        public boolean up() {
            return true;
        }

        @Override
        public boolean healthy() {
            return true;
        }
    };

    private final ManualTicker ticker = new ManualTicker(Long.MAX_VALUE - 10);
    private final PoolCore core = new PoolCore(ticker, Runnable::run, Policies::of, ProxyRecorder.NONE.pool("default"));
    private final List<Replica> replicas = new ArrayList<>();

    private void pool(int size) {
        PoolConfig config = Conf.poolConfig("backends = [ "
                + IntStream.range(0, size)
                        .mapToObj(i -> "\"http://b" + i + ":80\"")
                        .collect(Collectors.joining(", "))
                + " ]");
        for (BackendConfig each : config.backends()) {
            BackendId id = new BackendId("default", each.id());
            replicas.add(new Replica(
                    core, id, each, config, ProxyRecorder.NONE.backend(id, NO_GAUGES), route -> BreakerListener.NONE));
        }
        core.configure(config, replicas, List.of());
    }

    private void ended(int backend, Outcome outcome, long latencyMillis) {
        replicas.get(backend).circuits().get(0).outcomeKnown(outcome, latencyMillis * MILLI, ticker.read());
    }

    private void succeeded(int backend, long... latenciesMillis) {
        for (long each : latenciesMillis) {
            ended(backend, Outcome.SUCCESS, each);
        }
    }

    private CallHistory.Taken taken(int backend) {
        return new PoolCalls(core, () -> replicas.get(backend)).take(ticker.read());
    }

    @Test
    void callsAreTheBackendsOwnWithTheTimeUntilTheTrip() {
        pool(2);
        succeeded(1, 9);
        succeeded(0, 5);
        ticker.advance(Duration.ofMillis(1_500));
        ended(0, Outcome.RESPONSE_TIMEOUT, 700);

        assertThat(taken(0).calls())
                .containsExactly(
                        new PastCall(Outcome.SUCCESS, 1_500 * MILLI, 5 * MILLI),
                        new PastCall(Outcome.RESPONSE_TIMEOUT, 0, 700_000_000 / 32_000 * 32_000));
    }

    @ParameterizedTest
    @CsvSource({"7, 7, 7", "1, 9, 1", "9, 1, 1"})
    void theMedianIsTheLowerOfTwoInTheMiddle(long one, long other, long median) {
        pool(2);
        succeeded(0, one, other);
        succeeded(1, 4, 5, 6);

        assertThat(taken(0).latency()).isEqualTo(new Latency(median * MILLI, 5 * MILLI, 1));
    }

    @Test
    void peersAreTakenTogetherAndThoseWithoutCallsAreNone() {
        pool(4);
        succeeded(0, 10, 20, 30);
        succeeded(1, 1, 2, 3);
        succeeded(3, 4, 5);

        assertThat(taken(0).latency()).isEqualTo(new Latency(20 * MILLI, 3 * MILLI, 2));
        assertThat(taken(2).latency().p50Nanos()).isNull();
        assertThat(taken(2).latency().peers()).isEqualTo(3);
    }

    @Test
    void whatSaysNothingAboutABackendAndWhatCameAfterTheTripIsLeftOut() {
        pool(2);
        ended(0, Outcome.CLIENT_ABORTED, 30);
        ended(0, Outcome.CONNECT_FAILED, 2);
        ended(1, Outcome.CLIENT_TIMEOUT, 30);
        CallHistory.Taken taken = taken(0);
        ticker.advance(Duration.ofMillis(1));
        succeeded(0, 20);
        succeeded(1, 20);

        assertThat(taken.calls()).hasSize(2);
        assertThat(taken.latency()).isEqualTo(new Latency(2 * MILLI, null, 0));
    }

    @Test
    void sixteenStandForALargePool() {
        pool(1_000);
        for (int i = 0; i < 1_000; i++) {
            succeeded(i, i < 500 ? 10 : 20);
        }

        for (int tripped : new int[] {0, 1, 499, 999}) {
            Latency latency = taken(tripped).latency();
            assertThat(latency.peers()).isEqualTo(PoolCalls.MOST_PEERS);
            assertThat(latency.peersP50Nanos()).isIn(10 * MILLI, 20 * MILLI);
        }
    }

    @Test
    void aPoolOfOneHasNoPeers() {
        pool(1);
        succeeded(0, 10);

        assertThat(taken(0).latency()).isEqualTo(new Latency(10 * MILLI, null, 0));
    }
}
