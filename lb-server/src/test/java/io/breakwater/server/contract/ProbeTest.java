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
import io.breakwater.server.fixtures.Conf;
import io.breakwater.server.fixtures.Gate;
import io.breakwater.server.fixtures.HttpMessage;
import io.breakwater.server.fixtures.Proxy;
import io.breakwater.server.fixtures.RawClient;
import io.breakwater.server.fixtures.ScriptedBackend;
import io.breakwater.time.ManualTicker;
import java.io.IOException;
import java.io.OutputStream;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The life of a probe: its lease, its client's leaving, and what comes after it is over. */
@Timeout(60)
class ProbeTest {
    private static final Duration LEASE = Duration.ofSeconds(10);

    @ParameterizedTest
    @ValueSource(strings = {"FIN", "RST"})
    void aClientThatLeavesDuringItsProbeGivesTheSlotBackAtOnce(String end) throws Exception {
        try (Circuit circuit = new Circuit()) {
            circuit.halfOpen().backend.answer(Answers.hang());

            RawClient leaver = circuit.waitingClient();
            if (end.equals("RST")) {
                leaver.reset();
            } else {
                leaver.close();
            }
            circuit.backend.connection(circuit.backend.accepted()).awaitEnd();
            circuit.backend.answer(Answers.ok("recovered"));
            HttpMessage next = nextAdmitted(circuit);

            assertPassed(next, "half-open", "recovered");
            assertThat(circuit.state()).isEqualTo("closed");
            eventually(() -> {
                assertThat(circuit.proxy.metric("lb_backend_requests_total", "outcome", "client_aborted"))
                        .isEqualTo(1);
                assertThat(circuit.proxy.metric("lb_requests_total", "code", "client_closed"))
                        .isEqualTo(1);
            });
            assertThat(circuit.proxy.metric("lb_backend_requests_total", "outcome", "failure_status"))
                    .isEqualTo(3);
        }
    }

    @Test
    void aClientThatLeavesDuringItsProbeLeavesTheStateHalfOpen() throws Exception {
        Gate gate = new Gate();
        try (Circuit circuit = new Circuit()) {
            circuit.halfOpen();
            letAProbeLeaveAfter(circuit, Duration.ofSeconds(1));
            assertThat(circuit.state()).isEqualTo("half-open");

            circuit.backend.answer(Answers.gated(gate, Answers.status(500)));
            try (RawClient second = nextWaiting(circuit)) {
                assertRefused(circuit.get(), "half-open", null);
                gate.open();
                assertFailed(second.read(), "half-open");
            }
            assertRefused(circuit.get(), "open", "5");
        }
    }

    @Test
    void waitingOfProbesWhoseClientsLeftAddsUpToTheLease() throws Exception {
        try (Circuit circuit = new Circuit()) {
            circuit.halfOpen();

            letAProbeLeaveAfter(circuit, Duration.ofSeconds(4));
            circuit.ticker.advance(Duration.ofMinutes(5)); // no probe waits, so this costs nothing
            letAProbeLeaveAfter(circuit, Duration.ofSeconds(4));
            circuit.ticker.advance(Duration.ofMinutes(5));
            circuit.backend.answer(Answers.hang());
            try (RawClient third = nextWaiting(circuit)) {
                circuit.ticker.advance(Duration.ofSeconds(2).minusNanos(1));
                assertThat(circuit.state()).isEqualTo("half-open");

                circuit.ticker.advance(1);
                assertThat(circuit.state()).isEqualTo("open");
                assertRefused(circuit.get(), "open", "5");
                assertThat(third.available()).isZero();
            }
            eventually(() -> assertThat(circuit.transitions("half-open", "open", "probe_expired"))
                    .isEqualTo(1));
        }
    }

    @Test
    void aLapsedHalfOpenIsOpenSinceThatMomentWhoeverLooksFirst() throws Exception {
        try (Circuit circuit = new Circuit()) {
            circuit.halfOpen().backend.answer(Answers.hang());
            try (RawClient probe = circuit.waitingClient()) {
                circuit.ticker.advance(LEASE.minusNanos(1));
                assertRefused(circuit.get(), "half-open", null);

                circuit.ticker.advance(Duration.ofSeconds(3).plusNanos(1));
                assertRefused(circuit.get(), "open", "2");

                circuit.backend.answer(Answers.ok("recovered"));
                circuit.ticker.advance(Duration.ofSeconds(2).minusNanos(1));
                assertRefused(circuit.get(), "open", "1");
                circuit.ticker.advance(1);
                assertPassed(circuit.get(), "half-open", "recovered");
                assertThat(probe.available()).isZero();
            }
            assertThat(circuit.transitions("half-open", "open", "probe_expired"))
                    .isEqualTo(1);
        }
    }

