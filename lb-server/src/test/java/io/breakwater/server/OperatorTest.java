package io.breakwater.server;

import static io.breakwater.server.fixtures.Eventually.eventually;
import static org.assertj.core.api.Assertions.assertThat;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigFactory;
import com.typesafe.config.ConfigParseOptions;
import com.typesafe.config.ConfigSyntax;
import io.breakwater.server.fixtures.Answers;
import io.breakwater.server.fixtures.Conf;
import io.breakwater.server.fixtures.HttpMessage;
import io.breakwater.server.fixtures.Proxy;
import io.breakwater.server.fixtures.ScriptedBackend;
import io.breakwater.time.ManualTicker;
import java.time.Duration;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** What operators do to a balancer that runs, and what it tells of itself then. */
class OperatorTest {
    private static final String BACKENDS = """
            lb.pools.default.backends = [
              { url = "http://127.0.0.1:1", id = "a", weight = 1 },
              { url = "http://127.0.0.1:2", id = "b", weight = 3 },
              { url = "http://[::1]:82", weight = 4 } ]
            """;
    private static final String A = "/api/v1/pools/default/backends/a/";

    private final ManualTicker ticker = new ManualTicker(Long.MAX_VALUE - 1_000);
    private Proxy proxy = start();

    private Proxy start(String... overrides) {
        return Proxy.start(
                Conf.everything("http://127.0.0.1:1", BACKENDS + Conf.PATIENT + String.join("\n", overrides)), ticker);
    }

    private void startAnew(String... overrides) {
        proxy.close();
        proxy = start(overrides);
    }

    @AfterEach
    void close() {
        proxy.close();
    }

    @Test
    void theAdminStateIsSetAndTheOthersTakeOver() {
        assertThat(share("a")).isEqualTo(0.125);
        assertThat(share("b")).isEqualTo(0.375);

        Config drained = done(A + "drain");
        assertThat(drained.getString("id")).isEqualTo("a");
        assertThat(drained.getString("adminState")).isEqualTo("draining");
        assertThat(drained.getDouble("share")).isZero();
        assertThat(backend("a")).isEqualTo(drained);
        assertThat(share("b")).isEqualTo(0.4286);

        assertThat(done(A + "drain")).isEqualTo(drained);
        assertThat(done(A + "disable").getString("adminState")).isEqualTo("disabled");
        assertThat(done(A + "enable").getString("adminState")).isEqualTo("enabled");
        assertThat(share("a")).isEqualTo(0.125);
    }

    @Test
    void aTripOpensTheCircuitUntilTheResetAndIsDoneOnce() {
        Config tripped = done(A + "trip").getConfig("breaker");
        assertThat(tripped.getString("state")).isEqualTo("open");
        assertThat(tripped.getString("reason")).isEqualTo("manual");
        assertThat(tripped.getIsNull("retryAfterSeconds")).isTrue();
        assertThat(tripped.getIsNull("openedAt")).isFalse();
        assertThat(share("a")).isZero();
        assertThat(proxy.health().getString("status")).isEqualTo("degraded");

        ticker.advance(Duration.ofHours(1));
        assertThat(done(A + "trip").getConfigList("transitions")).hasSize(1);
        assertThat(backend("a").getString("breaker.state")).isEqualTo("open");

        Config reset = done(A + "reset");
        assertThat(reset.getString("breaker.state")).isEqualTo("closed");
        assertThat(reset.getInt("breaker.generation")).isEqualTo(2);
        assertThat(done(A + "reset").getConfigList("transitions")).hasSize(3);
        assertThat(proxy.health().getString("status")).isEqualTo("ok");
    }

    @Test
    void aCircuitThatOpenedByItselfCanBeTrippedOnTopOfThat() {
        for (int i = 0; i < 100 && !backend("a").getString("breaker.state").equals("open"); i++) {
            proxy.get("/");
        }
        assertThat(backend("a").getString("breaker.state")).isEqualTo("open");
        assertThat(backend("a").getIsNull("breaker.retryAfterSeconds")).isFalse();

        Config tripped = done(A + "trip");

        assertThat(tripped.getIsNull("breaker.retryAfterSeconds")).isTrue();
        assertThat(tripped.getConfigList("transitions")).hasSize(2);
    }

    @Test
    void resetOfAClosedCircuitEmptiesItsCountsInANewGeneration() {
        proxy.get("/");
        int failures = backend("a").getInt("breaker.consecutiveFailures");
        int generation = backend("a").getInt("breaker.generation");
        assertThat(generation).isZero();

        Config reset = done(A + "reset");

        assertThat(failures).isBetween(0, 1);
        assertThat(reset.getInt("breaker.consecutiveFailures")).isZero();
        assertThat(reset.getInt("breaker.generation")).isEqualTo(1);
        assertThat(done(A + "reset").getInt("breaker.generation")).isEqualTo(2);
    }

