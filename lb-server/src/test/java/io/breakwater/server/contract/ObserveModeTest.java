package io.breakwater.server.contract;

import static io.breakwater.server.fixtures.Circuit.PATH;
import static io.breakwater.server.fixtures.Circuit.assertFailed;
import static io.breakwater.server.fixtures.Circuit.assertPassed;
import static io.breakwater.server.fixtures.Circuit.assertRefused;
import static org.assertj.core.api.Assertions.assertThat;

import com.typesafe.config.Config;
import io.breakwater.server.fixtures.Answers;
import io.breakwater.server.fixtures.Circuit;
import io.breakwater.server.fixtures.Conf;
import io.breakwater.server.fixtures.Eventually;
import io.breakwater.server.fixtures.Gate;
import io.breakwater.server.fixtures.Logged;
import io.breakwater.server.fixtures.Metrics;
import io.breakwater.server.fixtures.RawClient;
import io.breakwater.server.fixtures.Together;
import java.io.IOException;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Observe mode: the machine runs, no client notices, and what it would have done is told. */
@Timeout(60)
class ObserveModeTest {
    private static final String OBSERVE = "lb.pools.default.breaker.mode = observe";
    private static final int CLIENTS = 10;
    private static final int REQUESTS = 500;

    private static Config breaker(Circuit circuit) {
        return circuit.proxy.backend("default", circuit.backend).getConfig("breaker");
    }

    private static void openMachine(Circuit circuit) {
        circuit.backend.answer(Answers.status(500));
        for (int i = 0; i < 3; i++) {
            assertFailed(circuit.get(), "closed");
        }
        assertThat(breaker(circuit).getString("state")).isEqualTo("open");
    }

    @Test
    void nobodyIsRefusedHoweverManyFailAtTheSameTime() throws Exception {
        try (Circuit circuit = new Circuit(OBSERVE)) {
            circuit.backend.answer(Answers.status(500));
            Together.run(CLIENTS, index -> {
                try (RawClient client = circuit.proxy.connect()) {
                    for (int i = 0; i < REQUESTS / CLIENTS; i++) {
                        assertFailed(client.get(PATH).read(), "closed");
                    }
                }
            });

            Config breaker = breaker(circuit);
            assertThat(breaker.getString("state")).isEqualTo("open");
            assertThat(breaker.getString("mode")).isEqualTo("observe");
            // Three voted, and with them at most those that were under way.
            int wouldReject = breaker.getInt("observed.wouldReject");
            assertThat(wouldReject).isBetween(REQUESTS - 3 - (CLIENTS - 1), REQUESTS - 3);
            assertThat(breaker.getInt("observed.failuresSaved")).isEqualTo(wouldReject);
            assertThat(breaker.getInt("observed.falseTrips")).isZero();
            Metrics metrics = circuit.proxy.metrics();
            assertThat(metrics.sum("lb_circuit_would_reject_total")).isEqualTo(wouldReject);
            assertThat(metrics.sum("lb_circuit_rejected_total")).isZero();
            assertThat(metrics.sum("lb_rejections_total")).isZero();
            assertThat(metrics.sum("lb_circuit_state", "state", "open")).isEqualTo(1);
            assertThat(metrics.sum("lb_backend_up")).isEqualTo(1);
            assertThat(metrics.sum("lb_requests_total", "code", "502")).isEqualTo(REQUESTS);
        }
    }

    @Test
    void healthAndThePoolTellWhatRequestsMeet() throws IOException {
        try (Logged log = Logged.by("io.breakwater.server.events.Events");
                Circuit circuit = new Circuit(OBSERVE)) {
            openMachine(circuit);

            assertThat(circuit.proxy.health().getString("status")).isEqualTo("ok");
            assertThat(circuit.state()).isEqualTo("closed");
            assertThat(circuit.proxy.get("/health").field("X-Circuit-State")).isEqualTo("closed");
            assertThat(circuit.proxy.get("/nowhere").field("X-Circuit-State")).isEqualTo("closed");
            assertThat(circuit.proxy.admin("/api/v1/pools").text())
                    .contains("\"name\":\"default\",\"state\":\"closed\"");
            Eventually.eventually(() -> assertThat(log.lines())
                    .anyMatch(line -> line.endsWith(
                            ": closed -> open (consecutive_failures: 3 in a row), cooldown 5s, observed only")));
        }
    }

    @Test
    void whatARefusalWouldHaveSavedOrSpoiltIsCounted() throws IOException {
        try (Circuit circuit = new Circuit(OBSERVE)) {
            openMachine(circuit);

            Gate gate = new Gate();
            circuit.backend.answer(Answers.gated(gate, Answers.status(500)));
            try (RawClient client = circuit.waitingClient()) {
                circuit.ticker.advance(Duration.ofMillis(1500));
                gate.open();
                assertFailed(client.read(), "closed");
            }
            circuit.backend.answer(Answers.ok("well"));
            assertPassed(circuit.get(), "closed", "well");

            Config observed = breaker(circuit).getConfig("observed");
            assertThat(observed.getInt("wouldReject")).isEqualTo(2);
            assertThat(observed.getInt("failuresSaved")).isEqualTo(1);
            assertThat(observed.getInt("falseTrips")).isEqualTo(1);
            assertThat(observed.getDouble("secondsSaved")).isEqualTo(1.5);
        }
    }

    @Test
    void theMachineGoesOnAsIfItEnforced() throws IOException {
        try (Circuit circuit = new Circuit(OBSERVE)) {
            openMachine(circuit);
            circuit.ticker.advance(Circuit.COOLDOWN);
            assertThat(breaker(circuit).getString("state")).isEqualTo("half-open");

            circuit.backend.answer(Answers.ok("well"));
            assertPassed(circuit.get(), "closed", "well");

            assertThat(breaker(circuit).getString("state")).isEqualTo("closed");
            assertThat(circuit.transitions("half-open", "closed", "probe_succeeded"))
                    .isEqualTo(1);
            assertThat(circuit.backend.accepted())
                    .as("its probe uses a kept connection, as the request that it is")
                    .isEqualTo(1);
        }
    }

    @Test
    void aReloadToEnforceRefusesAtOnceAndBackToObserveServesAtOnce() throws IOException {
        try (Circuit circuit = new Circuit(OBSERVE)) {
            openMachine(circuit);
            circuit.ticker.advance(Duration.ofSeconds(2));

            circuit.proxy.reload(Conf.contract(circuit.backend.url(), Conf.PATIENT));
            assertRefused(circuit.get(), "open", "3");
            assertThat(breaker(circuit).getString("mode")).isEqualTo("enforce");
            assertThat(breaker(circuit).hasPath("observed")).isFalse();
            assertThat(circuit.proxy.health().getString("status")).isEqualTo("degraded");
            assertThat(circuit.proxy.metric("lb_backend_up")).isZero();

            circuit.proxy.reload(Conf.contract(circuit.backend.url(), Conf.PATIENT, OBSERVE));
            assertFailed(circuit.get(), "closed");
            assertThat(breaker(circuit).getString("state")).isEqualTo("open");
            assertThat(breaker(circuit).getInt("observed.wouldReject")).isEqualTo(1);
        }
    }
}
