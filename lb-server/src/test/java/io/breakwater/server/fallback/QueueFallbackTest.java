package io.breakwater.server.fallback;

import static io.breakwater.server.fallback.Writes.chain;
import static io.breakwater.server.fallback.Writes.post;
import static io.breakwater.server.fallback.Writes.queue;
import static io.breakwater.server.fallback.Writes.queued;
import static io.breakwater.server.fallback.Writes.write;
import static io.breakwater.server.fixtures.Eventually.eventually;
import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.typesafe.config.Config;
import io.breakwater.server.config.ReloadResult;
import io.breakwater.server.fixtures.Answers;
import io.breakwater.server.fixtures.Circuit;
import io.breakwater.server.fixtures.ClosedPort;
import io.breakwater.server.fixtures.Gate;
import io.breakwater.server.fixtures.HttpMessage;
import io.breakwater.server.fixtures.Proxy;
import io.breakwater.server.fixtures.RawClient;
import io.breakwater.server.fixtures.ScriptedBackend;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Writes that wait for a backend: which are taken, what their clients are told, and what the backend gets later. */
@Timeout(60)
class QueueFallbackTest {
    private static final String BEHIND = ", { type = static, status = 203, body = last }";
    private static final String CHUNKED =
            "POST /chunked HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n4;x=y\r\nbody\r\n1\r\n!\r\n0\r\nT: r\r\n\r\n";

    @TempDir
    private Path temporary;

    private Path dir() {
        return temporary.resolve("queue");
    }

    // ================ taken, asked for, replayed ================

    @Test
    void aWriteThatNobodyMayServeIsAcceptedAndReplayedOnceSomebodyMay() throws IOException {
        try (Writes writes = queued(dir()).open()) {
            HttpMessage accepted = writes.send(post("/orders?a=b", "one", "Idempotency-Key: mine"));

            assertThat(accepted.startLine()).isEqualTo("HTTP/1.1 202 Accepted");
            String location = requireNonNull(accepted.field("Location"));
            assertThat(location).matches("/queued/[A-Za-z0-9_-]{22}");
            String id = location.substring("/queued/".length());
            assertThat(accepted.text())
                    .isEqualTo("{\"status\": \"queued\", \"id\": \"" + id + "\", \"location\": \"" + location + "\"}");
            assertThat(accepted.field("Content-Type")).isEqualTo("application/json");
            assertThat(accepted.field("Idempotency-Key")).isEqualTo("mine");
            assertThat(accepted.field("X-Breakwater-Fallback")).isEqualTo("queue");
            assertThat(accepted.field("X-Circuit-State")).isEqualTo("open");
            assertThat(accepted.has("Retry-After")).isFalse();
            assertThat(writes.proxy.metric("lb_fallbacks_total", "route", "all", "type", "queue"))
                    .isEqualTo(1);
            assertThat(writes.proxy.metric("lb_requests_total", "route", "all", "code", "202"))
                    .isEqualTo(1);
            assertThat(writes.proxy.metric("lb_rejections_total", "route", "all"))
                    .isZero();

            assertThat(writes.proxy.metric("lb_queue_entries", "dir", dir().toString()))
                    .isEqualTo(1);
            assertThat(writes.proxy.metric("lb_queue_bytes")).isPositive();

            Config before = writes.status(accepted);
            assertThat(before.getString("id")).isEqualTo(id);
            assertThat(before.getString("state")).isEqualTo("queued");
            assertThat(before.getInt("attempts")).isZero();
            assertThat(before.getInt("position")).isZero();
            assertThat(before.hasPath("status")).isFalse();

            writes.heal();
            HttpMessage there = writes.replayed(1).get(0);
            assertThat(there.startLine()).isEqualTo("POST /orders?a=b HTTP/1.1");
            assertThat(there.text()).isEqualTo("one");
            assertThat(there.field("Idempotency-Key")).isEqualTo("mine");

            Config after = writes.awaitState(accepted, "delivered");
            assertThat(after.getInt("status")).isEqualTo(200);
            assertThat(after.getInt("attempts")).isEqualTo(1);
            assertThat(after.hasPath("position")).isFalse();
            assertThat(writes.proxy.metric("lb_queue_entries")).isZero();
            assertThat(writes.proxy.metric("lb_queue_ended_total", "result", "delivered"))
                    .isEqualTo(1);
            assertThat(writes.proxy.metric("lb_queue_ended_total")).isEqualTo(1);
            assertThat(writes.atBackend()).hasSize(1);
            assertThat(writes.proxy.circuit("default", writes.backend)).isEqualTo("closed");
            assertThat(writes.proxy.metric("lb_backend_requests_total", "outcome", "success"))
                    .isEqualTo(1);
            assertThat(writes.proxy.metric("lb_backend_in_flight")).isZero();
        }
    }

