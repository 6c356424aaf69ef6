package io.breakwater.server.state;

import static io.breakwater.server.fixtures.Eventually.eventually;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.typesafe.config.Config;
import io.breakwater.server.config.ReloadResult.Success;
import io.breakwater.server.fixtures.Answers;
import io.breakwater.server.fixtures.Conf;
import io.breakwater.server.fixtures.EventReader;
import io.breakwater.server.fixtures.HttpMessage;
import io.breakwater.server.fixtures.Proxy;
import io.breakwater.server.fixtures.ScriptedBackend;
import io.breakwater.time.ManualTicker;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What a balancer that is started again makes of what the one before it has left. */
@Timeout(60)
class RestartTest {
    private static final String CHECKED =
            "lb.pools.default.health-check { enabled = true, interval = 1h, unhealthy-interval = 1s, timeout = 30m,"
                    + " jitter = 0, fall = 1, rise = 2 }";

    @TempDir
    private Path dir;

    /** Each life has an origin of its own, near where readings wrap around. */
    private ManualTicker ticker =
            new ManualTicker(Long.MAX_VALUE - Duration.ofSeconds(1).toNanos());

    private Instant wall = Instant.parse("2026-01-05T12:00:00Z");
    private final ScriptedBackend a = ScriptedBackend.start().answer(Answers.ok("a"));
    private final ScriptedBackend b = ScriptedBackend.start().answer(Answers.ok("b"));
    private Proxy proxy;

    @BeforeEach
    void start() {
        proxy = live(conf());
    }

    @AfterEach
    void stop() throws IOException {
        proxy.close();
        a.close();
        b.close();
    }

    private Proxy live(String hocon) {
        return Proxy.start(hocon, ticker, () -> wall);
    }

    /** Both backends, with a cooldown of ten seconds. */
    private String conf(String... overrides) {
        return Conf.everything(
                new String[] {a.url(), b.url()},
                Conf.PATIENT,
                "lb.state.file = \"" + file() + "\"",
                "lb.pools.default.breaker.cooldown = 10s",
                String.join("\n", overrides));
    }

    private Path file() {
        return dir.resolve("state.json");
    }

    private void pass(Duration time) {
        ticker.advance(time);
        wall = wall.plus(time);
    }

    /** Stops, and starts again so much later with this configuration. */
    private void restart(Duration later, String... overrides) {
        proxy.close();
        comeBack(later, conf(overrides));
    }

    private void comeBack(Duration later, String hocon) {
        wall = wall.plus(later);
        ticker = new ManualTicker(-5);
        proxy = live(hocon);
    }

    private void open(ScriptedBackend backend) {
        backend.answer(Answers.status(500));
        while (!proxy.circuit("default", backend).equals("open")) {
            proxy.get("/");
        }
        backend.answer(Answers.ok("well"));
    }

    private void act(ScriptedBackend backend, String action) {
        assertThat(proxy.post("/api/v1/pools/default/backends/127.0.0.1:" + backend.port() + "/" + action)
                        .status())
                .isEqualTo(200);
    }

    private Config breaker(ScriptedBackend backend) {
        return proxy.backend("default", backend).getConfig("breaker");
    }

    @Test
    void anOpenCircuitWaitsForTheRestOfItsCooldownLessTheTimeInWhichNothingRan() {
        open(a);
        pass(Duration.ofSeconds(3));
        open(b);
        pass(Duration.ofSeconds(1));

        restart(Duration.ofMillis(1_500));

        assertThat(breaker(a).getInt("retryAfterSeconds")).isEqualTo(5); // 4.5 are left
        assertThat(breaker(b).getInt("retryAfterSeconds")).isEqualTo(8); // 7.5
        assertThat(breaker(b).getInt("consecutiveFailures")).isEqualTo(3);
        HttpMessage refused = proxy.get("/");
        assertThat(refused.status()).isEqualTo(503);
        assertThat(refused.field("Retry-After")).isEqualTo("5");
        pass(Duration.ofMillis(4_499));
        assertThat(proxy.get("/").status()).isEqualTo(503);
        pass(Duration.ofMillis(1));
        assertThat(proxy.get("/").status()).isEqualTo(200);
        assertThat(proxy.circuit("default", a)).isEqualTo("closed");
        assertThat(proxy.circuit("default", b)).isEqualTo("open");
    }

