package io.breakwater.server.contract;

import static io.breakwater.server.fixtures.Eventually.eventually;
import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import io.breakwater.health.Outcome;
import io.breakwater.server.fixtures.Answers;
import io.breakwater.server.fixtures.Conf;
import io.breakwater.server.fixtures.HttpMessage;
import io.breakwater.server.fixtures.Proxy;
import io.breakwater.server.fixtures.RawClient;
import io.breakwater.server.fixtures.ScriptedBackend;
import io.breakwater.server.http.Reply;
import io.breakwater.server.http.StoredResponse;
import io.breakwater.time.ManualTicker;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Every response of the balancer's own, brought about, is as docs/responses.md says. */
@Timeout(60)
class OwnResponsesTest {
    private static final Path PAGE = Path.of("..", "docs", "responses.md");
    private static final String WHY = "X-LB-Reason";

    @TempDir
    Path directory = Path.of("");

    private final ManualTicker ticker = new ManualTicker(Long.MAX_VALUE);
    private final ScriptedBackend backend = ScriptedBackend.start();
    private final List<RawClient> clients = new ArrayList<>();
    private @Nullable Proxy started;

    @AfterEach
    void stop() throws IOException {
        for (RawClient client : clients) {
            client.close();
        }
        if (started != null) {
            started.close();
        }
        backend.close();
    }

    private Proxy start(String... settings) {
        started = Proxy.start(
                Conf.everything(backend.url(), "lb.listen.reason-header = on", String.join("\n", settings)), ticker);
        return started;
    }

    private RawClient sent(Proxy proxy, String bytes) throws IOException {
        RawClient client = proxy.connect();
        clients.add(client);
        return client.send(bytes);
    }

    private HttpMessage answered(String bytes, String... settings) throws IOException {
        return sent(start(settings), bytes).read();
    }

    private static String get(String target, String... fields) {
        return "GET " + target + " HTTP/1.1\r\nHost: lb.test\r\n" + String.join("", fields) + "\r\n";
    }

    /** A response to a request that the backend hangs on until this time has passed. */
    private HttpMessage late(Proxy proxy, String bytes, Duration passed) throws IOException {
        RawClient client = sent(proxy, bytes);
        proxy.settle();
        ticker.advance(passed);
        return client.read();
    }

    private HttpMessage caused(Reply reply) throws IOException {
        String onlyGet = "lb.routes = [ { path = \"/x\", methods = [GET], pool = default } ]";
        return switch (reply) {
            case BAD_REQUEST -> answered(get("/../x"));
            case NO_ROUTE -> answered(get("/none"), onlyGet);
            case NO_SUCH_REQUEST -> answered(get("/queued/none"), queue());
            case METHOD_NOT_ALLOWED -> answered("PUT /x HTTP/1.1\r\nHost: lb.test\r\n\r\n", onlyGet);
            case REQUEST_TIMEOUT -> late(start(), "GET / HT", Duration.ofSeconds(10));
            case CONTENT_TOO_LARGE ->
                answered(
                        "POST / HTTP/1.1\r\nHost: lb.test\r\nContent-Length: 11\r\n\r\n", "lb.listen.limits.body = 10");
            case URI_TOO_LONG -> answered(get("/" + "x".repeat(300)), "lb.listen.limits.request-line = 256");
            case EXPECTATION_FAILED -> answered(get("/", "Expect: more\r\n"));
            case HEADERS_TOO_LARGE -> answered(get("/", "A: b\r\n", "C: d\r\n"), "lb.listen.limits.header-count = 2");
            case NOT_IMPLEMENTED -> answered("CONNECT lb.test:80 HTTP/1.1\r\nHost: lb.test\r\n\r\n");
            case BACKEND_UNAVAILABLE -> {
                backend.answer(Answers.reset());
                yield answered(get("/"));
            }
            case OVERLOADED -> {
                backend.answer(Answers.hang());
                Proxy proxy = start("lb.pools.default.concurrency.max-per-backend = 1");
                sent(proxy, get("/"));
                backend.awaitRequests(1);
                yield sent(proxy, get("/")).read();
            }
            case CIRCUIT_OPEN -> {
                backend.answer(Answers.status(500));
                Proxy proxy = start("lb.pools.default.breaker.consecutive-failures = 1");
                proxy.get("/");
                yield sent(proxy, get("/")).read();
            }
            case NO_HEALTHY_BACKEND -> {
                backend.answer(Answers.status(500));
                yield answered(get("/"), "lb.pools.default.health-check { enabled = true, initial = unhealthy }");
            }
            case NO_BACKEND -> {
                Proxy proxy = start();
                drain(proxy);
                yield sent(proxy, get("/")).read();
            }
            case TOO_MANY_CONNECTIONS -> {
                Proxy proxy = start("lb.listen.max-connections = 1");
                assertThat(sent(proxy, get("/")).read().status()).isEqualTo(200);
                yield sent(proxy, "").read();
            }
            case BACKEND_TIMEOUT -> {
                backend.answer(Answers.hang());
                Proxy proxy = start("lb.pools.default.backend-errors = pass");
                RawClient client = sent(proxy, get("/"));
                backend.awaitRequests(1);
                proxy.settle();
                ticker.advance(Duration.ofSeconds(5));
                yield client.read();
            }
            case VERSION_NOT_SUPPORTED -> answered("GET / HTTP/2.0\r\nHost: lb.test\r\n\r\n");
        };
    }

