package io.breakwater.metrics;

import static org.assertj.core.api.Assertions.assertThat;

import io.breakwater.health.Outcome;
import io.breakwater.health.breaker.CircuitState;
import io.breakwater.health.breaker.Transition;
import io.breakwater.health.check.CheckResult;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** The page docs/metrics.md says what the code does. */
class MetricsPageTest {
    private static final Path PAGE = Path.of("..", "docs", "metrics.md");

    @Test
    void rowsAreTheMeterTable() throws IOException {
        List<String> rows = lines("| `lb_");

        assertThat(rows)
                .containsExactlyElementsOf(Arrays.stream(MeterName.values())
                        .map(MetricsPageTest::row)
                        .toList());
    }

    @Test
    void labelValuesAreThoseOfTheEnums() throws IOException {
        assertThat(values("| `outcome` |"))
                .containsExactlyElementsOf(
                        Stream.of(Outcome.values()).map(Outcome::label).toList());
        assertThat(values("| `state`, `from`, `to` |"))
                .containsExactlyElementsOf(Stream.of(CircuitState.values())
                        .map(CircuitState::label)
                        .toList());
        assertThat(values("| `reason` of a transition |"))
                .containsExactlyElementsOf(Stream.of(Transition.Reason.values())
                        .map(Transition.Reason::label)
                        .toList());
        assertThat(values("| `reason` of a rejection |"))
                .containsExactlyElementsOf(Stream.of(RejectionReason.values())
                        .map(RejectionReason::label)
                        .toList());
        assertThat(values("| `result` of a health check |"))
                .containsExactlyElementsOf(
                        Stream.of(CheckResult.values()).map(CheckResult::label).toList());
        assertThat(values("| `side` |"))
                .containsExactlyElementsOf(
                        Stream.of(Side.values()).map(Side::label).toList());
    }

    @Test
    void ignoredOutcomesAreTheLastFourAsThePageSays() {
        List<Outcome> outcomes = List.of(Outcome.values());

        assertThat(outcomes.subList(outcomes.size() - 4, outcomes.size()))
                .containsExactlyElementsOf(outcomes.stream()
                        .filter(outcome -> outcome.verdict() == Outcome.Verdict.IGNORED)
                        .toList());
    }

    private static String row(MeterName meter) {
        String labels = meter.labels().isEmpty() ? "" : "`" + String.join("`, `", meter.labels()) + "`";
        return "| `" + meter.exposedName() + "` | " + meter.type().name().toLowerCase(Locale.ROOT) + " | "
                + meter.unit() + " | " + labels + " | " + meter.help() + " |";
    }

    private static List<String> values(String start) throws IOException {
        List<String> found = lines(start);
        assertThat(found).as(start).hasSize(1);
        return Pattern.compile("`([^`]+)`")
                .matcher(found.get(0).substring(start.length()))
                .results()
                .map(match -> match.group(1))
                .toList();
    }

    private static List<String> lines(String start) throws IOException {
        try (Stream<String> lines = Files.lines(PAGE)) {
            return lines.filter(line -> line.startsWith(start)).toList();
        }
    }
}
