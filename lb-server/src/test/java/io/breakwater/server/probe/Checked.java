package io.breakwater.server.probe;

import static io.breakwater.server.fixtures.Eventually.eventually;
import static org.assertj.core.api.Assertions.assertThat;

import io.breakwater.health.BackendId;
import io.breakwater.health.Outcome;
import io.breakwater.health.breaker.Transition;
import io.breakwater.health.check.CheckResult;
import io.breakwater.health.check.HealthChange;
import io.breakwater.health.check.HealthChecker;
import io.breakwater.health.check.HealthListener;
import io.breakwater.health.check.ProbeResult;
import io.breakwater.metrics.BackendRecorder;
import io.breakwater.server.config.BackendConfig;
import io.breakwater.server.config.PoolConfig;
import io.breakwater.server.connection.AddressBook;
import io.breakwater.server.fixtures.Conf;
import io.breakwater.server.runtime.EventLoops.Transport;
import io.breakwater.server.runtime.Housekeeping;
import io.breakwater.server.tls.ClientTls;
import io.breakwater.server.tls.TlsPeer;
import io.breakwater.time.ManualTicker;
import io.netty.channel.socket.nio.NioDatagramChannel;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.time.Duration;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CopyOnWriteArrayList;
import org.jspecify.annotations.Nullable;

/** One backend that is checked over real sockets, in manual time. */
final class Checked implements AutoCloseable {
    static final Duration INTERVAL = Duration.ofSeconds(100);
    static final Duration TIMEOUT = Duration.ofSeconds(20);
    static final String SETTINGS = "health-check { enabled = true, interval = 100s, timeout = 20s, jitter = 0,"
            + " unhealthy-interval = 100s, rise = 1, fall = 2 }";

    final ManualTicker ticker =
            new ManualTicker(Long.MAX_VALUE - Duration.ofSeconds(30).toNanos());
    final Housekeeping housekeeping = Housekeeping.start(Transport.NIO, ticker);
    final AddressBook addresses = AddressBook.open(housekeeping.loop().eventLoop(), NioDatagramChannel.class, ticker);
    final HealthChecks checks = new HealthChecks(housekeeping, addresses, ticker, new Random(1));
    final List<ProbeResult> results = new CopyOnWriteArrayList<>();
    final List<HealthChange> changes = new CopyOnWriteArrayList<>();
    final List<CheckResult> counted = new CopyOnWriteArrayList<>();
    final BackendConfig backend;
    final HealthChecker checker;

    /**
     * @param settings of the pool, over {@link #SETTINGS}
     */
    Checked(String url, String... settings) {
        PoolConfig pool = pool(url, settings);
        backend = pool.backends().get(0);
        checker = checks.checkerOf(
                new BackendId("default", backend.id()),
                backend,
                pool.healthCheck(),
                pool.probe(),
                tls(pool),
                new HealthListener() {
                    @Override
                    public void onChange(HealthChange change) {
                        changes.add(change);
                    }

                    @Override
                    public void onChecked(ProbeResult result, long durationNanos) {
                        results.add(result);
                    }
                },
                new Recorder(counted));
        checker.start();
    }

    private static @Nullable TlsPeer tls(PoolConfig pool) {
        BackendConfig backend = pool.backends().get(0);
        try {
            return backend.isTls() ? ClientTls.read(pool.tls(), null).to(backend.host(), backend.port()) : null;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    static PoolConfig pool(String url, String... settings) {
        return Conf.poolConfig("backends = [ \"" + url + "\" ]", SETTINGS, String.join("\n", settings));
    }

    /** Waits for check number {@code count}, from 1, to end. */
    ProbeResult result(int count) {
        eventually(() -> assertThat(results).hasSizeGreaterThanOrEqualTo(count));
        return results.get(count - 1);
    }

    /** Lets the time of the next check come. */
    void next() {
        ticker.advance(INTERVAL.multipliedBy(3).dividedBy(2));
    }

    /** As long as two first checks are apart at least. */
    void passAMoment() {
        ticker.advance(INTERVAL.dividedBy(1_000));
    }

    @Override
    public void close() {
        checker.stop();
        addresses.close();
        housekeeping.close();
    }

    /** Keeps what was counted. */
    record Recorder(List<CheckResult> counted) implements BackendRecorder {

        @Override
        public void ended(Outcome outcome, long durationNanos) {
            throw new AssertionError("a check is no attempt");
        }

        @Override
        public void circuitRejected() {
            throw new AssertionError("a check asks no circuit");
        }

        @Override
        public void circuitWouldReject() {
            throw new AssertionError("a check asks no circuit");
        }

        @Override
        public void transition(Transition transition) {
            throw new AssertionError("a check changes no circuit");
        }

        @Override
        public void tripRefused() {
            throw new AssertionError("a check trips nothing");
        }

        @Override
        public void healthChecked(CheckResult result, long durationNanos) {
            counted.add(result);
        }
    }
}
