package io.breakwater.server.admin;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.breakwater.metrics.prometheus.PrometheusMetrics;
import io.breakwater.server.admin.Operations.Action;
import io.netty.handler.codec.http.DefaultHttpRequest;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpMethod;
import io.netty.handler.codec.http.HttpRequest;
import io.netty.handler.codec.http.HttpVersion;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.InstantSource;
import java.util.List;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** The page docs/admin.md says what the code does. */
class AdminPageTest {
    private static final Path PAGE = Path.of("..", "docs", "admin.md");
    private static final Pattern RESOURCE = Pattern.compile("\\| (GET|POST) \\| `([^`]+)` \\| (\\w+) \\|.*");

    private final FakeStatus status = new FakeStatus();
    private final FakeOperations operations = new FakeOperations();

    @Test
    void everyResourceOfThePageIsThereForThoseWhoMay() throws IOException {
        try (PrometheusMetrics metrics = new PrometheusMetrics("1.2.3", InstantSource.system());
                ReloadQueue queue = new ReloadQueue(operations)) {
            AdminResources resources = new AdminResources(status, operations, queue, metrics, FakeStatus.NO_EVENTS);
            List<MatchResult> rows = lines().map(RESOURCE::matcher)
                    .flatMap(matcher -> matcher.results())
                    .toList();
            assertThat(rows).hasSize(12);

            for (MatchResult row : rows) {
                String path = row.group(2)
                        .replace("{pool}", "p")
                        .replace("{id}", "a:1")
                        .replace("{action}", "drain");
                HttpMethod method = HttpMethod.valueOf(row.group(1));
                String who = row.group(3);
                assertThat(ask(resources, new Access(true, ""), method, path, "localhost"))
                        .as(path)
                        .isEqualTo(200);
                assertThat(ask(resources, new Access(true, ""), method, path, "evil.example"))
                        .as(path)
                        .isEqualTo(who.equals("anyone") ? 200 : 403);
                assertThat(ask(resources, new Access(false, ""), method, path, "lb.example"))
                        .as(path)
                        .isEqualTo(who.equals("write") ? 403 : 200);
                assertThat(ask(resources, new Access(false, "token"), method, path, "lb.example"))
                        .as(path)
                        .isEqualTo(who.equals("anyone") || who.equals("browser") ? 200 : 401);
                assertThat(ask(resources, new Access(true, "token"), method, path, "localhost"))
                        .as(path)
                        .isEqualTo(who.equals("write") ? 401 : 200);
            }
        }
    }

    @Test
    void actionsAreThoseThatThereAre() throws IOException {
        assertThat(lines().filter(line -> line.matches("\\| `[a-z]+` \\| [a-z].*"))
                        .map(line -> line.substring(3, line.indexOf('`', 3)))
                        .limit(Action.values().length))
                .containsExactlyElementsOf(
                        Stream.of(Action.values()).map(Action::label).toList());
    }

    @Test
    void everyFieldOfABackendIsExplained() throws IOException {
        String page = Files.readString(PAGE);
        String json = new String(StatusJson.pools(List.of(FakeStatus.threeReplicas())), UTF_8);

        assertThat(Pattern.compile("\"([A-Za-z]+)\":").matcher(json).results().map(match -> match.group(1)))
                .hasSizeGreaterThan(20)
                .allSatisfy(field -> assertThat(page).containsPattern("`" + field + "`|\"" + field + "\""));
    }

    @Test
    void everyFieldOfAnExplanationIsExplained() throws IOException {
        String page = Files.readString(PAGE);
        String json = new String(
                new ExplainResource(status.explainer).answer("pool=default").body(), UTF_8);

        assertThat(Pattern.compile("\"([A-Za-z]+)\":").matcher(json).results().map(match -> match.group(1)))
                .hasSizeGreaterThan(8)
                .allSatisfy(field -> assertThat(page).containsPattern("`" + field + "`|\"" + field + "\""));
    }

    private static Stream<String> lines() throws IOException {
        return Files.readAllLines(PAGE).stream();
    }

    private static int ask(AdminResources resources, Access access, HttpMethod method, String path, String host) {
        HttpRequest request = new DefaultHttpRequest(HttpVersion.HTTP_1_1, method, path);
        request.headers().set(HttpHeaderNames.HOST, host);
        return resources.answer(request, access, "test").join().status().code();
    }
}