    @Test
    void aLapseAndTheCooldownAfterItMayPassUnseen() throws Exception {
        try (Circuit circuit = new Circuit()) {
            circuit.halfOpen().backend.answer(Answers.hang());
            try (RawClient probe = circuit.waitingClient()) {
                circuit.ticker.advance(LEASE.plus(COOLDOWN));

                assertThat(circuit.state()).isEqualTo("half-open");
                circuit.backend.answer(Answers.ok("recovered"));
                assertPassed(circuit.get(), "half-open", "recovered");
                assertThat(probe.available()).isZero();
            }
            assertThat(circuit.state()).isEqualTo("closed");
        }
    }

    @Test
    void aProbeThatReportsAfterItsLeaseHasNoVote() throws Exception {
        Gate gate = new Gate();
        try (Circuit circuit = new Circuit()) {
            circuit.halfOpen().backend.answer(Answers.gated(gate, Answers.ok("too late")));
            try (RawClient probe = circuit.waitingClient()) {
                circuit.ticker.advance(LEASE);
                assertThat(circuit.state()).isEqualTo("open");

                gate.open();
                assertPassed(probe.read(), "half-open", "too late");
            }
            assertThat(circuit.state()).isEqualTo("open");
            assertRefused(circuit.get(), "open", "5");
        }
    }

    @Test
    void aProbeOfAnEarlierHalfOpenNeitherVotesNorTakesASlotOfALaterOne() throws Exception {
        Gate first = new Gate();
        Gate second = new Gate();
        try (Circuit circuit = new Circuit()) {
            circuit.halfOpen().backend.answer(Answers.gated(first, Answers.ok("of the first")));
            try (RawClient early = circuit.waitingClient()) {
                circuit.ticker.advance(LEASE.plus(COOLDOWN));
                circuit.backend.answer(Answers.gated(second, Answers.status(500)));
                try (RawClient late = circuit.waitingClient()) {
                    assertRefused(circuit.get(), "half-open", null);

                    first.open();
                    assertPassed(early.read(), "half-open", "of the first");
                    assertThat(circuit.state()).isEqualTo("half-open");
                    assertRefused(circuit.get(), "half-open", null);

                    second.open();
                    assertFailed(late.read(), "half-open");
                }
            }
            assertRefused(circuit.get(), "open", "5");
        }
    }

    @Test
    void aLeaseThatEndsWithAGoodHeadReceivedHasPassed() throws Exception {
        Gate gate = new Gate();
        try (Circuit circuit = new Circuit()) {
            circuit.halfOpen().backend.answer((connection, request) -> {
                connection.send("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nda");
                gate.pass();
                connection.send("ta");
            });
            try (RawClient probe = circuit.waitingClient()) {
                HttpMessage head = probe.readHead();
                assertThat(head.field("X-Circuit-State")).isEqualTo("half-open");

                circuit.ticker.advance(LEASE.minusNanos(1));
                assertThat(circuit.state()).isEqualTo("half-open");
                circuit.ticker.advance(1);
                assertThat(circuit.state()).isEqualTo("closed");

                gate.open();
                assertThat(probe.copy(4, OutputStream.nullOutputStream())).isTrue();
            }
            circuit.backend.answer(Answers.ok("closed again"));
            assertPassed(circuit.get(), "closed", "closed again");
            assertThat(circuit.transitions("half-open", "closed", "probe_succeeded"))
                    .isEqualTo(1);
            assertThat(circuit.transitions("half-open", "open", "probe_expired"))
                    .isZero();
        }
    }

    @Test
    void aBadHeadFailsTheProbeAtOnceThoughItsBodyIsStillToCome() throws Exception {
        Gate gate = new Gate();
        try (Circuit circuit = new Circuit("lb.pools.default.backend-errors = pass")) {
            circuit.halfOpenPassing();
            circuit.backend.answer((connection, request) -> {
                connection.send("HTTP/1.1 500 Error\r\nContent-Length: 4\r\n\r\nda");
                gate.pass();
                connection.send("ta");
            });
            try (RawClient probe = circuit.waitingClient()) {
                assertThat(probe.readHead().status()).isEqualTo(500);
                assertThat(circuit.state()).isEqualTo("open");
                assertRefused(circuit.get(), "open", "5");

                gate.open();
                assertThat(probe.copy(4, OutputStream.nullOutputStream())).isTrue();
            }
            assertThat(circuit.transitions("half-open", "open", "probe_failed")).isEqualTo(1);
        }
    }

