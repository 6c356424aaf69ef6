package io.breakwater.server.probe;

import static io.breakwater.server.fixtures.Eventually.eventually;
import static io.breakwater.server.fixtures.Eventually.settled;
import static org.assertj.core.api.Assertions.assertThat;

import io.breakwater.health.check.CheckResult;
import io.breakwater.health.check.HealthStatus;
import io.breakwater.health.check.ProbeResult;
import io.breakwater.server.config.PoolConfig;
import io.breakwater.server.fixtures.Answers;
import io.breakwater.server.fixtures.Blackhole;
import io.breakwater.server.fixtures.ClosedPort;
import io.breakwater.server.fixtures.End;
import io.breakwater.server.fixtures.HttpMessage;
import io.breakwater.server.fixtures.Loopback;
import io.breakwater.server.fixtures.ScriptedBackend;
import io.breakwater.server.fixtures.ScriptedBackend.Answer;
import java.io.IOException;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

class HttpProbeTest {
    private static final String ENDLESS_FIELD = "HTTP/1.1 200 OK\r\nX-Long: " + "x".repeat(70_000);
    private static final String HINT = "HTTP/1.1 103 Early Hints\r\nLink: </style.css>\r\n\r\n";
    private static final String OK = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

    private final ScriptedBackend backend = ScriptedBackend.start();

    @AfterEach
    void closeBackend() throws IOException {
        backend.close();
    }

    @ParameterizedTest
    @CsvSource({
        "200, PASSED",
        "204, PASSED",
        "302, PASSED",
        "399, PASSED",
        "101, FAILED",
        "400, FAILED",
        "404, FAILED",
        "500, FAILED",
        "503, FAILED",
        "599, FAILED"
    })
    void theStatusDecides(int status, CheckResult expected) {
        backend.answer(
                Answers.bytes("HTTP/1.1 " + status + " Whatever\r\nLocation: /elsewhere\r\nContent-Length: 0\r\n\r\n"));
        try (Checked checked = new Checked(backend.url())) {
            assertThat(checked.result(1)).isEqualTo(new ProbeResult(expected, "status " + status));
            assertThat(checked.counted).containsExactly(expected);
            assertThat(backend.requests()).hasSize(1);
        }
    }

    @Test
    void theConfiguredStatusesPass() {
        backend.answer(Answers.status(404));
        try (Checked checked = new Checked(backend.url(), "health-check.expect-status = [ \"401-404\" ]")) {
            assertThat(checked.result(1)).isEqualTo(ProbeResult.passed("status 404"));
            backend.answer(Answers.status(200));
            checked.next();
            assertThat(checked.result(2)).isEqualTo(ProbeResult.failed("status 200"));
        }
    }

    @Test
    void theRequestSaysWhoAsksWhom() {
        try (Checked checked = new Checked(backend.url(), "health-check.path = \"/ready/deep\"")) {
            checked.result(1);
        }
        HttpMessage request = backend.onlyRequest();
        assertThat(request.startLine()).isEqualTo("GET /ready/deep HTTP/1.1");
        assertThat(request.field("host")).isEqualTo("127.0.0.1:" + backend.port());
        assertThat(request.field("user-agent")).isEqualTo("breakwater-health-check");
        assertThat(request.field("connection")).isEqualTo("close");
        assertThat(request.body()).isEmpty();
    }

    @Test
    void anIpv6AddressStandsInBracketsInHost() throws IOException {
        try (ScriptedBackend six = ScriptedBackend.start(Loopback.IPV6, 0, 0)) {
            try (Checked checked = new Checked(six.url())) {
                assertThat(checked.result(1).result()).isEqualTo(CheckResult.PASSED);
            }
            assertThat(six.onlyRequest().field("host")).isEqualTo("[::1]:" + six.port());
        }
    }

    @Test
    void everyCheckHasAConnectionOfItsOwn() {
        try (Checked checked = new Checked(backend.url())) {
            for (int i = 1; i <= 5; i++) {
                checked.result(i);
                checked.next();
            }
            checked.result(6);
        }
        assertThat(backend.accepted()).isEqualTo(6);
        assertThat(backend.requests()).extracting(HttpMessage::connection).doesNotHaveDuplicates();
    }

