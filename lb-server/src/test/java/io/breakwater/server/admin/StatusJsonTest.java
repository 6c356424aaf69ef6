package io.breakwater.server.admin;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.breakwater.health.breaker.CircuitState;
import io.breakwater.server.admin.StatusView.Circuit;
import io.breakwater.server.admin.StatusView.Pool;
import java.util.List;
import org.junit.jupiter.api.Test;

class StatusJsonTest {
    private final StatusJson json = new StatusJson();

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
                {"at":"2026-01-01T11:59:50Z","from":"closed","to":"open","reason":"consecutive_failures"},
                {"at":"2026-01-01T11:59:55Z","from":"open","to":"half-open","reason":"cooldown_elapsed"}]},
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
    void shareIsEqualAmongTheClosed() {
        Circuit closed = new Circuit(CircuitState.CLOSED, 0, null, null, null, 0);
        Pool pool = new Pool(
                "default",
                CircuitState.CLOSED,
                "round-robin",
                List.of(
                        FakeStatus.backend("a", closed, List.of()),
                        FakeStatus.backend("b", closed, List.of()),
                        FakeStatus.backend("c", closed, List.of())));

        assertThat(pools(List.of(pool))).contains("\"share\":0.3333,").doesNotContain("\"share\":0.0");
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
        assertThat(new String(json.readiness(null), UTF_8)).isEqualTo("{\"status\":\"ready\"}");
        assertThat(new String(json.readiness("draining"), UTF_8))
                .isEqualTo("{\"status\":\"not ready\",\"reason\":\"draining\"}");
    }

    private String pools(List<Pool> pools) {
        return new String(json.pools(pools), UTF_8);
    }
}
