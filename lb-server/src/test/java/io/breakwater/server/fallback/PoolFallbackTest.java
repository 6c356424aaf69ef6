package io.breakwater.server.fallback;

import static io.breakwater.server.fixtures.Eventually.eventually;
import static org.assertj.core.api.Assertions.assertThat;

import io.breakwater.server.fixtures.Answers;
import io.breakwater.server.fixtures.ClosedPort;
import io.breakwater.server.fixtures.Conf;
import io.breakwater.server.fixtures.Gate;
import io.breakwater.server.fixtures.HttpMessage;
import io.breakwater.server.fixtures.Metrics;
import io.breakwater.server.fixtures.Proxy;
import io.breakwater.server.fixtures.RawClient;
import io.breakwater.server.fixtures.ScriptedBackend;
import java.io.IOException;
import java.time.Duration;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Another pool in place of the route's own: what goes there, by whose rules, and what comes back. */
@Timeout(60)
class PoolFallbackTest {
    private static final String POOL = "{ type = pool, pool = spare }";
    private static final String BEHIND = ", { type = static, status = 203, body = last }";
    private static final int BUFFER = 64 * 1024;

    private static byte[] body(int length) {
        byte[] body = new byte[length];
        new Random(length).nextBytes(body);
        return body;
    }

    private static String head(String method, int length) {
        return method + " /1?a=b HTTP/1.1\r\nHost: x\r\nContent-Length: " + length + "\r\n\r\n";
    }

    @Test
    void getsTheRequestAsItsRouteForwardsIt() throws IOException {
        try (Chain chain = new Chain(POOL)) {
            String rewritten = chain.conf(POOL).replace("prefix = \"/\"", "prefix = /shop, rewrite = /v2");
            chain.proxy.reload(rewritten);
            chain.failing();

            HttpMessage response = chain.proxy.get("/shop/cart?a=b");

            assertThat(response.text()).isEqualTo("spare");
            HttpMessage there = chain.spare.onlyRequest();
            assertThat(there.target()).isEqualTo("/v2/cart?a=b");
            assertThat(there.field("Host")).isEqualTo("lb.test");
            assertThat(there.field("X-Forwarded-For")).isEqualTo("127.0.0.1");
        }
    }

    /** No retries anywhere: the body is kept for the other pool alone. */
    @ParameterizedTest
    @ValueSource(ints = {1, 8 * 1024 + 1, BUFFER})
    void aBodyThatIsKeptGoesOutAgain(int length) throws IOException {
        byte[] body = body(length);
        try (Chain chain = new Chain(POOL);
                RawClient client = chain.proxy.connect()) {
            chain.own.answer(Answers.close());
            client.send(head("PUT", length)).send(body);

            assertThat(client.read().text()).isEqualTo("spare");
            assertThat(chain.own.onlyRequest().body()).isEqualTo(body);
            assertThat(chain.spare.onlyRequest().body()).isEqualTo(body);
        }
    }

    @Test
    void oneThatIsTooLongToKeepDoesNotAndTheChainGoesOn() throws IOException {
        try (Chain chain = new Chain(POOL + BEHIND);
                RawClient client = chain.proxy.connect()) {
            chain.own.answer(Answers.close());
            client.send(head("PUT", BUFFER + 1)).send(body(BUFFER + 1));

            assertThat(client.read().text()).isEqualTo("last");
            assertThat(chain.spare.accepted()).isZero();
        }
    }

    /** Nothing has gone out: whatever its length and method, it goes there first. */
    @ParameterizedTest
    @ValueSource(strings = {"POST", "PUT"})
    void aBodyThatNobodyHasSeenMayBeOfAnyLength(String method) throws IOException {
        byte[] body = body(10 * BUFFER);
        try (Chain chain = new Chain(POOL);
                RawClient client = chain.proxy.connect()) {
            chain.own.close();
            try (ClosedPort closed = new ClosedPort(chain.own.port())) {
                client.send(head(method, body.length)).send(body);

                assertThat(client.read().text()).isEqualTo("spare");
                assertThat(chain.spare.onlyRequest().body()).isEqualTo(body);
                assertThat(closed.port()).isPositive();
            }
        }
    }

