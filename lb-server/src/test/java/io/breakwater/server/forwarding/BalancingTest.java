package io.breakwater.server.forwarding;

import static io.breakwater.server.fixtures.Circuit.COOLDOWN;
import static io.breakwater.server.fixtures.Circuit.assertRefused;
import static org.assertj.core.api.Assertions.assertThat;

import io.breakwater.server.fixtures.Answers;
import io.breakwater.server.fixtures.ClosedPort;
import io.breakwater.server.fixtures.Conf;
import io.breakwater.server.fixtures.Gate;
import io.breakwater.server.fixtures.HttpMessage;
import io.breakwater.server.fixtures.Loopback;
import io.breakwater.server.fixtures.Proxy;
import io.breakwater.server.fixtures.RawClient;
import io.breakwater.server.fixtures.ScriptedBackend;
import io.breakwater.server.fixtures.Together;
import io.breakwater.time.ManualTicker;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Several backends: round robin over those whose circuit lets a request through. */
@Timeout(60)
class BalancingTest {
    private final ManualTicker ticker = new ManualTicker(Long.MAX_VALUE - COOLDOWN.toNanos());
    private final ScriptedBackend a = ScriptedBackend.start().answer(Answers.ok("a"));
    private final ScriptedBackend b = ScriptedBackend.start().answer(Answers.ok("b"));
    private final ScriptedBackend c = ScriptedBackend.start().answer(Answers.ok("c"));
    private final Proxy proxy = Proxy.start(
            Conf.everything(new String[] {a.url(), b.url(), c.url()}, Conf.PATIENT, "lb.runtime.event-loops = 4"),
            ticker);

    @AfterEach
    void stop() throws IOException {
        proxy.close();
        a.close();
        b.close();
        c.close();
    }

    @Test
    void requestsOfOneConnectionGoRound() throws IOException {
        List<String> order = new ArrayList<>();
        try (RawClient client = proxy.connect()) {
            for (int i = 0; i < 9; i++) {
                order.add(client.get("/").read().text());
            }
        }
        assertThat(order.subList(0, 3)).containsExactlyInAnyOrder("a", "b", "c");
        assertThat(order.subList(3, 6)).isEqualTo(order.subList(0, 3));
        assertThat(order.subList(6, 9)).isEqualTo(order.subList(0, 3));
    }

    @Test
    void threeRequestsOnThreeConnectionsMeetThreeBackends() throws IOException {
        for (int round = 0; round < 10; round++) {
            assertThat(List.of(
                            proxy.get("/").text(),
                            proxy.get("/").text(),
                            proxy.get("/").text()))
                    .containsExactlyInAnyOrder("a", "b", "c");
        }
    }

    @Test
    void manyRequestsAtOnceAreSharedEvenly() throws Exception {
        Together.run(30, index -> {
            try (RawClient client = proxy.connect()) {
                for (int i = 0; i < 10; i++) {
                    assertThat(client.get("/").read().status()).isEqualTo(200);
                }
            }
        });
        assertThat(a.requests()).hasSize(100);
        assertThat(b.requests()).hasSize(100);
        assertThat(c.requests()).hasSize(100);
    }

    @Test
    void anOpenCircuitIsSkipped() throws IOException {
        b.answer(Answers.status(500));
        int failed = 0;
        for (int i = 0; i < 30; i++) {
            HttpMessage response = proxy.get("/");
            assertThat(response.field("X-Circuit-State")).isEqualTo("closed");
            failed += response.status() == 502 ? 1 : 0;
        }
        assertThat(failed).isEqualTo(3);
        assertThat(b.requests()).hasSize(3);
        assertThat(a.requests().size() - c.requests().size()).isBetween(-2, 2);
        assertThat(proxy.metric("lb_circuit_rejected_total"))
                .as("a skip in favour of another is no rejection")
                .isZero();
    }

