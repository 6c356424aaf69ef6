package io.breakwater.server.forwarding;

import static io.breakwater.server.fixtures.Circuit.UNAVAILABLE;
import static io.breakwater.server.fixtures.Eventually.eventually;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.breakwater.server.fixtures.Answers;
import io.breakwater.server.fixtures.ClosedPort;
import io.breakwater.server.fixtures.Conf;
import io.breakwater.server.fixtures.Gate;
import io.breakwater.server.fixtures.HttpMessage;
import io.breakwater.server.fixtures.Proxy;
import io.breakwater.server.fixtures.RawClient;
import io.breakwater.server.fixtures.ScriptedBackend;
import io.breakwater.time.ManualTicker;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.FutureTask;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** How often, for how long and whom a request is tried again at, and what the client gets in the end. */
@Timeout(60)
class RetryTest {
    private static final String ON = "on = [connect-failure, reset, timeout, \"500-504\"]";

    private final ManualTicker ticker = new ManualTicker(-Duration.ofSeconds(3).toNanos());
    private final ScriptedBackend a = ScriptedBackend.start().answer(Answers.ok("a"));
    private final ScriptedBackend b = ScriptedBackend.start().answer(Answers.ok("b"));
    private final ScriptedBackend c = ScriptedBackend.start().answer(Answers.ok("c"));
    private final List<Proxy> started = new ArrayList<>();

    @AfterEach
    void stop() throws IOException {
        started.forEach(Proxy::close);
        a.close();
        b.close();
        c.close();
    }

    /** One loop; the first request goes to the first backend. */
    private Proxy proxy(List<ScriptedBackend> backends, String... pool) {
        return proxy(backends.stream().map(ScriptedBackend::url).toArray(String[]::new), pool);
    }

    private Proxy proxy(String[] urls, String... pool) {
        Proxy proxy = Proxy.start(
                Conf.everything(
                        urls,
                        Conf.PATIENT,
                        "lb.runtime.event-loops = 1",
                        "lb.pools.default { breaker.consecutive-failures = 1, breaker.cooldown = 1h",
                        String.join("\n", pool),
                        "}"),
                ticker);
        started.add(proxy);
        return proxy;
    }

    private static String retries(int max, String... more) {
        return "retries { max = " + max + ", " + ON + ", " + String.join(", ", more) + " }";
    }

    private static void fail(ScriptedBackend... backends) {
        Arrays.stream(backends).forEach(each -> each.answer(Answers.close()));
    }

    private int requests() {
        return Stream.of(a, b, c).mapToInt(each -> each.requests().size()).sum();
    }

    private static void assertFailed(HttpMessage response) {
        assertThat(response.status()).as("%s", response).isEqualTo(502);
        assertThat(response.text()).isEqualTo(UNAVAILABLE);
        assertThat(response.field("X-Circuit-State")).isEqualTo("closed");
        assertThat(response.has("Retry-After")).isFalse();
    }

    private static void assertRetries(Proxy proxy, int success, int failure, int exhausted) {
        eventually(() -> {
            assertThat(proxy.metric("lb_retries_total", "pool", "default", "result", "success"))
                    .isEqualTo(success);
            assertThat(proxy.metric("lb_retries_total", "pool", "default", "result", "failure"))
                    .isEqualTo(failure);
            assertThat(proxy.metric("lb_retry_budget_exhausted_total", "pool", "default"))
                    .isEqualTo(exhausted);
        });
    }

    @Test
    void nobodyIsAskedTwice() {
        fail(a, b, c);
        Proxy proxy = proxy(List.of(a, b, c), retries(9));

        assertFailed(proxy.get("/"));

        assertThat(List.of(
                        a.requests().size(), b.requests().size(), c.requests().size()))
                .containsExactly(1, 1, 1);
        assertRetries(proxy, 0, 2, 0);
        assertThat(proxy.metric("lb_rejections_total")).isZero();
    }

    @Test
    void noMoreThanMaxRetriesAreMade() {
        fail(a, b, c);
        Proxy proxy = proxy(List.of(a, b, c), retries(1));

        assertFailed(proxy.get("/"));

        assertThat(requests()).isEqualTo(2);
        assertRetries(proxy, 0, 1, 0);
    }

    @Test
    void withoutRetriesNothingIsTriedAgain() {
        fail(a, b, c);
        Proxy proxy = proxy(List.of(a, b, c), retries(0));

        assertFailed(proxy.get("/"));

        assertThat(requests()).isEqualTo(1);
        assertRetries(proxy, 0, 0, 0);
    }

    private static final String ONE_SLOT_EACH =
            "concurrency { max-per-backend = 1, queue = 9, queue-timeout = 5s }, breaker.consecutive-failures = 9";

