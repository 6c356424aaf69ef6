package io.breakwater.server.forwarding;

import static org.assertj.core.api.Assertions.assertThat;

import com.typesafe.config.Config;
import io.breakwater.server.config.ReloadResult;
import io.breakwater.server.fixtures.Answers;
import io.breakwater.server.fixtures.Circuit;
import io.breakwater.server.fixtures.Conf;
import io.breakwater.server.fixtures.Gate;
import io.breakwater.server.fixtures.HttpMessage;
import io.breakwater.server.fixtures.Proxy;
import io.breakwater.server.fixtures.RawClient;
import io.breakwater.server.fixtures.ScriptedBackend;
import io.breakwater.time.ManualTicker;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** {@code breaker.scope = backend-and-route}, seen from outside: a path that fails takes no other path with it. */
@Timeout(60)
class RouteCircuitTest {
    private static final String ROUTES = """
            lb.routes = [ { name = orders, prefix = "/orders", pool = default },
                          { name = carts, prefix = "/carts", pool = default } ]
            """;
    private static final String PER_ROUTE = "lb.pools.default.breaker.scope = backend-and-route";
    private static final Duration COOLDOWN = Duration.ofSeconds(5);

    private final ManualTicker ticker = new ManualTicker(Long.MAX_VALUE - COOLDOWN.toNanos());
    /** Targets that fail. */
    private final Set<String> broken = ConcurrentHashMap.newKeySet();

    private final Map<String, Gate> gates = new ConcurrentHashMap<>();
    private final ScriptedBackend a = backend();
    private final ScriptedBackend b = backend();
    private Proxy proxy = start(PER_ROUTE);

    /** Fails as {@link #broken} says, and waits where there is a gate. */
    private ScriptedBackend backend() {
        return ScriptedBackend.start().answer((connection, request) -> {
            Gate gate = gates.get(request.target());
            if (gate != null) {
                gate.pass();
            }
            (broken.contains(request.target()) ? Answers.status(500) : Answers.ok(request.target()))
                    .give(connection, request);
        });
    }

    private Proxy start(String... more) {
        return Proxy.start(conf(more), ticker);
    }

    private String conf(String... more) {
        return Conf.everything(a.url(), Conf.PATIENT, ROUTES, String.join("\n", more));
    }

    private void startAnew(String... more) {
        proxy.close();
        proxy = start(more);
    }

    @AfterEach
    void stop() throws IOException {
        gates.values().forEach(Gate::open);
        proxy.close();
        a.close();
        b.close();
    }

    private void breakOrders() {
        broken.add("/orders");
        for (int i = 0; i < 3; i++) {
            Circuit.assertFailed(proxy.get("/orders"), "closed");
        }
        Circuit.assertRefused(proxy.get("/orders"), "open", "5");
    }

    private Config breaker(String route) {
        return proxy.backend("default", a).getConfigList("routes").stream()
                .filter(each -> each.getString("route").equals(route))
                .findFirst()
                .orElseThrow()
                .getConfig("breaker");
    }

    private String action(String action) {
        HttpMessage response = proxy.post("/api/v1/pools/default/backends/127.0.0.1:" + a.port() + "/" + action);
        assertThat(response.status()).as(response.text()).isEqualTo(200);
        return response.text();
    }

    @Test
    void onlyTheRouteThatFailsIsRefused() {
        breakOrders();

        Circuit.assertPassed(proxy.get("/carts"), "closed", "/carts");
        assertThat(proxy.get("/nothing").field("X-Circuit-State")).isEqualTo("closed");
        assertThat(proxy.health().getString("status")).isEqualTo("degraded");
        assertThat(proxy.circuit("default", a)).isEqualTo("open");

        ticker.advance(COOLDOWN);
        broken.clear();
        Circuit.assertPassed(proxy.get("/carts"), "closed", "/carts");
        assertThat(proxy.circuit("default", a)).isEqualTo("half-open");
        Circuit.assertPassed(proxy.get("/orders"), "half-open", "/orders");
        assertThat(proxy.health().getString("status")).isEqualTo("ok");
    }

