package io.breakwater.server.contract;

import static org.assertj.core.api.Assertions.assertThat;

import io.breakwater.server.fixtures.Answers;
import io.breakwater.server.fixtures.Conf;
import io.breakwater.server.fixtures.HttpMessage;
import io.breakwater.server.fixtures.Proxy;
import io.breakwater.server.fixtures.RawClient;
import io.breakwater.server.fixtures.ScriptedBackend;
import io.breakwater.time.ManualTicker;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** {@code listen.reason-header}: why, on each response of the balancer's own, and on no other. */
@Timeout(60)
class ReasonHeaderTest {
    private static final String ON = "lb.listen.reason-header = on";
    private static final String WHY = "X-LB-Reason";
    private static final String OPENS_AT_ONCE = "lb.pools.default.breaker.consecutive-failures = 1";

    private final ManualTicker ticker = new ManualTicker(Long.MAX_VALUE);
    private final ScriptedBackend a = ScriptedBackend.start();
    private final ScriptedBackend b = ScriptedBackend.start();
    private @Nullable Proxy started;

    @AfterEach
    void stop() throws IOException {
        if (started != null) {
            started.close();
        }
        a.close();
        b.close();
    }

    /** Backends a and b. */
    private Proxy start(String... settings) {
        return start("{ url = \"" + a.url() + "\", id = a }, { url = \"" + b.url() + "\", id = b }", settings);
    }

    private Proxy start(String list, String[] settings) {
        started = Proxy.start(
                Conf.everything(
                        a.url(),
                        Conf.PATIENT,
                        "lb.pools.default.backends = [ " + list + " ]",
                        String.join("\n", settings)),
                ticker);
        return started;
    }

    private static void act(Proxy proxy, String id, String action) {
        assertThat(proxy.post("/api/v1/pools/default/backends/" + id + "/" + action)
                        .status())
                .isEqualTo(200);
    }

    private void failing() {
        a.answer(Answers.status(500));
        b.answer(Answers.status(500));
    }

    @ParameterizedTest
    @CsvSource({"on, X-LB-Reason, false", "off, X-LB-Reason, true", "X-Why, X-Why, false", "X-Why, X-LB-Reason, true"})
    void aBackendsOwnFieldIsCutWhereItIsOurs(String setting, String field, boolean passes) {
        Proxy proxy = start("lb.listen.reason-header = " + setting);
        String response =
                "HTTP/1.1 200 OK\r\n" + field.toLowerCase(Locale.ROOT) + ": its own\r\nContent-Length: 0\r\n\r\n";
        a.answer(Answers.bytes(response));
        b.answer(Answers.bytes(response));

        assertThat(proxy.get("/").field(field)).isEqualTo(passes ? "its own" : null);
    }

    @Test
    void nothingIsToldUnlessItIsOn() {
        failing();

        assertThat(start().get("/").has(WHY)).isFalse();
    }

    @Test
    void aRelayedFailureHasNone() {
        failing();
        HttpMessage response =
                start(ON, "lb.pools.default.backend-errors = pass").get("/");

        assertThat(response.status()).isEqualTo(500);
        assertThat(response.has(WHY)).isFalse();
    }

    @Test
    void aRefusalTellsWhatEachBackendSays() {
        failing();
        Proxy proxy = start(ON, OPENS_AT_ONCE);
        proxy.get("/");
        proxy.get("/");
        ticker.advance(Duration.ofMillis(1500));

        assertThat(proxy.get("/").field(WHY))
                .isEqualTo("circuit_open; pool=default; a=circuit_open 4s, b=circuit_open 4s");
        act(proxy, "a", "trip");
        act(proxy, "b", "drain");
        assertThat(proxy.get("/").field(WHY)).isEqualTo("circuit_open; pool=default; a=tripped, b=draining");
        act(proxy, "a", "disable");
        HttpMessage none = proxy.get("/");
        assertThat(none.field(WHY)).isEqualTo("unavailable; pool=default; a=disabled, b=draining");
        assertThat(none.text()).isEqualTo("{\"error\": \"no backend available\"}");
    }

    @Test
    void aFailureTellsOfTheLastAttempt() {
        failing();
        HttpMessage response = start(ON, "lb.pools.default.retries { max = 1, on = [\"500-504\"] }")
                .request("HEAD / HTTP/1.1\r\nHost: lb.test\r\nConnection: close\r\n\r\n");

        assertThat(response.status()).isEqualTo(502);
        assertThat(response.field(WHY)).matches("failure_status; pool=default; backend=[ab]; attempts=2");
    }

