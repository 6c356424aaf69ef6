package io.breakwater.server.forwarding;

import static io.breakwater.server.fixtures.Eventually.eventually;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.breakwater.server.fixtures.Answers;
import io.breakwater.server.fixtures.Conf;
import io.breakwater.server.fixtures.Gate;
import io.breakwater.server.fixtures.HttpMessage;
import io.breakwater.server.fixtures.Proxy;
import io.breakwater.server.fixtures.RawClient;
import io.breakwater.server.fixtures.ScriptedBackend;
import io.breakwater.time.ManualTicker;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.time.Duration;
import java.util.concurrent.FutureTask;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** A balancer that is told to stop: nothing new, nothing lost, and an end in any case. */
@Timeout(60)
class DrainTest {
    private final ScriptedBackend backend = ScriptedBackend.start();
    private final Gate gate = new Gate();

    @AfterEach
    void stop() throws IOException {
        gate.open();
        backend.close();
    }

    private Proxy proxy(String drain) {
        return Proxy.start(Conf.everything(backend.url(), "lb.shutdown { delay = 0s, drain = " + drain + " }"));
    }

    private static FutureTask<Integer> draining(Proxy proxy) {
        FutureTask<Integer> drain = new FutureTask<>(proxy::drain);
        Thread thread = new Thread(drain, "drain");
        thread.setDaemon(true);
        thread.start();
        return drain;
    }

    @Test
    void idleConnectionsAreClosedAndNewOnesRefused() throws Exception {
        try (Proxy proxy = proxy("20s");
                RawClient used = proxy.connect();
                RawClient fresh = proxy.connect()) {
            assertThat(used.get("/").read().status()).isEqualTo(200);

            assertThat(draining(proxy).get()).isZero();

            assertThat(used.readByte()).isEqualTo(-1);
            assertThat(fresh.readByte()).isEqualTo(-1);
            assertThatThrownBy(proxy::connect).isInstanceOf(UncheckedIOException.class);
        }
    }

    @Test
    void aRequestUnderWayIsAnsweredAndToldThatItIsTheLast() throws Exception {
        backend.answer(Answers.gated(gate, Answers.ok("last")));
        try (Proxy proxy = proxy("20s");
                RawClient client = proxy.connect();
                RawClient idle = proxy.connect()) {
            assertThat(idle.get("/health").read().status()).isEqualTo(200);
            client.get("/");
            backend.awaitRequests(1);
            FutureTask<Integer> drain = draining(proxy);
            assertThat(idle.readByte()).isEqualTo(-1);
            assertThat(drain.isDone()).isFalse();

            gate.open();
            HttpMessage response = client.read();

            assertThat(response.text()).isEqualTo("last");
            assertThat(response.field("Connection")).isEqualToIgnoringCase("close");
            assertThat(client.readByte()).isEqualTo(-1);
            assertThat(drain.get()).isZero();
        }
    }

    /** Begins to drain and returns when nobody can connect any more. */
    private static FutureTask<Integer> refusing(Proxy proxy) {
        FutureTask<Integer> drain = draining(proxy);
        eventually(() -> assertThatThrownBy(proxy::connect).isInstanceOf(UncheckedIOException.class));
        return drain;
    }

    private static void assertLast(HttpMessage response, String text) {
        assertThat(response.text()).isEqualTo(text);
        assertThat(response.field("Connection")).isEqualToIgnoringCase("close");
    }

    @Test
    void aClientThatHasJustBeenAnsweredMaySendWhatItHadOnTheWay() throws Exception {
        ManualTicker ticker = new ManualTicker(0);
        try (Proxy proxy = Proxy.start(Conf.everything(backend.url()), ticker);
                RawClient busy = proxy.connect();
                RawClient idle = proxy.connect();
                RawClient fresh = proxy.connect()) {
            assertThat(idle.get("/").read().text()).isEqualTo("ok");
            proxy.settle();
            ticker.advance(Duration.ofSeconds(2));
            assertThat(busy.get("/").read().has("Connection")).isFalse();
            FutureTask<Integer> drain = refusing(proxy);

            assertThat(idle.readByte()).as("long idle").isEqualTo(-1);
            assertThat(fresh.readByte()).as("long idle").isEqualTo(-1);
            assertLast(busy.get("/").read(), "ok");
            assertThat(busy.readByte()).isEqualTo(-1);
            assertThat(drain.get()).isZero();
        }
    }

    @Test
    void aClientThatSendsNoMoreIsClosedASecondAfterItsLastResponse() throws Exception {
        ManualTicker ticker = new ManualTicker(0);
        try (Proxy proxy = Proxy.start(Conf.everything(backend.url()), ticker);
                RawClient client = proxy.connect()) {
            assertThat(client.get("/").read().text()).isEqualTo("ok");
            FutureTask<Integer> drain = refusing(proxy);
            assertThat(client.available()).isZero();
            assertThat(drain.isDone()).isFalse();
            ticker.advance(Duration.ofSeconds(1));

            assertThat(client.readByte()).isEqualTo(-1);
            assertThat(drain.get()).isZero();
        }
    }

