package io.breakwater.server;

import static io.breakwater.server.fixtures.Eventually.eventually;
import static org.assertj.core.api.Assertions.assertThat;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigFactory;
import com.typesafe.config.ConfigParseOptions;
import com.typesafe.config.ConfigSyntax;
import io.breakwater.server.fixtures.Answers;
import io.breakwater.server.fixtures.Conf;
import io.breakwater.server.fixtures.Gate;
import io.breakwater.server.fixtures.HttpMessage;
import io.breakwater.server.fixtures.Proxy;
import io.breakwater.server.fixtures.RawClient;
import io.breakwater.server.fixtures.ScriptedBackend;
import io.breakwater.time.ManualTicker;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** {@code /api/v1/explain} of a balancer that runs: its words, and whether requests go where it says. */
@Timeout(120)
class ExplainTest {
    private static final Duration COOLDOWN = Duration.ofSeconds(5);
    private static final int REQUESTS = 100;
    private static final String CLOSED = "The circuit is closed.";

    private final ManualTicker ticker = new ManualTicker(Long.MAX_VALUE - COOLDOWN.toNanos());
    private final Map<String, ScriptedBackend> backends = new LinkedHashMap<>();
    private final Gate gate = new Gate();
    private final List<RawClient> clients = new ArrayList<>();
    private @Nullable Proxy started;

    @AfterEach
    void stop() throws IOException {
        gate.open();
        for (RawClient client : clients) {
            client.close();
        }
        if (started != null) {
            started.close();
        }
        for (ScriptedBackend each : backends.values()) {
            each.close();
        }
    }

    /** Backends a, b and c of priorities 0, 0 and 1 in the pool {@code default}. */
    private Proxy start(String... settings) {
        StringBuilder list = new StringBuilder();
        for (String id : List.of("a", "b", "c")) {
            ScriptedBackend backend = ScriptedBackend.start();
            backends.put(id, backend);
            list.append("{ url = \"" + backend.url() + "\", id = " + id + ", priority = " + (id.equals("c") ? 1 : 0)
                    + " }, ");
        }
        started = Proxy.start(
                Conf.everything(
                        "http://127.0.0.1:1",
                        Conf.PATIENT,
                        "lb.pools.default.backends = [ " + list + " ]",
                        "lb.pools.default.breaker.consecutive-failures = 2",
                        String.join("\n", settings)),
                ticker);
        return started;
    }

    private ScriptedBackend backend(String id) {
        return Objects.requireNonNull(backends.get(id));
    }

    private static Config explained(Proxy proxy, String query) {
        HttpMessage response = proxy.admin("/api/v1/explain?" + query);
        assertThat(response.status()).as(response.text()).isEqualTo(200);
        return ConfigFactory.parseString(
                response.text(), ConfigParseOptions.defaults().setSyntax(ConfigSyntax.JSON));
    }

    private static Config candidate(Proxy proxy, String id) {
        return explained(proxy, "pool=default").getConfigList("candidates").stream()
                .filter(each -> each.getString("id").equals(id))
                .findFirst()
                .orElseThrow();
    }

    private static void assertSaid(Proxy proxy, String id, String code, String reason) {
        assertThat(candidate(proxy, id).getString("code") + ": "
                        + candidate(proxy, id).getString("reason"))
                .isEqualTo(code + ": " + reason);
    }

    private static void act(Proxy proxy, String id, String action) {
        assertThat(proxy.post("/api/v1/pools/default/backends/" + id + "/" + action)
                        .status())
                .isEqualTo(200);
    }

    /** A backend fails until its circuit is open. */
    private void open(Proxy proxy, String id) {
        backend(id).answer(Answers.status(500));
        for (int i = 0; i < 20 && candidate(proxy, id).getBoolean("eligible"); i++) {
            proxy.get("/");
        }
        backend(id).answer(Answers.ok("ok"));
    }

