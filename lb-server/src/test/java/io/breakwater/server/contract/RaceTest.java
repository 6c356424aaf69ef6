package io.breakwater.server.contract;

import static io.breakwater.server.fixtures.Circuit.COOLDOWN;
import static io.breakwater.server.fixtures.Circuit.PATH;
import static io.breakwater.server.fixtures.Circuit.assertFailed;
import static io.breakwater.server.fixtures.Circuit.assertPassed;
import static io.breakwater.server.fixtures.Circuit.assertRefused;
import static io.breakwater.server.fixtures.Eventually.eventually;
import static org.assertj.core.api.Assertions.assertThat;

import io.breakwater.server.fixtures.Answers;
import io.breakwater.server.fixtures.Circuit;
import io.breakwater.server.fixtures.Gate;
import io.breakwater.server.fixtures.RawClient;
import io.breakwater.server.fixtures.Together;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Many clients at one moment, and results that come after the moment they belong to. */
@Timeout(60)
class RaceTest {
    private static final String LOOPS = "lb.runtime.event-loops = 4";

    @RepeatedTest(5)
    void of50ClientsAtTheHalfOpenMomentOneReachesTheBackendAnd49AreRefusedAtOnce() throws Exception {
        int clients = 50;
        Gate gate = new Gate();
        try (Circuit circuit = new Circuit(LOOPS);
                Clients all = new Clients(circuit, clients)) {
            circuit.open().backend.answer(Answers.gated(gate, Answers.ok("recovered")));
            circuit.ticker.advance(COOLDOWN);

            Together.run(clients, i -> all.get(i).get(PATH));
            eventually(() -> assertThat(all.answered()).hasSize(clients - 1));
            circuit.backend.awaitRequests(3 + 1);

            assertThat(circuit.backend.requests()).hasSize(3 + 1);
            List<RawClient> refused = all.answered();
            for (RawClient client : refused) {
                assertRefused(client.read(), "half-open", null);
            }
            gate.open();
            all.remove(refused);
            assertPassed(all.get(0).read(), "half-open", "recovered");
            assertThat(circuit.backend.requests()).hasSize(3 + 1);
            assertThat(circuit.state()).isEqualTo("closed");
            eventually(() -> {
                assertThat(circuit.proxy.metric("lb_circuit_rejected_total")).isEqualTo(clients - 1);
                assertThat(circuit.proxy.metric("lb_rejections_total", "reason", "circuit_open"))
                        .isEqualTo(clients - 1);
                assertThat(circuit.proxy.metric("lb_requests_total", "code", "503"))
                        .isEqualTo(clients - 1);
            });
            assertThat(circuit.transitions("open", "half-open", "cooldown_elapsed"))
                    .isEqualTo(1);
            assertThat(circuit.transitions("half-open", "closed", "probe_succeeded"))
                    .isEqualTo(1);
        }
    }

    @Test
    void aHundredFailuresAtOnceMakeOneTransition() throws Exception {
        int clients = 100;
        Gate gate = new Gate();
        try (Circuit circuit = new Circuit(LOOPS);
                Clients all = new Clients(circuit, clients)) {
            circuit.backend.answer(Answers.gated(gate, Answers.status(500)));
            Together.run(clients, i -> all.get(i).get(PATH));
            circuit.backend.awaitRequests(clients);

            gate.open();
            for (int i = 0; i < clients; i++) {
                assertFailed(all.get(i).read(), "closed");
            }

            assertRefused(circuit.get(), "open", "5");
            eventually(() -> assertThat(circuit.proxy.metric("lb_backend_requests_total", "outcome", "failure_status"))
                    .isEqualTo(clients));
            assertThat(circuit.transitions("closed", "open", "consecutive_failures"))
                    .isEqualTo(1);
            assertThat(circuit.proxy.metric("lb_circuit_transitions_total")).isEqualTo(1);
            assertThat(circuit.proxy.backend("default", circuit.backend).getConfigList("transitions"))
                    .hasSize(1);
            assertThat(circuit.proxy.metric("lb_backend_in_flight")).isZero();
            assertThat(circuit.proxy.metric("lb_requests_in_flight")).isZero();
        }
    }

    @Test
    void aSuccessAdmittedBeforeTheCircuitOpenedDoesNotCloseIt() throws Exception {
        Gate gate = new Gate();
        try (Circuit circuit = new Circuit()) {
            circuit.backend.answer(Answers.gated(gate, Answers.ok("late")));
            try (RawClient late = circuit.waitingClient()) {
                circuit.open();

                gate.open();
                assertPassed(late.read(), "closed", "late");
            }
            assertRefused(circuit.get(), "open", "5");
        }
    }