    /** Each but the last is taken while the ones behind it wait in the same connection. */
    @Test
    void pipelinedWritesOfAKeptConnectionAreReplayedInOrder() throws IOException {
        try (Writes writes = queued(dir()).open();
                RawClient client = writes.proxy.connect()) {
            List<String> bodies =
                    IntStream.range(0, 20).mapToObj(i -> "number " + i).toList();
            StringBuilder all = new StringBuilder();
            bodies.forEach(body -> all.append(post("/orders", body)));
            client.send(all.toString());

            List<HttpMessage> accepted = new ArrayList<>();
            for (int i = 0; i < bodies.size(); i++) {
                accepted.add(client.read());
                assertThat(accepted.get(i).status()).isEqualTo(202);
            }
            assertThat(writes.status(accepted.get(19)).getInt("position")).isEqualTo(19);
            writes.heal();

            assertThat(writes.replayed(20)).extracting(HttpMessage::text).isEqualTo(bodies);
            assertThat(writes.replayed(20).stream().map(each -> each.field("Idempotency-Key")))
                    .isEqualTo(accepted.stream()
                            .map(each -> each.field("Idempotency-Key"))
                            .toList())
                    .doesNotHaveDuplicates();
            assertThat(writes.atBackend()).extracting(HttpMessage::connection).containsOnly(2);
            client.get("/lives");
            assertThat(client.read().status()).isEqualTo(200);
        }
    }

    @Test
    void theFieldsAreThoseThatWouldHaveGoneOut() throws IOException {
        String rewritten = "lb.routes = [ { name = all, prefix = /shop, rewrite = /v2, pool = default, fallback = ["
                + queue(dir()) + "] }, { name = rest, prefix = \"/\", pool = default } ]";
        try (Writes writes = queued(dir(), rewritten).open()) {
            HttpMessage accepted = writes.send(post(
                    "http://shop.test/shop/cart?a=b",
                    "body",
                    "X-Mine: 1",
                    "x-mine:  two words ",
                    "X-Empty:",
                    "X-Nominated: no",
                    "Connection: keep-alive, X-Nominated",
                    "Keep-Alive: timeout=5",
                    "TE: trailers",
                    "X-Forwarded-For: 1.2.3.4",
                    "X-Forwarded-Host: evil",
                    "X-Request-Id: r-1",
                    "traceparent: 00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"));
            writes.heal();

            HttpMessage there = writes.replayed(1).get(0);
            assertThat(there.startLine()).isEqualTo("POST /v2/cart?a=b HTTP/1.1");
            assertThat(there.fieldLines())
                    .containsExactlyInAnyOrder(
                            "Host: shop.test",
                            "X-Mine: 1",
                            "x-mine: two words",
                            "X-Empty: ",
                            "X-Forwarded-For: 127.0.0.1",
                            "X-Forwarded-Proto: http",
                            "X-Forwarded-Host: shop.test",
                            "X-Request-Id: r-1",
                            "traceparent: 00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
                            "Via: 1.1 breakwater",
                            "Idempotency-Key: " + accepted.field("Idempotency-Key"),
                            "Content-Length: 4");
        }
    }

    @Test
    void theTargetIsReplayedByteForByte() throws IOException {
        String target = "/\"<a>/caf\u00c3\u00a9?q=\"y\"&z=\u0085\u00a0\u00ff";
        try (Writes writes = queued(dir()).open()) {
            assertThat(writes.send(post(target, "body")).status()).isEqualTo(202);
            writes.heal();

            assertThat(writes.replayed(1).get(0).startLine()).isEqualTo("POST " + target + " HTTP/1.1");
        }
    }