    /** Requests one after the other, each of which succeeds, go to those and only those that are eligible. */
    private void assertEligibleAreMet(Proxy proxy, String... expected) throws IOException {
        Set<String> eligible = new TreeSet<>();
        for (Config each : explained(proxy, "path=/").getConfigList("candidates")) {
            if (each.getBoolean("eligible")) {
                eligible.add(each.getString("id"));
            }
        }
        Map<String, Integer> before = new LinkedHashMap<>();
        backends.forEach((id, backend) -> before.put(id, backend.requests().size()));
        try (RawClient client = proxy.connect()) {
            for (int i = 0; i < REQUESTS; i++) {
                assertThat(client.get("/").read().status()).isEqualTo(expected.length == 0 ? 503 : 200);
            }
        }
        Set<String> met = new TreeSet<>();
        backends.forEach((id, backend) -> {
            if (backend.requests().size() > before.getOrDefault(id, 0)) {
                met.add(id);
            }
        });
        assertThat(eligible).containsExactlyInAnyOrder(expected);
        assertThat(met).isEqualTo(eligible);
    }

    /** A request that this backend has, and answers once the gate is open. The other one of its priority is drained meanwhile. */
    private RawClient occupied(Proxy proxy, String id, String other) throws IOException {
        backend(id).answer(Answers.gated(gate, Answers.ok("late")));
        int before = backend(id).requests().size();
        act(proxy, other, "drain");
        RawClient client = send(proxy);
        backend(id).awaitRequests(before + 1);
        act(proxy, other, "enable");
        return client;
    }

    private RawClient send(Proxy proxy) throws IOException {
        RawClient client = proxy.connect();
        clients.add(client);
        client.get("/");
        proxy.settle();
        return client;
    }

    @Test
    void requestsGoWhereItSays() throws IOException {
        Proxy proxy = start("lb.pools.default.concurrency.max-per-backend = 1");
        assertEligibleAreMet(proxy, "a", "b");
        assertSaid(proxy, "c", "lower_priority", "It has priority 1, and backends of priority 0 serve.");

        open(proxy, "b");
        assertEligibleAreMet(proxy, "a");
        ticker.advance(COOLDOWN);
        assertEligibleAreMet(proxy, "a", "b");
        assertSaid(proxy, "b", "eligible", CLOSED);

        act(proxy, "b", "trip");
        assertEligibleAreMet(proxy, "a");
        act(proxy, "a", "drain");
        assertEligibleAreMet(proxy, "c");
        act(proxy, "c", "disable");
        assertEligibleAreMet(proxy);
        for (String id : backends.keySet()) {
            act(proxy, id, "enable");
        }
        act(proxy, "b", "reset");

        RawClient late = occupied(proxy, "a", "b");
        assertSaid(proxy, "a", "overloaded", "1 of 1 slots are taken; requests do not wait (concurrency.queue = 0).");
        assertEligibleAreMet(proxy, "b");
        gate.open();
        assertThat(late.read().text()).isEqualTo("late");
        assertEligibleAreMet(proxy, "a", "b");
    }

