package io.breakwater.server.forwarding;

import static io.breakwater.server.fixtures.Eventually.eventually;
import static org.assertj.core.api.Assertions.assertThat;

import io.breakwater.server.fixtures.Answers;
import io.breakwater.server.fixtures.Conf;
import io.breakwater.server.fixtures.Proxy;
import io.breakwater.server.fixtures.RawClient;
import io.breakwater.server.fixtures.ScriptedBackend;
import io.breakwater.time.ManualTicker;
import java.io.IOException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** A client that leaves: the backend is told at once, and nothing of it counts against the backend. */
@Timeout(60)
class ClientAbortTest {
    private final ScriptedBackend backend = ScriptedBackend.start();
    private final Proxy proxy =
            Proxy.start(Conf.everything(backend.url(), Conf.PATIENT), new ManualTicker(-1_000_000_000));

    @AfterEach
    void stop() throws IOException {
        proxy.close();
        backend.close();
    }

    /** How a client leaves. */
    private enum Leaving {
        CLOSE {
            @Override
            void leave(RawClient client) throws IOException {
                client.close();
            }
        },
        FIN {
            @Override
            void leave(RawClient client) throws IOException {
                client.finish();
            }
        },
        RST {
            @Override
            void leave(RawClient client) throws IOException {
                client.reset();
            }
        };

        abstract void leave(RawClient client) throws IOException;
    }

    private void assertAborted() throws InterruptedException {
        backend.connection(1).awaitEnd();
        eventually(() -> {
            assertThat(proxy.metric("lb_backend_requests_total", "outcome", "client_aborted"))
                    .isEqualTo(1);
            assertThat(proxy.metric("lb_backend_requests_total")).isEqualTo(1);
            assertThat(proxy.metric("lb_requests_total", "code", "client_closed"))
                    .isEqualTo(1);
            assertThat(proxy.metric("lb_requests_in_flight")).isZero();
            assertThat(proxy.metric("lb_backend_in_flight")).isZero();
            assertThat(proxy.metric("lb_connections", "side", "upstream")).isZero();
        });
        assertThat(proxy.backend("default", backend).getInt("breaker.consecutiveFailures"))
                .isZero();
    }

    @ParameterizedTest
    @EnumSource
    void whileItWaitsForTheResponse(Leaving how) throws Exception {
        backend.answer(Answers.hang());
        try (RawClient client = proxy.connect()) {
            client.get("/");
            backend.awaitRequests(1);

            how.leave(client);

            assertAborted();
        }
    }

    @ParameterizedTest
    @EnumSource
    void withinTheResponse(Leaving how) throws Exception {
        backend.answer(Answers.bytesAndHang("HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\nfirst part"));
        try (RawClient client = proxy.connect()) {
            client.get("/");
            assertThat(client.readHead().status()).isEqualTo(200);

            how.leave(client);

            backend.connection(1).awaitEnd();
            eventually(() -> assertThat(proxy.metric("lb_backend_requests_total", "outcome", "client_aborted"))
                    .isEqualTo(1));
            assertThat(proxy.metric("lb_backend_requests_total")).isEqualTo(1);
        }
    }

    @ParameterizedTest
    @EnumSource
    void withinItsUpload(Leaving how) throws Exception {
        backend.onConnect(connection -> {
            connection.readHead();
            connection.readEnd();
        });
        try (RawClient client = proxy.connect()) {
            client.send("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\nfirst part");
            backend.awaitRequests(1);

            how.leave(client);

            assertAborted();
        }
    }

    @Test
    void aPipelinedRequestOfAClientThatLeftIsNotSent() throws Exception {
        backend.answer(Answers.hang());
        try (RawClient client = proxy.connect()) {
            client.get("/1").get("/2");
            backend.awaitRequests(1);
            client.reset();
            backend.connection(1).awaitEnd();
        }
        eventually(() ->
                assertThat(proxy.metric("lb_connections", "side", "downstream")).isZero());
        assertThat(backend.requests()).hasSize(1);
    }

    @Test
    void aClientThatLeavesBeforeItsHeadIsWholeIsNothing() throws Exception {
        try (RawClient client = proxy.connect()) {
            client.send("GET / HTTP/1.1\r\nHo");
            client.finish();
            client.readEnd();
        }
        assertThat(backend.accepted()).isZero();
        assertThat(proxy.metric("lb_backend_requests_total")).isZero();
    }
}
