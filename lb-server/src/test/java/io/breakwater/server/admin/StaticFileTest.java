package io.breakwater.server.admin;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.breakwater.health.breaker.CircuitState;
import io.breakwater.server.config.AdminConfig;
import io.breakwater.server.fixtures.HttpMessage;
import io.breakwater.server.fixtures.RawClient;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The dashboard's files as the admin port serves them. */
class StaticFileTest {
    private static final Path FOLDER = Path.of("src", "main", "resources", "admin");
    private static final Pattern IMPORT = Pattern.compile("(?:from|import) '([^']+)'");
    private static final Pattern LINK = Pattern.compile("(?:href|src)=\"(/[^\"]*)\"");

    private final FakeStatus status = new FakeStatus();
    private final List<AutoCloseable> toClose = new ArrayList<>();

    @AfterEach
    void close() throws Exception {
        for (AutoCloseable each : toClose) {
            each.close();
        }
    }

    static List<String> paths() {
        return StaticFile.all().stream().map(StaticFile::path).toList();
    }

    @Test
    void everyFileOfTheFolderIsListedAndNoOther() throws IOException {
        try (Stream<Path> files = Files.walk(FOLDER)) {
            assertThat(files.filter(Files::isRegularFile)
                            .map(file -> FOLDER.relativize(file).toString().replace('\\', '/')))
                    .containsExactlyInAnyOrderElementsOf(StaticFile.NAMES);
        }
    }

    @Test
    void everythingThatTheFilesAskForIsThere() throws IOException {
        List<String> asked = new ArrayList<>();
        for (String name : StaticFile.NAMES) {
            if (name.startsWith("js/")) {
                matches(IMPORT, name)
                        .map(wanted -> Path.of("/", name).resolveSibling(wanted))
                        .forEach(path -> asked.add(path.normalize().toString()));
            }
        }
        assertThat(asked).hasSizeGreaterThan(30);
        assertThat(paths()).containsAll(asked);
        assertThat(matches(LINK, "index.html").filter(path -> !path.equals("/metrics")))
                .hasSizeGreaterThan(4)
                .allSatisfy(path -> assertThat(paths()).contains(path));
    }

    private static Stream<String> matches(Pattern pattern, String name) throws IOException {
        return pattern.matcher(Files.readString(FOLDER.resolve(name)))
                .results()
                .map((MatchResult match) -> match.group(1));
    }

    @ParameterizedTest
    @CsvSource({
        "/, text/html; charset=utf-8",
        "/style.css, text/css; charset=utf-8",
        "/icon.svg, image/svg+xml",
        "/js/main.js, text/javascript; charset=utf-8",
        "/uplot/uPlot.esm.js, text/javascript; charset=utf-8",
        "/uplot/LICENSE, text/plain; charset=utf-8"
    })
    void eachHasItsType(String path, String type) throws IOException {
        HttpMessage response = get(start("127.0.0.1", ""), path, "");

        assertThat(response.status()).isEqualTo(200);
        assertThat(response.field("content-type")).isEqualTo(type);
        assertThat(response.text()).isNotEmpty();
    }

    @Test
    void thePageIsWhatTheFolderHolds() throws IOException {
        assertThat(get(start("127.0.0.1", ""), "/", "").text())
                .isEqualTo(Files.readString(FOLDER.resolve("index.html"), UTF_8));
    }

    @Test
    void theChartsComeWithTheirLicence() throws IOException {
        AdminServer server = start("127.0.0.1", "");

        assertThat(get(server, "/uplot/LICENSE", "").text()).contains("The MIT License", "Leon Sorokin");
        assertThat(get(server, "/uplot/uPlot.esm.js", "").text()).contains("(v1.6.32)");
    }

    @Test
    void eachIsAskedForAgainAndThenNotSentAgain() throws IOException {
        AdminServer server = start("127.0.0.1", "");

        for (String path : paths()) {
            HttpMessage first = get(server, path, "");
            String tag = "" + first.field("etag");
            assertThat(first.field("cache-control")).as(path).isEqualTo("no-cache");
            assertThat(tag).matches("\"[0-9a-f]{24}\"");

            HttpMessage again = get(server, path, "If-None-Match: " + tag + "\r\n");
            assertThat(again.status()).as(path).isEqualTo(304);
            assertThat(again.field("etag")).isEqualTo(tag);
            assertThat(again.field("cache-control")).isEqualTo("no-cache");
            assertThat(again.field("content-length")).isEqualTo(first.field("content-length"));
            assertThat(again.text()).isEmpty();
        }
    }

