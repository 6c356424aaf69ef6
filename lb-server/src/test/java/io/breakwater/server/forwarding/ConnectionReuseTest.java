package io.breakwater.server.forwarding;

import static io.breakwater.server.fixtures.Circuit.assertFailed;
import static io.breakwater.server.fixtures.Circuit.assertPassed;
import static io.breakwater.server.fixtures.Eventually.eventually;
import static org.assertj.core.api.Assertions.assertThat;

import io.breakwater.server.fixtures.Answers;
import io.breakwater.server.fixtures.Conf;
import io.breakwater.server.fixtures.Gate;
import io.breakwater.server.fixtures.HttpMessage;
import io.breakwater.server.fixtures.Proxy;
import io.breakwater.server.fixtures.RawClient;
import io.breakwater.server.fixtures.ScriptedBackend;
import io.breakwater.server.fixtures.ScriptedBackend.Answer;
import io.breakwater.time.ManualTicker;
import java.io.IOException;
import java.time.Duration;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A kept upstream connection that the backend closes: what is sent again, what is not, and what it counts as. */
@Timeout(60)
class ConnectionReuseTest {
    private final ManualTicker ticker = new ManualTicker(0);
    private final ScriptedBackend backend = backend();
    private final Proxy proxy = Proxy.start(
            Conf.everything(
                    backend.url(),
                    Conf.PATIENT,
                    "lb.pools.default.tls.verify = false",
                    "lb.runtime.event-loops = 1",
                    "lb.pools.default.connections { max-idle-per-backend = 2, idle-timeout = 30s }"),
            ticker);
    private final RawClient client = proxy.connect();

    ScriptedBackend backend() {
        return ScriptedBackend.start();
    }

    @AfterEach
    void stop() throws IOException {
        client.close();
        proxy.close();
        backend.close();
    }

    /** Ends the connection in this way when a request comes on it that is not its first. */
    private Answer onReuse(Answer end) {
        return (connection, request) -> {
            boolean first = backend.requests().stream()
                            .filter(each -> each.connection() == connection.number())
                            .count()
                    == 1;
            (first ? Answers.ok("ok") : end).give(connection, request);
        };
    }

    private double outcomes(String outcome) {
        return proxy.metric("lb_backend_requests_total", "outcome", outcome);
    }

    private int consecutiveFailures() {
        return proxy.backend("default", backend).getInt("breaker.consecutiveFailures");
    }

    @ParameterizedTest
    @ValueSource(strings = {"FIN", "RST"})
    void aGetOnAConnectionThatWasClosedMeanwhileGoesOutAgainOnAFreshOne(String end) throws IOException {
        backend.answer(onReuse(end.equals("FIN") ? Answers.close() : Answers.reset()));
        assertPassed(client.get("/1").read(), "closed", "ok");
        assertThat(backend.accepted()).isEqualTo(1);

        assertPassed(client.get("/2").read(), "closed", "ok");

        assertThat(backend.accepted()).isEqualTo(2);
        assertThat(backend.requests()).extracting(HttpMessage::target).containsExactly("/1", "/2", "/2");
        assertThat(backend.requests()).extracting(HttpMessage::connection).containsExactly(1, 1, 2);
        assertThat(consecutiveFailures()).isZero();
        eventually(() -> {
            assertThat(outcomes("success")).isEqualTo(2);
            assertThat(outcomes("stale_connection")).isEqualTo(1);
            assertThat(proxy.metric("lb_requests_total", "code", "200")).isGreaterThanOrEqualTo(2);
        });
    }

    @ParameterizedTest
    @ValueSource(strings = {"POST", "PATCH", "X-Own"})
    void whatMayNotBeRepeatedIsSentOnce(String method) throws IOException {
        backend.answer(onReuse(Answers.close()));
        assertPassed(client.get("/1").read(), "closed", "ok");

        client.send(method + " /2 HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\n\r\nbody");
        assertFailed(client.read(), "closed");

        assertThat(backend.requests()).extracting(HttpMessage::target).containsExactly("/1", "/2");
        assertThat(consecutiveFailures()).isEqualTo(1);
        eventually(() -> assertThat(outcomes("connection_reset")).isEqualTo(1));
        assertThat(outcomes("stale_connection")).isZero();
    }

    @Test
    void aPostIsSentOnceEvenWithoutABody() throws IOException {
        backend.answer(onReuse(Answers.close()));
        assertPassed(client.get("/1").read(), "closed", "ok");

        client.send("POST /2 HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n");
        assertFailed(client.read(), "closed");

        assertThat(backend.requests()).extracting(HttpMessage::target).containsExactly("/1", "/2");
        eventually(() -> assertThat(outcomes("connection_reset")).isEqualTo(1));
    }

    @ParameterizedTest
    @ValueSource(strings = {"HEAD", "OPTIONS", "DELETE", "PUT"})
    void whatMayBeRepeatedIsRepeatedWhileNoneOfItsBodyIsOut(String method) throws IOException {
        backend.answer(onReuse(Answers.close()));
        assertPassed(client.get("/1").read(), "closed", "ok");

        backend.answer(onReuse(Answers.close()));
        client.send(method + " /2 HTTP/1.1\r\nHost: x\r\n\r\n");

        assertThat(client.readHead().status()).isEqualTo(200);
        assertThat(backend.requests()).extracting(HttpMessage::target).containsExactly("/1", "/2", "/2");
    }