    /** The first request has the only slot of the first backend; the second one fails at the second backend, and waits. */
    private void waitsAfterAFailure(Proxy proxy, RawClient first, RawClient second) throws IOException {
        first.get("/first");
        a.awaitRequests(1);
        second.get("/second");
        b.awaitRequests(1);
        eventually(
                () -> assertThat(proxy.backend("default", b).getInt("failures")).isEqualTo(1));
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 500})
    void whoFindsTheOthersFullWaitsInLineForThem(int status) throws IOException {
        Gate gate = new Gate();
        a.answer(Answers.gated(gate, Answers.ok("a")));
        b.answer(status == 0 ? Answers.close() : Answers.status(status));
        Proxy proxy = proxy(List.of(a, b), retries(1), ONE_SLOT_EACH);
        try (RawClient first = proxy.connect();
                RawClient second = proxy.connect()) {
            waitsAfterAFailure(proxy, first, second);
            assertThat(a.requests()).hasSize(1);

            gate.open();

            assertThat(first.read().text()).isEqualTo("a");
            HttpMessage served = second.read();
            assertThat(served.status()).as("%s", served).isEqualTo(200);
            assertThat(served.text()).isEqualTo("a");
        }
        assertThat(a.requests()).extracting(HttpMessage::target).containsExactly("/first", "/second");
        assertRetries(proxy, 1, 0, 0);
        assertThat(proxy.metric("lb_rejections_total")).isZero();
        assertThat(proxy.metric("lb_backend_in_flight")).isZero();
    }

    @Test
    void whoWaitsInVainIsToldWhatTheLastAttemptCameTo() throws IOException {
        Gate gate = new Gate();
        a.answer(Answers.gated(gate, Answers.ok("a")));
        fail(b);
        Proxy proxy = proxy(List.of(a, b), retries(1), ONE_SLOT_EACH);
        try (RawClient first = proxy.connect();
                RawClient second = proxy.connect()) {
            waitsAfterAFailure(proxy, first, second);

            ticker.advance(Duration.ofSeconds(6));

            assertFailed(second.read());
            gate.open();
            assertThat(first.read().text()).isEqualTo("a");
            assertThat(second.get("/again").read().status())
                    .as("nothing is left of the wait")
                    .isPositive();
        }
        assertThat(proxy.metric("lb_rejections_total")).isZero();
    }

    @Test
    void aSlotThatIsNoUseToARetryGoesToTheNextInLine() throws IOException {
        Gate gate = new Gate();
        a.answer(Answers.gated(gate, Answers.ok("a")));
        fail(b);
        Proxy proxy = proxy(List.of(a, b), retries(1), ONE_SLOT_EACH);
        try (RawClient first = proxy.connect();
                RawClient second = proxy.connect();
                RawClient third = proxy.connect()) {
            waitsAfterAFailure(proxy, first, second);
            b.answer(Answers.ok("b"));

            assertThat(third.get("/third").read().text()).isEqualTo("b");

            gate.open();
            assertThat(second.read().text()).isEqualTo("a");
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"connect-failure", "timeout", "\"503\"", "connect-failure, timeout, \"500-599\""})
    void onlyWhatIsListedIsTriedAgain(String listed) {
        fail(a, b, c);
        Proxy proxy = proxy(List.of(a, b, c), "retries { max = 2, on = [" + listed + "] }");

        assertFailed(proxy.get("/"));

        assertThat(requests()).isEqualTo(1);
    }

    @Test
    void anOpenCircuitIsNoOtherBackend() {
        fail(a, b, c);
        Proxy proxy = proxy(List.of(a, b), retries(1));
        assertFailed(proxy.get("/"));
        assertThat(requests()).isEqualTo(2);

        assertThat(proxy.get("/").text()).isEqualTo("{\"error\": \"circuit open\"}");

        assertThat(requests()).isEqualTo(2);
    }

    @Test
    void whenARetryFindsNobodyTheClientGetsTheFailureAndNotARefusal() throws IOException {
        Proxy proxy = proxy(List.of(a, b), retries(2));
        a.answer(Answers.close());
        assertThat(proxy.get("/").text()).as("opens the circuit of a").isEqualTo("b");
        b.answer(Answers.status(500));

        assertFailed(proxy.get("/"));

        assertThat(a.requests()).hasSize(1);
        assertThat(b.requests()).hasSize(2);
        assertRetries(proxy, 1, 0, 0);
        assertThat(proxy.metric("lb_rejections_total")).isZero();
        assertThat(proxy.metric("lb_circuit_rejected_total")).isZero();
    }

    @Test
    void theLastAnswerIsPassedOnWhereErrorsAre() {
        AtomicInteger answers = new AtomicInteger();
        Stream.of(a, b, c)
                .forEach(each -> each.answer(
                        (connection, request) -> Answers.status(503, "No", "answer " + answers.incrementAndGet())
                                .give(connection, request)));
        Proxy proxy = proxy(List.of(a, b, c), retries(2), "backend-errors = pass");

        HttpMessage response = proxy.get("/");

        assertThat(response.status()).isEqualTo(503);
        assertThat(requests()).isEqualTo(3);
        assertThat(response.text()).isEqualTo("answer 3");
        assertThat(response.field("X-Circuit-State")).isEqualTo("closed");
        assertRetries(proxy, 0, 2, 0);
    }

    @Test
    void anAnswerIsPassedOnWhenNobodyElseIsThere() {
        a.answer(Answers.status(503, "No", "words of a"));
        Proxy proxy = proxy(List.of(a), retries(2), "backend-errors = pass");

        HttpMessage response = proxy.get("/");

        assertThat(response.status()).isEqualTo(503);
        assertThat(response.text()).isEqualTo("words of a");
    }

    @Test
    void anAnswerIsPassedOnWhenTheOthersDoNotTakeTheRequest() {
        a.answer(Answers.close());
        Proxy proxy = proxy(List.of(a, b), retries(1), "backend-errors = pass");
        assertThat(proxy.get("/").text()).isEqualTo("b");
        b.answer(Answers.status(503, "No", "words of b"));

        HttpMessage response = proxy.get("/");

        assertThat(response.text()).isEqualTo("words of b");
        assertThat(response.complete()).isTrue();
    }

    @Test
    void aStatusThatIsNoFailureIsTriedAgainToo() {
        a.answer(Answers.status(404, "No", "not at a"));
        Proxy proxy = proxy(List.of(a, b), "retries { max = 1, on = [\"404\"] }");

        assertThat(proxy.get("/").text()).isEqualTo("b");

        assertThat(proxy.circuit("default", a)).as("404 is no failure").isEqualTo("closed");
        assertRetries(proxy, 1, 0, 0);
        b.answer(Answers.status(404, "No", "not at b"));
        HttpMessage nowhere = proxy.get("/");
        assertThat(nowhere.status()).isEqualTo(404);
        assertThat(nowhere.text()).startsWith("not at ");
        assertRetries(proxy, 2, 0, 0);
        assertThat(proxy.metric("lb_backend_requests_total", "outcome", "success"))
                .isEqualTo(4);
    }

    @Test
    void anEmptyBudgetAllowsNoRetry() {
        fail(a);
        Proxy proxy = proxy(List.of(a, b), retries(1, "budget { ratio = 0, min-per-second = 0 }"));

        assertFailed(proxy.get("/"));

        assertThat(requests()).isEqualTo(1);
        assertRetries(proxy, 0, 0, 1);
    }

    @Test
    void retriesAreAPartOfTheRequests() {
        a.answer(Answers.status(503));
        b.answer(Answers.status(503));
        Proxy proxy = proxy(
                List.of(a, b),
                retries(1, "budget { ratio = 50%, min-per-second = 0, window = 10s }"),
                "breaker.enabled = false");

        for (int i = 0; i < 20; i++) {
            assertThat(proxy.get("/").status()).isEqualTo(502);
        }

        assertThat(requests()).isEqualTo(30);
        assertRetries(proxy, 0, 10, 10);
        ticker.advance(Duration.ofSeconds(11));
        assertThat(proxy.get("/").status()).isEqualTo(502);
        assertThat(requests()).as("half of one request").isEqualTo(31);
    }

    @Test
    void withoutAnotherBackendTheBudgetIsNotMissed() {
        fail(a);
        Proxy proxy = proxy(List.of(a), retries(1, "budget { ratio = 0, min-per-second = 0 }"));

        assertFailed(proxy.get("/"));

        assertRetries(proxy, 0, 0, 0);
    }

    @Test
    void aFailedProbeCostsTheClientNothing() {
        Proxy proxy = proxy(List.of(a, b), retries(1));
        a.answer(Answers.close());
        assertThat(proxy.get("/").text()).isEqualTo("b");
        assertThat(proxy.circuit("default", a)).isEqualTo("open");
        ticker.advance(Duration.ofHours(1));

        HttpMessage response = proxy.get("/");

        assertThat(response.text()).isEqualTo("b");
        assertThat(response.field("X-Circuit-State"))
                .as("of the attempt that answered")
                .isEqualTo("closed");
        assertThat(a.requests()).as("it was probed").hasSize(2);
        assertThat(proxy.circuit("default", a)).isEqualTo("open");
    }

    @ParameterizedTest
    @ValueSource(ints = {500, 503})
    void aFailedProbeCostsTheClientNothingWhateverIsTriedAgainOtherwise(int status) {
        Proxy proxy = proxy(List.of(a, b), retries(1, "on = [connect-failure]"));
        a.answer(Answers.status(status));
        assertFailed(proxy.get("/"));
        assertThat(proxy.circuit("default", a)).isEqualTo("open");
        ticker.advance(Duration.ofHours(1));

        assertThat(proxy.get("/").text()).isEqualTo("b");

        assertThat(a.requests()).as("it was probed").hasSize(2);
        assertThat(proxy.circuit("default", a)).isEqualTo("open");
    }

    // ---- time ----

    @Test
    void whenTheTimeOfTheRequestIsOverNothingIsTriedAgain() throws IOException {
        a.answer(Answers.hang());
        Proxy proxy = proxy(List.of(a, b), retries(1), "timeouts.request = 5s");
        try (RawClient client = proxy.connect().get("/")) {
            a.awaitRequests(1);
            proxy.settle();

            ticker.advance(Duration.ofSeconds(5));

            assertFailed(client.read());
            assertThat(b.requests()).isEmpty();
        }
    }

    @Test
    void theDeadlineHoldsOverAllAttempts() throws IOException {
        a.answer(Answers.hang());
        b.answer(Answers.hang());
        Proxy proxy = proxy(
                List.of(a, b), retries(1, "per-try-timeout = 1s"), "timeouts { request = 5s, response-head = 4500ms }");
        try (RawClient client = proxy.connect().get("/")) {
            a.awaitRequests(1);
            proxy.settle();
            ticker.advance(Duration.ofSeconds(1));
            b.awaitRequests(1);
            proxy.settle();
            ticker.advance(Duration.ofMillis(3_990));
            proxy.settle();
            assertThat(client.available()).as("5 s are not over").isZero();

            ticker.advance(Duration.ofMillis(10));

            assertFailed(client.read());
            assertRetries(proxy, 0, 1, 0);
        }
    }

    @Test
    void aTryThatNobodyCanTakeOverHasTheWholeTime() throws IOException {
        Gate gate = new Gate();
        a.answer(Answers.gated(gate, Answers.ok("late")));
        Proxy proxy = proxy(
                List.of(a, b),
                retries(1, "per-try-timeout = 1s", "budget { ratio = 0, min-per-second = 0 }"),
                "timeouts.response-head = 3s");
        try (RawClient client = proxy.connect().get("/")) {
            a.awaitRequests(1);
            proxy.settle();
            ticker.advance(Duration.ofSeconds(1));
            eventually(() ->
                    assertThat(proxy.metric("lb_retry_budget_exhausted_total")).isEqualTo(1));
            ticker.advance(Duration.ofMillis(1_900));
            proxy.settle();
            assertThat(client.available()).isZero();

            gate.open();

            assertThat(client.read().text()).isEqualTo("late");
        }
    }

    @Test
    void theLastTryHasTheWholeTime() throws IOException {
        a.answer(Answers.hang());
        Gate gate = new Gate();
        b.answer(Answers.gated(gate, Answers.ok("b at last")));
        Proxy proxy = proxy(List.of(a, b), retries(1, "per-try-timeout = 1s"), "timeouts.response-head = 3s");
        try (RawClient client = proxy.connect().get("/")) {
            a.awaitRequests(1);
            proxy.settle();
            ticker.advance(Duration.ofSeconds(1));
            b.awaitRequests(1);
            proxy.settle();
            ticker.advance(Duration.ofSeconds(2));
            proxy.settle();

            gate.open();

            assertThat(client.read().text()).isEqualTo("b at last");
            assertThat(proxy.metric("lb_backend_requests_total", "outcome", "response_timeout"))
                    .isEqualTo(1);
        }
    }

    // ---- what has been sent ----

    @Test
    void onceAHeadWasRelayedNothingIsTriedAgain() throws Exception {
        Gate seen = new Gate();
        a.answer(Answers.bytesAndReset("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\npart", seen));
        Proxy proxy = proxy(List.of(a, b), retries(1));
        try (RawClient client = proxy.connect().get("/")) {
            assertThat(client.readHead().status()).isEqualTo(200);
            seen.open();
            client.readEnd();
        }
        assertThat(b.requests()).isEmpty();
        eventually(() -> assertThat(proxy.metric("lb_backend_requests_total", "outcome", "truncated"))
                .isEqualTo(1));
        assertRetries(proxy, 0, 0, 0);
    }

    @Test
    void anInterimResponseDecidesNothing() throws IOException {
        a.answer(Answers.bytesAndClose("HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n"));
        Proxy proxy = proxy(List.of(a, b), retries(1));
        try (RawClient client = proxy.connect().get("/")) {
            assertThat(client.readHead().status()).isEqualTo(103);
            assertThat(client.read().text()).isEqualTo("b");
        }
    }

    @Test
    void aClientIsToldToContinueOnce() throws IOException {
        a.onConnect(connection -> {
            connection.readHead();
            connection.send("HTTP/1.1 100 Continue\r\n\r\n");
            connection.readSome(new byte[10]);
            connection.reset();
        });
        b.onConnect(connection -> {
            HttpMessage request = connection.read();
            connection.send("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\n"
                    + (request == null ? "none" : request.text()));
            connection.readEnd();
        });
        Proxy proxy = proxy(List.of(a, b), retries(1));
        try (RawClient client = proxy.connect()) {
            client.send("PUT / HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 4\r\n\r\n");
            assertThat(client.readHead().status()).isEqualTo(100);
            client.send("body");

            HttpMessage response = client.read();

            assertThat(response.status()).isEqualTo(200);
            assertThat(response.text()).isEqualTo("body");
        }
    }

    @Test
    void aClientThatWasNotToldToContinueIsToldByTheOther() throws IOException {
        a.onConnect(connection -> {
            connection.readHead();
            connection.reset();
        });
        b.onConnect(connection -> {
            connection.readHead();
            connection.send("HTTP/1.1 100 Continue\r\n\r\n");
            connection.readSome(new byte[4]);
            connection.send("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\ndone");
            connection.readEnd();
        });
        Proxy proxy = proxy(List.of(a, b), retries(1));
        try (RawClient client = proxy.connect()) {
            client.send("PUT / HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 4\r\n\r\n");
            assertThat(client.readHead().status()).isEqualTo(100);
            client.send("body");

            assertThat(client.read().text()).isEqualTo("done");
        }
    }

    // ---- who leaves meanwhile ----

    @Test
    void aClientThatLeavesDuringARetryIsNobodysFault() throws Exception {
        fail(a);
        b.answer(Answers.hang());
        Proxy proxy = proxy(List.of(a, b, c), retries(2));
        try (RawClient client = proxy.connect().get("/")) {
            b.awaitRequests(1);
            client.reset();
        }
        b.connection(1).awaitEnd();
        eventually(() -> {
            assertThat(proxy.metric("lb_requests_total", "code", "client_closed"))
                    .isEqualTo(1);
            assertThat(proxy.metric("lb_backend_requests_total", "outcome", "client_aborted"))
                    .isEqualTo(1);
            assertThat(proxy.metric("lb_backend_in_flight")).isZero();
        });
        assertRetries(proxy, 0, 1, 0);
        assertThat(c.requests()).isEmpty();
        assertThat(proxy.circuit("default", b)).isEqualTo("closed");
    }

    @Test
    void aRetryEndsDuringADrain() throws Exception {
        fail(a);
        Gate gate = new Gate();
        b.answer(Answers.gated(gate, Answers.ok("b")));
        Proxy proxy = proxy(List.of(a, b), retries(1));
        try (RawClient client = proxy.connect().get("/")) {
            b.awaitRequests(1);
            FutureTask<Integer> drain = new FutureTask<>(proxy::drain);
            Thread thread = new Thread(drain, "drain");
            thread.setDaemon(true);
            thread.start();
            eventually(() -> assertThatThrownBy(proxy::connect).isInstanceOf(UncheckedIOException.class));
            gate.open();

            assertThat(client.read().text()).isEqualTo("b");
            assertThat(drain.get()).isZero();
        }
    }

    @Test
    void connectFailuresOfManyBackendsInARowEndWell() throws IOException {
        List<ClosedPort> closed = new ArrayList<>();
        try {
            List<String> urls = new ArrayList<>();
            for (int i = 0; i < 40; i++) {
                closed.add(new ClosedPort());
                urls.add(closed.get(i).url());
            }
            urls.add(a.url());
            Proxy proxy = proxy(urls.toArray(String[]::new), retries(100));

            assertThat(proxy.request("POST / HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: 3\r\n\r\nabc")
                            .text())
                    .isEqualTo("a");

            assertThat(a.onlyRequest().text()).isEqualTo("abc");
            eventually(() -> assertThat(proxy.metric("lb_backend_in_flight")).isZero());
        } finally {
            for (ClosedPort each : closed) {
                each.close();
            }
        }
    }
}
