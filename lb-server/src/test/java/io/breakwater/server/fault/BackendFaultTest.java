package io.breakwater.server.fault;

import static io.breakwater.server.fixtures.Circuit.assertFailed;
import static io.breakwater.server.fixtures.Circuit.assertPassed;
import static io.breakwater.server.fixtures.Circuit.assertRefused;
import static io.breakwater.server.fixtures.Circuit.assertSelfMade;
import static io.breakwater.server.fixtures.Eventually.eventually;
import static org.assertj.core.api.Assertions.assertThat;

import io.breakwater.server.fixtures.Answers;
import io.breakwater.server.fixtures.Blackhole;
import io.breakwater.server.fixtures.Circuit;
import io.breakwater.server.fixtures.ClosedPort;
import io.breakwater.server.fixtures.Conf;
import io.breakwater.server.fixtures.End;
import io.breakwater.server.fixtures.Gate;
import io.breakwater.server.fixtures.HttpMessage;
import io.breakwater.server.fixtures.Loopback;
import io.breakwater.server.fixtures.Proxy;
import io.breakwater.server.fixtures.RawClient;
import io.breakwater.server.fixtures.ScriptedBackend;
import io.breakwater.server.fixtures.ScriptedBackend.Answer;
import io.breakwater.time.ManualTicker;
import java.io.IOException;
import java.io.OutputStream;
import java.time.Duration;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Everything that a backend can do wrong: what its client sees, and that it counts as one failure. */
@Timeout(60)
class BackendFaultTest {
    private static final String HEAD = "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n";

    static Stream<Arguments> faultsBeforeTheHead() {
        return Stream.of(
                fault("RST", "connection_reset", Answers.reset()),
                fault("FIN", "connection_reset", Answers.close()),
                fault("FIN within the status line", "connection_reset", Answers.bytesAndClose("HTTP/1.1 2")),
                fault("FIN within the fields", "connection_reset", Answers.bytesAndClose(HEAD + "X-Ha")),
                fault("garbage", "protocol_error", Answers.bytes("\u0001\u0002 garbage of a backend\r\n\r\n")),
                fault("another protocol", "protocol_error", Answers.bytes("SSH-2.0-OpenSSH_9.2\r\n")),
                fault("HTTP/2", "protocol_error", Answers.bytes("HTTP/2 200 OK\r\n\r\n")),
                fault("a status of two digits", "protocol_error", Answers.bytes("HTTP/1.1 20 OK\r\n\r\n")),
                fault("a status below 100", "protocol_error", Answers.bytes("HTTP/1.1 099 OK\r\n\r\n")),
                fault("a field without a colon", "protocol_error", Answers.bytes(HEAD + "Broken\r\n\r\n")),
                fault("a NUL in a value", "protocol_error", Answers.bytes(HEAD + "A: b\u0000c\r\n\r\n")),
                fault("a bare CR in a value", "protocol_error", Answers.bytes(HEAD + "A: b\rc\r\n\r\n")),
                fault("no number as length", "protocol_error", Answers.bytes(HEAD + "Content-Length: x\r\n\r\n")),
                fault("a negative length", "protocol_error", Answers.bytes(HEAD + "Content-Length: -1\r\n\r\n")),
                fault("a signed length", "protocol_error", Answers.bytes(HEAD + "Content-Length: +1\r\n\r\nx")),
                fault(
                        "a length beyond 63 bits",
                        "protocol_error",
                        Answers.bytes(HEAD + "Content-Length: 9223372036854775808\r\n\r\n")),
                fault(
                        "two lengths",
                        "protocol_error",
                        Answers.bytes(HEAD + "Content-Length: 1\r\nContent-Length: 2\r\n\r\nxx")),
                fault(
                        "length and chunked",
                        "protocol_error",
                        Answers.bytes(HEAD + "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n")),
                fault(
                        "an unknown coding",
                        "protocol_error",
                        Answers.bytes(HEAD + "Transfer-Encoding: chunked, xchunked\r\n\r\n0\r\n\r\n")),
                fault("101 that nobody asked for", "protocol_error", Answers.bytes("HTTP/1.1 101 Go\r\n\r\n")),
                fault("an endless field", "protocol_error", endlessField()),
                fault("endless fields", "protocol_error", endlessFields()),
                fault(
                        "a hundred and one fields",
                        "protocol_error",
                        Answers.bytes(HEAD + "A: b\r\n".repeat(99) + "Content-Length: 0\r\n\r\n")),
                fault("endless 1xx", "protocol_error", endlessInformational()));
    }