    @Test
    void whatChangesIsWrittenWithoutWaitingForTheNextLook() {
        open(a);
        eventually(() -> assertThat(file()).content().contains("open"));

        act(b, "drain");
        eventually(() -> assertThat(file()).content().contains("draining"));
    }

    @Test
    void aCircuitWhoseCooldownPassedMeanwhileIsHalfOpen() {
        open(a);
        act(b, "drain");

        restart(Duration.ofSeconds(10));

        assertThat(proxy.circuit("default", a)).isEqualTo("half-open");
        assertThat(proxy.metric(
                        "lb_circuit_transitions_total", "from", "closed", "to", "half-open", "reason", "restored"))
                .isEqualTo(1);
        HttpMessage probe = proxy.get("/");
        assertThat(probe.field("X-Circuit-State")).isEqualTo("half-open");
        assertThat(proxy.circuit("default", a)).isEqualTo("closed");
    }

    @Test
    void aHalfOpenCircuitIsHalfOpenAgainAndItsProbeCounts() {
        open(a);
        act(b, "drain");
        pass(Duration.ofSeconds(10));
        a.answer(Answers.status(500));

        restart(Duration.ZERO);

        assertThat(proxy.circuit("default", a)).isEqualTo("half-open");
        proxy.get("/");
        assertThat(breaker(a).getString("reason")).isEqualTo("probe_failed");
        assertThat(breaker(a).getInt("consecutiveFailures")).isEqualTo(4);
        assertThat(breaker(a).getInt("retryAfterSeconds")).isEqualTo(10);
    }

    @ParameterizedTest
    @CsvSource({
        "-PT1S, open, 10",
        "-P10000D, open, 10",
        "PT0S, open, 10",
        "PT9.999S, open, 1",
        "PT10S, half-open, ",
        "P10000D, half-open, ",
        "P36500000D, half-open, "
    })
    void aClockThatWasSetNeverMakesACooldownLongerThanItWas(Duration jump, String state, Integer left) {
        open(a);

        restart(jump);

        assertThat(breaker(a).getString("state")).isEqualTo(state);
        assertThat(breaker(a).getIsNull("retryAfterSeconds") ? null : breaker(a).getInt("retryAfterSeconds"))
                .isEqualTo(left);
        pass(Duration.ofSeconds(10));
        assertThat(breaker(a).getString("state")).isEqualTo("half-open");
    }

    @Test
    void aClockThatIsSetWhileItRunsIsWrittenDownToo() throws IOException {
        wall = Instant.EPOCH;
        open(a);
        pass(Duration.ofSeconds(5));
        eventually(() -> assertThat(Files.readString(file())).contains("1970-01-01T00:00:05Z"));
        wall = Instant.parse("2026-01-05T12:00:00Z");
        ticker.advance(Duration.ofMillis(1));
        ticker.advance(Duration.ofMillis(4_998));
        assertThat(breaker(a).getInt("retryAfterSeconds")).isEqualTo(1);

        restart(Duration.ZERO);

        assertThat(breaker(a).getString("state")).isEqualTo("open");
    }

    @Test
    void ofACooldownNoMoreIsLeftThanAWholeOneOfNow() {
        proxy.close();
        comeBack(Duration.ZERO, conf("lb.pools.default.breaker.cooldown = 1h"));
        open(a);

        restart(Duration.ZERO);

        assertThat(breaker(a).getInt("retryAfterSeconds")).isEqualTo(10);
    }

