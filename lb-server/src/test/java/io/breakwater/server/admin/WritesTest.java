package io.breakwater.server.admin;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.breakwater.server.admin.Operations.Result;
import io.breakwater.server.config.AdminConfig;
import io.breakwater.server.config.ReloadResult;
import io.breakwater.server.fixtures.Eventually;
import io.breakwater.server.fixtures.Gate;
import io.breakwater.server.fixtures.HttpMessage;
import io.breakwater.server.fixtures.Logged;
import io.breakwater.server.fixtures.RawClient;
import io.netty.handler.codec.http.DefaultHttpRequest;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpMethod;
import io.netty.handler.codec.http.HttpRequest;
import io.netty.handler.codec.http.HttpVersion;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What can be done over the admin port, as it goes over the wire. */
class WritesTest {
    private static final String DRAIN = "/api/v1/pools/default/backends/a:1/drain";

    private final FakeStatus status = new FakeStatus();
    private final FakeOperations operations = new FakeOperations();
    private final AdminServer server = server("");
    private final Logged log = Logged.by("io.breakwater.server.admin.AdminResources");

    private AdminServer server(String token) {
        return new AdminServer(
                new AdminConfig("127.0.0.1", 0, true, token),
                status,
                operations,
                null,
                () -> FakeStatus.NOON,
                FakeStatus.NO_EVENTS);
    }

    @BeforeEach
    void start() throws IOException {
        server.start();
    }

    @AfterEach
    void close() {
        server.close();
        log.close();
    }

    @ParameterizedTest
    @ValueSource(strings = {"enable", "drain", "disable", "trip", "reset"})
    void anActionIsDoneAndAnsweredWithWhatTheBackendBecame(String action) throws IOException {
        HttpMessage response = post("/api/v1/pools/default/backends/a:1/" + action);

        assertThat(response.status()).isEqualTo(200);
        assertThat(response.field("content-type")).isEqualTo("application/json");
        assertThat(response.text())
                .startsWith("{\"id\":\"a:1\",\"url\":\"http://a:1\",")
                .endsWith("]}");
        assertThat(operations.calls).containsExactly(action + " default a:1");
    }

    @ParameterizedTest
    @CsvSource({
        "default/backends/localhost:3001, default localhost:3001",
        "default/backends/[::1]:82,       default [::1]:82",
        "default/backends/%5B%3a%3A1%5D%3A82, default [::1]:82",
        "default/backends/blue@a.b-c_d,   default blue@a.b-c_d",
        "default/backends/blue%40a,       default blue@a",
        "a%20b%2Fc/backends/x+y,          a b/c x+y",
        "%C3%A9t%C3%A9/backends/a,        \u00e9t\u00e9 a"
    })
    void namesInThePathArePercentEncoded(String path, String names) throws IOException {
        assertThat(post("/api/v1/pools/" + path + "/drain").status()).isEqualTo(200);

        assertThat(operations.calls).containsExactly("drain " + names);
    }

    @ParameterizedTest
    @ValueSource(strings = {"%", "%4", "%zz", "a%"})
    void brokenEncodingIs400(String id) throws IOException {
        HttpMessage response = post("/api/v1/pools/default/backends/" + id + "/drain");

        assertThat(response.status()).isEqualTo(400);
        assertThat(response.text()).isEqualTo("{\"error\": \"invalid percent encoding in the path\"}");
        assertThat(operations.calls).isEmpty();
    }

    @Test
    void whatIsMissingIs404AndNamed() throws IOException {
        operations.result = new Result.Missing("no pool \"x\"");

        HttpMessage response = post(DRAIN);

        assertThat(response.status()).isEqualTo(404);
        assertThat(response.text()).isEqualTo("{\"error\": \"no pool \\\"x\\\"\"}");
        assertThat(log.lines()).isEmpty();
    }

    @Test
    void whatCannotBeDoneIs409WithTheReason() throws IOException {
        operations.result = new Result.Refused("the breaker of pool default is not enabled");

        HttpMessage response = post("/api/v1/pools/default/backends/a:1/trip");

        assertThat(response.status()).isEqualTo(409);
        assertThat(response.text()).isEqualTo("{\"error\": \"the breaker of pool default is not enabled\"}");
        assertThat(log.lines()).isEmpty();
    }

