package io.breakwater.server.fault;

import static io.breakwater.server.fixtures.Eventually.eventually;
import static org.assertj.core.api.Assertions.assertThat;

import io.breakwater.server.fixtures.Answers;
import io.breakwater.server.fixtures.Conf;
import io.breakwater.server.fixtures.HttpMessage;
import io.breakwater.server.fixtures.Proxy;
import io.breakwater.server.fixtures.RawClient;
import io.breakwater.server.fixtures.ScriptedBackend;
import io.breakwater.time.ManualTicker;
import java.time.Duration;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What clients do to the exchanges that they are part of never counts against the backend, and hides nothing of it. */
@Timeout(60)
class ClientFaultTest {
    private final ManualTicker ticker = new ManualTicker(-1);
    private final ScriptedBackend backend = ScriptedBackend.start();
    private final Proxy proxy = Proxy.start(
            Conf.everything(
                    backend.url(),
                    Conf.PATIENT,
                    "lb.runtime.event-loops = 1",
                    "lb.listen.timeouts { request-body-idle = 30s, keep-alive-idle = 60s }",
                    "lb.pools.default.timeouts { response-head = 5s, response-idle = 5s }"),
            ticker);

    @AfterEach
    void close() throws Exception {
        proxy.close();
        backend.close();
    }

    private void assertOutcome(String outcome, int count) {
        eventually(() -> assertThat(proxy.metric("lb_backend_requests_total", "outcome", outcome))
                .isEqualTo(count));
    }

    private void assertNotBlamed() throws Exception {
        assertThat(proxy.backend("default", backend).getInt("breaker.consecutiveFailures"))
                .isZero();
        assertThat(proxy.circuit("default", backend)).isEqualTo("closed");
    }

    @Test
    void aBackendThatHangsUpOnAStalledUploadIsNotBlamed() throws Exception {
        backend.onConnect(connection -> {
            connection.readHead();
            connection.close();
        });
        for (int i = 0; i < 4; i++) {
            try (RawClient client = proxy.connect()) {
                HttpMessage response = client.send("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\nabc")
                        .read();
                assertThat(response.status()).isEqualTo(502);
            }
        }

        assertOutcome("client_timeout", 4);
        assertNotBlamed();
    }

    @Test
    void aStalledUploadBehindAnEarlyResponseHeadIsTheClientsFault() throws Exception {
        backend.onConnect(connection -> {
            connection.readHead();
            connection.send("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc");
            connection.readEnd();
        });
        try (RawClient client = proxy.connect()) {
            client.send("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\nabc");
            assertThat(client.readHead().status()).isEqualTo(200);
            proxy.settle();
            ticker.advance(Duration.ofSeconds(29));
            proxy.settle();
            assertThat(proxy.metric("lb_backend_in_flight")).isEqualTo(1);
            ticker.advance(Duration.ofSeconds(2));
            client.readEnd();
        }

        assertOutcome("client_timeout", 1);
        assertNotBlamed();
    }

    @Test
    void aBackendThatNeverSaysContinueIsWaitedForLikeAnyOther() throws Exception {
        backend.answer(Answers.hang());
        try (RawClient client = proxy.connect()) {
            client.send("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\nExpect: 100-continue\r\n\r\n");
            eventually(() -> assertThat(backend.accepted()).isEqualTo(1));
            proxy.settle();
            ticker.advance(Duration.ofSeconds(6));

            assertThat(client.read().status()).isEqualTo(502);
        }

        assertOutcome("response_timeout", 1);
        assertThat(proxy.backend("default", backend).getInt("breaker.consecutiveFailures"))
                .isOne();
    }

    @Test
    void aClientThatWasToldToContinueIsWaitedForAgain() throws Exception {
        backend.onConnect(connection -> {
            connection.readHead();
            connection.send("HTTP/1.1 100 Continue\r\n\r\n");
            connection.readEnd();
        });
        try (RawClient client = proxy.connect()) {
            client.send("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\nExpect: 100-continue\r\n\r\n");
            assertThat(client.readHead().status()).isEqualTo(100);
            proxy.settle();
            ticker.advance(Duration.ofSeconds(31));

            assertThat(client.read().status()).isEqualTo(408);
        }

        assertOutcome("client_timeout", 1);
        assertNotBlamed();
    }

    @Test
    void aBodyThatCameWithItsHeadReachesABackendThatWaitsForIt() throws Exception {
        backend.onConnect(connection -> {
            connection.readHead();
            byte[] part = new byte[3];
            assertThat(connection.readSome(part)).isEqualTo(3);
            connection.send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok");
            connection.finish();
        });
        try (RawClient client = proxy.connect()) {
            HttpMessage response = client.send("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\nabc")
                    .read();

            assertThat(response.text()).isEqualTo("ok");
        }
    }
}