    @Test
    void whatAnOperatorHasSetStays() {
        act(a, "trip");
        act(b, "drain");
        int asked = b.requests().size();

        restart(Duration.ofDays(30));

        assertThat(breaker(a).getString("state")).isEqualTo("open");
        assertThat(breaker(a).getIsNull("retryAfterSeconds")).isTrue();
        assertThat(proxy.backend("default", b).getString("adminState")).isEqualTo("draining");
        assertThat(proxy.get("/").status()).isEqualTo(503);
        assertThat(proxy.admin("/api/v1/explain?pool=default").text()).contains("\"tripped\"", "\"draining\"");
        assertThat(a.requests()).isEmpty();
        assertThat(b.requests()).hasSize(asked);
        act(a, "reset");
        assertThat(proxy.get("/").status()).isEqualTo(200);
        act(a, "disable");
        restart(Duration.ofSeconds(1));
        assertThat(proxy.backend("default", a).getString("adminState")).isEqualTo("disabled");
        assertThat(proxy.circuit("default", a)).isEqualTo("closed");
        act(a, "enable");
        act(b, "enable");
        restart(Duration.ofSeconds(1));
        assertThat(proxy.get("/").status()).isEqualTo(200);
    }

    @Test
    void aDisabledBackendIsNotCheckedBeforeItIsEnabled() {
        act(a, "disable");
        int asked = a.requests().size();

        restart(Duration.ZERO, CHECKED);

        pass(Duration.ofSeconds(1)); // first checks are spread
        eventually(() -> assertThat(b.requests()).isNotEmpty());
        eventually(() -> assertThat(proxy.admin("/readyz").status()).isEqualTo(200));
        assertThat(a.requests()).hasSize(asked);
        act(a, "enable");
        eventually(() -> assertThat(a.requests()).hasSizeGreaterThan(asked));
    }

    @Test
    void failuresInARowGoOnBeingCounted() {
        act(b, "drain");
        a.answer(Answers.status(500));
        proxy.get("/");
        proxy.get("/");

        restart(Duration.ofDays(1));

        assertThat(breaker(a).getInt("consecutiveFailures")).isEqualTo(2);
        assertThat(proxy.circuit("default", a)).isEqualTo("closed");
        proxy.get("/");
        assertThat(proxy.circuit("default", a)).isEqualTo("open");
    }

    @Test
    void aCooldownGoesOnGrowing() {
        String growing = "lb.pools.default.breaker.cooldown-multiplier = 2";
        restart(Duration.ZERO, growing);
        act(b, "drain");
        open(a);
        a.answer(Answers.status(500));
        pass(Duration.ofSeconds(10));
        proxy.get("/");
        assertThat(breaker(a).getInt("retryAfterSeconds")).isEqualTo(20);

        restart(Duration.ofSeconds(20), growing);
        proxy.get("/");
        assertThat(breaker(a).getInt("retryAfterSeconds")).isEqualTo(40);

        a.answer(Answers.ok("well"));
        pass(Duration.ofSeconds(40));
        assertThat(proxy.get("/").status()).isEqualTo(200);
        restart(Duration.ZERO, growing);
        open(a);
        assertThat(breaker(a).getInt("retryAfterSeconds")).isEqualTo(60);
    }

    @Test
    void anUnhealthyBackendIsNotAskedBeforeItsChecksHavePassed() {
        restart(Duration.ZERO, CHECKED);
        a.answer(Answers.status(500));
        pass(Duration.ofHours(2));
        eventually(() ->
                assertThat(proxy.backend("default", a).getString("health")).isEqualTo("unhealthy"));
        a.answer(Answers.ok("well"));

        restart(Duration.ofDays(1), CHECKED);

        assertThat(proxy.backend("default", a).getString("health")).isEqualTo("unhealthy");
        eventually(() -> assertThat(proxy.admin("/readyz").status()).isEqualTo(200));
        for (int i = 0; i < 4; i++) {
            assertThat(proxy.get("/").text()).isEqualTo("b");
        }
        pass(Duration.ofSeconds(2));
        eventually(() ->
                assertThat(proxy.backend("default", a).getString("health")).isEqualTo("healthy"));
        assertThat(List.of(proxy.get("/").text(), proxy.get("/").text())).contains("well");
    }

