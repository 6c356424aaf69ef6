package io.breakwater.server.fallback;

import static io.breakwater.server.fixtures.Eventually.eventually;
import static org.assertj.core.api.Assertions.assertThat;

import io.breakwater.server.fixtures.Answers;
import io.breakwater.server.fixtures.ClosedPort;
import io.breakwater.server.fixtures.Conf;
import io.breakwater.server.fixtures.HttpMessage;
import io.breakwater.server.fixtures.Metrics;
import io.breakwater.server.fixtures.Proxy;
import io.breakwater.server.fixtures.RawClient;
import io.breakwater.server.fixtures.ScriptedBackend;
import io.breakwater.time.ManualTicker;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Why a route's pool does not answer, when its fallbacks are tried, and what they are: every pair that matters. */
@Timeout(60)
class FallbackTableTest {
    private static final String STATIC = "{ type = static, status = 203, body = fixed }";
    private static final String STALE = "{ type = stale, max-age = 10h }";
    private static final String POOL = "{ type = pool, pool = spare }";

    private final ManualTicker ticker =
            new ManualTicker(Long.MAX_VALUE - Duration.ofSeconds(1).toNanos());
    private final ScriptedBackend backend = ScriptedBackend.start().answer(Answers.ok("own"));
    private final ScriptedBackend spare = ScriptedBackend.start().answer(Answers.ok("spare"));
    private final List<AutoCloseable> open = new ArrayList<>();

    @AfterEach
    void stop() throws Exception {
        for (AutoCloseable each : open) {
            each.close();
        }
        backend.close();
        spare.close();
    }

    /** Why the pool does not answer. */
    private enum Cause {
        CIRCUIT_OPEN("unavailable", 503),
        UNHEALTHY("unavailable", 503, "health-check { enabled = true, fall = 1, interval = 1m, timeout = 10h }"),
        DISABLED("unavailable", 503),
        OVERLOADED("unavailable", 503, "concurrency.max-per-backend = 1"),
        WAITED_IN_VAIN("unavailable", 503, "concurrency { max-per-backend = 1, queue = 1, queue-timeout = 5s }"),
        FAILURE_STATUS("failure", 502),
        FAILURE_STATUS_PASSED("failure", 500, "backend-errors = pass"),
        REFUSED("failure", 502),
        RESET("failure", 502),
        GARBAGE("failure", 502),
        TIMEOUT("failure", 502, "timeouts.response-head = 5s"),
        TIMEOUT_PASSED("failure", 504, "timeouts.response-head = 5s", "backend-errors = pass"),
        ALL_TRIES_FAILED("failure", 502, "retries { max = 1, on = [\"500-504\"] }"),
        REQUEST_TIME_OVER("failure", 502, "timeouts.request = 5s");

        final String on;
        final int status;
        final String settings;

        Cause(String on, int status, String... settings) {
            this.on = on;
            this.status = status;
            this.settings = Arrays.stream(settings)
                    .map(each -> "lb.pools.default." + each)
                    .collect(Collectors.joining("\n"));
        }
    }

    static Stream<Arguments> allCausesAndTypes() {
        return Arrays.stream(Cause.values())
                .flatMap(cause -> Stream.of(STATIC, STALE, POOL)
                        // There is no time left for another pool.
                        .filter(type -> cause != Cause.REQUEST_TIME_OVER || !type.equals(POOL))
                        .map(type -> Arguments.of(cause, type)));
    }

    @ParameterizedTest(name = "{0}: {1}")
    @MethodSource("allCausesAndTypes")
    void theFallbackAnswersWhatItIsFor(Cause cause, String type) throws Exception {
        Proxy proxy = proxy(cause, cause.on, type);

        HttpMessage response = caused(cause, proxy);

        assertThat(response.text()).isEqualTo(type.equals(STATIC) ? "fixed" : type.equals(STALE) ? "own" : "spare");
        assertThat(response.status()).isEqualTo(type.equals(STATIC) ? 203 : 200);
        String label = type.equals(STATIC) ? "static" : type.equals(STALE) ? "stale" : "pool";
        assertThat(response.field("X-Breakwater-Fallback")).isEqualTo(label);
        assertThat(response.field("X-Circuit-State"))
                .isEqualTo(cause == Cause.CIRCUIT_OPEN && !type.equals(POOL) ? "open" : "closed");
        assertThat(response.has("Retry-After")).isFalse();
        assertThat(response.has("Date")).isEqualTo(true);
        assertCounted(proxy, label, String.valueOf(response.status()));
    }

