package io.breakwater.server.forwarding;

import static io.breakwater.server.fixtures.Eventually.eventually;
import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;

import io.breakwater.server.fixtures.Answers;
import io.breakwater.server.fixtures.ClosedPort;
import io.breakwater.server.fixtures.Conf;
import io.breakwater.server.fixtures.HttpMessage;
import io.breakwater.server.fixtures.Metrics;
import io.breakwater.server.fixtures.Proxy;
import io.breakwater.server.fixtures.RawClient;
import io.breakwater.server.fixtures.ScriptedBackend;
import io.breakwater.server.fixtures.ScriptedBackend.Answer;
import io.breakwater.time.ManualTicker;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Each way to fail, with each method and each kind of body: who is asked, what arrives there, and what the client gets. */
@Timeout(60)
class RetryTableTest {
    private static final Duration RESPONSE_HEAD = Duration.ofSeconds(5);
    private static final Set<String> IDEMPOTENT = Set.of("GET", "HEAD", "OPTIONS", "TRACE", "PUT", "DELETE");
    private static final List<String> METHODS =
            List.of("GET", "HEAD", "OPTIONS", "TRACE", "PUT", "DELETE", "POST", "PATCH", "X-OWN");

    private final ManualTicker ticker =
            new ManualTicker(Long.MAX_VALUE - RESPONSE_HEAD.multipliedBy(20).toNanos());
    private final Set<String> failedOnce = ConcurrentHashMap.newKeySet();
    private final ScriptedBackend a = ScriptedBackend.start();
    private final ScriptedBackend b = ScriptedBackend.start();
    private @Nullable Proxy started;

    @AfterEach
    void stop() throws IOException {
        if (started != null) {
            started.close();
        }
        a.close();
        b.close();
    }

    private Proxy proxy(String... urls) {
        Proxy proxy = Proxy.start(
                Conf.everything(
                        urls,
                        Conf.PATIENT,
                        "lb.runtime.event-loops = 1",
                        "lb.pools.default {",
                        "  timeouts.response-head = 5s, breaker.enabled = false, connections.max-idle-per-backend = 0",
                        "  retries { max = 1, on = [connect-failure, reset, timeout, \"500-504\"] }",
                        "}"),
                ticker);
        started = proxy;
        return proxy;
    }

    /** What the first backend does that sees a request. */
    enum Cause {
        FIN(Answers.close()),
        RST(Answers.reset()),
        NO_HTTP(Answers.bytesAndClose("what?\r\n\r\n")),
        HALF_A_HEAD(Answers.bytesAndClose("HTTP/1.1 200 OK\r\nContent-Le")),
        SILENCE(Answers.hang()),
        STATUS_500(Answers.status(500)),
        STATUS_503_AND_CLOSE(Answers.bytesAndClose("HTTP/1.1 503 No\r\nConnection: close\r\n\r\ngone"));

        @SuppressWarnings("ImmutableEnumChecker") // a lambda without state
        private final Answer failure;

        Cause(Answer failure) {
            this.failure = failure;
        }
    }

    enum Body {
        NONE("", ""),
        LENGTH("Content-Length: 26\r\n", "abcdefghijklmnopqrstuvwxyz"),
        CHUNKED("Transfer-Encoding: chunked\r\n", "5;ext=1\r\nabcde\r\n1\r\nf\r\n0\r\nX-Trailer: t\r\n\r\n");

        private final String framing;
        private final String bytes;

        Body(String framing, String bytes) {
            this.framing = framing;
            this.bytes = bytes;
        }
    }

    private static String request(String method, String id, Body body) {
        return method + " /" + id + " HTTP/1.1\r\nHost: lb.test\r\n" + body.framing + "\r\n" + body.bytes;
    }

    private static HttpMessage read(RawClient client, String method) throws IOException {
        return method.equals("HEAD") ? client.readBodyless() : client.read();
    }

    private List<HttpMessage> requests(String id) {
        return Stream.concat(a.requests().stream(), b.requests().stream())
                .filter(request -> request.target().equals("/" + id))
                .toList();
    }

