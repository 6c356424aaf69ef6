package io.breakwater.server.replay;

import static io.breakwater.health.Outcome.CLIENT_ABORTED;
import static io.breakwater.health.Outcome.FAILURE_STATUS;
import static io.breakwater.health.Outcome.RESPONSE_TIMEOUT;
import static io.breakwater.health.Outcome.SUCCESS;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Made-up logs through the real breaker, and what is said of them to the letter. */
class ReplayTest {

    @Test
    void anOutageThatTheCircuitMeets() throws IOException {
        String report = new Recorded()
                .calls(10, SUCCESS)
                .calls(3, FAILURE_STATUS)
                .calls(20, FAILURE_STATUS)
                .pause(3_000)
                .calls(10, SUCCESS)
                .report(false);

        assertThat(report).isEqualTo("""
                a.log: 43 lines, from 2026-01-05T12:00:00.000Z to 2026-01-05T12:00:07.210Z
                43 calls replayed

                pool web: consecutive-failures 3, cooldown 5s

                pool web, backend a:80: 43 calls, 23 failures
                  2026-01-05T12:00:01.210Z  closed    -> open       consecutive_failures (3 in a row)
                  2026-01-05T12:00:06.210Z  open      -> half-open  cooldown_elapsed
                  2026-01-05T12:00:06.310Z  half-open -> closed     probe_succeeded
                  opens once, would reject 20 calls: 20 failed (0.2 s saved), 0 succeeded (falsely)
                  1 outage, missed 0

                an outage: 5 failures in a row, or at least 5 calls within 10 s half or more of which failed; such times less than 10 s apart are one
                """);
    }

    @Test
    void aCircuitThatOpensForNothingAndOneThatMissesAnOutage() throws IOException {
        Recorded hiccup =
                new Recorded().calls(10, SUCCESS).calls(3, FAILURE_STATUS).calls(60, SUCCESS);

        assertThat(hiccup.report(false))
                .contains("opens once, would reject 50 calls: 0 failed (0.0 s saved), 50 succeeded (falsely)")
                .contains("0 outages, missed 0");

        Recorded brownOut = new Recorded();
        for (int i = 0; i < 20; i++) {
            brownOut.call(RESPONSE_TIMEOUT, 100).call(RESPONSE_TIMEOUT, 100).call(SUCCESS, 10);
        }
        assertThat(brownOut.report(false))
                .contains("opens 0 times, would reject 0 calls\n")
                .contains("1 outage, missed 1")
                .contains("    missed: 2026-01-05T12:00:00.100Z to 2026-01-05T12:00:04.190Z");
        assertThat(brownOut.report(
                        false, "window { type = count, calls = 20, minimum-calls = 10, failure-rate = 50% }"))
                .contains("failure_rate (7 of 10)")
                .contains("1 outage, missed 0");
    }

    @Test
    void callsUnderWayAreJudgedWhenTheyEnd() throws IOException {
        // The fourth began before the third had failed, and was on its way.
        String at =
                "{\"time\":\"2026-01-05T12:00:0%s.000Z\",\"pool\":\"web\",\"backend\":\"a:80\",\"outcome\":\"failure_status\",\"durationMillis\":%d}";
        Recorded log = new Recorded()
                .text(at.formatted(1, 10))
                .text(at.formatted(2, 10))
                .text(at.formatted(3, 10))
                .text(at.formatted(4, 1001))
                .text(at.formatted(5, 999));

        assertThat(log.report(false)).contains("would reject 1 call: 1 failed (1.0 s saved)");
    }

    @Test
    void whatClientsDidIsNotTheBackends() throws IOException {
        assertThat(new Recorded()
                        .calls(2, FAILURE_STATUS)
                        .calls(5, CLIENT_ABORTED)
                        .calls(1, FAILURE_STATUS)
                        .calls(2, CLIENT_ABORTED)
                        .report(false))
                .contains("10 calls, 3 failures")
                .contains("(3 in a row)")
                .contains(
                        "would reject 2 calls: 0 failed (0.0 s saved), 0 succeeded (falsely), 2 ended for another reason");
    }

    @Test
    void theOrderOfTheLinesDoesNotMatter() throws IOException {
        String[] settings = {"consecutive-failures = 2", "cooldown = 1s"};
        Recorded log = new Recorded()
                .calls(5, SUCCESS)
                .calls(25, FAILURE_STATUS)
                .calls(20, SUCCESS)
                .calls(2, FAILURE_STATUS)
                .calls(9, SUCCESS);
        String inOrder = log.report(false, settings);

        assertThat(log.shuffled(7).report(false, settings)).isEqualTo(inOrder);
        assertThat(inOrder).contains("opens 2 times");
    }

