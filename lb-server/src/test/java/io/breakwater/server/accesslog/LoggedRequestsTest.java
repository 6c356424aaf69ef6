package io.breakwater.server.accesslog;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigFactory;
import com.typesafe.config.ConfigParseOptions;
import com.typesafe.config.ConfigSyntax;
import io.breakwater.server.config.ReloadResult.Success;
import io.breakwater.server.fixtures.Answers;
import io.breakwater.server.fixtures.Conf;
import io.breakwater.server.fixtures.Eventually;
import io.breakwater.server.fixtures.Gate;
import io.breakwater.server.fixtures.Proxy;
import io.breakwater.server.fixtures.RawClient;
import io.breakwater.server.fixtures.ScriptedBackend;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** What a running balancer logs: each request once, as it was. */
@Timeout(60)
class LoggedRequestsTest {
    @TempDir
    private Path dir;

    private final ScriptedBackend a = ScriptedBackend.start();
    private final ScriptedBackend b = ScriptedBackend.start();

    @AfterEach
    void stop() throws IOException {
        a.close();
        b.close();
    }

    private Path file() {
        return dir.resolve("access.log");
    }

    private String conf(String... overrides) {
        return Conf.contract(
                a.url(),
                "lb.access-log { format = json, file = \"" + file() + "\", mask-query = [ key ] }",
                "lb.pools.default.breaker.consecutive-failures = 2",
                String.join("\n", overrides));
    }

    private List<Config> lines() throws IOException {
        return Files.readAllLines(file()).stream()
                .map(line -> ConfigFactory.parseString(
                        line, ConfigParseOptions.defaults().setSyntax(ConfigSyntax.JSON)))
                .toList();
    }

    /** The text of a field, or {@code null}. */
    private static String field(Config line, String name) {
        assertThat(line.hasPathOrNull(name)).as(name).isTrue();
        return line.getIsNull(name) ? "null" : line.getString(name);
    }

    private static List<String> fields(Config line, String... names) {
        return List.of(names).stream().map(name -> field(line, name)).toList();
    }