    @Test
    void aBackendThatIsNotCheckedAnyMoreIsNotUnhealthyForEver() {
        restart(Duration.ZERO, CHECKED);
        a.answer(Answers.status(500));
        pass(Duration.ofHours(2));
        eventually(() ->
                assertThat(proxy.backend("default", a).getString("health")).isEqualTo("unhealthy"));
        a.answer(Answers.ok("well"));

        restart(Duration.ZERO);

        assertThat(proxy.backend("default", a).getString("health")).isEqualTo("unchecked");
        assertThat(List.of(proxy.get("/").text(), proxy.get("/").text())).contains("well");
    }

    @ParameterizedTest
    @ValueSource(strings = {"healthy", "unhealthy"})
    void theLastOneThatDoesNothingButTimeOutStaysInRotation(String initial) {
        String checked = CHECKED + "\nlb.pools.default.health-check { initial = " + initial + ", rise = 1 }";
        restart(Duration.ZERO, checked);
        pass(Duration.ofSeconds(1)); // first checks are spread
        eventually(() ->
                assertThat(proxy.backend("default", b).getString("health")).isEqualTo("healthy"));
        eventually(() ->
                assertThat(proxy.backend("default", a).getString("health")).isEqualTo("healthy"));
        a.answer(Answers.status(500));
        b.answer(Answers.hang());
        pass(Duration.ofHours(2));
        eventually(() ->
                assertThat(proxy.backend("default", a).getString("health")).isEqualTo("unhealthy"));
        a.answer(Answers.hang());
        eventually(() -> assertThat(b.requests()).hasSizeGreaterThan(1));
        pass(Duration.ofMinutes(31));
        eventually(
                () -> assertThat(proxy.backend("default", b).hasPath("suspect")).isTrue());
        b.answer(Answers.ok("late"));

        restart(Duration.ZERO, checked + "\nlb.pools.default.health-check.path = /hang");

        assertThat(proxy.backend("default", b).getBoolean("suspect")).isTrue();
        assertThat(proxy.backend("default", a).hasPath("suspect")).isFalse();
        assertThat(proxy.backend("default", a).getString("health")).isEqualTo("unhealthy");
    }

    @Test
    void anotherUrlUnderTheSameIdIsAnotherBackend() {
        String conf = "lb.pools.default.backends = [ { id = one, url = \"%s\" } ]";
        restart(Duration.ZERO, conf.formatted(a.url()));
        proxy.post("/api/v1/pools/default/backends/one/trip");

        restart(Duration.ZERO, conf.formatted(b.url()));
        assertThat(proxy.circuit("default", "one")).isEqualTo("closed");

        proxy.post("/api/v1/pools/default/backends/one/trip");
        restart(Duration.ZERO, conf.formatted(b.url().replace("http://", "HTTP://") + "/"));
        assertThat(proxy.circuit("default", "one"))
                .as("the same URL, written otherwise")
                .isEqualTo("open");
    }

    @Test
    void anotherIdOrPoolIsAnotherBackend() {
        act(a, "trip");
        restart(
                Duration.ZERO,
                "lb.pools.default.backends = [ { id = one, url = \"%s\" } ]".formatted(a.url()),
                "lb.pools.other.backends = [ \"%s\" ]".formatted(a.url()));

        assertThat(proxy.circuit("default", "one")).isEqualTo("closed");
        assertThat(proxy.circuit("other", a)).isEqualTo("closed");
    }

    @Test
    void whatStoodInTheFileIsNotForABackendThatAReloadBringsLater() {
        act(a, "trip");
        restart(Duration.ZERO, "lb.pools.default.backends = [ \"%s\" ]".formatted(b.url()));

        assertThat(proxy.reload(conf())).isInstanceOf(Success.class);

        assertThat(proxy.circuit("default", a)).isEqualTo("closed");
    }