    @Test
    void aSuccessAdmittedBeforeTheCircuitOpenedDecidesNothingInHalfOpen() throws Exception {
        Gate late = new Gate();
        Gate probing = new Gate();
        try (Circuit circuit = new Circuit()) {
            circuit.backend.answer(Answers.gated(late, Answers.ok("late")));
            try (RawClient lateClient = circuit.waitingClient()) {
                circuit.halfOpen().backend.answer(Answers.gated(probing, Answers.status(500)));
                try (RawClient probe = circuit.waitingClient()) {
                    late.open();
                    assertPassed(lateClient.read(), "closed", "late");
                    assertThat(circuit.state()).isEqualTo("half-open");
                    assertRefused(circuit.get(), "half-open", null);

                    probing.open();
                    assertFailed(probe.read(), "half-open");
                }
            }
            assertRefused(circuit.get(), "open", "5");
        }
    }

    @Test
    void aFailureAdmittedBeforeTheCircuitOpenedDoesNotFailTheProbe() throws Exception {
        Gate late = new Gate();
        Gate probing = new Gate();
        try (Circuit circuit = new Circuit()) {
            circuit.backend.answer(Answers.gated(late, Answers.reset()));
            try (RawClient lateClient = circuit.waitingClient()) {
                circuit.halfOpen().backend.answer(Answers.gated(probing, Answers.ok("recovered")));
                try (RawClient probe = circuit.waitingClient()) {
                    late.open();
                    assertFailed(lateClient.read(), "closed");
                    assertThat(circuit.state()).isEqualTo("half-open");

                    probing.open();
                    assertPassed(probe.read(), "half-open", "recovered");
                }
            }
            assertThat(circuit.state()).isEqualTo("closed");
        }
    }

    @Test
    void failuresAdmittedBeforeTheCircuitOpenedDoNotOpenItAgainAfterItClosed() throws Exception {
        int clients = 5;
        Gate gate = new Gate();
        try (Circuit circuit = new Circuit();
                Clients late = new Clients(circuit, clients)) {
            circuit.backend.answer(Answers.gated(gate, Answers.status(500)));
            for (int i = 0; i < clients; i++) {
                late.get(i).get(PATH);
            }
            circuit.backend.awaitRequests(clients);
            circuit.halfOpen().backend.answer(Answers.ok("recovered"));
            assertPassed(circuit.get(), "half-open", "recovered");

            gate.open();
            for (int i = 0; i < clients; i++) {
                assertFailed(late.get(i).read(), "closed");
            }

            assertThat(circuit.state()).isEqualTo("closed");
            assertThat(circuit.proxy.backend("default", circuit.backend).getInt("breaker.consecutiveFailures"))
                    .isZero();
            assertPassed(circuit.get(), "closed", "recovered");
        }
    }

    @Test
    void aLateSuccessDoesNotForgiveTheFailuresOfALaterClosedState() throws Exception {
        Gate gate = new Gate();
        try (Circuit circuit = new Circuit()) {
            circuit.backend.answer(Answers.gated(gate, Answers.ok("late")));
            try (RawClient late = circuit.waitingClient()) {
                circuit.halfOpen().backend.answer(Answers.ok("recovered"));
                assertPassed(circuit.get(), "half-open", "recovered");
                circuit.backend.answer(Answers.status(500));
                assertFailed(circuit.get(), "closed");
                assertFailed(circuit.get(), "closed");

                gate.open();
                assertPassed(late.read(), "closed", "late");

                assertFailed(circuit.get(), "closed");
                assertRefused(circuit.get(), "open", "5");
            }
        }
    }

    /** Connected clients that have sent nothing yet. */
    private static final class Clients implements AutoCloseable {
        private final List<RawClient> clients = new ArrayList<>();

        Clients(Circuit circuit, int count) {
            for (int i = 0; i < count; i++) {
                clients.add(circuit.proxy.connect());
            }
        }

        RawClient get(int index) {
            return clients.get(index);
        }

        /** Those for which a response is there. */
        List<RawClient> answered() throws IOException {
            List<RawClient> answered = new ArrayList<>();
            for (RawClient client : clients) {
                if (client.available() > 0) {
                    answered.add(client);
                }
            }
            return answered;
        }

        void remove(List<RawClient> gone) {
            clients.removeAll(gone);
        }

        @Override
        public void close() throws IOException {
            for (RawClient client : clients) {
                client.close();
            }
        }
    }
}
