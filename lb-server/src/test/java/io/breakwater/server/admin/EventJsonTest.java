package io.breakwater.server.admin;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.breakwater.health.BackendId;
import io.breakwater.health.Outcome;
import io.breakwater.health.breaker.CircuitState;
import io.breakwater.health.breaker.Transition.Reason;
import io.breakwater.health.check.HealthChange;
import io.breakwater.health.check.HealthStatus;
import io.breakwater.health.check.ProbeResult;
import io.breakwater.server.config.ReloadResult;
import io.breakwater.server.events.AdminEvent;
import io.breakwater.server.events.CallHistory.Latency;
import io.breakwater.server.events.CircuitEvent;
import io.breakwater.server.events.CircuitId;
import io.breakwater.server.events.Event;
import io.breakwater.server.events.HealthEvent;
import io.breakwater.server.events.Incident;
import io.breakwater.server.events.PastCall;
import io.breakwater.server.events.ReloadEvent;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class EventJsonTest {
    private static final Instant AT = Instant.parse("2026-01-01T12:00:00.123456Z");
    private static final BackendId BACKEND = new BackendId("default", "a:1");
    private static final String OF_BACKEND =
            "\"at\":\"2026-01-01T12:00:00.123Z\",\"pool\":\"default\",\"backend\":\"a:1\",";
    private static final CircuitEvent OPENED = new CircuitEvent(
            new CircuitId(BACKEND, null),
            1,
            AT,
            CircuitState.CLOSED,
            CircuitState.OPEN,
            Reason.CONSECUTIVE_FAILURES,
            "3 in a row",
            Duration.ofMillis(1_500),
            false);
    private static final HealthEvent UNHEALTHY = new HealthEvent(
            BACKEND,
            AT,
            new HealthChange(
                    1, 0, HealthStatus.HEALTHY, HealthStatus.UNHEALTHY, 3, false, ProbeResult.failed("status 503")));
    private static final AdminEvent DRAINED = new AdminEvent(AT, BACKEND, "drain", "enabled", "draining");

    private String text(Event event) {
        return new String(EventJson.event(event), UTF_8);
    }

    private static Incident incident(Incident.@Nullable Ending ending) {
        return new Incident(
                7,
                new CircuitId(BACKEND, "/cart"),
                AT,
                true,
                Reason.FAILURE_RATE,
                "12 of 20 calls failed, 60 % >= 50 %",
                "opened for 5s, observed only",
                2,
                ending,
                List.of(
                        new PastCall(Outcome.SUCCESS, 2_000_000_000, 12_345_999),
                        new PastCall(Outcome.FAILURE_STATUS, 0, 300_000)),
                new Latency(2_499_968_000L, null, 0));
    }

    @Test
    void transition() {
        assertThat(EventJson.name(OPENED)).isEqualTo("transition");
        assertThat(text(OPENED))
                .isEqualTo("{" + OF_BACKEND + "\"route\":null,\"from\":\"closed\",\"to\":\"open\","
                        + "\"reason\":\"consecutive_failures\",\"figures\":\"3 in a row\",\"generation\":1,"
                        + "\"cooldownSeconds\":1.5}");
    }

    @Test
    void transitionThatBeginsNoCooldown() {
        CircuitEvent closed = new CircuitEvent(
                new CircuitId(BACKEND, "/cart"),
                3,
                AT,
                CircuitState.HALF_OPEN,
                CircuitState.CLOSED,
                Reason.PROBE_SUCCEEDED,
                null,
                Duration.ZERO,
                false);

        assertThat(text(closed))
                .isEqualTo("{" + OF_BACKEND + "\"route\":\"/cart\",\"from\":\"half-open\",\"to\":\"closed\","
                        + "\"reason\":\"probe_succeeded\",\"figures\":null,\"generation\":3,\"cooldownSeconds\":null}");
    }

    @Test
    void health() {
        assertThat(EventJson.name(UNHEALTHY)).isEqualTo("health");
        assertThat(text(UNHEALTHY))
                .isEqualTo("{" + OF_BACKEND + "\"from\":\"healthy\",\"to\":\"unhealthy\","
                        + "\"detail\":\"failed: 3 in a row, the last: status 503\"}");
    }

    @Test
    void reload() {
        ReloadEvent done = new ReloadEvent(AT, new ReloadResult.Success(List.of("one", "\"two\"\n"), List.of()));
        ReloadEvent refused = new ReloadEvent(AT, new ReloadResult.Refused(List.of("a.conf:1: x")));

        assertThat(EventJson.name(done)).isEqualTo("reload");
        assertThat(text(done))
                .isEqualTo("{\"at\":\"2026-01-01T12:00:00.123Z\",\"result\":\"success\","
                        + "\"changes\":[\"one\",\"\\\"two\\\"\\n\"]}");
        assertThat(text(refused))
                .isEqualTo(
                        "{\"at\":\"2026-01-01T12:00:00.123Z\",\"result\":\"failure\",\"problems\":[\"a.conf:1: x\"]}");
    }

    @Test
    void admin() {
        assertThat(EventJson.name(DRAINED)).isEqualTo("admin");
        assertThat(text(DRAINED))
                .isEqualTo("{" + OF_BACKEND + "\"action\":\"drain\",\"from\":\"enabled\",\"to\":\"draining\"}");
    }

    @Test
    void incident() {
        String before = "{\"id\":7,\"pool\":\"default\",\"backend\":\"a:1\",\"route\":\"/cart\",\"mode\":\"observe\","
                + "\"startedAt\":\"2026-01-01T12:00:00.123Z\",";
        String after = "\"outcomes\":["
                + "{\"at\":\"2026-01-01T11:59:58.123Z\",\"outcome\":\"success\",\"latencyMillis\":12.35},"
                + "{\"at\":\"2026-01-01T12:00:00.123Z\",\"outcome\":\"failure_status\",\"latencyMillis\":0.3}],"
                + "\"latency\":{\"p50Millis\":2500.0,\"peersP50Millis\":null,\"peers\":0}}";
        String trip = "\"reason\":\"failure_rate\",\"figures\":\"12 of 20 calls failed, 60 % >= 50 %\","
                + "\"decision\":\"opened for 5s, observed only\",\"reopenings\":2,";

        assertThat(EventJson.name(incident(null))).isEqualTo("incident");
        assertThat(text(incident(null)))
                .isEqualTo(before + "\"endedAt\":null," + trip + "\"end\":null,\"durationSeconds\":null," + after);
        Incident ended = incident(new Incident.Ending(AT.plusSeconds(20), "probe_succeeded", Duration.ofSeconds(20)));
        assertThat(text(ended))
                .isEqualTo(before + "\"endedAt\":\"2026-01-01T12:00:20.123Z\"," + trip
                        + "\"end\":\"probe_succeeded\",\"durationSeconds\":20.0," + after);
        assertThat(new String(EventJson.incidents(List.of(ended, incident(null))), UTF_8))
                .isEqualTo("{\"incidents\":[" + text(ended) + "," + text(incident(null)) + "]}");
    }

    @Test
    void everyFieldIsExplainedInTheDocs() throws IOException {
        String page = Files.readString(Path.of("..", "docs", "admin.md"));
        String all = Stream.of(
                        OPENED,
                        UNHEALTHY,
                        DRAINED,
                        incident(null),
                        new ReloadEvent(AT, new ReloadResult.Success(List.of(), List.of())),
                        new ReloadEvent(AT, new ReloadResult.Refused(List.of("x"))))
                .map(this::text)
                .reduce("", String::concat);

        assertThat(Pattern.compile("\"([A-Za-z0-9]+)\":").matcher(all).results().map(match -> match.group(1)))
                .hasSizeGreaterThan(40)
                .allSatisfy(field -> assertThat(page).containsPattern("`" + field + "`|\"" + field + "\""));
    }
}
