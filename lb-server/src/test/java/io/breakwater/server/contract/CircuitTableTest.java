package io.breakwater.server.contract;

import static io.breakwater.server.fixtures.Circuit.COOLDOWN;
import static io.breakwater.server.fixtures.Circuit.PATH;
import static io.breakwater.server.fixtures.Circuit.assertFailed;
import static io.breakwater.server.fixtures.Circuit.assertPassed;
import static io.breakwater.server.fixtures.Circuit.assertRefused;
import static io.breakwater.server.fixtures.Circuit.assertSelfMade;
import static org.assertj.core.api.Assertions.assertThat;

import io.breakwater.server.fixtures.Answers;
import io.breakwater.server.fixtures.Circuit;
import io.breakwater.server.fixtures.Gate;
import io.breakwater.server.fixtures.HttpMessage;
import io.breakwater.server.fixtures.RawClient;
import java.io.IOException;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The table of the default contract, row by row. */
@Timeout(60)
class CircuitTableTest {

    @Test
    void closedAndSuccessIsTheBackendsOwnResponseWithTheState() throws IOException {
        try (Circuit circuit = new Circuit()) {
            circuit.backend.answer(
                    Answers.bytes(
                            "HTTP/1.1 200 Fine Indeed\r\nContent-Type: text/x-own\r\nX-Own: 1\r\nX-Own: 2\r\nContent-Length: 4\r\n\r\ndata"));

            HttpMessage response = circuit.get();

            assertThat(response.startLine()).isEqualTo("HTTP/1.1 200 Fine Indeed");
            assertThat(response.text()).isEqualTo("data");
            assertThat(response.field("Content-Type")).isEqualTo("text/x-own");
            assertThat(response.values("X-Own")).containsExactly("1", "2");
            assertThat(response.field("X-Circuit-State")).isEqualTo("closed");
        }
    }

