package io.breakwater.server.reload;

import static io.breakwater.server.fixtures.Circuit.COOLDOWN;
import static org.assertj.core.api.Assertions.assertThat;

import com.typesafe.config.Config;
import io.breakwater.server.config.ReloadResult;
import io.breakwater.server.config.ReloadResult.Refused;
import io.breakwater.server.config.ReloadResult.Success;
import io.breakwater.server.fixtures.Answers;
import io.breakwater.server.fixtures.Conf;
import io.breakwater.server.fixtures.Eventually;
import io.breakwater.server.fixtures.Gate;
import io.breakwater.server.fixtures.HttpMessage;
import io.breakwater.server.fixtures.Proxy;
import io.breakwater.server.fixtures.RawClient;
import io.breakwater.server.fixtures.ScriptedBackend;
import io.breakwater.server.fixtures.Together;
import io.breakwater.time.ManualTicker;
import java.io.IOException;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What stays and what changes when a running balancer gets another configuration. */
@Timeout(60)
class ReloadTest {
    private final ManualTicker ticker = new ManualTicker(-1);
    private final ScriptedBackend a = ScriptedBackend.start().answer(Answers.ok("a"));
    private final ScriptedBackend b = ScriptedBackend.start().answer(Answers.ok("b"));
    private final Proxy proxy = Proxy.start(both(), ticker);

    @AfterEach
    void stop() throws IOException {
        proxy.close();
        a.close();
        b.close();
    }

    private String both(String... overrides) {
        return conf(new ScriptedBackend[] {a, b}, overrides);
    }

    private static String conf(ScriptedBackend[] backends, String... overrides) {
        String[] urls = new String[backends.length];
        for (int i = 0; i < urls.length; i++) {
            urls[i] = backends[i].url();
        }
        return Conf.everything(urls, Conf.PATIENT + String.join("\n", overrides));
    }

    private void reloaded(String hocon) {
        assertThat(proxy.reload(hocon)).isInstanceOf(Success.class);
    }

    private void openB() {
        b.answer(Answers.status(500));
        while (!proxy.circuit("default", b).equals("open")) {
            proxy.get("/");
        }
        b.answer(Answers.ok("b"));
    }

    @Test
    void requestsUnderWayAndKeptConnectionsLiveThroughReloads() throws Exception {
        AtomicInteger served = new AtomicInteger();
        AtomicInteger reloads = new AtomicInteger();
        Together.run(9, index -> {
            if (index == 8) {
                while (served.get() < 4_000) {
                    reloaded(both(
                            "lb.pools.default.breaker.consecutive-failures = " + (3 + reloads.getAndIncrement() % 5)));
                }
                return;
            }
            try (RawClient client = proxy.connect()) {
                for (int i = 0; i < 500; i++) {
                    assertThat(client.get("/").read().status()).isEqualTo(200);
                    served.incrementAndGet();
                }
            }
        });
        assertThat(reloads.get()).isPositive();
        assertThat(proxy.metric("lb_requests_total", "route", "/", "code", "200"))
                .isEqualTo(4_000);
        assertThat(a.accepted() + b.accepted())
                .as("connections to the backends are kept")
                .isLessThanOrEqualTo(4 * 8);
        assertThat(proxy.metric("lb_config_reloads_total", "result", "success")).isEqualTo(reloads.get());
    }

    @Test
    void anOpenCircuitStaysOpenWithWhatIsLeftOfItsCooldown() {
        openB();
        proxy.reload(conf(new ScriptedBackend[] {b}));
        ticker.advance(Duration.ofSeconds(2));

        reloaded(conf(new ScriptedBackend[] {b}, "lb.pools.default.timeouts.request = 9h"));

        HttpMessage refused = proxy.get("/");
        assertThat(refused.status()).isEqualTo(503);
        assertThat(refused.field("Retry-After")).isEqualTo("3");
        ticker.advance(COOLDOWN.minusSeconds(2).minusNanos(1));
        assertThat(proxy.get("/").status()).isEqualTo(503);
        ticker.advance(Duration.ofNanos(1));
        assertThat(proxy.get("/").text()).isEqualTo("b");
    }

