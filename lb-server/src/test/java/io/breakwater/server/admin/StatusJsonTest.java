package io.breakwater.server.admin;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.breakwater.health.breaker.CircuitState;
import io.breakwater.health.breaker.Observed;
import io.breakwater.health.breaker.Transition;
import io.breakwater.health.breaker.WindowCounts;
import io.breakwater.health.check.HealthStatus;
import io.breakwater.server.admin.StatusView.AdminState;
import io.breakwater.server.admin.StatusView.Backend;
import io.breakwater.server.admin.StatusView.Change;
import io.breakwater.server.admin.StatusView.Circuit;
import io.breakwater.server.admin.StatusView.Pool;
import io.breakwater.server.admin.StatusView.Window;
import io.breakwater.server.config.ReloadResult;
import java.util.List;
import org.junit.jupiter.api.Test;

class StatusJsonTest {
    @Test
    void poolsAreWrittenWithEveryField() {
        assertThat(pools(List.of(FakeStatus.threeReplicas()))).isEqualTo("""
                {"pools":[{"name":"default","state":"closed","balance":"round-robin","backends":[
                {"id":"localhost:3001","url":"http://localhost:3001","weight":1,"priority":0,
                "adminState":"enabled","health":"unchecked",
                "inFlight":2,"requests":120,"successes":100,"failures":15,"rejected":7,"share":1.0,
                "breaker":{"state":"closed","mode":"enforce","consecutiveFailures":1,
                "failureRate":null,"slowCallRate":null,
                "openedAt":null,"reason":null,"retryAfterSeconds":null,"generation":0},
                "transitions":[]},
                {"id":"localhost:3002","url":"http://localhost:3002","weight":1,"priority":0,
                "adminState":"enabled","health":"unchecked",
                "inFlight":2,"requests":120,"successes":100,"failures":15,"rejected":7,"share":0.0,
                "breaker":{"state":"half-open","mode":"enforce","consecutiveFailures":3,
                "failureRate":null,"slowCallRate":null,
                "openedAt":null,"reason":"cooldown_elapsed","retryAfterSeconds":null,"generation":2},
                "transitions":[
                {"at":"2026-01-01T11:59:50.000Z","from":"closed","to":"open","reason":"consecutive_failures"},
                {"at":"2026-01-01T11:59:55.000Z","from":"open","to":"half-open","reason":"cooldown_elapsed"}]},
                {"id":"localhost:3003","url":"http://localhost:3003","weight":1,"priority":0,
                "adminState":"enabled","health":"unchecked",
                "inFlight":2,"requests":120,"successes":100,"failures":15,"rejected":7,"share":0.0,
                "breaker":{"state":"open","mode":"enforce","consecutiveFailures":3,
                "failureRate":null,"slowCallRate":null,
                "openedAt":"2026-01-01T11:59:57.500Z","reason":"consecutive_failures",
                "retryAfterSeconds":3,"generation":1},
                "transitions":[
                {"at":"2026-01-01T11:59:57.500Z","from":"closed","to":"open","reason":"consecutive_failures"}]}]}]}
                """.replace("\n", ""));
    }

    @Test
    void aBackendIsWrittenAsInItsPoolWithWhatIsUnusualAboutIt() {
        Circuit tripped = FakeStatus.circuit(CircuitState.OPEN, 0, FakeStatus.NOON, Transition.Reason.MANUAL, null, 4);
        Backend backend = new Backend(
                "[::1]:82",
                "http://[::1]:82",
                30,
                2,
                AdminState.DRAINING,
                HealthStatus.UNHEALTHY,
                true,
                0,
                1,
                0,
                1,
                2,
                1.0 / 3,
                tripped,
                List.of());

        assertThat(new String(StatusJson.backend(backend), UTF_8)).isEqualTo("""
                {"id":"[::1]:82","url":"http://[::1]:82","weight":30,"priority":2,
                "adminState":"draining","health":"unhealthy","suspect":true,
                "inFlight":0,"requests":1,"successes":0,"failures":1,"rejected":2,"share":0.3333,
                "breaker":{"state":"open","mode":"enforce","consecutiveFailures":0,
                "failureRate":null,"slowCallRate":null,
                "openedAt":"2026-01-01T12:00:00.000Z","reason":"manual","retryAfterSeconds":null,"generation":4},
                "transitions":[]}
                """.replace("\n", ""));
    }

