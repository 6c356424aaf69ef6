package io.breakwater.server.contract;

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
import io.breakwater.server.fixtures.RawClient;
import java.io.IOException;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** A backend that works half of the time never fails often enough in a row; its rates open the circuit. */
@Timeout(60)
class BrownOutTest {
    private static final String WINDOW = """
            lb.pools.default.breaker.window {
              type = count, calls = 10, minimum-calls = 6, failure-rate = 50%
              slow-call-rate = 50%, slow-call-duration = 1s
            }
            """;

    private static Config breaker(Circuit circuit) {
        return circuit.proxy.backend("default", circuit.backend).getConfig("breaker");
    }

    private static void everySecondFails(Circuit circuit, int pairs) {
        for (int i = 0; i < pairs; i++) {
            circuit.backend.answer(Answers.status(500));
            assertFailed(circuit.get(), "closed");
            circuit.backend.answer(Answers.ok("ok"));
            assertPassed(circuit.get(), "closed", "ok");
        }
    }

    /** A request whose answer comes when the clock has moved on. */
    private static void slow(Circuit circuit, Duration latency) throws IOException {
        Gate gate = new Gate();
        circuit.backend.answer(Answers.gated(gate, Answers.ok("late")));
        try (RawClient client = circuit.waitingClient()) {
            circuit.ticker.advance(latency);
            gate.open();
            assertPassed(client.read(), "closed", "late");
        }
        circuit.backend.answer(Answers.ok("ok"));
    }

    @Test
    void everySecondFailureOpensByRateAndEverybodyIsToldTheFigures() throws IOException {
        String figures = "3 of 6 calls failed, 50 % >= 50 %";
        try (Logged log = Logged.by("io.breakwater.server.events.Events");
                Circuit circuit = new Circuit(WINDOW)) {
            everySecondFails(circuit, 2);
            assertThat(breaker(circuit).getIsNull("failureRate"))
                    .as("four calls are too few")
                    .isTrue();
            everySecondFails(circuit, 1);

            assertRefused(circuit.get(), "open", "5");
            Config backend = circuit.proxy.backend("default", circuit.backend);
            assertThat(backend.getString("breaker.reason")).isEqualTo("failure_rate");
            assertThat(backend.getDouble("breaker.failureRate")).isEqualTo(0.5);
            assertThat(backend.getDouble("breaker.slowCallRate")).isZero();
            assertThat(backend.getConfigList("transitions")).singleElement().satisfies(change -> {
                assertThat(change.getString("reason")).isEqualTo("failure_rate");
                assertThat(change.getString("figures")).isEqualTo(figures);
            });
            assertThat(circuit.transitions("closed", "open", "failure_rate")).isEqualTo(1);
            Eventually.eventually(() -> assertThat(log.lines())
                    .anyMatch(line -> line.endsWith(": closed -> open (failure_rate: " + figures + "), cooldown 5s")));
        }
    }

    @Test
    void slowSuccessesOpenByTheirRate() throws IOException {
        try (Circuit circuit = new Circuit(WINDOW)) {
            for (int i = 0; i < 3; i++) {
                slow(circuit, Duration.ofMillis(1001));
                slow(circuit, Duration.ofSeconds(1));
            }

            assertRefused(circuit.get(), "open", "5");
            assertThat(circuit.transitions("closed", "open", "slow_call_rate")).isEqualTo(1);
            assertThat(circuit.proxy
                            .backend("default", circuit.backend)
                            .getConfigList("transitions")
                            .get(0)
                            .getString("figures"))
                    .isEqualTo("3 of 6 calls took longer than 1s, 50 % >= 50 %");
        }
    }

    @Test
    void aReloadOfRatesKeepsTheWindowAndAnotherSizeBeginsAnew() throws IOException {
        try (Circuit circuit = new Circuit(WINDOW)) {
            everySecondFails(circuit, 2);

            reload(circuit, "failure-rate = 40%, minimum-calls = 4");
            assertThat(breaker(circuit).getDouble("failureRate")).isEqualTo(0.5);
            reload(circuit, "calls = 9, minimum-calls = 4");
            assertThat(breaker(circuit).getIsNull("failureRate")).isTrue();

            everySecondFails(circuit, 1);
            reload(circuit, "calls = 9, minimum-calls = 2, failure-rate = 51%");
            assertThat(breaker(circuit).getDouble("failureRate"))
                    .as("numbers apply in place")
                    .isEqualTo(0.5);
            assertThat(circuit.state()).isEqualTo("closed");
        }
    }

    private static void reload(Circuit circuit, String window) {
        circuit.proxy.reload(Conf.contract(
                circuit.backend.url(), Conf.PATIENT, WINDOW, "lb.pools.default.breaker.window { " + window + " }"));
    }

    @Test
    void aResetEmptiesAWindowThatHoldsNothingButSuccesses() throws IOException {
        try (Circuit circuit = new Circuit(WINDOW)) {
            String path = "/api/v1/pools/default/backends/127.0.0.1:" + circuit.backend.port() + "/reset";
            circuit.proxy.post(path);
            assertThat(breaker(circuit).getInt("generation")).isEqualTo(1);

            circuit.get();
            circuit.proxy.post(path);
            assertThat(breaker(circuit).getInt("generation")).isEqualTo(2);
        }
    }
}