    @Test
    void disableClosesIdleConnectionsAndDrainKeepsThem() throws Exception {
        try (ScriptedBackend replica = ScriptedBackend.start().answer(Answers.ok("hello"))) {
            startAnew("lb.pools.default.backends = [ { url = \"" + replica.url() + "\", id = a } ]");
            assertThat(proxy.get("/").status()).isEqualTo(200);
            assertThat(proxy.metric("lb_connections", "side", "upstream")).isEqualTo(1);

            done(A + "drain");
            assertThat(proxy.metric("lb_connections", "side", "upstream")).isEqualTo(1);

            done(A + "disable");
            eventually(() -> assertThat(proxy.metric("lb_connections", "side", "upstream"))
                    .isZero());
        }
    }

    @Test
    void aBreakerThatIsOffCannotBeTripped() {
        startAnew("lb.pools.default.breaker.enabled = false");

        HttpMessage response = proxy.post(A + "trip");

        assertThat(response.status()).isEqualTo(409);
        assertThat(response.text()).isEqualTo("{\"error\": \"the breaker of pool default is not enabled\"}");
        assertThat(backend("a").getConfigList("transitions")).isEmpty();
    }

    @Test
    void anIdWithBracketsIsNamedEncodedOrNot() {
        assertThat(done("/api/v1/pools/default/backends/%5B%3A%3A1%5D%3A82/drain")
                        .getString("id"))
                .isEqualTo("[::1]:82");
        assertThat(done("/api/v1/pools/default/backends/[::1]:82/enable").getString("adminState"))
                .isEqualTo("enabled");
    }

    @Test
    void whatIsMissingIsNamed() {
        HttpMessage noPool = proxy.post("/api/v1/pools/x%22y/backends/a/drain");
        assertThat(noPool.status()).isEqualTo(404);
        assertThat(noPool.text()).isEqualTo("{\"error\": \"no pool x\\\"y\"}");

        HttpMessage noBackend = proxy.post("/api/v1/pools/default/backends/c:1/drain");
        assertThat(noBackend.status()).isEqualTo(404);
        assertThat(noBackend.text()).isEqualTo("{\"error\": \"no backend c:1 in pool default\"}");
    }

    @Test
    void healthIsDegradedOnlyByBackendsThatAreWanted() {
        done(A + "trip");
        assertThat(proxy.health().getString("status")).isEqualTo("degraded");

        done(A + "drain");
        assertThat(proxy.health().getString("status")).isEqualTo("ok");
        done(A + "disable");
        assertThat(proxy.health().getString("status")).isEqualTo("ok");
        assertThat(proxy.circuit("default", "a")).isEqualTo("open");

        done(A + "enable");
        assertThat(proxy.health().getString("status")).isEqualTo("degraded");
    }

    @Test
    void aBalancerWithoutAFileCannotReload() {
        try (Proxy fileless = Proxy.startWithoutFile(Conf.everything("http://127.0.0.1:1"))) {
            HttpMessage response = fileless.post("/api/v1/reload");

            assertThat(response.status()).isEqualTo(409);
            assertThat(response.text())
                    .isEqualTo("{\"error\":\"started without a configuration file (expected: lb -c FILE)\"}");
        }
    }

    @Test
    void theEffectiveConfigurationIsToldWithoutTheToken() {
        startAnew("lb.admin.token = s3cret");

        HttpMessage response = proxy.admin("/api/v1/config");

        assertThat(response.status()).isEqualTo(200);
        assertThat(response.text()).doesNotContain("s3cret");
        Config config = json(response);
        assertThat(config.getString("lb.admin.token")).isEqualTo("(hidden)");
        assertThat(config.getString("lb.pools.default.breaker.cooldown")).isEqualTo("5s");
        assertThat(config.getConfigList("lb.pools.default.backends")).hasSize(3);
    }

    @Test
    void theStartIsWhenTheConfigurationWasTakenAndIsNoReload() {
        assertThat(proxy.metric("lb_config_last_reload_success_timestamp_seconds"))
                .isPositive();
        assertThat(proxy.metric("lb_config_reloads_total")).isZero();
    }

    private Config done(String action) {
        HttpMessage response = proxy.post(action);
        assertThat(response.status()).as(response.text()).isEqualTo(200);
        return json(response);
    }

    private Config backend(String id) {
        return json(proxy.admin("/api/v1/pools")).getConfigList("pools").get(0).getConfigList("backends").stream()
                .filter(backend -> backend.getString("id").equals(id))
                .findFirst()
                .orElseThrow();
    }

    private double share(String id) {
        return backend(id).getDouble("share");
    }

    private static Config json(HttpMessage response) {
        return ConfigFactory.parseString(
                response.text(), ConfigParseOptions.defaults().setSyntax(ConfigSyntax.JSON));
    }
}