    @Test
    void aWindowIsWrittenAsItsRatesAndWhatWasObservedBesideThem() {
        assertThat(breaker(FakeStatus.windowed(CircuitState.CLOSED, 3, 1, 2, null)))
                .contains(
                        "\"mode\":\"enforce\",\"consecutiveFailures\":1,\"failureRate\":0.3333,\"slowCallRate\":0.6667,")
                .doesNotContain("observed");
        assertThat(breaker(FakeStatus.windowed(CircuitState.OPEN, 20, 12, 0, new Observed(17, 4, 12, 30_412_499_999L))))
                .contains(
                        "\"state\":\"open\",\"mode\":\"observe\",",
                        "\"failureRate\":0.6,\"slowCallRate\":0.0,",
                        "\"generation\":1,\"window\":{\"calls\":20,\"failures\":12,\"slowCalls\":0},"
                                + "\"observed\":{\"wouldReject\":17,\"falseTrips\":4,\"failuresSaved\":12,"
                                + "\"secondsSaved\":30.412}}");
        Circuit tooFew = new Circuit(
                CircuitState.CLOSED, 1, null, null, null, 0, new Window(new WindowCounts(1, 1, 1), null, null), null);
        assertThat(breaker(tooFew))
                .contains(
                        "\"failureRate\":null,\"slowCallRate\":null",
                        "\"window\":{\"calls\":1,\"failures\":1,\"slowCalls\":1}");
    }

    private String breaker(Circuit circuit) {
        String all = new String(StatusJson.backend(FakeStatus.backend("a", circuit, List.of())), UTF_8);
        return all.substring(all.indexOf("\"breaker\""));
    }

    @Test
    void aChangeTellsTheFiguresThatBroughtIt() {
        Change change = new Change(
                FakeStatus.NOON,
                CircuitState.CLOSED,
                CircuitState.OPEN,
                Transition.Reason.FAILURE_RATE,
                "12 of 20 calls failed, 60 % >= 50 %",
                null);
        Circuit open = FakeStatus.windowed(CircuitState.OPEN, 20, 12, 0, null);

        assertThat(new String(StatusJson.backend(FakeStatus.backend("a", open, List.of(change))), UTF_8))
                .endsWith("\"transitions\":[{\"at\":\"2026-01-01T12:00:00.000Z\",\"from\":\"closed\",\"to\":\"open\","
                        + "\"reason\":\"failure_rate\",\"figures\":\"12 of 20 calls failed, 60 % >= 50 %\"}]}");
    }

    @Test
    void aReloadIsWrittenWithItsChangesOrEveryProblem() {
        assertThat(reload(new ReloadResult.Success(List.of(), List.of())))
                .isEqualTo("{\"result\":\"success\",\"changes\":[]}");
        assertThat(reload(new ReloadResult.Success(
                        List.of("pool web: backend a:80 added", "route \"x\" removed"), List.of("lb.conf:3: unwise"))))
                .isEqualTo("{\"result\":\"success\",\"changes\":[\"pool web: backend a:80 added\","
                        + "\"route \\\"x\\\" removed\"],\"warnings\":[\"lb.conf:3: unwise\"]}");
        assertThat(reload(new ReloadResult.Refused(List.of(
                        "lb.conf:1: lb.listen.port: x (expected: a whole number)", "lb.conf:2: lb.pools: 1 (…)"))))
                .isEqualTo("{\"error\":\"configuration refused\",\"problems\":["
                        + "\"lb.conf:1: lb.listen.port: x (expected: a whole number)\","
                        + "\"lb.conf:2: lb.pools: 1 (…)\"]}");
        assertThat(reload(ReloadResult.Unavailable.NO_FILE))
                .isEqualTo("{\"error\":\"started without a configuration file (expected: lb -c FILE)\"}");
    }

    private String reload(ReloadResult result) {
        return new String(StatusJson.reload(result), UTF_8);
    }

    @Test
    void textIsEscaped() {
        Pool pool = new Pool("a\"b\\c\n<\u00e9", CircuitState.OPEN, "round-robin", List.of());

        assertThat(pools(List.of(pool)))
                .isEqualTo("{\"pools\":[{\"name\":\"a\\\"b\\\\c\\n<\u00e9\",\"state\":\"open\","
                        + "\"balance\":\"round-robin\",\"backends\":[]}]}");
    }

    @Test
    void readinessSaysWhyNot() {
        assertThat(new String(StatusJson.readiness(null), UTF_8)).isEqualTo("{\"status\":\"ready\"}");
        assertThat(new String(StatusJson.readiness("draining"), UTF_8))
                .isEqualTo("{\"status\":\"not ready\",\"reason\":\"draining\"}");
    }

    private String pools(List<Pool> pools) {
        return new String(StatusJson.pools(pools), UTF_8);
    }
}
