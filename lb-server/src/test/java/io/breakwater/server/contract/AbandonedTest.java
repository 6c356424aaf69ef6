package io.breakwater.server.contract;

import static io.breakwater.server.fixtures.Eventually.eventually;
import static org.assertj.core.api.Assertions.assertThat;

import io.breakwater.server.fixtures.Answers;
import io.breakwater.server.fixtures.Conf;
import io.breakwater.server.fixtures.Proxy;
import io.breakwater.server.fixtures.RawClient;
import io.breakwater.server.fixtures.ScriptedBackend;
import io.breakwater.time.ManualTicker;
import java.io.IOException;
import java.time.Duration;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** {@code breaker.abandoned-after}: when a client that leaves has left because of the backend. */
@Timeout(60)
class AbandonedTest {
    private static final String LIMIT = "lb.pools.default.breaker.abandoned-after = 2s";
    private static final Duration NEARLY = Duration.ofMillis(1_999);
    private static final Duration REST = Duration.ofMillis(1);
    private static final String POST = "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\nfirst";

    private final ManualTicker ticker =
            new ManualTicker(Long.MAX_VALUE - Duration.ofSeconds(1).toNanos());
    private final ScriptedBackend backend = ScriptedBackend.start().answer(Answers.hang());
    private Proxy proxy = start(LIMIT);

    private Proxy start(String... more) {
        return Proxy.start(Conf.everything(backend.url(), Conf.PATIENT, String.join("\n", more)), ticker);
    }

    private void startAnew(String... more) {
        proxy.close();
        proxy = start(more);
    }

    @AfterEach
    void stop() throws IOException {
        proxy.close();
        backend.close();
    }

    private RawClient waitingClient() throws IOException {
        int before = backend.requests().size();
        RawClient client = proxy.connect();
        client.get("/");
        backend.awaitRequests(before + 1);
        return client;
    }

    private void pass(Duration time) {
        proxy.settle();
        ticker.advance(time);
    }

    private void assertEnded(String outcome, int failuresInARow) {
        eventually(() -> assertThat(proxy.metric("lb_backend_requests_total", "outcome", outcome))
                .isEqualTo(1));
        assertThat(proxy.metric("lb_backend_requests_total")).isEqualTo(1);
        assertThat(proxy.backend("default", backend).getInt("breaker.consecutiveFailures"))
                .isEqualTo(failuresInARow);
        assertThat(proxy.backend("default", backend).getInt("failures")).isEqualTo(failuresInARow);
        assertThat(proxy.metric("lb_requests_total", "code", "client_closed")).isEqualTo(1);
        assertThat(proxy.metric("lb_requests_total", "code", "client_closed", "route", "/"))
                .isEqualTo(1);
        assertThat(proxy.metric("lb_backend_in_flight")).isZero();
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void aClientThatHasWaitedLongEnough(boolean reset) throws IOException {
        try (RawClient client = waitingClient()) {
            pass(NEARLY.plus(REST));

            if (reset) {
                client.reset();
            } else {
                client.finish();
            }

            assertEnded("response_timeout", 1);
        }
    }

    @Test
    void aClientThatLeavesABitEarlier() throws IOException {
        try (RawClient client = waitingClient()) {
            pass(NEARLY);
            client.finish();

            assertEnded("client_aborted", 0);
        }
    }

    @Test
    void byDefaultNoClientHasWaitedLongEnough() throws IOException {
        startAnew();
        try (RawClient client = waitingClient()) {
            pass(Duration.ofHours(1));
            client.finish();

            assertEnded("client_aborted", 0);
        }
    }

    @Test
    void theClientsOwnBodyIsNotWaitedForByTheBackend() throws IOException {
        backend.onConnect(connection -> {
            connection.readHead();
            connection.readEnd();
        });
        try (RawClient client = proxy.connect()) {
            client.send(POST);
            backend.awaitRequests(1);
            pass(Duration.ofSeconds(10));
            client.finish();

            assertEnded("client_aborted", 0);
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void theTimeThatTheClientTookForItsBodyDoesNotCount(boolean longEnough) throws IOException {
        try (RawClient client = proxy.connect()) {
            client.send(POST);
            pass(Duration.ofSeconds(10));
            client.send(" half");
            backend.awaitRequests(1);
            pass(longEnough ? NEARLY.plus(REST) : NEARLY);
            client.finish();

            assertEnded(longEnough ? "response_timeout" : "client_aborted", longEnough ? 1 : 0);
        }
    }

    @Test
    void afterTheHeadItIsTheClientsOwnMatter() throws IOException {
        backend.answer(Answers.bytesAndHang("HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\nfirst part"));
        try (RawClient client = proxy.connect()) {
            client.get("/");
            assertThat(client.readHead().status()).isEqualTo(200);
            pass(Duration.ofSeconds(10));
            client.finish();

            assertEnded("client_aborted", 0);
        }
    }

    @Test
    void anInterimResponseIsNoHead() throws IOException {
        backend.answer(Answers.bytesAndHang("HTTP/1.1 103 Early Hints\r\n\r\n"));
        try (RawClient client = proxy.connect()) {
            client.get("/");
            assertThat(client.readHead().status()).isEqualTo(103);
            pass(NEARLY.plus(REST));
            client.finish();

            assertEnded("response_timeout", 1);
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void aProbeThatIsAbandonedHasFailed(boolean longEnough) throws IOException {
        Duration cooldown = Duration.ofSeconds(5);
        startAnew(LIMIT, "lb.pools.default.breaker { consecutive-failures = 1, cooldown = 5s }");
        backend.answer(Answers.status(500));
        assertThat(proxy.get("/").status()).isEqualTo(502);
        ticker.advance(cooldown);
        backend.answer(Answers.hang());
        try (RawClient client = waitingClient()) {
            pass(longEnough ? NEARLY.plus(REST) : NEARLY);
            client.finish();

            String outcome = longEnough ? "response_timeout" : "client_aborted";
            eventually(() -> assertThat(proxy.metric("lb_backend_requests_total", "outcome", outcome))
                    .isEqualTo(1));
            assertThat(proxy.circuit("default", backend)).isEqualTo(longEnough ? "open" : "half-open");
            assertThat(proxy.metric("lb_circuit_transitions_total", "reason", "probe_failed"))
                    .isEqualTo(longEnough ? 1 : 0);
        }
    }
}
