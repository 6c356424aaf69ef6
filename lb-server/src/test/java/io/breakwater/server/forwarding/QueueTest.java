package io.breakwater.server.forwarding;

import static io.breakwater.server.fixtures.Eventually.eventually;
import static org.assertj.core.api.Assertions.assertThat;

import io.breakwater.server.fixtures.Answers;
import io.breakwater.server.fixtures.Conf;
import io.breakwater.server.fixtures.Gate;
import io.breakwater.server.fixtures.HttpMessage;
import io.breakwater.server.fixtures.Metrics;
import io.breakwater.server.fixtures.Proxy;
import io.breakwater.server.fixtures.RawClient;
import io.breakwater.server.fixtures.ScriptedBackend;
import io.breakwater.server.fixtures.Together;
import io.breakwater.time.ManualTicker;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Requests that wait for a slot: who comes next, how long they wait, and what the rest are told. */
@Timeout(60)
class QueueTest {
    private static final String OVERLOADED = "{\"error\": \"overloaded\"}";

    private final ManualTicker ticker =
            new ManualTicker(Long.MAX_VALUE - Duration.ofSeconds(2).toNanos());
    private final Map<String, Gate> gates = new ConcurrentHashMap<>();
    private final ScriptedBackend backend = ScriptedBackend.start();
    private final List<RawClient> clients = new ArrayList<>();
    private @Nullable Proxy started;

    @AfterEach
    void stop() throws IOException {
        gates.values().forEach(Gate::open);
        for (RawClient client : clients) {
            client.close();
        }
        if (started != null) {
            started.close();
        }
        backend.close();
    }

    /** One slot; each request is answered once its gate is open. */
    private Proxy proxy(int queue, String... more) {
        backend.answer((connection, request) -> {
            gate(request.target()).pass();
            Answers.ok(request.target()).give(connection, request);
        });
        Proxy proxy = Proxy.start(
                Conf.everything(
                        backend.url(),
                        Conf.PATIENT,
                        "lb.runtime.event-loops = 1",
                        "lb.pools.default.concurrency { max-per-backend = 1, queue = " + queue
                                + ", queue-timeout = 5s }",
                        String.join("\n", more)),
                ticker);
        started = proxy;
        return proxy;
    }

    private Gate gate(String target) {
        return gates.computeIfAbsent(target, each -> new Gate());
    }

    private RawClient get(Proxy proxy, String target) throws IOException {
        RawClient client = proxy.connect();
        clients.add(client);
        client.get(target);
        proxy.settle(); // one loop: it has read the request
        return client;
    }

    private void assertOverloaded(HttpMessage response) {
        assertThat(response.status()).as("%s", response).isEqualTo(503);
        assertThat(response.text()).isEqualTo(OVERLOADED);
        assertThat(response.field("X-Circuit-State")).isEqualTo("closed");
        assertThat(response.has("Retry-After")).isFalse();
    }

    private void assertRejected(Proxy proxy, int overloaded) {
        eventually(() -> {
            assertThat(proxy.metric("lb_rejections_total", "reason", "overloaded"))
                    .isEqualTo(overloaded);
            assertThat(proxy.metric("lb_rejections_total")).isEqualTo(overloaded);
            assertThat(proxy.metric("lb_circuit_rejected_total")).isZero();
        });
    }

    @Test
    void whoComesFirstIsServedFirst() throws IOException {
        Proxy proxy = proxy(3);
        List<RawClient> waiting = new ArrayList<>();
        RawClient first = get(proxy, "/0");
        backend.awaitRequests(1);
        for (int i = 1; i <= 3; i++) {
            waiting.add(get(proxy, "/" + i));
        }
        assertThat(backend.requests()).as("one slot").hasSize(1);
        assertThat(proxy.metric("lb_backend_in_flight")).isEqualTo(1);
        assertThat(proxy.metric("lb_requests_in_flight", "route", "/")).isEqualTo(4);

        gate("/0").open();
        assertThat(first.read().text()).isEqualTo("/0");
        for (int i = 1; i <= 3; i++) {
            backend.awaitRequests(i + 1);
            assertThat(backend.requests()).hasSize(i + 1);
            gate("/" + i).open();
            assertThat(waiting.get(i - 1).read().text()).isEqualTo("/" + i);
        }

        assertThat(backend.requests()).extracting(HttpMessage::target).containsExactly("/0", "/1", "/2", "/3");
        assertRejected(proxy, 0);
    }

    @Test
    void whenTheLineIsFullTheRestIsToldAtOnce() throws IOException {
        Proxy proxy = proxy(1);
        RawClient first = get(proxy, "/0");
        backend.awaitRequests(1);
        RawClient second = get(proxy, "/1");

        assertOverloaded(get(proxy, "/2").read());

        assertRejected(proxy, 1);
        gate("/0").open();
        gate("/1").open();
        assertThat(first.read().text()).isEqualTo("/0");
        assertThat(second.read().text()).isEqualTo("/1");
        assertThat(proxy.backend("default", backend).getInt("failures")).isZero();
    }

    @Test
    void withoutALineNobodyWaits() throws IOException {
        Proxy proxy = proxy(0);
        get(proxy, "/0");
        backend.awaitRequests(1);

        assertOverloaded(get(proxy, "/1").read());

        assertRejected(proxy, 1);
    }

