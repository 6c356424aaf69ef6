package io.breakwater.server.contract;

import static io.breakwater.server.fixtures.Circuit.COOLDOWN;
import static io.breakwater.server.fixtures.Circuit.PATH;
import static io.breakwater.server.fixtures.Eventually.eventually;
import static org.assertj.core.api.Assertions.assertThat;

import com.typesafe.config.Config;
import io.breakwater.server.fixtures.Answers;
import io.breakwater.server.fixtures.Circuit;
import io.breakwater.server.fixtures.Gate;
import io.breakwater.server.fixtures.RawClient;
import java.io.IOException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What the metrics and the API say of the contract: each request once, each transition once. */
@Timeout(60)
class CountingTest {

    @Test
    void everyRequestIsCountedOnce() throws Exception {
        try (Circuit circuit = new Circuit()) {
            circuit.get();
            circuit.open();
            circuit.get();
            circuit.get();
            circuit.proxy.get("/none");
            circuit.proxy.request("POST " + PATH + " HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");

            eventually(() -> {
                assertRequests(circuit, PATH, "200", 1);
                assertRequests(circuit, PATH, "502", 3);
                assertRequests(circuit, PATH, "503", 2);
                assertThat(circuit.proxy.metric("lb_requests_total", "route", PATH))
                        .isEqualTo(6);
                assertRequests(circuit, "none", "404", 1);
                assertThat(circuit.proxy.metric("lb_rejections_total", "reason", "no_route"))
                        .isEqualTo(1);
                assertThat(circuit.proxy.metric("lb_rejections_total", "reason", "method_not_allowed"))
                        .isEqualTo(1);
                assertThat(circuit.proxy.metric("lb_rejections_total", "reason", "circuit_open"))
                        .isEqualTo(2);
                assertThat(circuit.proxy.metric("lb_circuit_rejected_total")).isEqualTo(2);
                assertThat(circuit.proxy.metric("lb_request_duration_seconds_count", "route", PATH))
                        .isEqualTo(6);
                assertThat(circuit.proxy.metric("lb_backend_requests_total")).isEqualTo(4);
                assertThat(circuit.proxy.metric("lb_backend_requests_total", "outcome", "success"))
                        .isEqualTo(1);
                assertThat(circuit.proxy.metric("lb_backend_requests_total", "outcome", "failure_status"))
                        .isEqualTo(3);
            });
        }
    }

    private static void assertRequests(Circuit circuit, String route, String code, int count) {
        assertThat(circuit.proxy.metric("lb_requests_total", "route", route, "code", code))
                .isEqualTo(count);
    }

    @Test
    void theStateGaugeFollowsTheClockAndTheTransitionIsCountedWithTheFirstProbe() throws IOException {
        try (Circuit circuit = new Circuit()) {
            assertGauge(circuit, "closed");
            circuit.open();
            assertGauge(circuit, "open");
            circuit.ticker.advance(COOLDOWN);
            assertGauge(circuit, "half-open");
            assertThat(circuit.transitions("open", "half-open", "cooldown_elapsed"))
                    .isZero();

            circuit.get();
            assertGauge(circuit, "open");
            assertThat(circuit.transitions("open", "half-open", "cooldown_elapsed"))
                    .isEqualTo(1);
            assertThat(circuit.transitions("half-open", "open", "probe_failed")).isEqualTo(1);
        }
    }

    private static void assertGauge(Circuit circuit, String state) {
        for (String each : new String[] {"closed", "open", "half-open"}) {
            assertThat(circuit.proxy.metric("lb_circuit_state", "state", each))
                    .as(each)
                    .isEqualTo(each.equals(state) ? 1 : 0);
        }
    }

    @Test
    void theApiTellsTheWholeStoryOfACircuit() throws IOException {
        try (Circuit circuit = new Circuit()) {
            circuit.halfOpen().backend.answer(Answers.ok("recovered"));
            circuit.get();
            circuit.open();

            Config backend = circuit.proxy.backend("default", circuit.backend);
            assertThat(backend.getString("id")).isEqualTo("127.0.0.1:" + circuit.backend.port());
            assertThat(backend.getString("breaker.state")).isEqualTo("open");
            assertThat(backend.getInt("breaker.retryAfterSeconds")).isEqualTo(5);
            assertThat(backend.getConfigList("transitions"))
                    .extracting(entry ->
                            entry.getString("from") + " " + entry.getString("to") + " " + entry.getString("reason"))
                    .containsExactly(
                            "closed open consecutive_failures",
                            "open half-open cooldown_elapsed",
                            "half-open closed probe_succeeded",
                            "closed open consecutive_failures");
        }
    }

    @Test
    void requestsInFlightAreSeenAndGoneAfterwards() throws Exception {
        Gate gate = new Gate();
        try (Circuit circuit = new Circuit()) {
            circuit.backend.answer(Answers.gated(gate, Answers.ok("done")));
            try (RawClient client = circuit.waitingClient()) {
                assertThat(circuit.proxy.metric("lb_requests_in_flight", "route", PATH))
                        .isEqualTo(1);
                assertThat(circuit.proxy.metric("lb_backend_in_flight")).isEqualTo(1);

                gate.open();
                client.read();
            }
            eventually(() -> {
                assertThat(circuit.proxy.metric("lb_requests_in_flight")).isZero();
                assertThat(circuit.proxy.metric("lb_backend_in_flight")).isZero();
            });
        }
    }
}