    static Stream<Arguments> allCausesAndOthers() {
        return Arrays.stream(Cause.values())
                .map(cause -> Arguments.of(cause, cause.on.equals("failure") ? "unavailable" : "failure"));
    }

    @ParameterizedTest(name = "{0}: {1}")
    @MethodSource("allCausesAndOthers")
    void noFallbackAnswersWhatItIsNotFor(Cause cause, String on) throws Exception {
        Proxy proxy = proxy(cause, on, STALE, POOL, STATIC);

        HttpMessage response = caused(cause, proxy);

        assertThat(response.status()).isEqualTo(cause.status);
        assertThat(response.has("X-Breakwater-Fallback")).isFalse();
        assertThat(spare.requests()).isEmpty();
        assertCounted(proxy, null, String.valueOf(cause.status));
    }

    private static void assertCounted(Proxy proxy, @Nullable String type, String code) {
        eventually(() -> {
            Metrics metrics = proxy.metrics();
            assertThat(metrics.sum("lb_fallbacks_total", "route", "/")).isEqualTo(type == null ? 0 : 1);
            assertThat(metrics.sum("lb_fallbacks_total", "type", String.valueOf(type)))
                    .isEqualTo(type == null ? 0 : 1);
            assertThat(metrics.sum("lb_rejections_total")).isEqualTo(type == null && code.equals("503") ? 1 : 0);
            // What fills the cache, and a request that holds the only slot, are answered 200 or not at all yet.
            assertThat(metrics.sum("lb_requests_total", "route", "/", "code", code))
                    .isEqualTo(code.equals("200") ? 2 : 1);
            if (type != null) {
                assertThat(metrics.sum("lb_circuit_rejected_total")).isZero();
            }
        });
    }

    private Proxy proxy(Cause cause, String on, String... fallbacks) {
        Proxy proxy = Proxy.start(
                Conf.everything(
                        backend.url(),
                        Conf.PATIENT,
                        "lb.routes = [ { prefix = \"/\", pool = default, fallback-on = [" + on + "], fallback = ["
                                + String.join(", ", fallbacks) + "] } ]",
                        "lb.pools.spare { backends = [\"" + spare.url()
                                + "\"], timeouts = ${lb.pools.default.timeouts} }",
                        cause.settings),
                ticker);
        open.add(proxy);
        return proxy;
    }

    /** The response to a request that the pool does not answer. It had answered one before. */
    private HttpMessage caused(Cause cause, Proxy proxy) throws Exception {
        assertThat(proxy.get("/x").text()).isEqualTo("own");
        String id = "/api/v1/pools/default/backends/127.0.0.1:" + backend.port();
        switch (cause) {
            case CIRCUIT_OPEN -> assertThat(proxy.post(id + "/trip").status()).isEqualTo(200);
            case DISABLED -> assertThat(proxy.post(id + "/disable").status()).isEqualTo(200);
            case UNHEALTHY -> {
                backend.answer(Answers.status(500));
                eventually(() -> {
                    ticker.advance(Duration.ofMinutes(1));
                    assertThat(proxy.backend("default", backend).getString("health"))
                            .isEqualTo("unhealthy");
                });
            }
            case OVERLOADED, WAITED_IN_VAIN -> {
                backend.answer(Answers.hang());
                RawClient first = proxy.connect();
                open.add(0, first);
                first.get("/first");
                backend.awaitRequests(2);
            }
            case FAILURE_STATUS, FAILURE_STATUS_PASSED, ALL_TRIES_FAILED -> backend.answer(Answers.status(500));
            case REFUSED -> {
                backend.close();
                open.add(0, new ClosedPort(backend.port()));
            }
            case RESET -> backend.answer(Answers.reset());
            case GARBAGE -> backend.answer(Answers.bytesAndClose("what?\r\n\r\n"));
            case TIMEOUT, TIMEOUT_PASSED, REQUEST_TIME_OVER -> backend.answer(Answers.hang());
        }
        try (RawClient client = proxy.connect()) {
            int before = backend.requests().size();
            client.get("/x");
            if (cause.name().contains("TIME")) {
                backend.awaitRequests(before + 1);
            }
            proxy.settle();
            if (cause.name().contains("TIME") || cause == Cause.WAITED_IN_VAIN) {
                ticker.advance(Duration.ofSeconds(5));
            }
            return client.read();
        }
    }
}