    @Test
    void aHalfOpenSlotIsOfferedToTheFirstRequest() throws IOException {
        open(b);
        ticker.advance(COOLDOWN);
        b.answer(Answers.ok("b"));

        HttpMessage first = proxy.get("/");
        assertThat(first.text()).isEqualTo("b");
        assertThat(first.field("X-Circuit-State")).isEqualTo("half-open");

        assertThat(List.of(
                        proxy.get("/").text(),
                        proxy.get("/").text(),
                        proxy.get("/").text()))
                .containsExactlyInAnyOrder("a", "b", "c");
    }

    @Test
    void whileAProbeRunsOthersAreServedByTheRest() throws Exception {
        Gate gate = new Gate();
        open(b);
        ticker.advance(COOLDOWN);
        b.answer(Answers.gated(gate, Answers.ok("b")));

        try (RawClient probe = proxy.connect()) {
            probe.get("/");
            b.awaitRequests(4);
            for (int i = 0; i < 10; i++) {
                HttpMessage response = proxy.get("/");
                assertThat(response.text()).isIn("a", "c");
                assertThat(response.field("X-Circuit-State")).isEqualTo("closed");
            }
            gate.open();
            assertThat(probe.read().text()).isEqualTo("b");
        }
    }

    @Test
    void whenEveryCircuitIsOpenTheSmallestRemainderIsTold() throws IOException {
        open(a);
        ticker.advance(Duration.ofSeconds(1));
        open(b);
        ticker.advance(Duration.ofSeconds(1));
        open(c);
        assertRefused(proxy.get("/"), "open", "3");

        ticker.advance(Duration.ofMillis(2500));
        assertRefused(proxy.get("/"), "open", "1");
        assertThat(proxy.metric("lb_circuit_rejected_total")).isEqualTo(6);
        assertThat(proxy.metric("lb_rejections_total", "reason", "circuit_open"))
                .isEqualTo(2);
    }

    @Test
    void whenTheRestIsOpenAndTheProbeRunsTheStateIsHalfOpenWithoutRetryAfter() throws Exception {
        Gate gate = new Gate();
        open(a);
        ticker.advance(Duration.ofSeconds(2));
        open(b);
        open(c);
        ticker.advance(Duration.ofSeconds(3));
        a.answer(Answers.gated(gate, Answers.ok("a")));

        try (RawClient probe = proxy.connect()) {
            probe.get("/");
            a.awaitRequests(4);
            assertRefused(proxy.get("/"), "half-open", null);
            gate.open();
            assertThat(probe.read().field("X-Circuit-State")).isEqualTo("half-open");
        }
        assertThat(proxy.get("/").text()).isEqualTo("a");
    }

    /** Fails this backend until its circuit opens; the others answer as they did. */
    private void open(ScriptedBackend backend) {
        int before = backend.requests().size();
        backend.answer(Answers.status(500));
        while (backend.requests().size() < before + 3) {
            proxy.get("/");
        }
        assertThat(proxy.circuit("default", backend)).isEqualTo("open");
    }

    @Test
    void localhostIsTheBackendOnEitherAddress() throws IOException {
        for (Loopback address : Loopback.values()) {
            try (ScriptedBackend backend = ScriptedBackend.start(address, 0, 0);
                    Proxy local = Proxy.start(
                            Conf.contract("http://localhost:" + backend.port(), "lb.runtime.event-loops = 1"))) {
                for (int i = 0; i < 3; i++) {
                    HttpMessage response = local.get("/api/resource");
                    assertThat(response.status()).as("localhost is %s", address).isEqualTo(200);
                    assertThat(response.field("X-Circuit-State")).isEqualTo("closed");
                }
                assertThat(backend.accepted()).isEqualTo(1);
            }
        }
    }

    @Test
    void localhostIsRefusedOnlyWhenBothAddressesAre() throws IOException {
        try (ClosedPort closed = new ClosedPort();
                Proxy local = Proxy.start(Conf.contract("http://localhost:" + closed.port()))) {
            assertThat(local.get("/api/resource").status()).isEqualTo(502);
            assertThat(local.metric("lb_backend_requests_total", "outcome", "connect_failed"))
                    .isEqualTo(1);
        }
    }
}