    /** The first pool that sees the body keeps it for the second, also where failures do not lead into the chain. */
    @ParameterizedTest
    @CsvSource({"unavailable", "failure"})
    void aPoolBehindAPoolGetsTheBodyToo(String on) throws IOException {
        byte[] body = body(BUFFER);
        String two = POOL + ", { type = pool, pool = last }";
        try (ScriptedBackend last = ScriptedBackend.start().answer(Answers.ok("last"));
                Chain chain = new Chain(POOL)) {
            chain.proxy.reload(chain.conf(
                            two,
                            "lb.pools.last { backends = [\"" + last.url()
                                    + "\"], timeouts = ${lb.pools.spare.timeouts} }")
                    .replace("fallback =", "fallback-on = [" + on + "], fallback ="));
            if (on.equals("unavailable")) {
                trip(chain, "default", chain.own);
            } else {
                chain.own.close();
            }
            chain.spare.answer(Answers.close());
            try (RawClient client = chain.proxy.connect()) {
                client.send(head("PUT", BUFFER)).send(body);

                assertThat(client.read().text()).isEqualTo("last");
            }
            assertThat(chain.spare.onlyRequest().body()).isEqualTo(body);
            assertThat(last.onlyRequest().body()).isEqualTo(body);
        }
    }

    /** RFC 9110 section 9.2.2: it may have been done. */
    @ParameterizedTest
    @CsvSource({"POST, last", "PATCH, last", "PUT, spare", "DELETE, spare"})
    void onlyWhatMayBeDoneTwiceGoesThereAfterItWentOut(String method, String expected) throws IOException {
        try (Chain chain = new Chain(POOL + BEHIND).failing();
                RawClient client = chain.proxy.connect()) {
            client.send(head(method, 4)).send("body");

            assertThat(client.read().text()).isEqualTo(expected);
        }
    }

    @Test
    void aBodyThatIsStillComingGoesOnThere() throws Exception {
        Gate seen = new Gate();
        try (Chain chain = new Chain(POOL);
                RawClient client = chain.proxy.connect()) {
            chain.own.onConnect(connection -> {
                connection.readHead();
                connection.readSome(new byte[100]);
                seen.open();
                connection.send("HTTP/1.1 500 No\r\nContent-Length: 0\r\n\r\n");
                connection.readEnd();
            });
            client.send(head("PUT", 10)).send("first");
            seen.pass();
            eventually(() -> assertThat(chain.spare.accepted()).isEqualTo(1));
            client.send("right");

            assertThat(client.read().text()).isEqualTo("spare");
            assertThat(chain.spare.onlyRequest().text()).isEqualTo("firstright");
        }
    }

    @Test
    void hasItsOwnRetriesBreakersAndState() throws IOException {
        try (Chain chain = new Chain(POOL);
                ScriptedBackend second = ScriptedBackend.start().answer(Answers.ok("second"))) {
            chain.failing();
            chain.spare.answer(Answers.status(500));
            chain.proxy.reload(
                    chain.conf(
                            POOL,
                            "lb.pools.spare { backends = [\"" + chain.spare.url() + "\", \"" + second.url()
                                    + "\"], retries { max = 1, on = [\"500\"] }, breaker { enabled = true, consecutive-failures = 1 } }"));

            for (int i = 0; i < 3; i++) {
                HttpMessage response = chain.proxy.get("/");
                assertThat(response.text()).isEqualTo("second");
                assertThat(response.field("X-Circuit-State")).isEqualTo("closed");
            }

            assertThat(chain.spare.requests()).as("its circuit is open").hasSize(1);
            eventually(() -> {
                Metrics metrics = chain.proxy.metrics();
                assertThat(metrics.sum("lb_retries_total", "pool", "spare", "result", "success"))
                        .isEqualTo(1);
                assertThat(metrics.sum("lb_retries_total", "pool", "default")).isZero();
                assertThat(metrics.sum("lb_fallbacks_total", "type", "pool")).isEqualTo(3);
                assertThat(metrics.sum("lb_requests_total", "route", "/")).isEqualTo(3);
                assertThat(metrics.sum("lb_backend_requests_total", "pool", "default", "outcome", "failure_status"))
                        .isEqualTo(3);
            });
        }
    }