    static Stream<Arguments> failures() {
        return Stream.of(
                Arguments.of("reset", Answers.reset(), "connection reset"),
                Arguments.of("closed", Answers.close(), "connection closed without a response"),
                Arguments.of(
                        "half a head",
                        Answers.bytesAndClose("HTTP/1.1 200 OK\r\nX-Half: "),
                        "connection closed without a response"),
                Arguments.of("another protocol", Answers.bytesAndHang("SSH-2.0-OpenSSH_9.6\r\n"), "malformed response"),
                Arguments.of("no status", Answers.bytesAndHang("HTTP/1.1 fine\r\n\r\n"), "malformed response"),
                Arguments.of(
                        "a field without a colon",
                        Answers.bytesAndHang("HTTP/1.1 200 OK\r\nbroken\r\n\r\n"),
                        "malformed response"),
                Arguments.of("an endless head", Answers.bytesAndHang(ENDLESS_FIELD), "malformed response"),
                Arguments.of("hints only", Answers.bytesAndHang(HINT.repeat(9)), "too many interim responses"));
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("failures")
    void whatIsNoResponseFails(String name, Answer answer, String detail) {
        backend.answer(answer);
        try (Checked checked = new Checked(backend.url())) {
            assertThat(checked.result(1)).as(name).isEqualTo(ProbeResult.failed(detail));
        }
    }

    @Test
    void refusedConnectionsFail() throws IOException {
        try (ClosedPort port = new ClosedPort();
                Checked checked = new Checked(port.url())) {
            assertThat(checked.result(1)).isEqualTo(ProbeResult.failed("connection refused"));
        }
    }

    @Test
    void silenceIsATimeout() {
        backend.answer(Answers.hang());
        try (Checked checked = new Checked(backend.url())) {
            backend.awaitRequests(1);
            assertThat(checked.results).isEmpty();

            checked.ticker.advance(Checked.TIMEOUT);

            assertThat(checked.result(1)).isEqualTo(ProbeResult.timeout("no response in time"));
        }
    }

    @Test
    void interimResponsesAndHalfAHeadAreNothingDecisive() {
        backend.answer(Answers.bytesAndHang(HINT + "HTTP/1.1 200 OK\r\n"));
        try (Checked checked = new Checked(backend.url())) {
            backend.awaitRequests(1);
            checked.ticker.advance(Checked.TIMEOUT);

            assertThat(checked.result(1)).isEqualTo(ProbeResult.timeout("no response in time"));
        }
    }

    @Test
    void aConnectionThatIsNotMadeIsATimeout() throws IOException {
        try (Blackhole hole = new Blackhole();
                Checked checked = new Checked(hole.url())) {
            checked.housekeeping.loop().eventLoop().submit(() -> {}).syncUninterruptibly();
            checked.ticker.advance(Checked.TIMEOUT);

            assertThat(checked.result(1)).isEqualTo(ProbeResult.timeout("no connection in time"));
            checked.next();
            checked.housekeeping.loop().eventLoop().submit(() -> {}).syncUninterruptibly();
            eventually(() -> {
                checked.ticker.advance(Checked.TIMEOUT);
                assertThat(checked.results).hasSizeGreaterThanOrEqualTo(2);
            });
            assertThat(checked.checker.snapshot().timeoutsOnly()).isTrue();
        }
    }

    @Test
    void theFinalResponseAfterInterimOnesDecides() {
        backend.answer(Answers.bytes(HINT.repeat(3) + OK));
        try (Checked checked = new Checked(backend.url())) {
            assertThat(checked.result(1)).isEqualTo(ProbeResult.passed("status 200"));
        }
    }

    @Test
    void theHeadDecidesAndTheRestIsReadUntilTheDeadlineOnly() throws Exception {
        CompletableFuture<End> end = new CompletableFuture<>();
        backend.answer((connection, request) -> {
            connection.send("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf");
            end.complete(connection.readEnd());
        });
        try (Checked checked = new Checked(backend.url())) {
            assertThat(checked.result(1)).isEqualTo(ProbeResult.passed("status 200"));
            assertThat(end).isNotDone();

            checked.ticker.advance(Checked.TIMEOUT);

            assertThat(end.get(10, TimeUnit.SECONDS)).isEqualTo(End.FIN);
        }
    }

    @Test
    void aWholeResponseIsTheEndOfTheConnection() throws Exception {
        CompletableFuture<End> end = new CompletableFuture<>();
        backend.answer((connection, request) -> {
            connection.send("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\n");
            connection.send("good");
            end.complete(connection.readEnd());
        });
        try (Checked checked = new Checked(backend.url())) {
            checked.result(1);

            assertThat(end.get(10, TimeUnit.SECONDS)).isEqualTo(End.FIN);
        }
    }

    @Test
    void anEndlessBodyIsNotReadForLong() {
        backend.answer(Answers.endless());
        try (Checked checked = new Checked(backend.url())) {
            assertThat(checked.result(1)).isEqualTo(ProbeResult.passed("status 200"));

            assertThat(settled(backend::bytesWritten)).isPositive();
        }
    }

    @Test
    void stoppingACheckEndsItsConnection() throws Exception {
        CompletableFuture<End> end = new CompletableFuture<>();
        backend.answer((connection, request) -> end.complete(connection.readEnd()));
        try (Checked checked = new Checked(backend.url())) {
            backend.awaitRequests(1);

            checked.checker.stop();

            assertThat(end.get(10, TimeUnit.SECONDS)).isNotNull();
            assertThat(checked.results).isEmpty();
            assertThat(checked.checker.snapshot().status()).isEqualTo(HealthStatus.UNCHECKED);
        }
    }

    @Test
    void aReloadWithTheSameSettingsKeepsStatusAndSchedule() {
        backend.answer(Answers.status(503));
        try (Checked checked = new Checked(backend.url())) {
            checked.result(1);
            checked.next();
            checked.result(2);
            PoolConfig again = Checked.pool(backend.url());

            checked.checks.reconfigure(
                    checked.checker, again.backends().get(0), again.healthCheck(), again.probe(), null);
            checked.housekeeping.loop().eventLoop().submit(() -> {}).syncUninterruptibly();

            assertThat(checked.checker.snapshot().status()).isEqualTo(HealthStatus.UNHEALTHY);
            assertThat(checked.checker.snapshot().failures()).isEqualTo(2);
            assertThat(backend.requests()).hasSize(2);
        }
    }

    @Test
    void aReloadWithAnotherPathChecksItAtOnce() {
        backend.answer(Answers.status(503));
        try (Checked checked = new Checked(backend.url())) {
            checked.result(1);
            PoolConfig other = Checked.pool(backend.url(), "health-check.path = \"/other\"");

            checked.checks.reconfigure(
                    checked.checker, other.backends().get(0), other.healthCheck(), other.probe(), null);
            checked.passAMoment();

            checked.result(2);
            assertThat(checked.checker.snapshot().failures()).isEqualTo(1);
            assertThat(backend.requests())
                    .extracting(HttpMessage::startLine)
                    .isEqualTo(List.of("GET /health HTTP/1.1", "GET /other HTTP/1.1"));
        }
    }
}