    @Test
    void anOpenCircuitSaysWhyAndHowLong() throws IOException {
        Proxy proxy = start();
        backend("b").answer(Answers.status(500));
        proxy.get("/");
        proxy.get("/");
        assertSaid(proxy, "b", "eligible", "The circuit is closed, after 1 failure; 2 in a row open it.");

        open(proxy, "b");
        ticker.advance(Duration.ofMillis(1500));
        assertSaid(
                proxy,
                "b",
                "circuit_open",
                "The circuit is open after 2 failures in a row; the next probe is allowed in 4 s.");
        Config open = candidate(proxy, "b");
        assertThat(Duration.between(Instant.parse(open.getString("since")), Instant.parse(open.getString("until"))))
                .isEqualTo(COOLDOWN);

        ticker.advance(COOLDOWN);
        String free = "The circuit is half-open and has a probe to give: the next request is sent there before any is"
                + " balanced.";
        assertSaid(proxy, "b", "eligible", free);
        assertThat(candidate(proxy, "b").getIsNull("until")).isTrue();

        backend("b").answer(Answers.gated(gate, Answers.status(500)));
        int before = backend("b").requests().size();
        RawClient probe = send(proxy);
        backend("b").awaitRequests(before + 1);
        assertSaid(
                proxy,
                "b",
                "half_open_busy",
                "The circuit is half-open and the one probe that it allows at a time is under way.");
        backend("b").answer(Answers.ok("not asked"));
        assertEligibleAreMet(proxy, "a");
        gate.open();
        assertThat(probe.read().status()).isEqualTo(502);
        assertSaid(
                proxy,
                "b",
                "circuit_open",
                "The circuit is open again after a failed probe, the last of 3 failures in a row; the next probe is"
                        + " allowed in 5 s.");

        act(proxy, "b", "trip");
        assertSaid(proxy, "b", "tripped", "An operator has opened the circuit: it stays open until it is reset.");
        assertThat(candidate(proxy, "b").getIsNull("since")).isFalse();
        assertThat(candidate(proxy, "b").getIsNull("until")).isTrue();
    }

    @Test
    void aLeaseThatHasLapsedIsToldAndNotWrittenDown() throws IOException {
        Proxy proxy = start();
        open(proxy, "b");
        ticker.advance(COOLDOWN);
        backend("b").answer(Answers.gated(gate, Answers.ok("late")));
        int before = backend("b").requests().size();
        send(proxy);
        backend("b").awaitRequests(before + 1);
        proxy.settle();
        ticker.advance(Duration.ofSeconds(11));

        assertSaid(
                proxy,
                "b",
                "circuit_open",
                "The circuit is open again after a probe that waited too long for the backend; the next probe is allowed"
                        + " in 4 s.");
        assertThat(proxy.backend("default", backend("b")).getConfigList("transitions"))
                .as("open and half-open")
                .hasSize(2);
        assertEligibleAreMet(proxy, "a");
    }

    @Test
    void whatAnOperatorTookOutSaysSinceWhenAndWhatIsLeft() throws IOException {
        Proxy proxy = start();
        occupied(proxy, "a", "b");

        act(proxy, "a", "drain");
        assertSaid(proxy, "a", "draining", "An operator drains it: it gets no new requests; 1 request is under way.");
        act(proxy, "a", "disable");
        assertSaid(proxy, "a", "disabled", "An operator has disabled it; 1 request is under way.");
        assertThat(candidate(proxy, "a").getIsNull("since")).isFalse();
    }

    @Test
    void aFullBackendSaysWhoWaits() throws IOException {
        Proxy proxy = start("lb.pools.default.concurrency { max-per-backend = 1, queue = 7 }");
        act(proxy, "c", "disable");
        act(proxy, "b", "trip");
        backend("a").answer(Answers.gated(gate, Answers.ok("late")));
        for (int i = 0; i < 3; i++) {
            send(proxy);
        }
        backend("a").awaitRequests(1);

        assertSaid(proxy, "a", "overloaded", "1 of 1 slots are taken; 2 of 7 places in the pool's line are taken.");
    }

    @Test
    void slowStartTellsTheShare() {
        Proxy proxy = start(
                "lb.pools.default.slow-start { enabled = true, duration = 20s, min-weight = 10%, min-successes = 3 }");
        open(proxy, "b");
        ticker.advance(COOLDOWN);
        proxy.get("/");
        proxy.settle();
        ticker.advance(Duration.ofSeconds(4));
        assertSaid(
                proxy,
                "b",
                "slow_start",
                CLOSED + " It returned 4 s ago and has 28 % of its weight, more than half after 2 more successes.");
        Config growing = candidate(proxy, "b");
        assertThat(Duration.between(
                        Instant.parse(growing.getString("since")), Instant.parse(growing.getString("until"))))
                .isEqualTo(Duration.ofSeconds(20));

        act(proxy, "a", "drain");
        for (int i = 0; i < 2; i++) {
            proxy.get("/");
        }
        proxy.settle();
        assertSaid(
                proxy,
                "b",
                "slow_start",
                CLOSED + " It returned 4 s ago and has 28 % of its weight, all of it in 16 s if nothing fails.");
    }