    @Test
    void theStateShownIsThatOfItsLastAttempt() throws IOException {
        try (Chain chain = new Chain(POOL)) {
            chain.proxy.reload(chain.conf(
                    POOL, "lb.pools.default.breaker { enabled = true, consecutive-failures = 1, cooldown = 5s }"));
            chain.failing();
            assertThat(chain.proxy.get("/").field("X-Circuit-State"))
                    .as("spare's")
                    .isEqualTo("closed");

            chain.spare.answer(Answers.status(500));
            HttpMessage failed = chain.proxy.get("/");

            assertThat(failed.status()).isEqualTo(502);
            assertThat(failed.field("X-Circuit-State"))
                    .as("an attempt was made, at spare")
                    .isEqualTo("closed");
            assertThat(failed.has("Retry-After")).isFalse();
            assertThat(failed.has("X-Breakwater-Fallback")).isFalse();
            eventually(() -> assertThat(chain.fellBack("pool")).isEqualTo(1));
            assertThat(chain.proxy.metric("lb_rejections_total")).isZero();
            assertThat(chain.proxy.metric("lb_circuit_rejected_total")).isZero();
        }
    }

    @Test
    void ifNeitherPoolMayServeTheRoutesOwnSaysWhy() throws IOException {
        try (Chain chain = new Chain(POOL)) {
            trip(chain, "default", chain.own);
            assertThat(chain.proxy
                            .post("/api/v1/pools/spare/backends/127.0.0.1:" + chain.spare.port() + "/disable")
                            .status())
                    .isEqualTo(200);

            HttpMessage refused = chain.proxy.get("/");

            assertThat(refused.status()).isEqualTo(503);
            assertThat(refused.text()).isEqualTo("{\"error\": \"circuit open\"}");
            assertThat(refused.field("X-Circuit-State")).isEqualTo("open");
            assertThat(refused.has("Retry-After")).isTrue();
            eventually(() -> assertThat(chain.proxy.metric("lb_rejections_total", "reason", "circuit_open"))
                    .isEqualTo(1));
            assertThat(chain.proxy.metric("lb_circuit_rejected_total", "pool", "default"))
                    .isEqualTo(1);
            assertThat(chain.fellBack("pool")).isZero();
        }
    }

    private static void trip(Chain chain, String pool, ScriptedBackend backend) {
        assertThat(chain.proxy
                        .post("/api/v1/pools/" + pool + "/backends/127.0.0.1:" + backend.port() + "/trip")
                        .status())
                .isEqualTo(200);
    }

    @ParameterizedTest
    @ValueSource(strings = {"refused", "failing", "passing", "hanging", "cut"})
    void whenItFailsTheChainGoesOnBehindIt(String how) throws Exception {
        try (Chain chain = new Chain(POOL + BEHIND, "lb.pools.spare.timeouts.response-head = 5s").failing();
                RawClient client = chain.proxy.connect()) {
            switch (how) {
                case "refused" -> trip(chain, "spare", chain.spare);
                case "passing" -> {
                    chain.proxy.reload(chain.conf(POOL + BEHIND, "lb.pools.spare.backend-errors = pass"));
                    chain.spare.answer(Answers.status(503));
                }
                case "failing" -> chain.spare.answer(Answers.status(503));
                case "hanging" -> chain.spare.answer(Answers.hang());
                default -> chain.spare.answer(Answers.reset());
            }
            client.get("/");
            if (how.equals("hanging")) {
                chain.spare.awaitRequests(1);
                chain.proxy.settle();
                chain.ticker.advance(Duration.ofSeconds(5));
            }

            HttpMessage response = client.read();
            assertThat(response.text()).isEqualTo("last");
            assertThat(response.field("X-Breakwater-Fallback")).isEqualTo("static");
            eventually(() -> assertThat(chain.fellBack("static")).isEqualTo(1));
            assertThat(chain.fellBack("pool")).isZero();
            assertThat(chain.proxy.metric("lb_requests_total", "route", "/")).isEqualTo(1);
            assertThat(chain.proxy.metric("lb_backend_in_flight")).isZero();
        }
    }

    @Test
    void aFailingStatusThatWouldBePassedStaysWhereNothingBetterComes() throws IOException {
        try (Chain chain = new Chain(POOL, "lb.pools.default.backend-errors = pass")) {
            chain.own.answer(Answers.status(503, "Own", "own words"));
            trip(chain, "spare", chain.spare);

            HttpMessage response = chain.proxy.get("/");

            assertThat(response.status()).isEqualTo(503);
            assertThat(response.text()).isEqualTo("own words");
            assertThat(response.has("X-Breakwater-Fallback")).isFalse();
        }
    }