    @Test
    void theIdsThatItWasGivenAreThoseThatItIsReplayedWith() throws IOException {
        try (Writes writes = queued(dir())) {
            writes.backend.answer(Answers.status(500));
            assertThat(writes.send(write("PUT", "/", "body")).status()).isEqualTo(202);
            HttpMessage sent = writes.atBackend().get(0);
            writes.heal();

            HttpMessage replayed = writes.replayed(2).get(1);
            for (String name : new String[] {"X-Request-Id", "traceparent"}) {
                assertThat(replayed.field(name)).isNotNull().isEqualTo(sent.field(name));
            }
        }
    }

    /** RFC 9112 section 3.2: upstream every request names a host. */
    @Test
    void aRequestWithoutAHostGetsTheBackends() throws IOException {
        try (Writes writes = queued(dir()).open()) {
            assertThat(writes.send("POST /old HTTP/1.0\r\nContent-Length: 1\r\n\r\nx")
                            .status())
                    .isEqualTo(202);
            writes.heal();

            HttpMessage there = writes.replayed(1).get(0);
            assertThat(there.startLine()).isEqualTo("POST /old HTTP/1.1");
            assertThat(there.field("Host")).isEqualTo("127.0.0.1:" + writes.backend.port());
            assertThat(there.field("Via")).isEqualTo("1.0 breakwater");
        }
    }

    @Test
    void aPoolThatWantsItsOwnHostGetsIt() throws IOException {
        try (Writes writes =
                queued(dir(), "lb.pools.default.host-header = backend").open()) {
            assertThat(writes.send(post("/", "")).status()).isEqualTo(202);
            writes.heal();

            HttpMessage there = writes.replayed(1).get(0);
            assertThat(there.field("Host")).isEqualTo("127.0.0.1:" + writes.backend.port());
            assertThat(there.field("Content-Length")).isEqualTo("0");
        }
    }

    @Test
    void aWriteWithoutABodyHasNoLength() throws IOException {
        try (Writes writes = queued(dir()).open()) {
            assertThat(writes.send("DELETE /1 HTTP/1.1\r\nHost: x\r\n\r\n").status())
                    .isEqualTo(202);
            writes.heal();

            assertThat(writes.replayed(1).get(0).has("Content-Length")).isFalse();
        }
    }

    // ================ bodies ================

    @Test
    void aChunkedBodyIsStoredWithoutItsFraming() throws IOException {
        try (Writes writes = queued(dir()).open()) {
            assertThat(writes.send(CHUNKED).status()).isEqualTo(202);
            writes.heal();

            HttpMessage there = writes.replayed(1).get(0);
            assertThat(there.text()).isEqualTo("body!");
            assertThat(there.field("Content-Length")).isEqualTo("5");
            assertThat(there.has("Transfer-Encoding")).isFalse();
        }
    }

    @Test
    void aClientThatAsksIsToldToGoOn() throws IOException {
        try (Writes writes = queued(dir()).open();
                RawClient client = writes.proxy.connect()) {
            client.send("PUT /1 HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 4\r\n\r\n");
            assertThat(client.readHead().startLine()).isEqualTo("HTTP/1.1 100 Continue");
            client.send("body");
            assertThat(client.read().status()).isEqualTo(202);
            client.send(post("/2", "next"));
            assertThat(client.read().status()).isEqualTo(202);
            writes.heal();

            assertThat(writes.replayed(2)).extracting(HttpMessage::text).containsExactly("body", "next");
            assertThat(writes.atBackend().get(0).has("Expect")).isFalse();
        }
    }

    /** One that is announced is not even read. */
    @Test
    void aBodyThatIsTooLongIsPassedOver() throws IOException {
        try (Writes writes =
                        chain(dir(), queue(dir(), ", max-entry = 4B") + BEHIND).open();
                RawClient client = writes.proxy.connect()) {
            assertThat(writes.send(post("/", "12345")).text()).isEqualTo("last");
            client.send("PUT /1 HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n");
            assertThat(client.readHead().status()).isEqualTo(203);
            assertThat(writes.send(post("/", "1234")).status()).isEqualTo(202);
        }
    }

    @Test
    void oneThatTurnsOutTooLongIsToo() throws IOException {
        try (Writes writes =
                chain(dir(), queue(dir(), ", max-entry = 8B") + BEHIND).open()) {
            assertThat(writes.send(CHUNKED).text()).isEqualTo("last");
        }
        try (Writes writes = chain(dir(), queue(dir(), ", max-entry = 8B")).open()) {
            Circuit.assertRefused(writes.send(CHUNKED), "open", "5");
            assertThat(writes.proxy.metric("lb_rejections_total", "reason", "circuit_open"))
                    .isEqualTo(1);
        }
    }