    @Test
    void breakerNumbersApplyInPlace() {
        b.answer(Answers.status(500));
        a.answer(Answers.status(500));
        proxy.get("/");
        proxy.get("/");
        reloaded(both("lb.pools.default.breaker.consecutive-failures = 2"));
        assertThat(proxy.circuit("default", a)).isEqualTo("closed");

        proxy.get("/");
        proxy.get("/");

        assertThat(proxy.circuit("default", a)).isEqualTo("open");
        assertThat(proxy.circuit("default", b)).isEqualTo("open");
    }

    @Test
    void anInvalidConfigurationChangesNothingAndSaysWhy() {
        ReloadResult result = proxy.reload(both("lb.pools.default.breaker.consecutive-failures = -1"));

        assertThat(result)
                .isInstanceOfSatisfying(
                        Refused.class,
                        refused -> assertThat(refused.problems())
                                .singleElement()
                                .asString()
                                .startsWith("test.conf:")
                                .endsWith("lb.pools.default.breaker.consecutive-failures: -1 (expected: 0..1000000)"));
        assertThat(proxy.get("/").status()).isEqualTo(200);
        assertThat(proxy.metric("lb_config_reloads_total", "result", "failure")).isEqualTo(1);
        assertThat(proxy.metric("lb_config_reloads_total", "result", "success")).isZero();
    }

    @Test
    void whatNeedsARestartIsRefusedWhole() {
        ReloadResult result = proxy.reload(conf(new ScriptedBackend[] {a}, "lb.runtime.event-loops = 7"));

        assertThat(result)
                .isInstanceOfSatisfying(
                        Refused.class,
                        refused -> assertThat(refused.problems())
                                .singleElement()
                                .asString()
                                .contains("lb.runtime.event-loops", "7", "restart"));
        assertThat(proxy.health().getConfig("circuits").root()).hasSize(2);
    }

    @Test
    void aBackendThatIsTakenAwayEndsWhatItHasBegunAndGetsNothingMore() throws Exception {
        Gate gate = new Gate();
        b.answer(Answers.gated(gate, Answers.ok("b at last")));
        try (RawClient one = proxy.connect();
                RawClient other = proxy.connect()) {
            one.get("/");
            other.get("/");
            b.awaitRequests(1);

            reloaded(conf(new ScriptedBackend[] {a}));
            gate.open();

            assertThat(java.util.List.of(one.read().text(), other.read().text()))
                    .containsExactlyInAnyOrder("a", "b at last");
        }
        for (int i = 0; i < 10; i++) {
            assertThat(proxy.get("/").text()).isEqualTo("a");
        }
        assertThat(b.requests()).hasSize(1);
        Eventually.eventually(() -> assertThat(proxy.metric("lb_connections", "side", "upstream"))
                .as("the connection to the one that was taken away is closed")
                .isLessThanOrEqualTo(a.accepted()));
        assertThat(proxy.metric("lb_backend_up", "backend", "127.0.0.1:" + b.port()))
                .isZero();
        Eventually.eventually(() -> assertThat(proxy.admin("/metrics").text()).doesNotContain("127.0.0.1:" + b.port()));
    }

    @Test
    void noConnectionIsKeptToABackendThatARetryReachesAfterItsPoolWasTakenAway() throws Exception {
        ScriptedBackend other = ScriptedBackend.start().answer(Answers.ok("other"));
        Gate gate = new Gate();
        a.answer(Answers.gated(gate, Answers.reset()));
        b.answer(Answers.gated(gate, Answers.reset()));
        reloaded(both("lb.pools.default.retries.max = 1"));
        try (RawClient client = proxy.connect()) {
            client.get("/");
            Eventually.eventually(
                    () -> assertThat(a.requests().size() + b.requests().size()).isOne());
            a.answer(Answers.ok("late"));
            b.answer(Answers.ok("late"));
            reloaded(Conf.everything(new String[] {other.url()}, Conf.PATIENT).replace("default", "another"));
            assertThat(proxy.get("/").text()).isEqualTo("other");

            gate.open();

            assertThat(client.read().text()).isEqualTo("late");
        }
        Eventually.eventually(() -> assertThat(proxy.metric("lb_connections", "side", "upstream"))
                .as("only the one to the backend that serves now is kept")
                .isEqualTo(1));
        other.close();
    }