    @Test
    void theLeaseStandsStillWhileTheClientIsWaitedFor() throws Exception {
        int parts = 3;
        Gate gate = new Gate();
        try (Upload upload = new Upload(parts, gate)) {
            for (int i = 0; i < parts; i++) {
                assertThat(upload.state()).isEqualTo("half-open");
                upload.ticker.advance(LEASE.plusSeconds(1)); // a lease that ran would show as open
                assertThat(upload.state()).isEqualTo("half-open");
                assertRefused(upload.proxy.get("/"), "half-open", null);
                upload.sendPart();
            }
            assertThat(upload.state()).isEqualTo("half-open");
            upload.ticker.advance(LEASE.minusNanos(1));
            assertThat(upload.state()).isEqualTo("half-open");

            gate.open();
            assertPassed(upload.probe.read(), "half-open", "uploaded");
            assertThat(upload.state()).isEqualTo("closed");
        }
    }

    @Test
    void theLeaseRunsAgainOnceTheClientHasSentItsBody() throws Exception {
        Gate gate = new Gate();
        try (Upload upload = new Upload(1, gate)) {
            assertThat(upload.state()).isEqualTo("half-open");
            upload.ticker.advance(LEASE.minusNanos(1));
            upload.sendPart();
            assertThat(upload.state()).isEqualTo("half-open");
            upload.ticker.advance(LEASE);
            assertThat(upload.state()).isEqualTo("open");

            gate.open();
            assertPassed(upload.probe.read(), "half-open", "uploaded");
            assertThat(upload.state()).isEqualTo("open");
        }
    }

    @Test
    void aProbeWhoseClientStallsForTooLongGivesTheSlotBackUncounted() throws Exception {
        Gate gate = new Gate();
        try (Upload upload = new Upload(1, gate, "lb.listen.timeouts.request-body-idle = 30s")) {
            assertThat(upload.state()).isEqualTo("half-open");
            upload.ticker.advance(Duration.ofSeconds(31));

            HttpMessage response = upload.probe.read();
            assertThat(response.status()).isEqualTo(408);
            assertThat(response.field("X-Circuit-State")).isEqualTo("half-open");
            assertThat(upload.state()).isEqualTo("half-open");
            upload.backend.onConnect(ScriptedBackend.Connection::answerEachRequest);
            upload.backend.answer(Answers.ok("recovered"));
            assertPassed(upload.proxy.get("/"), "half-open", "recovered");
            assertThat(upload.state()).isEqualTo("closed");
            gate.open();
        }
    }

    @Test
    void aProbeWhoseClientTricklesGivesTheSlotBackUncounted() throws Exception {
        Gate gate = new Gate();
        int parts = 100;
        try (Upload upload =
                new Upload(parts, gate, "lb.listen { limits.min-body-rate = 240, timeouts.request-body-idle = 5s }")) {
            for (int second = 0; second < 5; second++) {
                assertRefused(upload.proxy.get("/"), "half-open", null);
                upload.sendPart();
                upload.proxy.settle();
                upload.ticker.advance(Duration.ofSeconds(1));
            }

            assertThat(upload.probe.read().status()).isEqualTo(408);
            assertThat(upload.state()).isEqualTo("half-open");
            upload.backend.onConnect(ScriptedBackend.Connection::answerEachRequest);
            upload.backend.answer(Answers.ok("recovered"));
            assertPassed(upload.proxy.get("/"), "half-open", "recovered");
            gate.open();
        }
    }

    @Test
    void aProbeWhoseClientSendsSlowlyForAMinuteGoesOnWithoutItsSlot() throws Exception {
        Gate gate = new Gate();
        try (Upload upload = new Upload(3, gate)) {
            for (int part = 0; part < 2; part++) {
                assertRefused(upload.proxy.get("/"), "half-open", null);
                upload.sendPart();
                upload.ticker.advance(Duration.ofSeconds(30));
            }
            upload.backend.onConnect(ScriptedBackend.Connection::answerEachRequest);
            upload.backend.answer(Answers.status(500));
            assertFailed(upload.proxy.get("/"), "half-open");
            assertThat(upload.state()).isEqualTo("open");

            upload.sendPart();
            gate.open();
            assertPassed(upload.probe.read(), "half-open", "uploaded");
            assertThat(upload.state()).isEqualTo("open");
        }
    }