    @Test
    void theApiTellsOfTheWorstCircuitAndOfEach() {
        breakOrders();
        broken.add("/carts");
        proxy.get("/carts");

        Config backend = proxy.backend("default", a);
        assertThat(backend.getString("breaker.state")).isEqualTo("open");
        assertThat(backend.getInt("breaker.consecutiveFailures")).isEqualTo(3);
        assertThat(backend.getInt("breaker.retryAfterSeconds")).isEqualTo(5);
        assertThat(backend.getConfigList("routes"))
                .extracting(each -> each.getString("route"))
                .containsExactly("orders", "carts");
        assertThat(breaker("orders").withoutPath("openedAt"))
                .isEqualTo(backend.getConfig("breaker").withoutPath("openedAt"));
        assertThat(breaker("carts").getString("state")).isEqualTo("closed");
        assertThat(breaker("carts").getInt("consecutiveFailures")).isEqualTo(1);
        assertThat(backend.getInt("failures")).isEqualTo(4);
        assertThat(backend.getInt("rejected")).isEqualTo(1);

        ticker.advance(Duration.ofSeconds(1));
        proxy.get("/carts");
        proxy.get("/carts");
        assertThat(proxy.backend("default", a).getConfigList("transitions"))
                .extracting(each -> each.getString("route") + " " + each.getString("to"))
                .containsExactly("orders open", "carts open");
    }

    @Test
    void aBackendWithOneCircuitHasNoRoutes() {
        startAnew();
        breakOrders();

        assertThat(proxy.get("/carts").status()).isEqualTo(503);
        Config backend = proxy.backend("default", a);
        assertThat(backend.hasPath("routes")).isFalse();
        assertThat(backend.getConfigList("transitions"))
                .allSatisfy(each -> assertThat(each.hasPath("route")).isFalse())
                .hasSize(1);
    }

    @Test
    void theMetersCountTheCircuitsOfAllRoutes() {
        breakOrders();
        assertThat(proxy.metric("lb_circuit_state", "state", "open")).isEqualTo(1);
        assertThat(proxy.metric("lb_circuit_state")).isEqualTo(1);
        assertThat(proxy.metric("lb_backend_up")).as("carts go on").isEqualTo(1);
        assertThat(proxy.metric("lb_circuit_rejected_total")).isEqualTo(1);

        broken.add("/carts");
        for (int i = 0; i < 4; i++) {
            proxy.get("/carts");
        }

        assertThat(proxy.metric("lb_backend_up")).isZero();
        assertThat(proxy.metric("lb_circuit_rejected_total")).isEqualTo(2);
        assertThat(proxy.metric("lb_circuit_transitions_total", "to", "open")).isEqualTo(2);
        assertThat(proxy.metric("lb_backend_requests_total")).isEqualTo(6);
    }

    @Test
    void anOperatorsHandIsOnAllCircuits() {
        breakOrders();

        action("trip");
        assertThat(proxy.get("/carts").status()).isEqualTo(503);
        ticker.advance(Duration.ofHours(1));
        assertThat(breaker("orders").getString("state")).isEqualTo("open");
        assertThat(breaker("carts").getString("state")).isEqualTo("open");
        action("trip");
        assertThat(proxy.backend("default", a).getConfigList("transitions"))
                .as("done once")
                .hasSize(3);

        broken.clear();
        action("reset");
        Circuit.assertPassed(proxy.get("/orders"), "closed", "/orders");
        Circuit.assertPassed(proxy.get("/carts"), "closed", "/carts");

        action("drain");
        assertThat(proxy.get("/orders").text()).isEqualTo("{\"error\": \"no backend available\"}");
        assertThat(proxy.get("/carts").text()).isEqualTo("{\"error\": \"no backend available\"}");
    }

    @Test
    void connectionsAreSharedByAllRoutes() {
        assertThat(proxy.get("/orders").status()).isEqualTo(200);
        assertThat(proxy.get("/carts").status()).isEqualTo(200);
        assertThat(a.accepted()).isEqualTo(1);
    }

    @Test
    void aSlotThatOneRouteFreesIsGivenToARequestOfAnother() throws IOException {
        startAnew(PER_ROUTE, "lb.pools.default.concurrency { max-per-backend = 1, queue = 5, queue-timeout = 10h }");
        Gate first = gate("/orders/1");
        try (RawClient orders = get("/orders/1");
                RawClient carts = get("/carts/1")) {
            a.awaitRequests(1);
            assertThat(a.requests()).hasSize(1);

            first.open();

            assertThat(orders.read().text()).isEqualTo("/orders/1");
            assertThat(carts.read().text()).isEqualTo("/carts/1");
        }
    }