    @ParameterizedTest
    @EnumSource
    void afterBytesWereSentOnlyWhatMayBeDoneTwiceIsTriedAgain(Cause cause) throws IOException {
        Answer answer = (connection, request) -> {
            boolean first = failedOnce.add(request.target());
            (first ? cause.failure : Answers.ok("good")).give(connection, request);
        };
        a.answer(answer);
        b.answer(answer);
        Proxy proxy = proxy(a.url(), b.url());
        int served = 0;
        int failed = 0;
        for (String method : METHODS) {
            for (Body body : Body.values()) {
                String id = method + "-" + body;
                try (RawClient client = proxy.connect()) {
                    int before = a.requests().size() + b.requests().size();
                    client.send(request(method, id, body));
                    if (cause == Cause.SILENCE) {
                        eventually(() -> assertThat(
                                        a.requests().size() + b.requests().size())
                                .isGreaterThan(before));
                        proxy.settle();
                        ticker.advance(RESPONSE_HEAD);
                    }
                    HttpMessage response = read(client, method);

                    boolean twice = IDEMPOTENT.contains(method);
                    served += twice ? 1 : 0;
                    failed += twice ? 0 : 1;
                    assertThat(response.status()).as("%s: %s", id, response).isEqualTo(twice ? 200 : 502);
                    assertThat(response.field("X-Circuit-State")).isEqualTo("closed");
                    List<HttpMessage> seen = requests(id);
                    assertThat(seen).as(id).hasSize(twice ? 2 : 1);
                    assertThat(seen)
                            .as(id)
                            .allSatisfy(each -> assertThat(new String(each.wireBody(), ISO_8859_1))
                                    .isEqualTo(body.bytes));
                    assertThat(a.requests().stream()
                                    .filter(each -> each.target().equals("/" + id)))
                            .as("never the same backend twice: %s", id)
                            .hasSizeLessThanOrEqualTo(1);
                }
            }
        }
        assertIdentities(proxy, served + failed, 2 * served + failed, served);
    }

    @ParameterizedTest
    @EnumSource
    void aRefusedConnectionCostsNobodyAnything(Body body) throws IOException {
        try (ClosedPort closed = new ClosedPort()) {
            a.answer(Answers.ok("good"));
            Proxy proxy = proxy(closed.url(), a.url());
            for (int round = 0; round < 2; round++) {
                for (String method : METHODS) {
                    String id = method + round;
                    try (RawClient client = proxy.connect()) {
                        client.send(request(method, id, body));
                        assertThat(read(client, method).status()).as(id).isEqualTo(200);
                        assertThat(requests(id)).hasSize(1);
                    }
                }
            }
            double retries = proxy.metric("lb_backend_requests_total", "outcome", "connect_failed");
            assertThat(retries).isPositive();
            assertIdentities(proxy, 2 * METHODS.size(), 2 * METHODS.size() + (int) retries, (int) retries);
        }
    }

    /** Each request ends once, each attempt ends once, and each attempt but the first was a retry that succeeded. */
    private static void assertIdentities(Proxy proxy, int requests, int attempts, int retries) {
        eventually(() -> {
            Metrics metrics = proxy.metrics();
            assertThat(metrics.sum("lb_requests_total", "route", "/")).isEqualTo(requests);
            assertThat(metrics.sum("lb_request_duration_seconds_count", "route", "/"))
                    .isEqualTo(requests);
            assertThat(metrics.sum("lb_requests_in_flight", "route", "/")).isZero();
            assertThat(metrics.sum("lb_backend_requests_total")).isEqualTo(attempts);
            assertThat(metrics.sum("lb_backend_in_flight")).isZero();
            assertThat(metrics.sum("lb_retries_total", "result", "success")).isEqualTo(retries);
            assertThat(metrics.sum("lb_retries_total", "result", "failure")).isZero();
            assertThat(metrics.sum("lb_retry_budget_exhausted_total")).isZero();
            assertThat(metrics.sum("lb_rejections_total")).isZero();
        });
    }
}