    @Test
    void aTimeoutTellsWhoWasTooSlow() throws IOException {
        a.answer(Answers.hang());
        Proxy proxy = start(ON, "lb.pools.default { backend-errors = pass, timeouts.response-head = 5s }");
        act(proxy, "b", "drain");
        try (RawClient client = proxy.connect()) {
            client.get("/");
            a.awaitRequests(1);
            proxy.settle();
            ticker.advance(Duration.ofSeconds(5));
            HttpMessage response = client.read();

            assertThat(response.status()).isEqualTo(504);
            assertThat(response.field(WHY)).isEqualTo("response_timeout; pool=default; backend=a; attempts=1");
        }
    }

    private static String route(String fallback) {
        return "lb.routes = [ { prefix = \"/\", pool = default, fallback = [" + fallback + "] } ]";
    }

    @Test
    void aFallbackTellsWhatItReplaces(@TempDir Path directory) throws IOException {
        String chain = "{ type = stale, max-age = 10h }, { type = queue, dir = \"" + directory
                + "\" }, { type = static, status = 200, body = sorry }";
        Proxy proxy = start(ON, OPENS_AT_ONCE, route(chain));
        assertThat(proxy.get("/kept").status()).isEqualTo(200);
        act(proxy, "b", "drain");
        failing();
        assertThat(proxy.get("/").field(WHY))
                .isEqualTo("failure_status; pool=default; backend=a; attempts=1; fallback=static");

        String open = "circuit_open; pool=default; a=circuit_open 5s, b=draining; fallback=";
        assertThat(proxy.get("/").field(WHY)).isEqualTo(open + "static");
        assertThat(proxy.get("/kept").field(WHY)).isEqualTo(open + "stale");
        HttpMessage queued = proxy.request("POST / HTTP/1.1\r\nHost: lb.test\r\nConnection: close\r\n\r\n");
        assertThat(queued.status()).isEqualTo(202);
        assertThat(queued.field(WHY)).isEqualTo(open + "queue");
    }

    @Test
    void anotherPoolsResponseIsRelayedAndItsFailureIsTold() {
        Proxy proxy = start(
                ON,
                OPENS_AT_ONCE,
                route("{ type = pool, pool = spare }"),
                "lb.pools.spare { backends = [ { url = \"" + b.url()
                        + "\", id = s } ], timeouts = ${lb.pools.default.timeouts} }");
        act(proxy, "a", "drain");
        act(proxy, "b", "trip");
        HttpMessage spare = proxy.get("/");
        assertThat(spare.status()).isEqualTo(200);
        assertThat(spare.has(WHY)).isFalse();

        failing();
        assertThat(proxy.get("/").field(WHY)).isEqualTo("failure_status; pool=spare; backend=s; attempts=1");
        proxy.get("/");
        proxy.get("/");
        assertThat(proxy.get("/").field(WHY)).isEqualTo("circuit_open; pool=default; a=draining, b=tripped");
    }

    @Test
    void itIsShortHoweverManyAndLongTheNamesAre() {
        List<String> backends = new ArrayList<>();
        for (int i = 0; i < 1_000; i++) {
            backends.add("{ url = \"http://127.0.0.1:1\", id = \"[a:b]@" + "x".repeat(50) + i + "\" }");
        }
        Proxy proxy = start(String.join(", ", backends), new String[] {
            ON, "lb.pools.default.health-check { enabled = true, initial = unhealthy, interval = 1h }"
        });

        String why = String.valueOf(proxy.get("/").field(WHY));

        assertThat(proxy.metric("lb_backend_healthy"))
                .as("before the first rise")
                .isZero();
        assertThat(why).hasSizeLessThanOrEqualTo(256).matches("[ -~]+");
        String name = "[a:b]@" + "x".repeat(34);
        assertThat(why)
                .isEqualTo("unhealthy; pool=default; " + name + "=unhealthy, " + name + "=unhealthy, " + name
                        + "=unhealthy, +997 more");
    }

    @Test
    void eightBackendsAreNamed() {
        List<String> backends = new ArrayList<>();
        for (int i = 0; i < 10; i++) {
            backends.add("{ url = \"http://127.0.0.1:1\", id = r" + i + " }");
        }
        Proxy proxy = start(String.join(", ", backends), new String[] {ON});
        for (int i = 0; i < 10; i++) {
            act(proxy, "r" + i, "drain");
        }

        assertThat(proxy.get("/").field(WHY))
                .isEqualTo("unavailable; pool=default; r0=draining, r1=draining, r2=draining, r3=draining, r4=draining,"
                        + " r5=draining, r6=draining, r7=draining, +2 more");
    }
}