    @Test
    void circuitsOfRoutesAreRestoredEachByItself() {
        String[] routes = {
            "lb.routes = [ { name = x, prefix = /x, pool = default }, { name = y, prefix = /y, pool = default } ]",
            "lb.pools.default { backends = [ \"%s\" ], breaker.scope = backend-and-route }".formatted(a.url())
        };
        restart(Duration.ZERO, routes);
        a.answer(Answers.status(500));
        for (int i = 0; i < 3; i++) {
            proxy.get("/x");
        }
        a.answer(Answers.ok("well"));

        restart(Duration.ofSeconds(1), routes);

        assertThat(proxy.get("/x").status()).isEqualTo(503);
        assertThat(proxy.get("/y").text()).isEqualTo("well");
        restart(Duration.ofSeconds(1), routes[0].replace("= x", "= z"), routes[1]);
        assertThat(proxy.get("/x").status()).as("a route of another name").isEqualTo(200);
    }

    @Test
    void aTripByHandHoldsForCircuitsOfAnotherScope() {
        act(a, "trip");
        act(b, "trip");

        restart(Duration.ZERO, "lb.pools.default.breaker.scope = backend-and-route");
        assertThat(proxy.get("/").status()).isEqualTo(503);

        restart(Duration.ZERO);
        assertThat(proxy.get("/").status()).isEqualTo(503);
    }

    @Test
    void aCircuitThatObservesIsRestoredAndRefusesNobody() {
        String observe = "lb.pools.default.breaker.mode = observe";
        open(a);

        restart(Duration.ZERO, observe);

        assertThat(breaker(a).getString("state")).isEqualTo("open");
        assertThat(List.of(proxy.get("/").text(), proxy.get("/").text())).contains("well");
        restart(Duration.ZERO);
        assertThat(breaker(a).getString("state")).isEqualTo("open");
    }

    @Test
    void aBreakerThatIsSwitchedOffStaysClosed() {
        open(a);
        act(b, "trip");

        restart(Duration.ZERO, "lb.pools.default.breaker.enabled = false");

        assertThat(proxy.circuit("default", a)).isEqualTo("closed");
        assertThat(proxy.circuit("default", b)).isEqualTo("closed");
    }

    @Test
    void aRestoredOpeningIsAnEventAnIncidentAndAMetric() throws Exception {
        open(a);
        act(b, "trip");

        restart(Duration.ofSeconds(4));

        try (EventReader events = EventReader.open(proxy.adminPort(), "0")) {
            events.start();
            Config opened = events.next("transition");
            assertThat(opened.getString("to")).isEqualTo("open");
            assertThat(opened.getString("reason")).isEqualTo("restored");
        }
        assertThat(proxy.metric("lb_circuit_transitions_total", "from", "closed", "to", "open", "reason", "restored"))
                .isEqualTo(2);
        eventually(() -> assertThat(proxy.incidents())
                .extracting(each -> each.getString("backend") + " " + each.getString("decision"))
                .containsExactlyInAnyOrder(
                        "127.0.0.1:" + a.port() + " opened for 6s", "127.0.0.1:" + b.port() + " opened until reset"));
        assertThat(breaker(a).getString("reason")).isEqualTo("restored");
    }

    @Test
    void anotherBalancerWithTheSameFileDoesNotStart() {
        assertThatThrownBy(() -> live(conf()))
                .isInstanceOf(UncheckedIOException.class)
                .hasMessageContaining("lb.state.file: " + file() + ": in use by this process"
                        + " (expected: a file of its own for each balancer)");
        act(a, "trip");
        restart(Duration.ZERO);
        assertThat(breaker(a).getString("state")).isEqualTo("open");
    }

    @Test
    void aStartThatFailsLeavesTheFileAsItWas() throws IOException {
        act(a, "trip");
        proxy.close();
        String left = Files.readString(file());

        assertThatThrownBy(() -> live(conf("lb.listen.host = \"192.0.2.1\""))).isInstanceOf(UncheckedIOException.class);
        assertThat(Files.readString(file())).isEqualTo(left);

        comeBack(Duration.ZERO, conf());
        assertThat(breaker(a).getString("state")).isEqualTo("open");
    }
}