    @Test
    void anUploadUnderWayIsTakenToItsEnd() throws Exception {
        try (Proxy proxy = proxy("20s");
                RawClient client = proxy.connect()) {
            client.send("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 8\r\n\r\nhalf");
            eventually(() -> assertThat(proxy.metric("lb_backend_in_flight")).isEqualTo(1));
            FutureTask<Integer> drain = refusing(proxy);
            client.send("half");

            assertLast(client.read(), "ok");
            assertThat(client.readByte()).isEqualTo(-1);
            assertThat(drain.get()).isZero();
            assertThat(backend.onlyRequest().text()).isEqualTo("halfhalf");
        }
    }

    @Test
    void aDownloadUnderWayIsTakenToItsEndThoughItsHeadPromisedToKeepTheConnection() throws Exception {
        backend.answer((connection, request) -> {
            connection.send("HTTP/1.1 200 OK\r\nContent-Length: 8\r\n\r\nhalf");
            gate.pass();
            connection.send("half");
        });
        try (Proxy proxy = proxy("20s");
                RawClient client = proxy.connect()) {
            client.get("/");
            assertThat(client.readHead().has("Connection")).isFalse();
            FutureTask<Integer> drain = refusing(proxy);
            gate.open();
            assertThat(client.copy(8, OutputStream.nullOutputStream())).isTrue();

            backend.answer(Answers.ok("one more"));
            assertLast(client.get("/").read(), "one more");
            assertThat(client.readByte()).isEqualTo(-1);
            assertThat(drain.get()).isZero();
        }
    }

    @Test
    void whoWaitsInLineIsServed() throws Exception {
        backend.answer(Answers.gated(gate, Answers.ok("served")));
        try (Proxy proxy = Proxy.start(Conf.everything(
                        backend.url(),
                        "lb.pools.default.concurrency { max-per-backend = 1, queue = 10, queue-timeout = 20s }"));
                RawClient first = proxy.connect();
                RawClient second = proxy.connect()) {
            first.get("/");
            backend.awaitRequests(1);
            second.get("/");
            eventually(() -> assertThat(proxy.metric("lb_requests_in_flight")).isEqualTo(2));
            FutureTask<Integer> drain = refusing(proxy);
            gate.open();

            assertLast(first.read(), "served");
            assertLast(second.read(), "served");
            assertThat(drain.get()).isZero();
        }
    }

    @Test
    void ofPipelinedRequestsTheOneUnderWayIsAnsweredAndTheOthersAreNotBegun() throws Exception {
        backend.answer(Answers.gated(gate, Answers.ok("first")));
        try (Proxy proxy = proxy("20s");
                RawClient client = proxy.connect()) {
            client.send("GET /1 HTTP/1.1\r\nHost: x\r\n\r\n".repeat(3));
            backend.awaitRequests(1);
            FutureTask<Integer> drain = refusing(proxy);
            gate.open();

            assertLast(client.read(), "first");
            assertThat(client.readByte()).isEqualTo(-1);
            assertThat(drain.get()).isZero();
            assertThat(backend.requests()).hasSize(1);
        }
    }

    @Test
    void duringTheDelayItIsNotReadyAndServes() throws Exception {
        try (Proxy proxy = Proxy.start(Conf.everything(backend.url(), "lb.shutdown { delay = 3s, drain = 20s }"))) {
            assertThat(proxy.admin("/readyz").status()).isEqualTo(200);
            FutureTask<Integer> drain = draining(proxy);
            eventually(() -> assertThat(proxy.admin("/readyz").status()).isEqualTo(503));

            HttpMessage served = proxy.request("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
            assertThat(served.text()).isEqualTo("ok");
            assertThat(served.has("Connection")).isFalse();
            assertThat(drain.isDone()).isFalse();
            assertThat(drain.get()).isZero();
            assertThatThrownBy(proxy::connect).isInstanceOf(UncheckedIOException.class);
        }
    }

    @Test
    void whatIsNotDoneInTimeIsCutAndCounted() throws Exception {
        backend.answer(Answers.hang());
        try (Proxy proxy = proxy("200ms");
                RawClient client = proxy.connect()) {
            client.get("/");
            backend.awaitRequests(1);

            assertThat(draining(proxy).get()).isEqualTo(1);

            client.readEnd();
            eventually(() -> assertThat(proxy.metric("lb_backend_in_flight")).isZero());
            assertThat(proxy.backend("default", backend).getInt("breaker.consecutiveFailures"))
                    .as("our own shutdown is not the backend's fault")
                    .isZero();
        }
    }
}