    @Test
    void unknownActionIs404WithThoseThatThereAre() throws IOException {
        for (String method : List.of("POST", "GET")) {
            HttpMessage response = send(method, "/api/v1/pools/default/backends/a:1/explode", "");

            assertThat(response.status()).isEqualTo(404);
            assertThat(response.text())
                    .isEqualTo("{\"error\": \"action: explode (expected: enable, drain, disable, trip or reset)\"}");
        }
        assertThat(post("/api/v1/pools/default/backends/a:1/DRAIN").status()).isEqualTo(404);
        assertThat(operations.calls).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(strings = {"GET", "PUT", "DELETE", "PATCH", "OPTIONS"})
    void otherMethodIs405WithAllowPost(String method) throws IOException {
        for (String path : List.of(DRAIN, "/api/v1/reload")) {
            HttpMessage response = send(method, path, "");

            assertThat(response.status()).as(path).isEqualTo(405);
            assertThat(response.field("allow")).isEqualTo("POST");
        }
        assertThat(operations.calls).isEmpty();
    }

    @Test
    void aChangeIsLoggedOnceWithWhoAndFromWhatToWhat() throws IOException {
        operations.result = new Result.Done("enabled", "draining", true, FakeOperations.BACKEND);
        try (RawClient client = RawClient.connect(server.port())) {
            client.send(request("POST", DRAIN, ""));
            assertThat(client.read().status()).isEqualTo(200);
            operations.result = new Result.Done("draining", "draining", false, FakeOperations.BACKEND);
            client.send(request("POST", DRAIN, ""));
            assertThat(client.read().status()).isEqualTo(200);

            assertThat(log.lines())
                    .containsExactly(
                            "INFO drain default/a:1: enabled -> draining (by /127.0.0.1:" + client.localPort() + ")");
        }
    }

    @Test
    void bodiesAreIgnoredButBounded() throws IOException {
        assertThat(send("POST", DRAIN, "Content-Length: 12\r\n", "{\"x\": false}")
                        .status())
                .isEqualTo(200);
        assertThat(send("POST", DRAIN, "Content-Length: 10000\r\n", "x".repeat(10_000))
                        .status())
                .isEqualTo(413);
        assertThat(operations.calls).hasSize(1);
    }

    @Test
    void aFailureInsideIs500() throws IOException {
        try (Logged handler = Logged.by("io.breakwater.server.admin.AdminHandler")) {
            operations.failure = new IllegalStateException("a detail that is nobody's business");

            assertThat(post(DRAIN).text()).isEqualTo("{\"error\": \"internal error\"}");
            HttpMessage reload = post("/api/v1/reload");
            assertThat(reload.status()).isEqualTo(500);
            assertThat(reload.text()).isEqualTo("{\"error\": \"internal error\"}");
            assertThat(handler.lines())
                    .containsExactly(
                            "ERROR admin request POST " + DRAIN + " failed",
                            "ERROR admin request POST /api/v1/reload failed");
        }
    }

    @Test
    void aReloadIsAnsweredWithItsChangesAndLogged() throws IOException {
        operations.reloadResult =
                new ReloadResult.Success(List.of("pool web: backend a:80 added", "route x removed"), List.of("unwise"));
        try (RawClient client = RawClient.connect(server.port())) {
            HttpMessage response =
                    client.send(request("POST", "/api/v1/reload", "")).read();

            assertThat(response.status()).isEqualTo(200);
            assertThat(response.text())
                    .isEqualTo(
                            "{\"result\":\"success\",\"changes\":[\"pool web: backend a:80 added\",\"route x removed\"],"
                                    + "\"warnings\":[\"unwise\"]}");
            String asker = "reload (by /127.0.0.1:" + client.localPort() + "): ";
            assertThat(log.lines())
                    .containsExactly(
                            "INFO " + asker + "done, pool web: backend a:80 added; route x removed",
                            "WARN " + asker + "unwise");
        }
        assertThat(operations.calls).containsExactly("reload on admin-reload");
    }

    @Test
    void aRefusedReloadIs422WithEveryProblem() throws IOException {
        operations.reloadResult =
                new ReloadResult.Refused(List.of("f:1: a: b (expected: c)", "f:2: d: e (expected: f)"));

        HttpMessage response = post("/api/v1/reload");

        assertThat(response.status()).isEqualTo(422);
        assertThat(response.text())
                .isEqualTo("{\"error\":\"configuration refused\","
                        + "\"problems\":[\"f:1: a: b (expected: c)\",\"f:2: d: e (expected: f)\"]}");
        assertThat(log.lines()).hasSize(3).allMatch(line -> line.startsWith("WARN reload (by /127.0.0.1:"));
    }

    @Test
    void aReloadWithoutAFileIs409() throws IOException {
        operations.reloadResult = ReloadResult.Unavailable.NO_FILE;

        HttpMessage response = post("/api/v1/reload");

        assertThat(response.status()).isEqualTo(409);
        assertThat(response.text())
                .isEqualTo("{\"error\":\"started without a configuration file (expected: lb -c FILE)\"}");
    }

    @Test
    void thePortAnswersOthersWhileAReloadTakesItsTime() throws IOException {
        Gate gate = new Gate();
        operations.gate = gate;
        try (RawClient reloading = RawClient.connect(server.port())) {
            reloading.send(request("POST", "/api/v1/reload", ""));
            Eventually.eventually(() -> assertThat(operations.calls).hasSize(1));

            assertThat(send("GET", "/livez", "").status()).isEqualTo(200);
            assertThat(reloading.available()).isZero();

            gate.open();
            assertThat(reloading.read().status()).isEqualTo(200);
        }
    }

    @Test
    void whatIsPipelinedBehindAReloadIsAnsweredAfterIt() throws IOException {
        Gate gate = new Gate();
        operations.gate = gate;
        try (RawClient client = RawClient.connect(server.port())) {
            client.send(request("POST", "/api/v1/reload", "")
                    + request("GET", "/livez", "")
                    + request("POST", DRAIN, "")
                    + request("GET", "/nowhere", ""));
            Eventually.eventually(() -> assertThat(operations.calls).hasSize(1));
            assertThat(send("GET", "/livez", "").status()).isEqualTo(200);
            assertThat(operations.calls).as("the drain waits too").hasSize(1);
            client.send(request("GET", "/livez", ""));

            gate.open();

            assertThat(client.read().text()).startsWith("{\"result\":");
            assertThat(client.read().text()).isEqualTo("{\"status\":\"live\"}");
            assertThat(client.read().text()).startsWith("{\"id\":");
            assertThat(client.read().status()).isEqualTo(404);
            assertThat(client.read().text()).isEqualTo("{\"status\":\"live\"}");
        }
    }

    @Test
    void reloadsAreSerialAndFewMayWait() throws Exception {
        Gate gate = new Gate();
        operations.gate = gate;
        try (ReloadQueue queue = new ReloadQueue(operations)) {
            AdminResources resources = new AdminResources(status, operations, queue, null, FakeStatus.NO_EVENTS);
            List<CompletableFuture<Answer>> answers = new ArrayList<>();
            for (int i = 0; i < ReloadQueue.CAPACITY; i++) {
                answers.add(reload(resources));
            }
            Eventually.eventually(() -> assertThat(operations.calls).hasSize(1));

            Answer oneTooMany = reload(resources).get(10, TimeUnit.SECONDS);
            assertThat(oneTooMany.status().code()).isEqualTo(503);
            assertThat(oneTooMany.fields()).containsEntry("retry-after", "1");
            assertThat(new String(oneTooMany.body(), UTF_8)).isEqualTo("{\"error\": \"too many reloads wait\"}");
            assertThat(answers).noneMatch(CompletableFuture::isDone);
            assertThat(operations.calls).as("one at a time").hasSize(1);

            gate.open();
            for (CompletableFuture<Answer> answer : answers) {
                assertThat(answer.get(10, TimeUnit.SECONDS).status().code()).isEqualTo(200);
            }
            assertThat(reload(resources).get(10, TimeUnit.SECONDS).status().code())
                    .isEqualTo(200);
            assertThat(operations.calls).hasSize(ReloadQueue.CAPACITY + 1);
        }
    }

    private static CompletableFuture<Answer> reload(AdminResources resources) {
        HttpRequest request = new DefaultHttpRequest(HttpVersion.HTTP_1_1, HttpMethod.POST, "/api/v1/reload");
        request.headers().set(HttpHeaderNames.HOST, "localhost");
        return resources.answer(request, new Access(true, ""), "test");
    }

    @Test
    void aTokenIsNeededOnceItIsSet() throws IOException {
        AdminServer guarded = server("s3cret");
        guarded.start();
        try {
            for (String path : List.of(DRAIN, "/api/v1/reload")) {
                HttpMessage without = send(guarded, request("POST", path, ""));
                assertThat(without.status()).isEqualTo(401);
                assertThat(without.field("www-authenticate")).isEqualTo("Bearer");
                assertThat(send(guarded, request("POST", path, "Authorization: Bearer s3cre\r\n"))
                                .status())
                        .isEqualTo(401);
            }
            assertThat(operations.calls).isEmpty();

            assertThat(send(guarded, request("POST", DRAIN, "Authorization: Bearer s3cret\r\n"))
                            .status())
                    .isEqualTo(200);
            assertThat(operations.calls).hasSize(1);
        } finally {
            guarded.close();
        }
    }

    private HttpMessage post(String path) throws IOException {
        return send("POST", path, "");
    }

    private HttpMessage send(String method, String path, String fields) throws IOException {
        return send(server, request(method, path, fields));
    }

    private HttpMessage send(String method, String path, String fields, String body) throws IOException {
        return send(server, request(method, path, fields) + body);
    }

    private static HttpMessage send(AdminServer to, String request) throws IOException {
        try (RawClient client = RawClient.connect(to.port())) {
            return client.send(request).read();
        }
    }

    private String request(String method, String path, String fields) {
        return method + " " + path + " HTTP/1.1\r\nHost: localhost:" + server.port() + "\r\n" + fields + "\r\n";
    }
}