    @Test
    void aFailingStatusThatItsOwnRulesPassIsItsAnswer() throws IOException {
        try (Chain chain = new Chain(POOL, "lb.pools.spare.backend-errors = pass").failing()) {
            chain.spare.answer(Answers.status(503, "No", "spare's words"));

            HttpMessage response = chain.proxy.get("/");

            assertThat(response.text()).isEqualTo("spare's words");
            assertThat(response.field("X-Breakwater-Fallback")).isEqualTo("pool");
        }
    }

    @Test
    void aRequestWaitsInItsLine() throws Exception {
        Gate gate = new Gate();
        try (Chain chain = new Chain(
                                POOL + BEHIND,
                                "lb.pools.spare.concurrency { max-per-backend = 1, queue = 2, queue-timeout = 5s }")
                        .failing();
                RawClient first = chain.proxy.connect();
                RawClient second = chain.proxy.connect();
                RawClient third = chain.proxy.connect()) {
            chain.spare.answer(Answers.gated(gate, Answers.ok("spare")));
            first.get("/");
            chain.spare.awaitRequests(1);
            second.get("/");
            chain.own.awaitRequests(2);
            chain.proxy.settle();
            chain.ticker.advance(Duration.ofSeconds(3));
            third.get("/");
            chain.own.awaitRequests(3);
            chain.proxy.settle();

            chain.ticker.advance(Duration.ofSeconds(2));
            assertThat(second.read().text()).as("it has waited for long enough").isEqualTo("last");
            gate.open();

            assertThat(first.read().text()).isEqualTo("spare");
            assertThat(third.read().text()).isEqualTo("spare");
            eventually(() -> assertThat(chain.fellBack("pool")).isEqualTo(2));
            assertThat(chain.proxy.metric("lb_rejections_total")).isZero();
        }
    }

    @Test
    void theWholeRequestStaysUnderTheTimeOfItsOwnPool() throws Exception {
        try (Chain chain = new Chain(POOL + BEHIND, "lb.pools.default.timeouts { response-head = 6s, request = 8s }");
                RawClient client = chain.proxy.connect()) {
            chain.own.answer(Answers.hang());
            chain.spare.answer(Answers.hang());
            client.get("/");
            chain.own.awaitRequests(1);
            chain.proxy.settle();
            chain.ticker.advance(Duration.ofSeconds(6));
            chain.spare.awaitRequests(1);
            chain.proxy.settle();
            chain.ticker.advance(Duration.ofSeconds(2));

            assertThat(client.read().text()).isEqualTo("last");
        }
    }

    @Test
    void aClientThatLeavesMeanwhileCostsNobodyAnything() throws Exception {
        try (Chain chain = new Chain(POOL + BEHIND).failing()) {
            chain.spare.answer(Answers.hang());
            try (RawClient client = chain.proxy.connect()) {
                client.get("/");
                chain.spare.awaitRequests(1);
            }
            eventually(() -> {
                assertThat(chain.proxy.metric("lb_requests_total", "route", "/", "code", "client_closed"))
                        .isEqualTo(1);
                assertThat(chain.proxy.metric(
                                "lb_backend_requests_total", "pool", "spare", "outcome", "client_aborted"))
                        .isEqualTo(1);
            });
            assertThat(chain.proxy.metric("lb_backend_in_flight")).isZero();
            assertThat(chain.proxy.metric("lb_fallbacks_total")).isZero();
        }
    }

    @Test
    void aBackendCannotClaimToBeAFallback() throws IOException {
        try (ScriptedBackend backend = ScriptedBackend.start();
                Proxy proxy = Proxy.start(Conf.everything(backend.url()))) {
            backend.answer(
                    Answers.bytes("HTTP/1.1 200 OK\r\nX-Breakwater-Fallback: stale\r\nContent-Length: 2\r\n\r\nok"));

            HttpMessage response = proxy.get("/");

            assertThat(response.text()).isEqualTo("ok");
            assertThat(response.has("X-Breakwater-Fallback")).isFalse();
        }
    }
}
