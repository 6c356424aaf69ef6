package io.breakwater.server.probe;

import static org.assertj.core.api.Assertions.assertThat;

import io.breakwater.health.check.CheckResult;
import io.breakwater.health.check.HealthStatus;
import io.breakwater.health.check.ProbeResult;
import io.breakwater.server.config.PoolConfig;
import io.breakwater.server.fixtures.Blackhole;
import io.breakwater.server.fixtures.ClosedPort;
import io.breakwater.server.fixtures.End;
import io.breakwater.server.fixtures.ScriptedBackend;
import java.io.IOException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

class TcpProbeTest {
    private static final String TCP = "health-check.type = tcp";

    @Test
    void aConnectionPassesAndIsClosed() throws Exception {
        CompletableFuture<End> end = new CompletableFuture<>();
        try (ScriptedBackend backend = ScriptedBackend.start().onConnect(c -> end.complete(c.readEnd()));
                Checked checked = new Checked(backend.url(), TCP)) {
            assertThat(checked.result(1)).isEqualTo(ProbeResult.passed("connected"));
            assertThat(end.get(10, TimeUnit.SECONDS)).isEqualTo(End.FIN);
            assertThat(checked.checker.snapshot().status()).isEqualTo(HealthStatus.HEALTHY);
            assertThat(backend.requests()).isEmpty();
        }
    }

    @Test
    void aNameWithTwoAddressesPassesIfOneOfThemDoes() throws IOException {
        try (ScriptedBackend backend = ScriptedBackend.start();
                Checked checked = new Checked("http://localhost:" + backend.port(), TCP)) {
            assertThat(checked.result(1)).isEqualTo(ProbeResult.passed("connected"));
        }
    }

    @Test
    void aRefusedConnectionFails() throws IOException {
        try (ClosedPort port = new ClosedPort();
                Checked checked = new Checked(port.url(), TCP)) {
            assertThat(checked.result(1)).isEqualTo(ProbeResult.failed("connection refused"));
            checked.next();
            checked.result(2);
            assertThat(checked.checker.snapshot().status()).isEqualTo(HealthStatus.UNHEALTHY);
            assertThat(checked.checker.snapshot().timeoutsOnly()).isFalse();
        }
    }

    @Test
    void aConnectionThatIsNotMadeIsATimeout() throws IOException {
        try (Blackhole hole = new Blackhole();
                Checked checked = new Checked(hole.url(), TCP)) {
            checked.housekeeping.loop().eventLoop().submit(() -> {}).syncUninterruptibly();
            checked.ticker.advance(Checked.TIMEOUT);

            assertThat(checked.result(1)).isEqualTo(ProbeResult.timeout("no connection in time"));
        }
    }

    @Test
    void aReloadFromHttpToTcpIsAnotherQuestion() throws IOException {
        try (ScriptedBackend backend = ScriptedBackend.start();
                Checked checked = new Checked(backend.url())) {
            checked.result(1);
            PoolConfig tcp = Checked.pool(backend.url(), TCP);

            checked.checks.reconfigure(checked.checker, tcp.backends().get(0), tcp.healthCheck(), tcp.probe(), null);
            checked.passAMoment();

            assertThat(checked.result(2)).isEqualTo(ProbeResult.passed("connected"));
            assertThat(checked.counted).containsExactly(CheckResult.PASSED, CheckResult.PASSED);
        }
    }
}