    @Test
    void oneThatItsCircuitKeepsFromAFreeSlotKeepsNobodyElseFromIt() throws IOException {
        String backends = "lb.pools.default.backends = [ { url = \"%s\" }, { url = \"%s\", priority = 1 } ]";
        startAnew(
                PER_ROUTE,
                backends.formatted(a.url(), b.url()),
                "lb.pools.default.breaker.cooldown = 10h",
                "lb.pools.default.concurrency { max-per-backend = 1, queue = 5, queue-timeout = 10h }");
        broken.add("/orders");
        for (int i = 0; i < 3; i++) {
            proxy.get("/orders");
        }
        Gate onB = gate("/orders/1");
        Gate onA = gate("/carts/1");
        gate("/orders/2");
        try (RawClient orders1 = get("/orders/1");
                RawClient carts1 = get("/carts/1")) {
            b.awaitRequests(1);
            a.awaitRequests(4);
            try (RawClient orders2 = get("/orders/2");
                    RawClient carts2 = get("/carts/2")) {

                onA.open(); // orders2 is first in line, but the circuit of its route to a is open

                assertThat(carts1.read().text()).isEqualTo("/carts/1");
                assertThat(carts2.read().text()).isEqualTo("/carts/2");
                assertThat(b.requests()).hasSize(1);

                onB.open();
                assertThat(orders1.read().text()).isEqualTo("/orders/1");
                gate("/orders/2").open();
                assertThat(orders2.read().text()).isEqualTo("/orders/2");
            }
        }
    }

    @Test
    void aReloadKeepsTheCircuitsOfRoutesThatStay() {
        breakOrders();

        reload(PER_ROUTE, "lb.routes = ${lb.routes} [ { name = returns, prefix = \"/returns\", pool = default } ]");
        assertThat(proxy.get("/orders").status()).isEqualTo(503);
        assertThat(proxy.get("/carts").status()).isEqualTo(200);
        assertThat(proxy.get("/returns").status()).isEqualTo(200);
        assertThat(proxy.backend("default", a).getConfigList("transitions")).hasSize(1);

        reload(PER_ROUTE, "lb.routes = [ { name = carts, prefix = \"/\", pool = default } ]");
        assertThat(proxy.backend("default", a).getConfigList("routes")).hasSize(1);
        assertThat(proxy.backend("default", a).getConfigList("transitions")).isEmpty();
        assertThat(proxy.metric("lb_circuit_state", "state", "closed")).isEqualTo(1);

        reload(PER_ROUTE);
        Circuit.assertFailed(proxy.get("/orders"), "closed");
    }

    @Test
    void anotherScopeBeginsWithFreshCircuits() {
        breakOrders();

        reload("lb.pools.default.breaker.scope = backend");
        Circuit.assertFailed(proxy.get("/orders"), "closed");
        assertThat(proxy.backend("default", a).getConfigList("transitions")).isEmpty();

        reload(PER_ROUTE);
        assertThat(breaker("orders").getInt("consecutiveFailures")).isZero();
    }

    private void reload(String... more) {
        assertThat(proxy.reload(conf(more))).isInstanceOf(ReloadResult.Success.class);
    }

    private Gate gate(String target) {
        return gates.computeIfAbsent(target, each -> new Gate());
    }

    private RawClient get(String target) throws IOException {
        RawClient client = proxy.connect();
        client.get(target);
        proxy.settle();
        return client;
    }

    /** Who fails is passed over, for its route; the other goes on meeting both. */
    @Test
    void theOtherBackendServesTheRouteMeanwhile() {
        startAnew(
                PER_ROUTE,
                "lb.pools.default.backends = [ \"" + a.url() + "\", \"" + b.url() + "\" ]",
                "lb.pools.default.breaker.consecutive-failures = 1");
        b.answer(Answers.ok("b"));
        broken.add("/orders");
        List<Integer> statuses =
                List.of(proxy.get("/orders").status(), proxy.get("/orders").status());
        assertThat(statuses).containsExactlyInAnyOrder(200, 502);

        for (int i = 0; i < 4; i++) {
            assertThat(proxy.get("/orders").text()).isEqualTo("b");
        }
        List<String> carts =
                List.of(proxy.get("/carts").text(), proxy.get("/carts").text());
        assertThat(carts).containsExactlyInAnyOrder("b", "/carts");
    }
}
