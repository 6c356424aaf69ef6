package io.breakwater.server.contract;

import static io.breakwater.server.fixtures.Circuit.COOLDOWN;
import static org.assertj.core.api.Assertions.assertThat;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigUtil;
import io.breakwater.server.fixtures.Answers;
import io.breakwater.server.fixtures.Circuit;
import io.breakwater.server.fixtures.ClosedPort;
import io.breakwater.server.fixtures.Conf;
import io.breakwater.server.fixtures.HttpMessage;
import io.breakwater.server.fixtures.Proxy;
import io.breakwater.server.fixtures.RawClient;
import io.breakwater.server.fixtures.ScriptedBackend;
import io.breakwater.time.ManualTicker;
import java.io.IOException;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What is answered without asking a backend: 404, 405, 400 and {@code /health}, each with the best state there is. */
@Timeout(60)
class NoAttemptTest {
    private static final String NOT_FOUND = "{\"error\": \"not found\"}";
    private static final String NOT_ALLOWED = "{\"error\": \"method not allowed\"}";

    @ParameterizedTest
    @ValueSource(
            strings = {
                "/",
                "/api",
                "/api/resource/",
                "/api/resourcE",
                "/backend/resource",
                "/api/resource/x",
                "/healthz"
            })
    void anyOtherPathIs404(String path) throws IOException {
        try (Circuit circuit = new Circuit()) {
            HttpMessage response = circuit.proxy.get(path);

            Circuit.assertSelfMade(response, 404, NOT_FOUND, "closed", null);
            assertThat(circuit.backend.accepted()).isZero();
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"POST", "PUT", "DELETE", "PATCH", "OPTIONS", "REPORT"})
    void anyOtherMethodIs405AndToldWhatIsAllowed(String method) throws IOException {
        try (Circuit circuit = new Circuit();
                RawClient client = circuit.proxy.connect()) {
            HttpMessage response = client.request(method, Circuit.PATH).read();

            Circuit.assertSelfMade(response, 405, NOT_ALLOWED, "closed", null);
            assertThat(String.valueOf(response.field("Allow")).split(", ", -1))
                    .containsExactlyInAnyOrder("GET", "HEAD");
            assertThat(circuit.backend.accepted()).isZero();
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "/api/./resource",
                "/api/../api/resource",
                "/api/%2e/resource",
                "/api/%2E%2e/api/resource",
                "/api/.%2e/resource",
                "/api/resource%00",
                "/api\\resource"
            })
    void aPathThatTwoReadersMightReadDifferentlyIs400(String path) throws IOException {
        try (Circuit circuit = new Circuit();
                RawClient client = circuit.proxy.connect()) {
            HttpMessage response = client.get(path).read();

            assertThat(response.status()).isEqualTo(400);
            assertThat(response.text()).startsWith("{\"error\": \"bad request");
            assertThat(response.field("Content-Type")).isEqualTo("application/json");
            assertThat(response.field("X-Circuit-State")).isEqualTo("closed");
            assertThat(circuit.backend.accepted()).isZero();
        }
    }

    @Test
    void theStateShownFollowsTheCircuit() throws IOException {
        try (Circuit circuit = new Circuit()) {
            assertStateWithoutAttempt(circuit.proxy, "closed");
            circuit.open();
            assertStateWithoutAttempt(circuit.proxy, "open");
            circuit.ticker.advance(COOLDOWN);
            assertStateWithoutAttempt(circuit.proxy, "half-open");
            circuit.backend.answer(Answers.ok("recovered"));
            circuit.get();
            assertStateWithoutAttempt(circuit.proxy, "closed");
        }
    }

    @Test
    void withoutARouteTheBestOfAllBackendsIsShown() throws IOException {
        ManualTicker ticker = new ManualTicker(-COOLDOWN.toNanos());
        try (ScriptedBackend good = ScriptedBackend.start();
                ScriptedBackend bad = ScriptedBackend.start();
                Proxy proxy = Proxy.start(
                        Conf.contract(
                                good.url(),
                                Conf.PATIENT,
                                "lb.pools.other.backends = [ \"" + bad.url() + "\" ]",
                                "lb.routes = [ { path = \"/good\", pool = default }, { path = \"/bad\", pool = other } ]"),
                        ticker)) {
            bad.answer(Answers.status(500));
            fail(proxy, "/bad");
            assertStateWithoutAttempt(proxy, "closed");

            good.answer(Answers.status(500));
            fail(proxy, "/good");
            assertStateWithoutAttempt(proxy, "open");

            ticker.advance(COOLDOWN.minusNanos(1));
            assertStateWithoutAttempt(proxy, "open");
            ticker.advance(1);
            fail(proxy, "/bad");
            assertThat(proxy.circuit("other", bad)).isEqualTo("open");
            assertStateWithoutAttempt(proxy, "half-open");
        }
    }