    private static Arguments fault(String what, String outcome, Answer answer) {
        return Arguments.of(what, outcome, answer);
    }

    private static Answer endlessField() {
        String piece = "x".repeat(1024);
        return (connection, request) -> {
            connection.send(HEAD + "X-Endless: ");
            while (true) {
                connection.send(piece);
            }
        };
    }

    private static Answer endlessFields() {
        return (connection, request) -> {
            connection.send(HEAD);
            while (true) {
                connection.send("X-Endless: 1\r\n");
            }
        };
    }

    private static Answer endlessInformational() {
        return (connection, request) -> {
            while (true) {
                connection.send("HTTP/1.1 102 Processing\r\n\r\n");
            }
        };
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("faultsBeforeTheHead")
    void aFaultBeforeTheHeadIs502AndOneFailure(String what, String outcome, Answer answer) throws IOException {
        try (Circuit circuit = new Circuit()) {
            circuit.backend.answer(answer);
            for (int i = 1; i <= 3; i++) {
                assertFailed(finalResponse(circuit), "closed");
                int failures = circuit.proxy.backend("default", circuit.backend).getInt("breaker.consecutiveFailures");
                assertThat(failures).isEqualTo(i);
            }

            assertRefused(circuit.get(), "open", "5");
            assertThat(circuit.backend.accepted()).isEqualTo(3);
            assertOutcomes(circuit, outcome, 3);
        }
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("faultsBeforeTheHead")
    void withPassAFaultWithoutAStatusIs502AsWell(String what, String outcome, Answer answer) throws IOException {
        try (Circuit circuit = new Circuit("lb.pools.default.backend-errors = pass")) {
            circuit.backend.answer(answer);

            assertFailed(finalResponse(circuit), "closed");
            assertOutcomes(circuit, outcome, 1);
        }
    }

    /** The first response that is no 1xx; one that a client gets before it is its own business. */
    private static HttpMessage finalResponse(Circuit circuit) throws IOException {
        try (RawClient client = circuit.proxy.connect()) {
            HttpMessage response = client.get(Circuit.PATH).read();
            while (response.status() < 200) {
                response = client.read();
            }
            return response;
        }
    }

    private static void assertOutcomes(Circuit circuit, String outcome, int count) {
        eventually(() -> {
            assertThat(circuit.proxy.metric("lb_backend_requests_total", "outcome", outcome))
                    .isEqualTo(count);
            assertThat(circuit.proxy.metric("lb_backend_requests_total")).isEqualTo(count);
            assertThat(circuit.proxy.metric("lb_backend_in_flight")).isZero();
        });
    }

    static Stream<Arguments> faultsWithinTheBody() {
        return Stream.of(
                bodyFault("FIN before the length", "truncated", "Content-Length: 9\r\n\r\nbody", c -> c.close()),
                bodyFault("RST before the length", "truncated", "Content-Length: 9\r\n\r\nbody", c -> c.reset()),
                bodyFault(
                        "FIN within a chunk",
                        "truncated",
                        "Transfer-Encoding: chunked\r\n\r\n9\r\nbody",
                        c -> c.close()),
                bodyFault(
                        "FIN between chunks",
                        "truncated",
                        "Transfer-Encoding: chunked\r\n\r\n4\r\nbody\r\n",
                        c -> c.close()),
                bodyFault(
                        "FIN before the last line end",
                        "truncated",
                        "Transfer-Encoding: chunked\r\n\r\n4\r\nbody\r\n0\r\n",
                        c -> c.close()),
                bodyFault("RST of an unframed body", "truncated", "\r\nbody", c -> c.reset()),
                bodyFault(
                        "a chunk size that is none",
                        "protocol_error",
                        "Transfer-Encoding: chunked\r\n\r\n4\r\nbody\r\n",
                        c -> c.send("zz\r\n")),
                bodyFault(
                        "a chunk size beyond 63 bits",
                        "protocol_error",
                        "Transfer-Encoding: chunked\r\n\r\n4\r\nbody\r\n",
                        c -> c.send("ffffffffffffffffff\r\n")),
                bodyFault(
                        "a chunk longer than its size",
                        "protocol_error",
                        "Transfer-Encoding: chunked\r\n\r\n4\r\nbody",
                        c -> c.send("body\r\n")),
                bodyFault(
                        "a bare LF after a chunk",
                        "protocol_error",
                        "Transfer-Encoding: chunked\r\n\r\n4\r\nbody",
                        c -> c.send("\n0\n\n")),
                bodyFault(
                        "an endless trailer",
                        "protocol_error",
                        "Transfer-Encoding: chunked\r\n\r\n4\r\nbody\r\n0\r\n",
                        c -> {
                            while (true) {
                                c.send("X-Endless: " + "x".repeat(1024) + "\r\n");
                            }
                        }));
    }

    private static Arguments bodyFault(String what, String outcome, String afterHead, ScriptedBackend.Script then) {
        return Arguments.of(what, outcome, afterHead, then);
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("faultsWithinTheBody")
    void aFaultWithinTheBodyCutsTheClientAndIsOneFailure(
            String what, String outcome, String afterHead, ScriptedBackend.Script then) throws IOException {
        try (Circuit circuit = new Circuit()) {
            for (int i = 1; i <= 3; i++) {
                Gate gate = new Gate();
                circuit.backend.answer((connection, request) -> {
                    connection.send(HEAD + afterHead);
                    gate.pass();
                    then.run(connection);
                });
                try (RawClient client = circuit.proxy.connect()) {
                    HttpMessage head = client.get(Circuit.PATH).readHead();
                    assertThat(head.status()).isEqualTo(200);
                    assertThat(head.field("X-Circuit-State")).isEqualTo("closed");
                    gate.open();
                    assertCut(client, head);
                }
                int failures = circuit.proxy.backend("default", circuit.backend).getInt("breaker.consecutiveFailures");
                assertThat(failures).isEqualTo(i);
            }

            assertRefused(circuit.get(), "open", "5");
            assertOutcomes(circuit, outcome, 3);
            eventually(() -> assertThat(circuit.proxy.metric("lb_requests_total", "route", Circuit.PATH, "code", "200"))
                    .isEqualTo(3));
        }
    }

    /** The connection ends, and nothing that came of the body can be taken for a whole one. */
    private static void assertCut(RawClient client, HttpMessage head) throws IOException {
        StringBuilder body = new StringBuilder();
        End end = End.FIN;
        try {
            for (int next = client.readByte(); next >= 0; next = client.readByte()) {
                body.append((char) next);
            }
        } catch (java.net.SocketTimeoutException e) {
            throw e;
        } catch (IOException e) {
            end = End.RST;
        }
        if (head.has("Transfer-Encoding")) {
            assertThat(body.toString()).doesNotEndWith("0\r\n\r\n");
        } else if (head.has("Content-Length")) {
            assertThat(body.length()).isLessThan(9);
        } else {
            // Only the way in which the connection ends can tell a client that this body is not whole.
            assertThat(end).isEqualTo(End.RST);
        }
    }

    @Test
    void aResponseThatIsCutAsItComesIsNeverTakenForAWholeOne() throws IOException {
        try (Circuit circuit = new Circuit()) {
            circuit.backend.answer(Answers.bytesAndClose(HEAD + "Content-Length: 9\r\n\r\nbody"));
            for (int i = 0; i < 3; i++) {
                HttpMessage response = circuit.get();
                assertThat(response.status() == 502 || !response.complete())
                        .as("%s", response)
                        .isTrue();
            }
            assertRefused(circuit.get(), "open", "5");
            assertOutcomes(circuit, "truncated", 3);
        }
    }

    @Test
    void aFailedProbeThatIsCutReopens() throws IOException {
        Gate gate = new Gate();
        try (Circuit circuit = new Circuit()) {
            circuit.halfOpen().backend.answer(Answers.bytesAndReset(HEAD + "Content-Length: 9\r\n\r\nbody", gate));
            try (RawClient probe = circuit.waitingClient()) {
                assertThat(probe.readHead().field("X-Circuit-State")).isEqualTo("half-open");
                gate.open();
                probe.readEnd();
            }
            assertRefused(circuit.get(), "open", "5");
        }
    }

    @Test
    void aBackendThatHangsIs502AfterResponseHead() throws Exception {
        try (Circuit circuit = new Circuit("lb.pools.default.timeouts.response-head = 5s")) {
            assertHangs(circuit, 502, "{\"error\": \"backend unavailable\"}");
        }
    }

    @Test
    void withPassABackendThatHangsIs504() throws Exception {
        try (Circuit circuit = new Circuit("lb.pools.default { backend-errors = pass, timeouts.response-head = 5s }")) {
            assertHangs(circuit, 504, "{\"error\": \"backend timeout\"}");
        }
    }

    @Test
    void theRequestTimeoutBoundsTheWaitForTheHeadToo() throws Exception {
        try (Circuit circuit = new Circuit("lb.pools.default.timeouts.request = 5s")) {
            assertHangs(circuit, 502, "{\"error\": \"backend unavailable\"}");
        }
    }

    private static void assertHangs(Circuit circuit, int status, String body) throws Exception {
        circuit.backend.answer(Answers.hang());
        for (int i = 1; i <= 3; i++) {
            try (RawClient client = circuit.waitingClient()) {
                circuit.ticker.advance(Duration.ofSeconds(4));
                circuit.settle();
                assertThat(client.available()).isZero();

                circuit.ticker.advance(Duration.ofSeconds(2));
                assertSelfMade(client.read(), status, body, "closed", null);
            }
            circuit.backend.connection(i).awaitEnd();
        }
        assertThat(circuit.get().status()).isEqualTo(503);
        assertOutcomes(circuit, "response_timeout", 3);
    }

    @Test
    void halfAHeadIsNoHead() throws Exception {
        try (Circuit circuit = new Circuit("lb.pools.default.timeouts.response-head = 5s")) {
            circuit.backend.answer(Answers.bytesAndHang(HEAD + "X-Half: "));
            try (RawClient client = circuit.waitingClient()) {
                circuit.ticker.advance(Duration.ofSeconds(6));
                assertFailed(client.read(), "closed");
            }
            assertOutcomes(circuit, "response_timeout", 1);
        }
    }

    @Test
    void aBodyThatStallsIsCutAfterResponseIdle() throws Exception {
        try (Circuit circuit = new Circuit("lb.pools.default.timeouts.response-idle = 15s")) {
            circuit.backend.answer(Answers.bytesAndHang(HEAD + "Content-Length: 9\r\n\r\nbody"));
            try (RawClient client = circuit.waitingClient()) {
                HttpMessage head = client.readHead();
                assertThat(client.copy(4, OutputStream.nullOutputStream())).isTrue();

                circuit.ticker.advance(Duration.ofSeconds(16));
                assertCut(client, head);
            }
            circuit.backend.connection(1).awaitEnd();
            assertOutcomes(circuit, "response_timeout", 1);
        }
    }

    @Test
    void neitherRequestNorResponseHeadCutsABodyThatFlows() throws Exception {
        int pieces = 10;
        try (Circuit circuit =
                new Circuit("lb.pools.default.timeouts { request = 6s, response-head = 5s, response-idle = 5s }")) {
            Gate[] gates = new Gate[pieces];
            for (int i = 0; i < pieces; i++) {
                gates[i] = new Gate();
            }
            circuit.backend.answer((connection, request) -> {
                connection.send(HEAD + "Content-Length: " + pieces + "\r\n\r\n");
                for (Gate gate : gates) {
                    gate.pass();
                    connection.send("x");
                }
            });
            try (RawClient client = circuit.waitingClient()) {
                assertThat(client.readHead().status()).isEqualTo(200);
                for (Gate gate : gates) {
                    circuit.ticker.advance(Duration.ofSeconds(3));
                    gate.open();
                    assertThat(client.readByte()).isEqualTo('x');
                }
            }
            assertOutcomes(circuit, "success", 1);
        }
    }

    @Test
    void aRefusedConnectionIs502() throws IOException {
        try (ClosedPort closed = new ClosedPort();
                Proxy proxy = Proxy.start(Conf.contract(closed.url(), Conf.PATIENT), new ManualTicker(0))) {
            for (int i = 0; i < 3; i++) {
                assertFailed(proxy.get(Circuit.PATH), "closed");
            }
            assertRefused(proxy.get(Circuit.PATH), "open", "5");
            assertThat(proxy.metric("lb_backend_requests_total", "outcome", "connect_failed"))
                    .isEqualTo(3);
        }
    }

    @Test
    void aConnectionThatIsNotMadeInTimeIs502() throws IOException {
        try (Blackhole blackhole = new Blackhole();
                Proxy proxy =
                        Proxy.start(Conf.contract(blackhole.url(), "lb.pools.default.timeouts.connect = 200ms"))) {
            for (int i = 0; i < 3; i++) {
                assertFailed(proxy.get(Circuit.PATH), "closed");
            }
            assertThat(proxy.get(Circuit.PATH).status()).isEqualTo(503);
            assertThat(proxy.metric("lb_backend_requests_total", "outcome", "connect_timeout"))
                    .isEqualTo(3);
        }
    }

    @Test
    void withPassAConnectionThatIsNotMadeInTimeIs504() throws IOException {
        try (Blackhole blackhole = new Blackhole();
                Proxy proxy = Proxy.start(Conf.contract(
                        blackhole.url(), "lb.pools.default { backend-errors = pass, timeouts.connect = 200ms }"))) {
            assertSelfMade(proxy.get(Circuit.PATH), 504, "{\"error\": \"backend timeout\"}", "closed", null);
        }
    }

    @Test
    void aNameThatDoesNotResolveIsAWarningAtStartAnd502PerRequest() throws IOException {
        try (Proxy proxy = Proxy.start(Conf.contract("http://nowhere.invalid:3001"))) {
            assertThat(proxy.health().getString("status")).isEqualTo("ok");

            assertFailed(proxy.get(Circuit.PATH), "closed");

            eventually(() -> assertThat(proxy.metric("lb_backend_requests_total", "outcome", "resolve_failed"))
                    .isEqualTo(1));
        }
    }

    @Test
    void aBackendThatComesBackIsUsedAgain() throws IOException {
        ManualTicker ticker = new ManualTicker(0);
        ScriptedBackend backend = ScriptedBackend.start();
        int port = backend.port();
        try (Proxy proxy = Proxy.start(Conf.contract(backend.url(), Conf.PATIENT), ticker)) {
            assertPassed(proxy.get(Circuit.PATH), "closed", "ok");
            backend.close();
            try (ClosedPort closed = new ClosedPort(port)) {
                for (int i = 0; i < 3; i++) {
                    assertFailed(proxy.get(Circuit.PATH), "closed");
                }
                assertRefused(proxy.get(Circuit.PATH), "open", "5");
                assertThat(closed.port()).isEqualTo(port);
            }

            try (ScriptedBackend again = ScriptedBackend.start(Loopback.IPV4, port, 0)) {
                ticker.advance(Circuit.COOLDOWN);
                assertPassed(proxy.get(Circuit.PATH), "half-open", "ok");
                assertPassed(proxy.get(Circuit.PATH), "closed", "ok");
                assertThat(again.requests()).hasSize(2);
            }
        }
    }

    @Test
    void bytesAfterTheResponseAreNobodysAndTheConnectionIsNotUsedAgain() throws IOException {
        try (Circuit circuit = new Circuit();
                RawClient client = circuit.proxy.connect()) {
            circuit.backend.answer(
                    Answers.bytes(
                            "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nokHTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\npoison"));
            assertPassed(client.get(Circuit.PATH).read(), "closed", "ok");

            circuit.backend.answer(Answers.ok("clean"));
            assertPassed(client.get(Circuit.PATH).read(), "closed", "clean");

            assertThat(circuit.backend.accepted()).isEqualTo(2);
            assertOutcomes(circuit, "success", 2);
        }
    }

    @Test
    void aResponseThatNobodyAskedForIsNobodys() throws Exception {
        Gate gate = new Gate();
        try (Circuit circuit = new Circuit();
                RawClient client = circuit.proxy.connect()) {
            circuit.backend.answer((connection, request) -> {
                connection.send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
                gate.pass();
                connection.send("HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\npoison");
                connection.readEnd();
            });
            assertPassed(client.get(Circuit.PATH).read(), "closed", "ok");

            gate.open();
            circuit.backend.connection(1).awaitEnd();
            circuit.backend.answer(Answers.ok("clean"));
            assertPassed(client.get(Circuit.PATH).read(), "closed", "clean");
        }
    }
}