    @Test
    void aClientThatDoesNotSendTheRestIsTimedOut() throws Exception {
        try (Writes writes = queued(dir(), "lb.listen.timeouts.request-body-idle = 5s")
                        .open();
                RawClient client = writes.proxy.connect()) {
            client.send("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\n\r\nhal");
            writes.proxy.settle();
            writes.ticker.advance(Duration.ofSeconds(5));

            HttpMessage response = client.read();
            assertThat(response.status()).isEqualTo(408);
            assertThat(response.field("X-Circuit-State")).isEqualTo("open");
            assertThat(writes.proxy.metric("lb_fallbacks_total", "type", "queue"))
                    .isZero();
        }
    }

    @Test
    void oneThatTricklesItIsTimedOutThoughItNeverStops() throws Exception {
        try (Writes writes = queued(dir(), "lb.listen { limits.min-body-rate = 240, timeouts.request-body-idle = 5s }")
                        .open();
                RawClient client = writes.proxy.connect()) {
            client.send("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 10000\r\n\r\n");
            for (int second = 1; second < 5; second++) {
                client.send("x");
                writes.proxy.settle();
                writes.ticker.advance(Duration.ofSeconds(1));
            }
            writes.proxy.settle();
            assertThat(client.available()).isZero();
            writes.ticker.advance(Duration.ofSeconds(1));

            assertThat(client.read().status()).isEqualTo(408);
            assertThat(writes.proxy.metric("lb_fallbacks_total", "type", "queue"))
                    .isZero();
        }
    }

    @Test
    void aBodyThatIsMalformedIsRefused() throws Exception {
        try (Writes writes = queued(dir()).open()) {
            HttpMessage response =
                    writes.send("POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nnonsense\r\n");

            assertThat(response.status()).isEqualTo(400);
            assertThat(writes.proxy.metric("lb_fallbacks_total", "type", "queue"))
                    .isZero();
        }
    }

    @Test
    void aClientThatLeavesBeforeTheEndHasWrittenNothing() throws Exception {
        try (Writes writes = queued(dir()).open()) {
            try (RawClient client = writes.proxy.connect()) {
                client.send("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\n\r\nhal");
                writes.proxy.settle();
                client.finish();
                eventually(() -> assertThat(writes.proxy.metric("lb_requests_total", "code", "client_closed"))
                        .isEqualTo(1));
            }
            HttpMessage accepted = writes.send(post("/", "whole"));

            assertThat(writes.status(accepted).getInt("position")).isZero();
        }
    }

    // ================ what is not taken ================

    @ParameterizedTest
    @ValueSource(strings = {"GET", "HEAD", "OPTIONS", "TRACE"})
    void whatAsksForNothingToBeDoneIsNeverQueued(String method) throws IOException {
        try (Writes writes = queued(dir()).open()) {
            HttpMessage response = writes.send(method + " / HTTP/1.1\r\nHost: x\r\n\r\n");

            assertThat(response.status()).isEqualTo(503);
            assertThat(response.field("Retry-After")).isEqualTo("5");
        }
    }

    @Test
    void aFullQueueLeavesItToTheNext() throws IOException {
        try (Writes writes =
                chain(dir(), queue(dir(), ", max-count = 1") + BEHIND).open()) {
            assertThat(writes.send(post("/", "one")).status()).isEqualTo(202);
            assertThat(writes.send(post("/", "two")).text()).isEqualTo("last");
        }
    }

    @Test
    void ifThereIsNoneTheClientGetsTheError() throws IOException {
        try (Writes writes = chain(dir(), queue(dir(), ", max-count = 1")).open()) {
            assertThat(writes.send(post("/", "one")).status()).isEqualTo(202);
            Circuit.assertRefused(writes.send(post("/", "two")), "open", "5");
            assertThat(writes.proxy.metric("lb_fallbacks_total", "type", "queue"))
                    .isEqualTo(1);
        }
    }