    @Test
    void aConnectionThatIsOwedTheRestOfARequestIsNotUsedAgain() throws Exception {
        backend.onConnect(connection -> {
            connection.readHead();
            connection.send("HTTP/1.1 403 No\r\nContent-Length: 2\r\n\r\nno");
            connection.readEnd();
        });
        client.send("POST /1 HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\nfirst part");
        assertThat(client.read().status()).isEqualTo(403);

        backend.onConnect(ScriptedBackend.Connection::answerEachRequest);
        assertPassed(proxy.get("/2"), "closed", "ok");

        assertThat(backend.requests()).extracting(HttpMessage::connection).containsExactly(1, 2);
        backend.connection(1).awaitEnd();
    }

    @Test
    void aBodyThatWasKeptGoesOutAgainWithItWhereNothingIsRetried() throws IOException {
        backend.answer(onReuse(Answers.close()));
        assertPassed(client.get("/1").read(), "closed", "ok");

        client.send("PUT /2 HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\n\r\nbody");
        assertPassed(client.read(), "closed", "ok");

        assertThat(backend.requests()).extracting(HttpMessage::target).containsExactly("/1", "/2", "/2");
        assertThat(backend.requests().get(2).text()).isEqualTo("body");
        assertThat(consecutiveFailures()).isZero();
        eventually(() -> assertThat(outcomes("stale_connection")).isEqualTo(1));
    }

    @Test
    void aConnectionIsReplacedOnce() throws IOException {
        backend.answer(onReuse(Answers.close()));
        assertPassed(client.get("/1").read(), "closed", "ok");

        backend.answer(Answers.close());
        assertFailed(client.get("/2").read(), "closed");

        assertThat(backend.requests()).extracting(HttpMessage::target).containsExactly("/1", "/2", "/2");
        assertThat(consecutiveFailures()).isEqualTo(1);
        eventually(() -> {
            assertThat(outcomes("stale_connection")).isEqualTo(1);
            assertThat(outcomes("connection_reset")).isEqualTo(1);
        });
    }

    @Test
    void aFreshConnectionIsNotReplaced() throws IOException {
        backend.answer(Answers.close());

        assertFailed(client.get("/1").read(), "closed");

        assertThat(backend.requests()).hasSize(1);
        assertThat(backend.accepted()).isEqualTo(1);
    }

    @Test
    void afterTheFirstByteOfAResponseNothingIsSentAgain() throws IOException {
        backend.answer(onReuse(Answers.bytesAndClose("H")));
        assertPassed(client.get("/1").read(), "closed", "ok");

        assertFailed(client.get("/2").read(), "closed");

        assertThat(backend.requests()).hasSize(2);
        assertThat(consecutiveFailures()).isEqualTo(1);
    }

    @Test
    void aConnectionThatIsSeenToCloseWhileIdleIsLetGo() throws Exception {
        assertPassed(client.get("/1").read(), "closed", "ok");
        backend.connection(1).close();
        eventually(() ->
                assertThat(proxy.metric("lb_connections", "side", "upstream")).isZero());

        client.send("POST /2 HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\n\r\nbody");
        assertPassed(client.read(), "closed", "ok");

        assertThat(backend.requests()).extracting(HttpMessage::target).containsExactly("/1", "/2");
        assertThat(backend.accepted()).isEqualTo(2);
        assertThat(outcomes("stale_connection")).isZero();
    }

    @Test
    void anIdleConnectionIsClosedAfterItsTimeout() throws Exception {
        backend.onConnect(connection -> {
            connection.read();
            connection.send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
            connection.readEnd();
        });
        assertPassed(client.get("/1").read(), "closed", "ok");
        proxy.settle();

        ticker.advance(Duration.ofSeconds(31));

        backend.connection(1).awaitEnd();
    }

    @Test
    void noMoreThanMaxIdleConnectionsAreKept() throws Exception {
        Gate gate = new Gate();
        backend.answer(Answers.gated(gate, Answers.ok("ok")));
        RawClient[] clients = new RawClient[5];
        for (int i = 0; i < clients.length; i++) {
            clients[i] = proxy.connect().get("/" + i);
        }
        backend.awaitRequests(clients.length);
        gate.open();
        for (RawClient each : clients) {
            assertPassed(each.read(), "closed", "ok");
            each.close();
        }
        eventually(() ->
                assertThat(proxy.metric("lb_connections", "side", "upstream")).isEqualTo(2));
        assertThat(backend.accepted()).isEqualTo(clients.length);
    }

    @Test
    void aSuccessfulRetryOnAFreshConnectionKeepsTheStateThatAdmittedIt() throws IOException {
        backend.answer(onReuse(Answers.reset()));
        for (int i = 0; i < 10; i++) {
            assertPassed(client.get("/" + i).read(), "closed", "ok");
        }
        assertThat(proxy.circuit("default", backend)).isEqualTo("closed");
    }
}
