package io.breakwater.health.breaker;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * Drives this breaker and resilience4j with the same random settings and events, and compares them after each. What is
 * meant to differ is a {@link Difference}, and nothing else does. Run one seed again with {@code -Doracle.seed=N}, more
 * cases with {@code -Doracle.cases=N}.
 */
class OracleTest {
    private static final int CASES = Integer.getInteger("oracle.cases", 10_000);
    private static final String HEADER = "| | resilience4j | here | why |";

    @Test
    void agreesWithResilience4jButForWhatIsMeantToDiffer() {
        long seed = Long.getLong("oracle.seed", new Random().nextLong());
        System.out.println("oracle.seed=" + seed);
        Random seeds = new Random(seed);
        Map<Difference, Integer> steps = new EnumMap<>(Difference.class);
        Map<Difference, Integer> ends = new EnumMap<>(Difference.class);
        long comparisons = 0;
        for (int i = 0; i < CASES; i++) {
            Random random = new Random(seeds.nextLong());
            OracleSettings settings = OracleSettings.random(random);
            if (settings.isRefusedByOurs()) {
                assertThatIllegalArgumentException().isThrownBy(settings::ours);
                ends.merge(Difference.MINIMUM_ABOVE_CALLS, 1, Integer::sum);
                continue;
            }
            OracleCase done = new OracleCase(settings, random, "oracle.seed=%d case %d".formatted(seed, i)).run();
            comparisons += done.comparisons();
            done.steps().forEach((difference, count) -> steps.merge(difference, count, Integer::sum));
            if (done.endedBy() != null) {
                ends.merge(done.endedBy(), 1, Integer::sum);
            }
        }
        int whole = CASES - ends.values().stream().mapToInt(Integer::intValue).sum();
        System.out.printf(
                "%d of %d cases compared to their end, %d comparisons%nleft out: cases from there on %s, steps %s%n",
                whole, CASES, comparisons, ends, steps);

        assertThat(whole).isGreaterThanOrEqualTo(CASES * 9 / 10);
        Map<Difference, Integer> met = new EnumMap<>(steps);
        met.putAll(ends);
        assertThat(met).as("a difference that is listed is met").containsOnlyKeys(Difference.values());
    }

    @ParameterizedTest
    @EnumSource
    void differs(Difference difference) {
        difference.show();
    }

    @Test
    void thePageListsTheDifferences() throws IOException {
        List<String> lines = Files.readAllLines(Path.of("..", "docs", "health.md"));
        int header = lines.indexOf(HEADER);
        assertThat(header).as("the line of the header").isNotNegative();

        assertThat(lines.subList(header + 2, lines.size()).stream()
                        .takeWhile(line -> line.startsWith("|"))
                        .map(line -> line.substring(1, line.indexOf('|', 1)).strip()))
                .containsExactlyElementsOf(Arrays.stream(Difference.values())
                        .map(Difference::label)
                        .toList());
    }
}