    /** The body has been read meanwhile. */
    @Test
    void anotherPoolBehindAFullQueueGetsTheRequestWhole() throws IOException {
        try (ScriptedBackend spare = ScriptedBackend.start().answer(Answers.ok("spare"));
                Writes writes = chain(
                                dir(),
                                queue(dir(), ", max-count = 1") + ", { type = pool, pool = spare }",
                                "lb.pools.spare.backends = [\"" + spare.url() + "\"]")
                        .open()) {
            assertThat(writes.send(post("/", "one")).status()).isEqualTo(202);
            assertThat(writes.send(post("/", "two")).text()).isEqualTo("spare");
            assertThat(writes.send(CHUNKED).text()).isEqualTo("spare");
            assertThat(spare.requests()).extracting(HttpMessage::text).endsWith("two", "body!");
        }
    }

    /** The directory is gone, so that no further file can be made in it. */
    @Test
    void aDiskThatRefusesIsAnErrorAndNo202() throws IOException {
        String large = "x".repeat(900_000);
        try (Writes writes = chain(dir(), queue(dir(), ", max-bytes = 16MiB")).open();
                RawClient client = writes.proxy.connect()) {
            delete(dir());
            List<Integer> statuses = new ArrayList<>();
            for (int i = 0; i < 4; i++) {
                client.send(post("/", large));
                statuses.add(client.read().status());
            }

            assertThat(statuses).endsWith(503);
            client.get("/lives");
            assertThat(client.read().status()).isEqualTo(503);
        }
    }

    private static void delete(Path directory) throws IOException {
        try (Stream<Path> files = Files.walk(directory)) {
            for (Path each : files.sorted(Comparator.reverseOrder()).toList()) {
                Files.delete(each);
            }
        }
    }

    // ================ after a backend was asked ================

    /** RFC 9110 section 9.2.2: it may have been done; a key says that twice does no harm. */
    @ParameterizedTest
    @CsvSource({
        "POST, X-No: key, 502",
        "PATCH, X-No: key, 502",
        "POST, Idempotency-Key:, 502", //
        "POST, Idempotency-Key: k, 202",
        "PUT, X-No: key, 202",
        "DELETE, X-No: key, 202"
    })
    void onlyWhatMayBeDoneTwiceIsQueuedAfterItWentOut(String method, String field, int status) throws IOException {
        try (Writes writes = queued(dir())) {
            writes.backend.answer(Answers.status(500));

            assertThat(writes.send(write(method, "/", "body", field)).status()).isEqualTo(status);
            writes.heal();
            if (status == 202) {
                assertThat(writes.replayed(2)).extracting(HttpMessage::text).containsExactly("body", "body");
            }
        }
    }

    /** With {@code backend-errors = pass} the failure's response is at hand while the queue is asked. */
    @Test
    void aPassedFailureIsQueuedToo() throws IOException {
        try (Writes writes = queued(dir(), "lb.pools.default.backend-errors = pass")) {
            writes.backend.answer(Answers.status(500));

            assertThat(writes.send(post("/", "body")).status()).isEqualTo(500);
            writes.ticker.advance(Duration.ofSeconds(5));
            assertThat(writes.send(write("PUT", "/", "body")).status()).isEqualTo(202);
        }
    }

    @Test
    void whatCouldNotBeConnectedWentOutToNobody() throws IOException {
        try (Writes writes = queued(dir())) {
            writes.backend.close();
            try (ClosedPort closed = new ClosedPort(writes.backend.port())) {
                assertThat(writes.send(post("/", "body")).status()).isEqualTo(202);
                assertThat(closed.port()).isPositive();
            }
        }
    }

    /** What came was kept, and the rest is gathered. */
    @Test
    void aBodyOfWhichTheBackendTookAPartIsQueuedWhole() throws Exception {
        Gate seen = new Gate();
        try (Writes writes = queued(dir());
                RawClient client = writes.proxy.connect()) {
            writes.backend.onConnect(connection -> {
                connection.readHead();
                connection.readSome(new byte[4]);
                connection.send("HTTP/1.1 500 Oops\r\nContent-Length: 0\r\n\r\n");
                seen.open();
                connection.readEnd();
            });
            client.send("PUT /1 HTTP/1.1\r\nHost: x\r\nContent-Length: 8\r\n\r\nhalf");
            seen.pass();
            writes.proxy.settle();
            client.send("rest");
            assertThat(client.read().status()).isEqualTo(202);
            writes.backend.onConnect(ScriptedBackend.Connection::answerEachRequest);

            assertThat(writes.replayed(2).get(1).text()).isEqualTo("halfrest");
        }
    }