    /** A probe with a body that its client sends byte by byte. */
    private static final class Upload implements AutoCloseable {
        final ManualTicker ticker = new ManualTicker(-LEASE.toNanos());
        final ScriptedBackend backend = ScriptedBackend.start();
        final Proxy proxy;
        final RawClient probe;
        private long sent;

        Upload(int parts, Gate gate, String... overrides) throws IOException {
            proxy = Proxy.start(
                    Conf.everything(
                            backend.url(), Conf.PATIENT, "lb.runtime.event-loops = 1", String.join("\n", overrides)),
                    ticker);
            backend.answer(Answers.status(500));
            for (int i = 0; i < 3; i++) {
                proxy.get("/");
            }
            ticker.advance(COOLDOWN);
            byte[] one = new byte[1];
            backend.onConnect(connection -> {
                connection.readHead();
                for (int i = 0; i < parts; i++) {
                    connection.readSome(one);
                }
                gate.pass();
                connection.send("HTTP/1.1 200 OK\r\nContent-Length: 8\r\n\r\nuploaded");
                connection.readEnd();
            });
            probe = proxy.connect();
            probe.send("PUT / HTTP/1.1\r\nHost: x\r\nContent-Length: " + parts + "\r\n\r\n");
            backend.awaitRequests(4);
        }

        void sendPart() throws IOException {
            probe.send("x");
            sent++;
            eventually(() -> assertThat(backend.bytesRead()).isEqualTo(sent));
        }

        /** As anybody sees it; the loop has noted what happened before. */
        String state() {
            return proxy.circuit("default", backend);
        }

        @Override
        public void close() throws IOException {
            probe.close();
            proxy.close();
            backend.close();
        }
    }

    @Test
    void aProbeUsesAFreshConnection() throws Exception {
        try (Circuit circuit = new Circuit()) {
            circuit.get();
            assertThat(circuit.backend.accepted()).isEqualTo(1);
            circuit.halfOpen();
            assertThat(circuit.backend.accepted()).isEqualTo(1);

            circuit.backend.answer(Answers.ok("recovered"));
            assertPassed(circuit.get(), "half-open", "recovered");

            assertThat(circuit.backend.accepted()).isEqualTo(2);
        }
    }

    @Test
    void aProbeWhoseClientReadsSlowlyIsDecidedWhenTheBackendHasSentAll() throws Exception {
        int length = 20_000_000;
        try (Circuit circuit = new Circuit()) {
            circuit.halfOpen().backend.answer((connection, request) -> {
                connection.send("HTTP/1.1 200 OK\r\nContent-Length: " + length + "\r\n\r\n");
                connection.send(new byte[length]);
            });
            try (RawClient probe = RawClient.connect(circuit.proxy.port(), 8 * 1024)) {
                probe.get(PATH);
                assertThat(probe.readHead().status()).isEqualTo(200);

                // The lease ends while the client is the slow one: a good head was received, so the probe has passed.
                circuit.ticker.advance(LEASE);
                circuit.backend.answer(Answers.ok("closed again"));
                assertThat(circuit.state()).isIn("half-open", "closed");
                assertThat(probe.copy(length, OutputStream.nullOutputStream())).isTrue();
            }
            assertThat(circuit.state()).isEqualTo("closed");
            assertPassed(circuit.get(), "closed", "closed again");
        }
    }

    private static void letAProbeLeaveAfter(Circuit circuit, Duration waiting) throws Exception {
        circuit.backend.answer(Answers.hang());
        try (RawClient leaver = nextWaiting(circuit)) {
            circuit.ticker.advance(waiting);
            assertThat(leaver.available()).isZero();
        }
        circuit.backend.connection(circuit.backend.accepted()).awaitEnd();
        circuit.settle();
    }

    /** The response to the first request that is not refused: the end of a probe is seen by its loop a moment later. */
    private static HttpMessage nextAdmitted(Circuit circuit) {
        HttpMessage[] response = new HttpMessage[1];
        eventually(() -> {
            response[0] = circuit.get();
            assertThat(response[0].status()).isNotEqualTo(503);
        });
        return response[0];
    }

    /** A client whose request is the first that is not refused. */
    private static RawClient nextWaiting(Circuit circuit) {
        int before = circuit.backend.requests().size();
        RawClient[] waiting = new RawClient[1];
        eventually(() -> {
            RawClient client = circuit.proxy.connect();
            client.get(PATH);
            eventually(() -> assertThat(
                            client.available() + circuit.backend.requests().size() - before)
                    .isPositive());
            if (circuit.backend.requests().size() == before) {
                client.close();
                throw new AssertionError("refused");
            }
            waiting[0] = client;
        });
        circuit.settle();
        return waiting[0];
    }
}
