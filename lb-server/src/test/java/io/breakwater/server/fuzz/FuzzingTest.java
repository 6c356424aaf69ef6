package io.breakwater.server.fuzz;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

class FuzzingTest {
    private static final Pattern KEPT = Pattern.compile("kept in ([^)]+)\\)");

    @Test
    void everyInputOfTheCorpusIsCheckedFirst() throws InterruptedException {
        List<String> checked = new ArrayList<>();

        new Fuzzing("hosts", input -> checked.add(new String(input, ISO_8859_1))).run(0);

        assertThat(checked)
                .contains("example.com:8080", "[::1]:80")
                .hasSameSizeAs(Corpus.of("hosts").keySet());
    }

    @Test
    void inputsFollowFromTheSeed() throws InterruptedException {
        List<String> once = new ArrayList<>();
        List<String> again = new ArrayList<>();

        new Fuzzing("hosts", input -> once.add(new String(input, ISO_8859_1))).run(200);
        new Fuzzing("hosts", input -> again.add(new String(input, ISO_8859_1))).run(200);

        // A long run has a seed and a length of its own.
        assertThat(Fuzzing.isLong() || again.equals(once)).isTrue();
        assertThat(once.stream().distinct().count()).isGreaterThan(once.size() / 2);
    }

    @Test
    void whatFailsIsKeptWithItsSeed() throws Exception {
        Throwable[] failure = new Throwable[1];
        assertThatThrownBy(() -> new Fuzzing("hosts", input -> {
                            if (new String(input, ISO_8859_1).contains("Host: i")) {
                                throw new IllegalStateException("found");
                            }
                        })
                        .run(0))
                .isInstanceOf(AssertionError.class)
                .hasMessageStartingWith("hosts fails (")
                .hasMessageContaining("h\\x0d\\x0aHost: i")
                .hasRootCauseMessage("found")
                .satisfies(thrown -> failure[0] = thrown);

        Matcher kept = KEPT.matcher(String.valueOf(failure[0]));
        assertThat(kept.find()).isTrue();
        Path file = Path.of(kept.group(1));
        assertThat(Files.readString(file, ISO_8859_1)).isEqualTo("h\r\nHost: i");
        Files.delete(file);
    }
}