    @Test
    void aBackendThatIsTakenAwayIsNotReadFromForNobody() throws Exception {
        Gate gate = new Gate();
        a.answer(Answers.gated(gate, Answers.bytesAndHang("HTTP/1.1 500 No\r\nContent-Length: 9\r\n\r\nunfin")));
        reloaded(conf(new ScriptedBackend[] {a}));
        try (RawClient client = proxy.connect()) {
            client.get("/");
            a.awaitRequests(1);
            reloaded(conf(new ScriptedBackend[] {b}));

            gate.open();

            assertThat(client.read().status()).isEqualTo(502);
        }
        Eventually.eventually(() ->
                assertThat(proxy.metric("lb_connections", "side", "upstream")).isZero());
    }

    @Test
    void aBackendThatIsAddedServesAndIsMeasured() {
        reloaded(conf(new ScriptedBackend[] {a}));
        reloaded(both());

        assertThat(java.util.List.of(proxy.get("/").text(), proxy.get("/").text()))
                .containsExactlyInAnyOrder("a", "b");
        assertThat(proxy.metric("lb_backend_requests_total", "backend", "127.0.0.1:" + b.port()))
                .isEqualTo(1);
    }

    @Test
    void anotherUrlUnderTheSameIdIsAnotherBackend() {
        String conf = "lb.pools.default.backends = [ { id = one, url = \"%s\" } ]";
        reloaded(both(conf.formatted(b.url())));
        b.answer(Answers.status(500));
        while (!proxy.circuit("default", "one").equals("open")) {
            proxy.get("/");
        }

        reloaded(both(conf.formatted(a.url())));

        assertThat(proxy.circuit("default", "one")).isEqualTo("closed");
        assertThat(proxy.get("/").text()).isEqualTo("a");
    }

    @Test
    void theSameUrlWrittenOtherwiseIsTheSameBackend() {
        String conf = "lb.pools.default.backends = [ { id = one, url = \"%s\" } ]";
        reloaded(both(conf.formatted(b.url())));
        proxy.post("/api/v1/pools/default/backends/one/trip");

        reloaded(both(conf.formatted(b.url().replace("http", "HTTP") + "/")));

        assertThat(proxy.circuit("default", "one")).isEqualTo("open");
    }

    @Test
    void routesAndPoolsAreReplaced() {
        String conf = both("""
                lb.routes = [ { prefix = "/new", pool = fresh, strip-prefix = true } ]
                lb.pools.fresh.backends = [ "%s" ]
                """.formatted(b.url()));
        reloaded(conf);

        assertThat(proxy.get("/new/x").text()).isEqualTo("b");
        assertThat(b.requests().get(0).target()).isEqualTo("/x");
        assertThat(proxy.get("/").status()).isEqualTo(404);
    }

    @Test
    void newLimitsHoldForNewConnections() throws IOException {
        try (RawClient before = proxy.connect()) {
            before.get("/").read();
            reloaded(both("lb.listen.limits.request-line = 1KiB", "lb.listen.health-path = /alive"));

            assertThat(before.get("/" + "x".repeat(2000)).read().status()).isEqualTo(200);
        }
        assertThat(proxy.get("/" + "x".repeat(2000)).status()).isEqualTo(414);
        assertThat(proxy.get("/alive").text()).contains("circuits");
    }

    @Test
    void whatAnOperatorWantsStays() {
        assertThat(proxy.post("/api/v1/pools/default/backends/127.0.0.1:" + b.port() + "/drain")
                        .status())
                .isEqualTo(200);
        assertThat(proxy.post("/api/v1/pools/default/backends/127.0.0.1:" + a.port() + "/trip")
                        .status())
                .isEqualTo(200);

        reloaded(both("lb.pools.default.timeouts.request = 9h"));

        Config drained = proxy.backend("default", b);
        assertThat(drained.getString("adminState")).isEqualTo("draining");
        assertThat(proxy.backend("default", a).getString("breaker.state")).isEqualTo("open");
        assertThat(proxy.get("/").status()).isEqualTo(503);
        assertThat(b.requests()).isEmpty();
    }

    @Test
    void aReloadOverTheAdminPortTellsWhatChanged() {
        assertThat(proxy.post("/api/v1/reload").status()).isEqualTo(200);
        proxy.reload("lb { ");

        HttpMessage refused = proxy.post("/api/v1/reload");

        assertThat(refused.status()).isEqualTo(422);
        assertThat(refused.text()).contains("test.conf:");
    }
}
