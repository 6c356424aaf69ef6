package io.breakwater.server.config;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.breakwater.server.fuzz.Corpus;
import io.breakwater.server.fuzz.Fuzzing;
import io.breakwater.server.fuzz.Shape;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

/**
 * A configuration is read, or every problem of it is told with its place. What is read is what its printed form is read
 * as, and as JSON it has no secret.
 */
class ConfigFuzzTest {
    private static final String FILE = "fuzz.conf";
    private static final String TOKEN = "t0ken-0f-nob0dy";
    private static final Pattern SETTING = Pattern.compile("(?<=[=:,\\[{])[^=:,\\[\\]{}\\n]+");
    private static final List<String> VALUES = List.of(
            "0",
            "1",
            "-1",
            "65536",
            "2147483648",
            "9223372036854775807",
            "1.5",
            "1e400",
            "NaN",
            "0%",
            "100%",
            "100.1%",
            "0.5",
            "0s",
            "1ns",
            "1s",
            "24h",
            "9999999d",
            "-1s",
            "1 s",
            "0B",
            "1KiB",
            "1EiB",
            "9YB",
            "null",
            "true",
            "on",
            "\"\"",
            "\"x\"",
            "x",
            "[]",
            "{}",
            "[1, 2]",
            "{ a = b }",
            "${x}",
            "${?x}",
            "${lb}",
            "\"http://h\"",
            "\"https://h:1/\"",
            "\"//\"",
            "\"/a/../b\"",
            "\"/\\u0000\"",
            "\"*.h\"",
            "\"0.0.0.0/0\"",
            "GET",
            "\"200-599\"",
            "\"599-200\"",
            "\"header:X\"",
            "\"path\"",
            "time",
            "count",
            "none",
            "io_uring",
            "json",
            "\"\"\"a\"b\"\"\"");

    private final ConfigLoader loader = new ConfigLoader(Map.of("ADMIN_TOKEN", TOKEN), () -> 100_000);
    private final AtomicInteger loaded = new AtomicInteger();
    private final AtomicInteger refused = new AtomicInteger();

    @Test
    void configurations() throws InterruptedException {
        new Fuzzing("config", this::check, otherValues(Corpus.shape("config"))).run(400);

        assertThat(loaded).hasValueGreaterThan(10);
        assertThat(refused).hasValueGreaterThan(10);
    }

    private void check(byte[] input) throws ConfigProblems {
        String text = new String(input, UTF_8);
        LbConfig config;
        try {
            config = loader.parse(text, FILE, List.of()).config();
        } catch (ConfigProblems e) {
            refused.incrementAndGet();
            assertThat(e.problems()).isNotEmpty();
            e.problems().forEach(ConfigFuzzTest::assertPlaced);
            return;
        }
        loaded.incrementAndGet();
        String printed = ConfigPrinter.print(config);
        Map<String, String> environment = Map.of("ADMIN_TOKEN", config.admin().token());
        LbConfig again = new ConfigLoader(environment, () -> 100_000)
                .parse(printed, "printed", List.of())
                .config();
        assertThat(again).as(printed).isEqualTo(config);
        assertThat(ConfigPrinter.print(again)).isEqualTo(printed);
        if (config.admin().token().length() > 8) {
            assertThat(printed).doesNotContain(config.admin().token());
            assertThat(ConfigJson.of(config)).doesNotContain(config.admin().token());
        }
    }

    /** What is missing stands on no line, and what is nested too deeply on too many. */
    private static void assertPlaced(Problem problem) {
        assertThat(problem.file()).isNotEmpty();
        assertThat(problem.remark()).startsWith("expected: ").hasSizeGreaterThan("expected: ".length());
        assertThat(problem.toString())
                .doesNotContain("Exception")
                .doesNotContain("com.typesafe")
                .doesNotContain("SimpleConfig");
        // Whoever writes the token where a host belongs is shown what they wrote; nobody else is.
        if (problem.key().isEmpty() || problem.key().endsWith("token")) {
            assertThat(problem.toString()).doesNotContain(TOKEN);
        }
        boolean missing = problem.remark().startsWith("expected: at least one ");
        if (problem.file().equals(FILE) && !missing && !problem.value().equals("nested too deeply")) {
            assertThat(problem.line()).as(problem.toString()).isPositive();
        }
    }

    /** Takes a setting or two of a text and gives it another value. */
    private static Shape otherValues(Shape texts) {
        return random -> {
            String text = new String(texts.next(random), ISO_8859_1);
            for (int i = random.nextInt(3); i >= 0; i--) {
                text = otherValue(text, random);
            }
            return text.getBytes(ISO_8859_1);
        };
    }

    private static String otherValue(String text, SplittableRandom random) {
        List<MatchResult> settings = SETTING.matcher(text).results().toList();
        if (settings.isEmpty()) {
            return text;
        }
        MatchResult setting = settings.get(random.nextInt(settings.size()));
        String value = VALUES.get(random.nextInt(VALUES.size()));
        return text.substring(0, setting.start()) + " " + value + text.substring(setting.end());
    }
}