    @Test
    void everyWayThatARequestEndsIsALine() throws IOException {
        String id = "127.0.0.1:" + a.port();
        try (Proxy proxy = Proxy.start(conf())) {
            a.answer(Answers.ok("four"));
            proxy.request(String.join(
                    "\r\n",
                    "GET /api/resource?key=secret HTTP/1.1",
                    "Host: x",
                    "X-Request-Id: r1",
                    "traceparent: 00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
                    "Connection: close",
                    "",
                    ""));
            a.answer(Answers.status(500));
            proxy.get("/api/resource");
            a.answer(Answers.close());
            proxy.get("/api/resource");
            proxy.get("/api/resource");
            proxy.get("/nowhere");
            proxy.get("/health");
            proxy.request("HEAD /health HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
            proxy.request("POST /api/resource HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
            proxy.request("no request\r\n\r\n");
            try (RawClient client = proxy.connect()) {
                assertThat(client.request("HEAD", "/../a").readBodyless().status())
                        .isEqualTo(400);
                client.readEnd();
            }
        }

        List<Config> lines = lines();
        String[] names = {"route", "pool", "backend", "method", "path", "status", "reason", "circuitState", "attempts"};
        assertThat(lines.stream().map(line -> fields(line, names)))
                .containsExactlyInAnyOrder(
                        List.of(
                                "/api/resource",
                                "default",
                                id,
                                "GET",
                                "/api/resource?key=***",
                                "200",
                                "null",
                                "closed",
                                "1"),
                        List.of("/api/resource", "default", id, "GET", "/api/resource", "502", "null", "closed", "1"),
                        List.of("/api/resource", "default", id, "GET", "/api/resource", "502", "null", "closed", "1"),
                        List.of(
                                "/api/resource",
                                "default",
                                "null",
                                "GET",
                                "/api/resource",
                                "503",
                                "circuit_open",
                                "open",
                                "0"),
                        List.of("none", "null", "null", "GET", "/nowhere", "404", "no_route", "open", "0"),
                        List.of("health", "null", "null", "GET", "/health", "200", "null", "open", "0"),
                        List.of("health", "null", "null", "HEAD", "/health", "200", "null", "open", "0"),
                        List.of(
                                "none",
                                "null",
                                "null",
                                "POST",
                                "/api/resource",
                                "405",
                                "method_not_allowed",
                                "open",
                                "0"),
                        List.of("none", "null", "null", "null", "null", "400", "bad_request", "open", "0"),
                        List.of("none", "null", "null", "null", "null", "400", "bad_request", "open", "0"));
        assertThat(lines.stream()
                        .filter(line -> field(line, "status").equals("400"))
                        .map(line -> line.getInt("bytesOut") > 0))
                .as("of one that says HEAD no body is sent")
                .containsExactlyInAnyOrder(true, false);

        assertThat(lines.stream().map(line -> field(line, "outcome")).filter(each -> !each.equals("null")))
                .containsExactlyInAnyOrder("success", "failure_status", "connection_reset");
        Config first = lines.stream()
                .filter(line -> field(line, "status").equals("200")
                        && field(line, "pool").equals("default"))
                .findFirst()
                .orElseThrow();
        assertThat(fields(first, "requestId", "traceId", "fallback", "bytesIn", "bytesOut"))
                .containsExactly("r1", "0af7651916cd43dd8448eb211c80319c", "null", "0", "4");
        assertThat(first.getDouble("durationMillis")).isPositive();
        Config rejected = lines.stream()
                .filter(line -> field(line, "reason").equals("circuit_open"))
                .findFirst()
                .orElseThrow();
        assertThat(rejected.getInt("bytesOut")).isEqualTo("{\"error\": \"circuit open\"}".length());
        Config head = lines.stream()
                .filter(line -> field(line, "method").equals("HEAD"))
                .findFirst()
                .orElseThrow();
        assertThat(head.getInt("bytesOut")).isZero();
    }

    @Test
    void theIdsAreThoseThatABackendGotOrWouldHaveGot() throws IOException {
        try (Proxy proxy = Proxy.start(conf())) {
            proxy.get("/api/resource");
            proxy.get("/nowhere");
            a.answer(Answers.status(500));
            proxy.get("/api/resource");
            proxy.get("/api/resource");
            proxy.request("GET /api/resource HTTP/1.1\r\nHost: x\r\nX-Request-Id: r-503\r\nConnection: close\r\n\r\n");
            proxy.get("/health");
            proxy.request("no request\r\n\r\n");
        }

        List<Config> lines = lines();
        assertThat(lines.stream()
                        .filter(line -> field(line, "outcome").equals("success")
                                || field(line, "outcome").equals("failure_status"))
                        .map(line -> fields(line, "requestId", "traceId")))
                .hasSize(3)
                .containsExactlyInAnyOrderElementsOf(a.requests().stream()
                        .map(request -> List.of(
                                requireNonNull(request.field("X-Request-Id")),
                                requireNonNull(request.field("traceparent")).substring(3, 35)))
                        .toList());
        assertThat(lines.stream().map(line -> field(line, "requestId")))
                .hasSize(7)
                .doesNotHaveDuplicates()
                .contains("r-503", "null");
        assertThat(lines).allSatisfy(line -> {
            if (field(line, "reason").equals("bad_request")) {
                assertThat(fields(line, "requestId", "traceId")).containsOnly("null");
            } else {
                assertThat(field(line, "requestId")).matches("[0-9a-f]{32}|r-503");
                assertThat(field(line, "traceId")).matches("[0-9a-f]{32}");
            }
        });
    }

    @Test
    void aRetryIsPartOfTheSameLine() throws IOException {
        a.answer(Answers.close());
        b.answer(Answers.close());
        String conf = Conf.everything(
                new String[] {a.url(), b.url()},
                "lb.access-log { format = json, file = \"" + file() + "\" }",
                "lb.pools.default.retries.max = 1");
        try (Proxy proxy = Proxy.start(conf)) {
            proxy.request("PUT / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nConnection: close\r\n\r\nabcde");
        }

        assertThat(lines()).singleElement().satisfies(line -> {
            assertThat(fields(line, "attempts", "status", "outcome", "bytesIn"))
                    .containsExactly("2", "502", "connection_reset", "5");
            assertThat(field(line, "backend")).isIn("127.0.0.1:" + a.port(), "127.0.0.1:" + b.port());
        });
    }

    private String withSpare(String... overrides) {
        return Conf.everything(
                a.url(),
                "lb.access-log { format = json, file = \"" + file() + "\" }",
                "lb.routes = [ { prefix = \"/\", pool = default, fallback = [ { type = pool, pool = spare } ] } ]",
                "lb.pools.spare.backends = [ \"" + b.url() + "\" ]",
                String.join("\n", overrides));
    }

    @Test
    void theAttemptsOfAllPoolsCount() throws IOException {
        a.answer(Answers.close());
        b.answer(Answers.ok("spare"));
        try (Proxy proxy = Proxy.start(withSpare())) {
            assertThat(proxy.get("/").text()).isEqualTo("spare");
        }

        assertThat(lines())
                .singleElement()
                .satisfies(
                        line -> assertThat(fields(line, "pool", "backend", "attempts", "outcome", "status", "fallback"))
                                .containsExactly("spare", "127.0.0.1:" + b.port(), "2", "success", "200", "pool"));
    }

    /** The attempt had ended before its client lost patience with the line of another pool. */
    @Test
    void whoLeavesAnotherPoolsLineWasLastServedByItsOwn() throws Exception {
        Gate gate = new Gate();
        a.answer(Answers.close());
        b.answer(Answers.gated(gate, Answers.ok("spare")));
        try (Proxy proxy = Proxy.start(withSpare("lb.pools.spare.concurrency { max-per-backend = 1, queue = 1 }")
                        + "\nlb.pools.spare.concurrency.queue-timeout = 60s");
                RawClient first = proxy.connect()) {
            first.get("/");
            b.awaitRequests(1);
            try (RawClient second = proxy.connect()) {
                second.get("/");
                a.awaitRequests(2);
                Eventually.eventually(() -> assertThat(proxy.metric(
                                "lb_backend_requests_total", "pool", "default", "outcome", "connection_reset"))
                        .isEqualTo(2));
            }
            Eventually.eventually(() -> assertThat(lines())
                    .singleElement()
                    .satisfies(line -> assertThat(fields(line, "pool", "backend", "attempts", "outcome", "reason"))
                            .containsExactly(
                                    "default", "127.0.0.1:" + a.port(), "1", "connection_reset", "client_closed")));
            gate.open();
            assertThat(first.read().text()).isEqualTo("spare");
        }
    }

    @Test
    void aClientThatLeavesHasNoStatus() throws IOException {
        a.answer(Answers.hang());
        try (Proxy proxy = Proxy.start(conf())) {
            try (RawClient client = proxy.connect()) {
                client.send("GET /api/resource HTTP/1.1\r\nHost: x\r\n\r\n");
                a.awaitRequests(1);
            }
            Eventually.eventually(() -> assertThat(lines())
                    .singleElement()
                    .satisfies(
                            line -> assertThat(fields(line, "status", "reason", "circuitState", "outcome", "attempts"))
                                    .containsExactly("null", "client_closed", "null", "client_aborted", "1")));
        }
    }

    @Test
    void aReloadChangesTheFormat() throws IOException {
        try (Proxy proxy = Proxy.start(conf())) {
            proxy.get("/api/resource");
            assertThat(proxy.reload(conf("lb.access-log.format = combined"))).isInstanceOf(Success.class);
            proxy.get("/api/resource?x=1");
            assertThat(proxy.reload(conf("lb.access-log.format = off"))).isInstanceOf(Success.class);
            proxy.get("/api/resource?x=2");
            assertThat(proxy.metric("lb_log_dropped_total")).isZero();
        }

        // The two connections may be those of two loops, whose lines are not written in the order of their times.
        assertThat(Files.readAllLines(file()))
                .hasSize(2)
                .anySatisfy(line -> assertThat(line).startsWith("{\"time\":"))
                .anySatisfy(line -> assertThat(line)
                        .matches(
                                "127\\.0\\.0\\.1 - - \\[.*] \"GET /api/resource\\?x=1 HTTP/1\\.1\" 200 2 \"-\" \"-\""));
    }
}