    private static void fail(Proxy proxy, String path) {
        for (int i = 0; i < 3; i++) {
            proxy.get(path);
        }
    }

    private static void assertStateWithoutAttempt(Proxy proxy, String state) {
        assertThat(proxy.get("/none").field("X-Circuit-State")).isEqualTo(state);
        assertThat(proxy.get("/none/../x").field("X-Circuit-State")).isEqualTo(state);
        assertThat(proxy.get("/health").field("X-Circuit-State")).isEqualTo(state);
        assertThat(proxy.request("GARBAGE\r\n\r\n").field("X-Circuit-State")).isEqualTo(state);
    }

    @Test
    void healthIs200WithEveryCircuitWhateverTheBackendsDo() throws IOException {
        try (ScriptedBackend up = ScriptedBackend.start();
                ClosedPort down = new ClosedPort();
                Proxy proxy = Proxy.start(
                        Conf.everything(new String[] {up.url(), down.url()}, Conf.PATIENT), new ManualTicker(0))) {
            HttpMessage before = proxy.get("/health");
            assertThat(before.startLine()).isEqualTo("HTTP/1.1 200 OK");
            assertThat(before.field("Content-Type")).isEqualTo("application/json");
            assertThat(before.field("X-Circuit-State")).isEqualTo("closed");
            assertHealth(proxy, "ok", "closed", "closed", up, down);

            for (int i = 0; i < 6; i++) {
                proxy.get("/");
            }

            assertHealth(proxy, "degraded", "closed", "open", up, down);
            assertThat(up.requests()).hasSize(3);
        }
    }

    private static void assertHealth(
            Proxy proxy, String status, String upState, String downState, ScriptedBackend up, ClosedPort down) {
        Config health = proxy.health();
        assertThat(health.getString("status")).isEqualTo(status);
        assertThat(health.getConfig("circuits").root().unwrapped())
                .containsOnlyKeys("default/127.0.0.1:" + up.port(), "default/127.0.0.1:" + down.port());
        assertThat(health.getString(ConfigUtil.joinPath("circuits", "default/127.0.0.1:" + up.port())))
                .isEqualTo(upState);
        assertThat(health.getString(ConfigUtil.joinPath("circuits", "default/127.0.0.1:" + down.port())))
                .isEqualTo(downState);
    }

    @Test
    void healthIsDegradedWhileAnyCircuitIsNotClosed() throws IOException {
        try (Circuit circuit = new Circuit()) {
            assertThat(circuit.proxy.health().getString("status")).isEqualTo("ok");
            circuit.open();
            assertThat(circuit.proxy.health().getString("status")).isEqualTo("degraded");
            circuit.ticker.advance(COOLDOWN);
            assertThat(circuit.proxy.health().getString("status")).isEqualTo("degraded");
            circuit.backend.answer(Answers.ok("recovered"));
            circuit.get();
            assertThat(circuit.proxy.health().getString("status")).isEqualTo("ok");
        }
    }

    @Test
    void healthAsksNoBackendAndNeitherDoesAnythingElseByItself() throws IOException {
        try (Circuit circuit = new Circuit()) {
            for (int i = 0; i < 5; i++) {
                circuit.proxy.health();
            }
            circuit.ticker.advance(COOLDOWN.multipliedBy(10));
            circuit.get();

            assertThat(circuit.backend.requests())
                    .extracting(HttpMessage::target)
                    .isEqualTo(List.of("/backend/resource"));
        }
    }

    @Test
    void withNoBackendRunningTheBalancerStartsAndTellsSo() throws IOException {
        try (ClosedPort closed = new ClosedPort();
                Proxy proxy = Proxy.start(Conf.contract(closed.url()))) {
            assertThat(proxy.health().getString("status")).isEqualTo("ok");
            for (int i = 0; i < 3; i++) {
                Circuit.assertFailed(proxy.get(Circuit.PATH), "closed");
            }
            assertThat(proxy.health().getString("status")).isEqualTo("degraded");
            assertThat(proxy.get(Circuit.PATH).status()).isEqualTo(503);
        }
    }

    @Test
    void theHealthPathIsConfigurable() throws IOException {
        try (Circuit circuit = new Circuit("lb.listen.health-path = /-/up")) {
            assertThat(circuit.proxy.get("/-/up").status()).isEqualTo(200);
            assertThat(circuit.proxy.get("/health").status()).isEqualTo(404);
        }
    }
}