    @Test
    void aTripThatWasRefusedIsTold() {
        Proxy proxy = start("lb.pools.default.breaker.min-available = 3");
        backend("b").answer(Answers.status(500));
        for (int i = 0; i < 4; i++) {
            proxy.get("/");
        }

        assertSaid(
                proxy,
                "b",
                "protected",
                "The circuit would have opened after 2 failures in a row, but fewer than min-available = 3 backends would"
                        + " be left.");
    }

    @Test
    void aCircuitThatObservesServesWhateverItsState() {
        Proxy proxy = start("lb.pools.default.breaker.mode = observe");
        backend("b").answer(Answers.status(500));
        for (int i = 0; i < 4; i++) {
            proxy.get("/");
        }

        assertSaid(
                proxy,
                "b",
                "eligible",
                "The circuit is open after 2 failures in a row, but it only observes: requests are served as if it were"
                        + " closed.");
        act(proxy, "a", "trip");
        assertSaid(
                proxy,
                "a",
                "eligible",
                "An operator has opened the circuit, but it only observes: requests are served as if it were closed.");
    }

    @Test
    void aWindowTellsItsFigures() {
        Proxy proxy = start("lb.pools.default.breaker { consecutive-failures = 0, window { type = count, calls = 10,"
                + " minimum-calls = 4, failure-rate = 50% } }");
        backend("b").answer(Answers.status(500));
        for (int i = 0; i < 6; i++) {
            proxy.get("/");
        }
        assertSaid(proxy, "b", "eligible", "The circuit is closed; of 3 calls in the window 3 failed and 0 were slow.");

        proxy.get("/");
        proxy.get("/");
        assertSaid(
                proxy,
                "b",
                "circuit_open",
                "The circuit is open after 4 of 4 calls failed; the next probe is allowed in 5 s.");
    }

    @Test
    void anUnhealthyBackendTellsOfItsChecks() {
        Proxy proxy = start("lb.pools.default.health-check { enabled = true, fall = 1, interval = 1m, timeout = 10h }");
        backend("b").answer(Answers.status(418));
        eventually(() -> {
            if (backend("b").requests().isEmpty()) {
                ticker.advance(Duration.ofMinutes(1));
            }
            assertThat(candidate(proxy, "b").getString("code")).isEqualTo("unhealthy");
        });

        assertThat(candidate(proxy, "b").getString("reason"))
                .matches("(Its last health check has failed|\\d+ health checks in a row have failed, the last): status"
                        + " 418\\.");
        assertThat(candidate(proxy, "b").getIsNull("since")).isFalse();
    }