    private void drain(Proxy proxy) {
        String id = "127.0.0.1:" + backend.port();
        assertThat(proxy.post("/api/v1/pools/default/backends/" + id + "/drain").status())
                .isEqualTo(200);
    }

    private String queue() {
        return "lb.routes = [ { prefix = \"/\", pool = default, fallback = [ { type = queue, dir = \"" + directory
                + "\" } ] } ]";
    }

    /** The cells of the row that begins with this. */
    private static List<String> row(String name) throws IOException {
        return Files.readAllLines(PAGE).stream()
                .filter(line -> line.startsWith("| `" + name + "` |"))
                .map(line ->
                        Arrays.stream(line.split("\\|", -1)).map(String::strip).toList())
                .findFirst()
                .orElseThrow();
    }

    @ParameterizedTest
    @EnumSource(Reply.class)
    void anErrorIsAsItsRowSays(Reply reply) throws IOException {
        List<String> row = row(reply.name());
        String code = row.get(5);
        String fields = row.get(6);

        HttpMessage response = caused(reply);

        assertThat(String.valueOf(response.status())).as("%s", response).isEqualTo(row.get(2));
        assertThat(response.text()).startsWith("{\"error\": \"" + row.get(3).replace("`", ""));
        assertThat(response.field("Content-Type")).isEqualTo("application/json");
        assertThat(response.has("Date") && response.has("X-Circuit-State")).isTrue();
        for (String each : List.of("Allow", "Retry-After")) {
            assertThat(response.has(each)).as(each).isEqualTo(fields.contains("`" + each + "`"));
        }
        assertThat("close".equals(response.field("Connection"))).isEqualTo(fields.contains("`Connection: close`"));
        List<String> reason = List.of(String.valueOf(response.field(WHY)).split("; ", -1));
        if (code.equals("outcome")) {
            assertThat(Stream.of(Outcome.values()).map(Outcome::label)).contains(reason.get(0));
            assertThat(reason.subList(1, reason.size()))
                    .containsExactly("pool=default", "backend=127.0.0.1:" + backend.port(), "attempts=1");
        } else {
            assertThat("`" + reason.get(0) + "`").isEqualTo(code);
        }
    }

    @Test
    void whatIsNoErrorIsAsItsRowSaysAndTellsNoReason() throws IOException {
        Proxy proxy = start(queue());
        drain(proxy); // so that nothing is replayed meanwhile
        HttpMessage queued =
                sent(proxy, "POST / HTTP/1.1\r\nHost: lb.test\r\n\r\n").read();
        assertThat(queued.status()).isEqualTo(202);
        String page = String.valueOf(queued.field("Location"));

        // Until it is found that nobody takes it, it is being sent, and has no position.
        eventually(() -> assertRow(row("GET /queued/ID"), proxy.get(page)));
        assertRow(row("GET /health"), proxy.get("/health"));
        assertRow(
                row("OPTIONS * (Max-Forwards: 0)"),
                sent(proxy, "OPTIONS * HTTP/1.1\r\nHost: lb.test\r\nMax-Forwards: 0\r\n\r\n")
                        .read());
    }

    /** Names of fields in bodies are compared, and what else stands in the row. */
    private static void assertRow(List<String> row, HttpMessage response) {
        assertThat(String.valueOf(response.status())).isEqualTo(row.get(2));
        assertThat(names(response.text())).isEqualTo(names(row.get(3).replace("pool/id", "default/id")));
        String cacheControl = response.field("Cache-Control");
        assertThat(cacheControl == null ? "–" : "`Cache-Control: " + cacheControl + "`")
                .isEqualTo(row.get(4));
        assertThat(response.has(WHY)).isFalse();
    }

    private static List<String> names(String json) {
        return Pattern.compile("\"([a-z]+)\": ?")
                .matcher(json)
                .results()
                .map(name -> name.group(1))
                .toList();
    }

    /** A further caller makes a further response of our own: it needs a row. */
    @Test
    void thereAreNoOthers() {
        List<String> makers = new ClassFileImporter()
                .withImportOption(new ImportOption.DoNotIncludeTests()).importPackages("io.breakwater.server").stream()
                        .flatMap(each -> each.getMethodCallsFromSelf().stream())
                        .filter(call -> call.getTarget()
                                        .getFullName()
                                        .startsWith(Reply.class.getName() + ".writeContent(")
                                || call.getTarget().getFullName().startsWith(StoredResponse.class.getName() + ".own("))
                        .map(call -> call.getOriginOwner().getSimpleName() + "."
                                + call.getOrigin().getName())
                        .toList();

        assertThat(makers)
                .as("/health and OPTIONS, the status of a queued request, its 202, and static fallbacks")
                .containsExactlyInAnyOrder(
                        "ProxyExchange.answer",
                        "ProxyExchange.answerStatus",
                        "ProxyExchange.onStored",
                        "StaticResponses.ready");
    }
}