    @Test
    void tagsDifferBetweenFiles() throws IOException {
        AdminServer server = start("127.0.0.1", "");
        List<String> tags = new ArrayList<>();
        for (String path : paths()) {
            tags.add("" + get(server, path, "").field("etag"));
        }

        assertThat(tags).doesNotHaveDuplicates();
    }

    @ParameterizedTest
    @ValueSource(strings = {"%s", "W/%s", "\"other\", %s", "*"})
    void theTagMayStandAmongOthers(String field) throws IOException {
        AdminServer server = start("127.0.0.1", "");
        String tag = get(server, "/style.css", "").field("etag");

        assertThat(get(server, "/style.css", "If-None-Match: " + field.formatted(tag) + "\r\n")
                        .status())
                .isEqualTo(304);
    }

    @Test
    void anotherTagBringsTheFile() throws IOException {
        HttpMessage response = get(start("127.0.0.1", ""), "/style.css", "If-None-Match: \"0\"\r\n");

        assertThat(response.status()).isEqualTo(200);
        assertThat(response.text()).isNotEmpty();
    }

    @Test
    void theConnectionGoesOnAfterOneThatIsUnchanged() throws IOException {
        AdminServer server = start("127.0.0.1", "");
        String tag = get(server, "/icon.svg", "").field("etag");
        try (RawClient client = RawClient.connect(server.port())) {
            client.send("GET /icon.svg HTTP/1.1\r\nHost: localhost\r\nIf-None-Match: " + tag + "\r\n\r\n");
            assertThat(client.read().status()).isEqualTo(304);
            client.send("GET /livez HTTP/1.1\r\nHost: localhost\r\n\r\n");
            assertThat(client.read().text()).isEqualTo("{\"status\":\"live\"}");
        }
    }

    @Test
    void thePolicyLetsNothingInFromElsewhereAndNoScriptOfTheMarkup() throws IOException {
        AdminServer server = start("127.0.0.1", "");

        for (String path : paths()) {
            assertThat(get(server, path, "").field("content-security-policy"))
                    .as(path)
                    .startsWith("default-src 'self'; ")
                    .doesNotContain("unsafe");
        }
        assertThat(get(server, "/", "").text()).doesNotContain("style=", "<style", "onclick", "http:", "https:");
    }

    @Test
    void theFilesAreForEverybodyAndHoldNoDataWhileTheDataWantTheToken() throws IOException {
        status.pools = List.of(FakeStatus.threeReplicas());
        AdminServer server = start("0.0.0.0", "s3cret");

        for (String path : paths()) {
            HttpMessage response = get(server, path, "");
            assertThat(response.status()).as(path).isEqualTo(200);
            assertThat(response.text()).doesNotContain("localhost:300");
        }
        assertThat(get(server, "/api/v1/pools", "").status()).isEqualTo(401);
        assertThat(get(server, "/api/v1/config", "").status()).isEqualTo(401);
        assertThat(get(server, "/api/v1/pools", "Authorization: Bearer s3cret\r\n")
                        .text())
                .contains("localhost:3001", CircuitState.HALF_OPEN.label());
    }

    @Test
    void namesOutsideTheListAreNotFound() throws IOException {
        AdminServer server = start("127.0.0.1", "");

        for (String path : List.of("/index.html", "/js/", "/js/../style.css", "/reference.conf", "/js/other.js")) {
            assertThat(get(server, path, "").status()).as(path).isEqualTo(404);
        }
    }

    private AdminServer start(String host, String token) throws IOException {
        AdminServer server = new AdminServer(
                new AdminConfig(host, 0, true, token),
                status,
                new FakeOperations(),
                null,
                () -> FakeStatus.NOON,
                FakeStatus.NO_EVENTS);
        toClose.add(server);
        server.start();
        return server;
    }

    private static HttpMessage get(AdminServer server, String path, String fields) throws IOException {
        try (RawClient client = RawClient.connect(server.port())) {
            return client.send("GET " + path + " HTTP/1.1\r\nHost: localhost\r\n" + fields + "\r\n")
                    .read();
        }
    }
}
