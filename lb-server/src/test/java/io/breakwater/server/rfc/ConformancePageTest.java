package io.breakwater.server.rfc;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** The cases and tests that docs/conformance.md names exist. */
class ConformancePageTest {
    private static final Path PAGE = Path.of("..", "docs", "conformance.md");
    private static final Path CASES = Path.of("..", "lb-bench", "conformance");
    private static final Path TESTS = Path.of("src", "test", "java");

    /** The rule, its sections, names of cases, names of tests. */
    private static final Pattern RULE =
            Pattern.compile("^\\| [^|]+ \\| 9\\d{3}, [^|]+ \\| ([^|]+) \\| ([^|]+) \\|$", Pattern.MULTILINE);

    private static final Pattern CASE = Pattern.compile("^(?:case|    =) (\\w+)", Pattern.MULTILINE);
    private static final int RULES = 30;

    @Test
    void namesCasesThatThereAre() throws IOException {
        List<String> known = cases();

        assertThat(rules()).hasSizeGreaterThan(RULES);
        assertThat(rules().stream().flatMap(rule -> names(rule.group(1))))
                .allSatisfy(name -> assertThat(known).anyMatch(one -> one.matches(name.replace("*", ".*"))));
    }

    @Test
    void namesTestsThatThereAre() throws IOException {
        List<String> tests = rules().stream()
                .flatMap(rule -> names(rule.group(2)))
                .distinct()
                .toList();
        for (String test : tests) {
            String[] parts = test.split("\\.", -1);
            assertThat(source(parts[0])).as(test).contains("void " + parts[1] + "(");
        }
        assertThat(tests).isNotEmpty();
    }

    private static List<MatchResult> rules() throws IOException {
        return RULE.matcher(Files.readString(PAGE)).results().toList();
    }

    private static Stream<String> names(String cell) {
        return Arrays.stream(cell.split(", ", -1)).map(name -> name.strip().replace("`", ""));
    }

    private static List<String> cases() throws IOException {
        StringBuilder all = new StringBuilder();
        try (Stream<Path> files = Files.list(CASES)) {
            for (Path file :
                    files.filter(path -> path.toString().endsWith(".cases")).toList()) {
                all.append(Files.readString(file));
            }
        }
        return CASE.matcher(all).results().map(match -> match.group(1)).toList();
    }

    private static String source(String simpleName) throws IOException {
        try (Stream<Path> files = Files.walk(TESTS)) {
            Path file = files.filter(path -> path.endsWith(simpleName + ".java"))
                    .findFirst()
                    .orElseThrow(() -> new AssertionError("no " + simpleName));
            return Files.readString(file);
        }
    }
}