    @Test
    void badLinesAreNamedAndTheRestCounts() throws IOException {
        Recorded log = new Recorded().text("").calls(1, SUCCESS);
        log.text("{\"time\":")
                .text("[]")
                .text("{\"durationMillis\":1}")
                .text("{\"time\":\"yesterday\",\"durationMillis\":1}")
                .text("{\"time\":\"2026-01-05T12:00:00Z\"}")
                .text("{\"time\":\"2026-01-05T12:00:00Z\",\"durationMillis\":-1}")
                .text("{\"time\":\"2026-01-05T12:00:00Z\",\"durationMillis\":1,\"outcome\":\"fine\"}")
                .text("{\"time\":\"2026-01-05T12:00:00Z\",\"durationMillis\":\"1\"}")
                .text("{\"time\":\"2026-01-05T12:00:00Z\",\"durationMillis\":1,\"pool\":7}")
                .text("{\"time\":\"2026-01-05T12:00:00Z\",\"durationMillis\":1} {}")
                .text("127.0.0.1 - - [05/Jan/2026:12:34:56 +0000] \"-\" 400 30 \"-\" \"-\"")
                .text("x".repeat(1_200_000))
                .calls(1, SUCCESS);
        List<String> report = log.report(false).lines().toList();

        assertThat(report.get(1)).isEqualTo("2 calls replayed");
        assertThat(report.get(2)).isEqualTo("12 lines that could not be read");
        assertThat(report.subList(3, 13)).allMatch(each -> each.matches("  line \\d+: .+"));
        assertThat(report.get(3)).startsWith("  line 3: not JSON: ");
        assertThat(report.subList(4, 13))
                .containsExactly(
                        "  line 4: not a JSON object",
                        "  line 5: time: missing (expected: a time such as 2026-01-05T12:00:00.000Z)",
                        "  line 6: time: yesterday (expected: a time such as 2026-01-05T12:00:00.000Z)",
                        "  line 7: durationMillis: missing (expected: a number >= 0)",
                        "  line 8: durationMillis: -1.0 (expected: a number >= 0)",
                        "  line 9: outcome: fine (expected: one of docs/metrics.md)",
                        "  line 10: durationMillis: not a number",
                        "  line 11: pool: not a text",
                        "  line 12: more than one JSON value");
        assertThat(report.get(13)).isEqualTo("  and 2 more");
    }

    @Test
    void aLineMayBeLong() throws IOException {
        String path = "/" + "p".repeat(500_000);
        assertThat(new Recorded()
                        .text(
                                "{\"path\":\"" + path
                                        + "\",\"time\":\"2026-01-05T12:00:00Z\",\"pool\":\"web\",\"backend\":\"a:80\",\"outcome\":\"success\",\"durationMillis\":1}")
                        .report(false))
                .contains("1 call replayed")
                .doesNotContain("could not be read");
    }

    @Test
    void aLogWithoutALineThatIsOneIsRefused() {
        assertThatThrownBy(() -> new Recorded().text("no").text("log").report(false))
                .isInstanceOf(IOException.class)
                .hasMessageStartingWith("no line of it is an entry of a JSON access log (line 1: not JSON");
    }

    @Test
    void whatCannotBeReplayedIsSaid() throws IOException {
        Recorded log = new Recorded().calls(1, SUCCESS).rejected().rejected();
        log.text("{\"time\":\"%s\",\"route\":\"health\",\"status\":200,\"durationMillis\":1}".formatted(log.time()))
                .text(
                        "{\"time\":\"%s\",\"pool\":\"web\",\"backend\":\"a:80\",\"outcome\":\"success\",\"attempts\":2,\"durationMillis\":1}"
                                .formatted(log.time()))
                .text(
                        "{\"time\":\"%s\",\"pool\":\"gone\",\"backend\":\"a:80\",\"outcome\":\"success\",\"durationMillis\":1}"
                                .formatted(log.time()));

        assertThat(log.report(false, "min-available = 1")).contains("""
                        2 calls replayed
                        3 lines without a backend, 2 of them rejected by an open circuit: what those would have come to is not in the log
                        1 line of more than one attempt, of which the log has the last
                        1 line of pools that the configuration lacks: gone
                        """).contains("  min-available is not replayed");
    }

    @Test
    void aBreakerThatObservesIsReplayedAsIfItRefused() throws IOException {
        Recorded log = new Recorded().calls(8, FAILURE_STATUS);

        assertThat(log.report(false, "mode = observe")).isEqualTo(log.report(false));
        assertThat(log.report(false, "enabled = false"))
                .contains("the breaker is not enabled")
                .contains("opens 0 times");
        assertThat(log.report(false, "cooldown-jitter = 0.5")).isEqualTo(log.report(false));
    }

    @Test
    void aCircuitPerRouteWhereTheConfigurationSaysSo() throws IOException {
        Recorded log = new Recorded();
        for (int i = 0; i < 4; i++) {
            for (String route : List.of("good", "bad")) {
                log.pause(10)
                        .text(
                                "{\"time\":\"%s\",\"route\":\"%s\",\"pool\":\"web\",\"backend\":\"a:80\",\"outcome\":\"%s\",\"durationMillis\":1}"
                                        .formatted(
                                                log.time(),
                                                route,
                                                route.equals("good") ? "success" : "connect_failed"));
            }
        }

        assertThat(log.report(false, "scope = backend-and-route"))
                .contains("pool web, backend a:80, route bad: 4 calls, 4 failures")
                .contains("pool web, backend a:80, route good: 4 calls, 0 failures")
                .contains("opens once, would reject 1 call:");
        assertThat(log.report(false, "scope = backend"))
                .contains("pool web, backend a:80: 8 calls, 4 failures")
                .contains("opens 0 times");
    }
}