    @Test
    void whoWaitsTooLongIsTold() throws IOException {
        Proxy proxy = proxy(2);
        get(proxy, "/0");
        backend.awaitRequests(1);
        RawClient second = get(proxy, "/1");
        ticker.advance(Duration.ofMillis(4_990));
        RawClient third = get(proxy, "/2");
        assertThat(second.available()).isZero();

        ticker.advance(Duration.ofMillis(10));

        assertOverloaded(second.read());
        assertThat(third.available()).as("it came later").isZero();
        assertRejected(proxy, 1);
        gate("/0").open();
        gate("/2").open();
        assertThat(third.read().text()).isEqualTo("/2");
        assertThat(second.get("/2").read().text()).as("its connection is kept").isEqualTo("/2");
    }

    @Test
    void theTimeOfTheRequestRunsInTheLineToo() throws IOException {
        Proxy proxy = proxy(2, "lb.pools.default.timeouts.request = 2s");
        RawClient first = get(proxy, "/0");
        backend.awaitRequests(1);
        proxy.settle();
        ticker.advance(Duration.ofSeconds(1));
        RawClient second = get(proxy, "/1");
        ticker.advance(Duration.ofMillis(1_500));
        assertThat(first.read().status()).isEqualTo(502);

        backend.awaitRequests(2);
        proxy.settle();
        ticker.advance(Duration.ofMillis(500));

        assertThat(second.read().status()).as("2 s since it came").isEqualTo(502);
    }

    @Test
    void whoLeavesTheLineIsPassedOver() throws Exception {
        Proxy proxy = proxy(3);
        get(proxy, "/0");
        backend.awaitRequests(1);
        RawClient second = get(proxy, "/1");
        RawClient third = get(proxy, "/2");
        second.reset();
        eventually(() -> assertThat(proxy.metric("lb_requests_total", "code", "client_closed"))
                .isEqualTo(1));

        gate("/0").open();
        gate("/2").open();

        assertThat(third.read().text()).isEqualTo("/2");
        assertThat(backend.requests()).extracting(HttpMessage::target).containsExactly("/0", "/2");
        assertThat(proxy.metric("lb_backend_requests_total", "outcome", "client_aborted"))
                .as("no backend had it")
                .isZero();
    }

    @Test
    void aBodyWaitsWithItsRequest() throws IOException {
        Proxy proxy = proxy(1);
        get(proxy, "/0");
        backend.awaitRequests(1);
        RawClient client = proxy.connect();
        clients.add(client);
        client.send("POST /1 HTTP/1.1\r\nHost: x\r\nContent-Length: 200000\r\n\r\n");
        client.send(new byte[20_000]);
        proxy.settle();

        gate("/0").open();
        gate("/1").open();
        client.send(new byte[180_000]);

        assertThat(client.read().text()).isEqualTo("/1");
        assertThat(backend.requests().get(1).body()).hasSize(200_000);
    }

    @Test
    void whenTheCircuitOpensMeanwhileThoseWhoWaitAreToldSo() throws IOException {
        Proxy proxy = proxy(2, "lb.pools.default.breaker { consecutive-failures = 1, cooldown = 5s }");
        backend.answer((connection, request) -> {
            gate(request.target()).pass();
            connection.reset();
        });
        RawClient first = get(proxy, "/0");
        backend.awaitRequests(1);
        RawClient second = get(proxy, "/1");
        RawClient third = get(proxy, "/2");

        gate("/0").open();

        assertThat(first.read().status()).isEqualTo(502);
        for (RawClient each : List.of(second, third)) {
            HttpMessage response = each.read();
            assertThat(response.text()).isEqualTo("{\"error\": \"circuit open\"}");
            assertThat(response.field("Retry-After")).isEqualTo("5");
        }
        assertThat(proxy.metric("lb_circuit_rejected_total")).isEqualTo(2);
    }

    @Test
    void aShutdownCutsThoseWhoWait() throws Exception {
        Proxy proxy = proxy(2, "lb.shutdown.drain = 100ms");
        RawClient first = get(proxy, "/0");
        backend.awaitRequests(1);
        RawClient second = get(proxy, "/1");

        assertThat(proxy.drain()).isEqualTo(2);

        assertThat(first.readByte()).isEqualTo(-1);
        assertThat(second.readByte()).isEqualTo(-1);
        assertThat(backend.requests()).hasSize(1);
    }

    /** Many clients on several loops, few slots: everybody is served, and never more at a time than there are slots. */
    @Test
    void nobodyIsForgottenAndNoSlotIsUsedTwice() throws Exception {
        AtomicInteger present = new AtomicInteger();
        AtomicInteger most = new AtomicInteger();
        backend.answer((connection, request) -> {
            most.accumulateAndGet(present.incrementAndGet(), Math::max);
            present.decrementAndGet();
            Answers.ok("ok").give(connection, request);
        });
        Proxy proxy = Proxy.start(Conf.everything(
                backend.url(),
                "lb.runtime.event-loops = 3",
                "lb.pools.default.concurrency { max-per-backend = 2, queue = 100, queue-timeout = 30s }"));
        started = proxy;
        int rounds = 200;

        Together.run(16, index -> {
            try (RawClient client = proxy.connect()) {
                for (int i = 0; i < rounds; i++) {
                    assertThat(client.get("/").read().status()).isEqualTo(200);
                }
            }
        });

        assertThat(most.get()).isLessThanOrEqualTo(2);
        eventually(() -> {
            Metrics metrics = proxy.metrics();
            assertThat(metrics.sum("lb_requests_total", "code", "200")).isGreaterThanOrEqualTo(16 * rounds);
            assertThat(metrics.sum("lb_rejections_total")).isZero();
            assertThat(metrics.sum("lb_backend_requests_total", "outcome", "success"))
                    .isEqualTo(16 * rounds);
            assertThat(metrics.sum("lb_backend_in_flight")).isZero();
        });
    }
}