    @Test
    void theRouteRewritesThePathAndKeepsTheQuery() throws IOException {
        try (Circuit circuit = new Circuit()) {
            circuit.proxy.get(PATH + "?a=1&b=%20?c");
            circuit.proxy.get(PATH + "?");

            assertThat(circuit.backend.requests())
                    .extracting(HttpMessage::target)
                    .containsExactly("/backend/resource?a=1&b=%20?c", "/backend/resource?");
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {200, 201, 206, 301, 400, 401, 404, 418, 429, 499})
    void aStatusBelow500PassesAndIsASuccess(int status) throws IOException {
        try (Circuit circuit = new Circuit()) {
            circuit.backend.answer(Answers.status(500));
            circuit.get();
            circuit.get();

            circuit.backend.answer(Answers.status(status, "Its Own", "its words"));
            HttpMessage response = circuit.get();

            assertThat(response.startLine()).isEqualTo("HTTP/1.1 " + status + " Its Own");
            assertThat(response.text()).isEqualTo("its words");
            assertThat(response.field("X-Circuit-State")).isEqualTo("closed");
            assertThat(circuit.proxy.backend("default", circuit.backend).getInt("breaker.consecutiveFailures"))
                    .isZero();
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {204, 304})
    void aStatusWithoutABodyPassesAndIsASuccess(int status) throws IOException {
        try (Circuit circuit = new Circuit()) {
            circuit.halfOpen();

            circuit.backend.answer(Answers.bytes("HTTP/1.1 " + status + " None\r\nETag: \"e\"\r\n\r\n"));
            HttpMessage response = circuit.get();

            assertThat(response.status()).isEqualTo(status);
            assertThat(response.field("ETag")).isEqualTo("\"e\"");
            assertThat(response.field("X-Circuit-State")).isEqualTo("half-open");
            assertThat(circuit.state()).isEqualTo("closed");
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {500, 501, 502, 503, 504, 505, 599})
    void aStatusFrom500OnIsReplacedAndIsAFailure(int status) throws IOException {
        try (Circuit circuit = new Circuit()) {
            circuit.backend.answer(Answers.bytes("HTTP/1.1 " + status
                    + " Own\r\nX-Own: 1\r\nRetry-After: 99\r\nSet-Cookie: a=b\r\nContent-Length: 5\r\n\r\ntrace"));

            HttpMessage response = circuit.get();

            assertFailed(response, "closed");
            assertThat(response.has("X-Own")).isFalse();
            assertThat(response.has("Set-Cookie")).isFalse();
            assertThat(circuit.proxy.backend("default", circuit.backend).getInt("breaker.consecutiveFailures"))
                    .isEqualTo(1);
        }
    }

    @Test
    void aReplacedFailureWithALongBodyLeavesTheClientsConnectionUsable() throws IOException {
        try (Circuit circuit = new Circuit();
                RawClient client = circuit.proxy.connect()) {
            circuit.backend.answer(Answers.status(500, "Error", "x".repeat(300_000)));
            assertFailed(client.get(PATH).read(), "closed");

            circuit.backend.answer(Answers.ok("after"));
            assertPassed(client.get(PATH).read(), "closed", "after");
        }
    }

    @Test
    void threeFailuresInARowOpenAndTheThirdStillSaysClosed() throws IOException {
        try (Circuit circuit = new Circuit()) {
            circuit.backend.answer(Answers.status(500));

            assertFailed(circuit.get(), "closed");
            assertFailed(circuit.get(), "closed");
            assertThat(circuit.state()).isEqualTo("closed");
            assertFailed(circuit.get(), "closed");
            assertThat(circuit.state()).isEqualTo("open");

            assertRefused(circuit.get(), "open", "5");
            assertThat(circuit.backend.requests()).hasSize(3);
        }
    }

    @Test
    void aSuccessBetweenFailuresStartsTheCountAgain() throws IOException {
        try (Circuit circuit = new Circuit()) {
            for (int round = 0; round < 3; round++) {
                circuit.backend.answer(Answers.status(500));
                circuit.get();
                circuit.get();
                circuit.backend.answer(Answers.status(404));
                circuit.get();
            }
            assertThat(circuit.state()).isEqualTo("closed");

            circuit.backend.answer(Answers.status(500));
            circuit.get();
            circuit.get();
            assertThat(circuit.state()).isEqualTo("closed");
            circuit.get();
            assertThat(circuit.state()).isEqualTo("open");
        }
    }

    @ParameterizedTest(name = "{0} ns into a cooldown of 5 s: {1}")
    @CsvSource({
        "0, 5",
        "1, 5",
        "900000000, 5",
        "999999999, 5",
        "1000000000, 4",
        "1000000001, 4",
        "4000000000, 1",
        "4800000000, 1",
        "4999999999, 1"
    })
    void retryAfterIsWhatIsLeftRoundedUp(long elapsedNanos, String retryAfter) throws IOException {
        try (Circuit circuit = new Circuit()) {
            circuit.open();

            circuit.ticker.advance(elapsedNanos);

            assertRefused(circuit.get(), "open", retryAfter);
        }
    }

    @Test
    void theCooldownEndsOnItsNanosecond() throws IOException {
        try (Circuit circuit = new Circuit()) {
            circuit.open().backend.answer(Answers.ok("recovered"));

            circuit.ticker.advance(COOLDOWN.minusNanos(1));
            assertRefused(circuit.get(), "open", "1");

            circuit.ticker.advance(1);
            assertPassed(circuit.get(), "half-open", "recovered");
        }
    }

    @Test
    void aProbeThatSucceedsCloses() throws IOException {
        try (Circuit circuit = new Circuit()) {
            circuit.halfOpen().backend.answer(Answers.ok("recovered"));

            assertPassed(circuit.get(), "half-open", "recovered");

            assertThat(circuit.state()).isEqualTo("closed");
            assertPassed(circuit.get(), "closed", "recovered");
        }
    }

    @Test
    void aClosedCircuitStartsFromNoFailures() throws IOException {
        try (Circuit circuit = new Circuit()) {
            circuit.halfOpen().backend.answer(Answers.ok("recovered"));
            circuit.get();

            circuit.backend.answer(Answers.status(500));
            assertFailed(circuit.get(), "closed");
            assertFailed(circuit.get(), "closed");
            assertThat(circuit.state()).isEqualTo("closed");
            assertFailed(circuit.get(), "closed");
            assertThat(circuit.state()).isEqualTo("open");
        }
    }

    @Test
    void aProbeThatFailsStartsTheCooldownAgain() throws IOException {
        try (Circuit circuit = new Circuit()) {
            circuit.halfOpen();
            circuit.ticker.advance(Duration.ofMinutes(1));

            assertFailed(circuit.get(), "half-open");

            assertRefused(circuit.get(), "open", "5");
            circuit.ticker.advance(COOLDOWN.minusNanos(1));
            assertRefused(circuit.get(), "open", "1");
            circuit.ticker.advance(1);
            assertFailed(circuit.get(), "half-open");
        }
    }

    @Test
    void othersAreRefusedWhileAProbeRunsWithoutRetryAfter() throws IOException {
        Gate gate = new Gate();
        try (Circuit circuit = new Circuit()) {
            circuit.halfOpen().backend.answer(Answers.gated(gate, Answers.ok("recovered")));

            try (RawClient probe = circuit.waitingClient()) {
                assertRefused(circuit.get(), "half-open", null);
                assertRefused(circuit.get(), "half-open", null);
                assertThat(circuit.backend.requests()).hasSize(4);

                gate.open();
                assertPassed(probe.read(), "half-open", "recovered");
            }
            assertPassed(circuit.get(), "closed", "recovered");
        }
    }

    @Test
    void aProbeIsDecidedAtTheEndOfItsResponseNotAtItsHead() throws IOException {
        Gate gate = new Gate();
        try (Circuit circuit = new Circuit()) {
            circuit.halfOpen().backend.answer((connection, request) -> {
                connection.send("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nda");
                gate.pass();
                connection.send("ta");
            });

            try (RawClient probe = circuit.waitingClient()) {
                assertThat(probe.readHead().status()).isEqualTo(200);
                assertThat(circuit.state()).isEqualTo("half-open");
                assertRefused(circuit.get(), "half-open", null);

                gate.open();
                assertThat(probe.copy(4, java.io.OutputStream.nullOutputStream()))
                        .isTrue();
            }
            assertThat(circuit.state()).isEqualTo("closed");
        }
    }

    @Test
    void aRefusedClientKeepsItsConnection() throws IOException {
        try (Circuit circuit = new Circuit();
                RawClient client = circuit.proxy.connect()) {
            circuit.open().backend.answer(Answers.ok("recovered"));
            assertRefused(client.get(PATH).read(), "open", "5");
            assertRefused(client.get(PATH).read(), "open", "5");

            circuit.ticker.advance(COOLDOWN);
            assertPassed(client.get(PATH).read(), "half-open", "recovered");
        }
    }

    @Test
    void headIsAnsweredAsGetWithoutTheBody() throws IOException {
        try (Circuit circuit = new Circuit();
                RawClient client = circuit.proxy.connect()) {
            circuit.backend.answer(
                    Answers.bytes("HTTP/1.1 500 Error\r\nContent-Length: 10\r\nContent-Type: text/plain\r\n\r\n"));
            for (int i = 0; i < 3; i++) {
                HttpMessage failed = client.request("HEAD", PATH).readBodyless();
                assertThat(failed.status()).isEqualTo(502);
                assertThat(failed.field("Content-Length")).isEqualTo(String.valueOf(Circuit.UNAVAILABLE.length()));
                assertThat(failed.field("X-Circuit-State")).isEqualTo("closed");
            }
            HttpMessage refused = client.request("HEAD", PATH).readBodyless();
            assertThat(refused.status()).isEqualTo(503);
            assertThat(refused.field("Content-Length")).isEqualTo(String.valueOf(Circuit.OPEN.length()));
            assertThat(refused.field("Retry-After")).isEqualTo("5");

            assertRefused(client.get(PATH).read(), "open", "5");
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"X-Circuit-State", "x-circuit-state", "X-CIRCUIT-STATE"})
    void theBackendsOwnStateFieldIsCut(String name) throws IOException {
        try (Circuit circuit = new Circuit()) {
            circuit.backend.answer(Answers.bytes("HTTP/1.1 200 OK\r\n" + name + ": open\r\nA: 1\r\n" + name
                    + ": half-open\r\nContent-Length: 0\r\n\r\n"));

            HttpMessage response = circuit.get();

            assertThat(response.values("X-Circuit-State")).containsExactly("closed");
            assertThat(response.field("A")).isEqualTo("1");
        }
    }

    @Test
    void anInformationalResponseCarriesNoState() throws IOException {
        try (Circuit circuit = new Circuit();
                RawClient client = circuit.proxy.connect()) {
            circuit.backend.answer(
                    Answers.bytes(
                            "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\nX-Circuit-State: open\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"));

            HttpMessage hints = client.get(PATH).read();
            HttpMessage response = client.read();

            assertThat(hints.status()).isEqualTo(103);
            assertThat(hints.fieldLines()).containsExactly("Link: </a>");
            assertPassed(response, "closed", "ok");
        }
    }

    @Test
    void withPassA5xxIsRelayedAsItCameAndStillCounts() throws IOException {
        try (Circuit circuit = new Circuit("lb.pools.default.backend-errors = pass")) {
            circuit.backend.answer(
                    Answers.bytes("HTTP/1.1 503 Busy\r\nRetry-After: 99\r\nX-Own: 1\r\nContent-Length: 4\r\n\r\nbusy"));

            for (int i = 0; i < 3; i++) {
                HttpMessage response = circuit.get();
                assertThat(response.startLine()).isEqualTo("HTTP/1.1 503 Busy");
                assertThat(response.text()).isEqualTo("busy");
                assertThat(response.field("Retry-After")).isEqualTo("99");
                assertThat(response.field("X-Own")).isEqualTo("1");
                assertThat(response.field("X-Circuit-State")).isEqualTo("closed");
            }

            assertRefused(circuit.get(), "open", "5"); // it asks for more than cooldown-max
        }
    }

    @Test
    void withPassAFailedProbeIsRelayedAndReopens() throws IOException {
        try (Circuit circuit = new Circuit("lb.pools.default.backend-errors = pass")) {
            circuit.backend.answer(Answers.status(500, "Error", "trace"));
            for (int i = 0; i < 3; i++) {
                circuit.get();
            }
            circuit.ticker.advance(COOLDOWN);

            HttpMessage probe = circuit.get();

            assertThat(probe.status()).isEqualTo(500);
            assertThat(probe.text()).isEqualTo("trace");
            assertThat(probe.field("X-Circuit-State")).isEqualTo("half-open");
            assertRefused(circuit.get(), "open", "5");
        }
    }

    @Test
    void theNumbersOfTheContractAreConfigurable() throws IOException {
        Gate gate = new Gate();
        try (Circuit circuit = new Circuit(
                "lb.pools.default.breaker { consecutive-failures = 1, cooldown = 300ms, half-open { concurrent-probes = 2, successes-to-close = 3 } }")) {
            circuit.backend.answer(Answers.reset());
            assertFailed(circuit.get(), "closed");
            assertRefused(circuit.get(), "open", "1");

            circuit.backend.answer(Answers.gated(gate, Answers.ok("recovered")));
            circuit.ticker.advance(Duration.ofMillis(300));
            try (RawClient first = circuit.waitingClient();
                    RawClient second = circuit.waitingClient()) {
                assertRefused(circuit.get(), "half-open", null);
                gate.open();
                assertPassed(first.read(), "half-open", "recovered");
                assertPassed(second.read(), "half-open", "recovered");
            }
            assertThat(circuit.state()).isEqualTo("half-open");
            assertPassed(circuit.get(), "half-open", "recovered");
            assertPassed(circuit.get(), "closed", "recovered");
        }
    }

    @Test
    void theStatusesThatCountAsFailureAreConfigurable() throws IOException {
        try (Circuit circuit =
                new Circuit("lb.pools.default.breaker.failure-statuses = [ \"500\", \"503-504\", \"429\" ]")) {
            circuit.backend.answer(Answers.status(502, "Bad Gateway", "its own"));
            HttpMessage passed = circuit.get();
            assertThat(passed.status()).isEqualTo(502);
            assertThat(passed.text()).isEqualTo("its own");

            circuit.backend.answer(Answers.status(429));
            for (int i = 0; i < 3; i++) {
                circuit.get();
            }
            assertRefused(circuit.get(), "open", "5");
        }
    }

    @Test
    void withoutABreakerNothingIsEverRefused() throws IOException {
        try (Circuit circuit = new Circuit("lb.pools.default.breaker.enabled = false")) {
            circuit.backend.answer(Answers.status(500));
            for (int i = 0; i < 10; i++) {
                assertFailed(circuit.get(), "closed");
            }
            assertThat(circuit.backend.requests()).hasSize(10);
        }
    }

    @Test
    void theNameOfTheStateFieldIsConfigurable() throws IOException {
        try (Circuit circuit = new Circuit("lb.listen.circuit-state-header = X-Breaker")) {
            circuit.backend.answer(Answers.bytes(
                    "HTTP/1.1 200 OK\r\nX-Breaker: open\r\nX-Circuit-State: own\r\nContent-Length: 0\r\n\r\n"));

            HttpMessage response = circuit.get();

            assertThat(response.values("X-Breaker")).containsExactly("closed");
            assertThat(response.values("X-Circuit-State")).containsExactly("own");
        }
    }

    @Test
    void everySelfMadeBodyIsExactAlsoOnAReusedConnection() throws IOException {
        try (Circuit circuit = new Circuit();
                RawClient client = circuit.proxy.connect()) {
            circuit.backend.answer(Answers.status(500));
            for (int i = 0; i < 3; i++) {
                assertSelfMade(client.get(PATH).read(), 502, "{\"error\": \"backend unavailable\"}", "closed", null);
            }
            assertSelfMade(client.get(PATH).read(), 503, "{\"error\": \"circuit open\"}", "open", "5");
        }
    }
}
