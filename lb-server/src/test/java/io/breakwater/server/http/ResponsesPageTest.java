package io.breakwater.server.http;

import static org.assertj.core.api.Assertions.assertThat;

import io.breakwater.metrics.FallbackType;
import io.breakwater.metrics.RejectionReason;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** docs/responses.md says what the code does. */
class ResponsesPageTest {
    private static final Path DOCS = Path.of("..", "docs");
    private static final String NONE = "–";

    /** Name, status, error, reason, what the reason field begins with, fields, cause, and what decides. */
    private static final Pattern REPLY = Pattern.compile(
            "^\\| `([A-Z_]+)` \\| (\\d{3}) \\| `([^|`]+)` \\| `?([^|`]+?)`? \\| `?([^|`]+?)`?"
                    + " \\| [^|]+ \\| [^|]{10,} \\| [^|]+ \\|$",
            Pattern.MULTILINE);

    private static final Pattern FALLBACK =
            Pattern.compile("^\\| `([a-z]+)` \\| [^|]+ \\| [^|]+ \\| [^|]+ \\| ([^|]+) \\|$", Pattern.MULTILINE);

    /** Name, status, detail, rule. */
    private static final Pattern ERROR =
            Pattern.compile("^\\| `([A-Z0-9_]+)` \\| (\\d{3}) \\| `?([^|`]+?)`? \\| RFC [^|]+ \\|$", Pattern.MULTILINE);

    private static final Pattern KEY = Pattern.compile("`(lb\\.[a-z.-]+)`");

    @Test
    void hasARowForEachReply() throws IOException {
        List<String> expected = new ArrayList<>();
        for (Reply reply : Reply.values()) {
            RejectionReason reason = reply.rejection();
            boolean asked = reply == Reply.BACKEND_UNAVAILABLE || reply == Reply.BACKEND_TIMEOUT;
            expected.add(row(
                    reply.name(),
                    reply.status(),
                    reply.error(),
                    reason == null ? null : reason.label(),
                    asked ? "outcome" : reply.code()));
        }

        assertThat(rows(REPLY)).isEqualTo(expected);
    }

    @Test
    void hasARowForEachFallback() throws IOException {
        assertThat(rows(FALLBACK))
                .containsExactlyElementsOf(Stream.of(FallbackType.values())
                        .map(type -> type.label() + " | "
                                + (type == FallbackType.POOL
                                        ? "none: it is relayed"
                                        : "that of the error, and `fallback=" + type.label() + "`"))
                        .toList());
    }

    @Test
    void hasARowForEachErrorOfARequest() throws IOException {
        List<String> expected = new ArrayList<>();
        for (HeadError error : HeadError.values()) {
            if (error.reply() != Reply.BACKEND_UNAVAILABLE) {
                expected.add(row(error.name(), error.reply().status(), error.detail()));
            }
        }

        assertThat(rows(ERROR)).isEqualTo(expected);
    }

    @Test
    void namesKeysThatThereAre() throws IOException {
        String configuration = Files.readString(DOCS.resolve("configuration.md"));

        assertThat(KEY.matcher(page()).results().map(key -> key.group(1)))
                .isNotEmpty()
                .allSatisfy(key -> assertThat(configuration).contains("| `" + key + "` |"));
    }

    @Test
    void everyReplyHasAReasonUnlessABackendWasAskedOrNoneHadTo() {
        for (Reply reply : Reply.values()) {
            boolean backendWasAsked = reply == Reply.BACKEND_UNAVAILABLE || reply == Reply.BACKEND_TIMEOUT;
            boolean oursToAnswer = reply == Reply.NO_SUCH_REQUEST;
            assertThat(reply.rejection() == null).as(reply.name()).isEqualTo(backendWasAsked || oursToAnswer);
        }
    }

    private static List<String> rows(Pattern pattern) throws IOException {
        return pattern.matcher(page()).results().map(ResponsesPageTest::cells).toList();
    }

    private static String cells(MatchResult row) {
        List<String> cells = new ArrayList<>();
        for (int i = 1; i <= row.groupCount(); i++) {
            cells.add(row.group(i));
        }
        return String.join(" | ", cells);
    }

    private static String row(String name, int status, @Nullable String... cells) {
        StringBuilder row = new StringBuilder(name + " | " + status);
        for (String cell : cells) {
            row.append(" | ").append(cell == null ? NONE : cell);
        }
        return row.toString();
    }

    private static String page() throws IOException {
        return Files.readString(DOCS.resolve("responses.md"));
    }
}