    @Test
    void aRequestIsExplainedByItsRoute() {
        Proxy proxy = start("""
                lb.routes = [
                  { name = orders, prefix = "/orders", methods = [GET, POST], pool = default,
                    fallback = [ { type = pool, pool = spare }, { type = static, body = sorry } ] },
                  { name = failures, host = shop.test, path = "/carts", pool = default, fallback-on = [failure],
                    fallback = [ { type = static, body = sorry } ] },
                  { name = spare, path = "/spare", pool = spare } ]
                lb.pools.spare.backends = [ "http://127.0.0.1:1" ]
                lb.pools.default { breaker.scope = backend-and-route, retries.max = 1 }
                """);
        backend("b").answer(Answers.status(500));
        for (int i = 0; i < 8; i++) {
            proxy.get("/orders");
        }

        Config orders = explained(proxy, "path=/orders/7%3Fx=1");
        assertThat(orders.getString("pool")).isEqualTo("default");
        assertThat(orders.getString("route")).isEqualTo("orders");
        assertThat(orders.getStringList("fallbacks")).containsExactly("pool", "static");
        assertThat(codes(orders)).containsExactly("a eligible", "b circuit_open", "c lower_priority");
        assertThat(orders.getConfigList("candidates").get(0).hasPath("route")).isFalse();

        Config carts = explained(proxy, "path=/carts&host=Shop.test:80");
        assertThat(carts.getString("route")).isEqualTo("failures");
        assertThat(carts.getStringList("fallbacks")).isEmpty();
        assertThat(codes(carts)).containsExactly("a eligible", "b eligible", "c lower_priority");

        Config pool = explained(proxy, "pool=default");
        assertThat(pool.getIsNull("route")).isTrue();
        assertThat(pool.hasPath("fallbacks")).isFalse();
        assertThat(codes(pool))
                .containsExactly(
                        "a eligible of orders",
                        "b circuit_open of orders",
                        "c lower_priority of orders",
                        "a eligible of failures",
                        "b eligible of failures",
                        "c lower_priority of failures");

        ticker.advance(COOLDOWN);
        assertThat(explained(proxy, "path=/orders")
                        .getConfigList("candidates")
                        .get(1)
                        .getString("reason"))
                .isEqualTo("The circuit is half-open and has a probe to give: the next request that can be repeated is"
                        + " sent there before any is balanced.");
        Config post = explained(proxy, "path=/orders&method=POST");
        assertThat(codes(post)).containsExactly("a eligible", "b lower_priority", "c lower_priority");
        assertThat(post.getConfigList("candidates").get(1).getString("reason"))
                .isEqualTo("The circuit is half-open and has a probe to give, but for its first 5 s only to a request"
                        + " that can be repeated, which this one cannot.");
    }

    private static List<String> codes(Config said) {
        return said.getConfigList("candidates").stream()
                .map(each -> each.getString("id") + " " + each.getString("code")
                        + (each.hasPath("route") ? " of " + each.getString("route") : ""))
                .toList();
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "pool=none | 404 | no pool none",
                "path=/none | 404 | no route takes /none: it is answered 404",
                "path=/none&host=x.test:8 | 404 | no route takes /none of x.test:8: it is answered 404",
                "path=/orders&method=PUT | 404 | routes take /orders with GET, HEAD only: PUT is answered 405",
                "path=/caf%C3%A9%22%3C%3E | 404 | no route takes /caf\u00c3\u00a9\\\"<>: it is answered 404",
                "path=/health | 404 | no route takes /health: the balancer answers it itself",
                "path=/a/../b | 400 | such a request is answered 400: bad request: dot segment in the path",
                "path=orders | 400 | such a request is answered 400: bad request: invalid request target",
                "path=/orders&method=CONNECT | 400 | such a request is answered 501: not implemented: CONNECT",
                "path=/orders&host=a@b | 400 | such a request is answered 400: bad request: invalid Host",
            })
    void whatNobodyTakesIsNamed(String query, int status, String error) {
        Proxy proxy = start("lb.routes = [ { path = \"/orders\", methods = [GET, HEAD], pool = default } ]");

        HttpMessage response = proxy.admin("/api/v1/explain?" + query);

        assertThat(response.status()).isEqualTo(status);
        assertThat(response.text()).isEqualTo("{\"error\": \"" + error + "\"}");
    }

    @ParameterizedTest
    @CsvSource({
        "path=/a%20HTTP/1.1%0D%0AX:y",
        "path=/%7F",
        "path=/&method=%C3%A4",
        "path=/&method=G%0AT",
        "path=/&host=a%20b",
        "path=/&host=%C3%A4"
    })
    void whatIsNoPartOfAHeadIsRefused(String query) {
        HttpMessage response = start().admin("/api/v1/explain?" + query);

        assertThat(response.status()).isEqualTo(400);
        assertThat(response.text()).contains("with spaces or control characters");
    }
}