    // ================ what comes of a replay ================

    @ParameterizedTest
    @CsvSource({"201, delivered", "303, delivered", "400, rejected", "404, rejected", "409, rejected"})
    void anAnswerIsTheEnd(int status, String state) throws IOException {
        try (Writes writes = queued(dir()).open()) {
            HttpMessage accepted = writes.send(post("/", "body"));
            writes.backend.answer(Answers.status(status));

            Config end = writes.awaitState(accepted, state);
            assertThat(end.getInt("status")).isEqualTo(status);
            assertThat(writes.atBackend()).hasSize(1);
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {408, 425, 429, 500, 503})
    void whatAsksToWaitIsSentAgainBeforeAnythingElse(int status) throws IOException {
        try (Writes writes = queued(dir()).open()) {
            HttpMessage first = writes.send(post("/", "first"));
            HttpMessage second = writes.send(post("/", "second"));
            writes.backend.answer(Answers.status(status));
            writes.replayed(2);
            writes.heal();

            Config end = writes.awaitState(second, "delivered");
            assertThat(end.getInt("attempts")).isEqualTo(1);
            assertThat(writes.status(first).getInt("attempts")).isGreaterThan(1);
            List<HttpMessage> sent = writes.atBackend();
            assertThat(sent.subList(0, sent.size() - 1))
                    .allSatisfy(each -> assertThat(each.text()).isEqualTo("first"))
                    .extracting(each -> each.field("Idempotency-Key"))
                    .containsOnly(first.field("Idempotency-Key"));
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"hang", "close", "cut"})
    void whatBreaksOffCountsAgainstTheBackend(String how) throws IOException {
        try (Writes writes = queued(
                        dir(), "lb.pools.default.timeouts { connect = 1s, response-head = 2s, request = 4s }")
                .open()) {
            HttpMessage accepted = writes.send(post("/", "body"));
            writes.backend.answer(
                    switch (how) {
                        case "hang" -> Answers.hang();
                        case "close" -> Answers.close();
                        default -> Answers.bytesAndClose("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf");
                    });
            // A 200 is an answer, though its body is cut: nobody wants that.
            String state = how.equals("cut") ? "delivered" : "queued";
            eventually(() -> {
                writes.ticker.advance(Duration.ofSeconds(1));
                assertThat(writes.status(accepted).getInt("attempts")).isPositive();
            });
            assertThat(writes.awaitState(accepted, state).getInt("attempts")).isPositive();

            String outcome = switch (how) {
                case "hang" -> "response_timeout";
                case "close" -> "connection_reset";
                default -> "truncated";
            };
            assertThat(writes.proxy.metric("lb_backend_requests_total", "outcome", outcome))
                    .isPositive();
            writes.heal();
            writes.awaitState(accepted, "delivered");
        }
    }

    /** The pause has grown to half a minute by then. */
    @Test
    void aCircuitThatClosesEndsTheWait() throws IOException {
        try (Writes writes = queued(dir()).open()) {
            HttpMessage accepted = writes.send(post("/", "body"));
            eventually(() -> {
                writes.ticker.advance(Duration.ofSeconds(10));
                assertThat(writes.status(accepted).getInt("attempts")).isGreaterThanOrEqualTo(6);
            });
            writes.heal();
            eventually(() -> {
                writes.ticker.advance(Duration.ofSeconds(1));
                assertThat(writes.proxy.get("/heals").status()).isEqualTo(200);
            });
            writes.ticker.advance(Duration.ofSeconds(1));

            eventually(
                    () -> assertThat(writes.status(accepted).getString("state")).isEqualTo("delivered"));
        }
    }

    /** By what it was stored with, a write goes to the backend that the same client's other requests meet. */
    @ParameterizedTest
    @ValueSource(strings = {"header:X-User", "cookie:id", "path", "client-ip"})
    void whatBelongsTogetherStaysTogether(String key) throws IOException {
        try (ScriptedBackend other = ScriptedBackend.start();
                Writes writes = queued(
                        dir(),
                        "lb.listen.trusted-proxies = [\"127.0.0.0/8\"]",
                        "lb.pools.default.backends += \"" + other.url() + "\"",
                        "lb.pools.default.balance = { hash = \"" + key + "\" }")) {
            List<String> requests = IntStream.range(0, 24)
                    .mapToObj(i -> post(
                            "/" + i,
                            "",
                            "X-User: u" + i,
                            "Cookie: a=b; id=" + i,
                            "X-Forwarded-For: 10.0." + i + ".7, 127.0.0.2"))
                    .toList();
            requests.forEach(each -> assertThat(writes.send(each).status()).isEqualTo(200));
            List<String> here = targets(writes.backend);
            List<String> there = targets(other);
            assertThat(here).isNotEmpty();
            assertThat(there).isNotEmpty();
            operate(writes, other, "disable");
            requests.forEach(each -> assertThat(writes.send(each).status()).isEqualTo(202));
            operate(writes, other, "enable");

            eventually(() -> {
                writes.ticker.advance(Duration.ofSeconds(1));
                assertThat(writes.backend.requests().size() + other.requests().size())
                        .isEqualTo(48);
            });
            assertThat(targets(writes.backend)).isEqualTo(twice(here));
            assertThat(targets(other)).isEqualTo(twice(there));
        }
    }

    private static void operate(Writes writes, ScriptedBackend other, String action) {
        for (ScriptedBackend each : List.of(writes.backend, other)) {
            assertThat(writes.proxy
                            .post("/api/v1/pools/default/backends/127.0.0.1:" + each.port() + "/" + action)
                            .status())
                    .isEqualTo(200);
        }
    }

    private static List<String> targets(ScriptedBackend backend) {
        return backend.requests().stream().map(HttpMessage::target).toList();
    }

    private static List<String> twice(List<String> once) {
        return Stream.concat(once.stream(), once.stream()).toList();
    }

    // ================ its life ================

    @Test
    void outlivesTheProcess() throws IOException {
        try (Writes writes = queued(dir()).open()) {
            HttpMessage first = writes.send(post("/", "first", "Idempotency-Key: k"));
            HttpMessage second = writes.send(post("/", "second"));
            writes.restart();

            assertThat(writes.status(second).getInt("position")).isPositive();
            writes.heal();
            writes.awaitState(second, "delivered");
            assertThat(writes.atBackend().stream()
                            .filter(each -> !each.text().isEmpty())
                            .map(HttpMessage::text)
                            .distinct())
                    .containsExactly("first", "second");
            writes.restart();
            assertThat(writes.status(first).getString("state")).isEqualTo("delivered");
        }
    }

    @Test
    void aReloadKeepsIt() throws IOException {
        try (Writes writes = queued(dir()).open()) {
            HttpMessage accepted = writes.send(post("/", "body"));

            ReloadResult result = writes.proxy.reload(writes.conf(queue(dir(), ", max-count = 1") + BEHIND));
            assertThat(result).isInstanceOf(ReloadResult.Success.class);
            assertThat(writes.status(accepted).getString("state")).isEqualTo("queued");
            assertThat(writes.send(post("/", "beyond")).text()).isEqualTo("last");
            // The route no longer queues: what it took is still replayed.
            assertThat(writes.proxy.reload(writes.conf("{ type = static }"))).isInstanceOf(ReloadResult.Success.class);
            writes.heal();

            assertThat(writes.replayed(1).get(0).text()).isEqualTo("body");
        }
    }

    @Test
    void aRouteThatIsGoneIsWaitedFor() throws IOException {
        try (Writes writes = queued(dir()).open()) {
            HttpMessage accepted = writes.send(post("/", "body"));
            String before = writes.conf(queue(dir()));
            assertThat(writes.proxy.reload(before.replace("name = all", "name = other")))
                    .isInstanceOf(ReloadResult.Success.class);
            writes.heal();
            writes.ticker.advance(Duration.ofMinutes(1));
            assertThat(writes.proxy.get("/heals").status()).isEqualTo(200);
            assertThat(writes.status(accepted).getInt("attempts")).isZero();
            writes.proxy.reload(before);

            writes.awaitState(accepted, "delivered");
        }
    }

    @Test
    void routesShareADirectory() throws IOException {
        String routes = "lb.routes = [ { name = a, prefix = /a, rewrite = /x, pool = default, fallback = ["
                + queue(dir()) + "] }, { name = b, prefix = /b, pool = default, fallback = [" + queue(dir())
                + "] }, { name = rest, prefix = \"/\", pool = default } ]";
        try (Writes writes = queued(dir(), routes).open()) {
            HttpMessage first = writes.send(post("/a/1", "first"));
            HttpMessage second = writes.send(post("/b/2", "second"));
            assertThat(writes.status(first).getInt("position")).isZero();
            assertThat(writes.status(second).getInt("position")).isEqualTo(1);
            writes.heal();

            assertThat(writes.replayed(2)).extracting(HttpMessage::target).containsExactly("/x/1", "/b/2");
            assertThat(writes.proxy.metric("lb_requests_total", "route", "a", "code", "200"))
                    .isGreaterThanOrEqualTo(2);
        }
    }

    @Test
    void aDirectoryThatCannotBeOpenedIsToldAtTheStartAndAtAReload() throws IOException {
        try (Writes writes = queued(dir())) {
            assertThatThrownBy(() -> Proxy.start(writes.conf(queue(dir()))).close())
                    .hasMessageContaining(dir().toString());

            Path taken = Files.writeString(temporary.resolve("file"), "");
            Path below = taken.resolve("queue");
            ReloadResult result = writes.proxy.reload(writes.conf(queue(below)));
            assertThat(result).isInstanceOf(ReloadResult.Refused.class);
            assertThat(result.toString()).contains(below.toString());
        }
    }

    // ================ the page ================

    @Test
    void anUnknownIdIsNotFound() throws IOException {
        try (Writes writes = queued(dir()).open()) {
            HttpMessage response = writes.proxy.get("/queued/AAAAAAAAAAAAAAAAAAAAAA");
            assertThat(response.status()).isEqualTo(404);
            assertThat(response.text()).isEqualTo("{\"error\": \"no such request\"}");
            assertThat(writes.proxy.get("/queued/").status()).isEqualTo(404);
            assertThat(writes.proxy.get("/queued/\"\u00c3\u00a9").text()).isEqualTo("{\"error\": \"no such request\"}");
            assertThat(writes.proxy.metric("lb_requests_total", "route", "all", "code", "404"))
                    .isEqualTo(3);
            assertThat(writes.proxy.metric("lb_rejections_total")).isZero();
        }
    }

    @Test
    void onlyOneSegmentBelowIsThePage() throws IOException {
        try (Writes writes = queued(dir())) {
            assertThat(writes.proxy.get("/queued").text()).isEqualTo("ok");
            assertThat(writes.proxy.get("/queued/a/b").text()).isEqualTo("ok");
            assertThat(writes.proxy.get("/queuedx").text()).isEqualTo("ok");
        }
    }

    @Test
    void aStatusIsNotCachedAndOnlyRead() throws IOException {
        try (Writes writes = queued(dir()).open()) {
            String location = requireNonNull(writes.send(post("/", "body")).field("Location"));
            HttpMessage read = writes.proxy.get(location);
            assertThat(read.field("Cache-Control")).isEqualTo("no-store");
            assertThat(read.field("Content-Type")).isEqualTo("application/json");
            assertThat(read.has("X-Breakwater-Fallback")).isFalse();
            HttpMessage head = writes.send("HEAD " + location + " HTTP/1.1\r\nHost: x\r\n\r\n");
            assertThat(head.status()).isEqualTo(200);
            assertThat(head.field("Content-Length")).isEqualTo(String.valueOf(read.body().length));
            HttpMessage refused = writes.send(post(location, ""));
            assertThat(refused.status()).isEqualTo(405);
            assertThat(refused.field("Allow")).isEqualTo("GET, HEAD");
        }
    }

    @Test
    void thePathIsTheOperators() throws IOException {
        try (Writes writes =
                chain(dir(), queue(dir(), ", status-path = /orders/waiting")).open()) {
            HttpMessage accepted = writes.send(post("/", "\u00e9"));

            assertThat(accepted.field("Location")).startsWith("/orders/waiting/");
            assertThat(writes.status(accepted).getString("state")).isEqualTo("queued");
            writes.heal();
            assertThat(writes.replayed(1).get(0).body()).isEqualTo("\u00e9".getBytes(StandardCharsets.ISO_8859_1));
        }
    }
}
