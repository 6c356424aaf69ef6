package io.breakwater.server.fuzz;

import static io.breakwater.server.fixtures.Eventually.eventually;
import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;

import io.breakwater.server.fixtures.Conf;
import io.breakwater.server.fixtures.HttpMessage;
import io.breakwater.server.fixtures.Metrics;
import io.breakwater.server.fixtures.Proxy;
import io.breakwater.server.fixtures.RawClient;
import io.breakwater.server.fixtures.ScriptedBackend;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicLong;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/**
 * Mutated requests and responses through a whole balancer. What a backend gets is requests to a strict reader, and so is
 * what a client gets; nobody gets what belongs to another; a connection ends with a 400; and in the end everything has
 * been counted once, and nothing is held.
 */
class ProxyFuzzTest {
    /** Names one run of an input; it stands in what a client sends, and in what it gets back. */
    private static final Pattern TOKEN = Pattern.compile("tok-[0-9]+-");

    private static final String[] SETTINGS = {
        "lb.listen.timeouts { request-head = 300ms, request-body-idle = 300ms, keep-alive-idle = 300ms }",
        "lb.pools.default { breaker.enabled = false, timeouts { response-head = 300ms, response-idle = 300ms } }",
        "lb.listen.circuit-state-header = X-Circuit-State"
    };

    private final AtomicLong runs = new AtomicLong();
    /** Final responses. */
    private final AtomicLong seen = new AtomicLong();
    /** With each, responses may have been lost: one, as no more than one is under way. */
    private final AtomicLong resets = new AtomicLong();

    private final Queue<String> errors = new ConcurrentLinkedQueue<>();

    @Test
    void requests() throws Exception {
        try (ScriptedBackend backend = ScriptedBackend.start().onConnect(this::echo);
                Proxy proxy = Proxy.start(Conf.everything(backend.url(), SETTINGS))) {
            new Fuzzing("requests", input -> request(proxy, input)).run(250);

            eventually(() -> assertIdentities(proxy.metrics()));
        }
    }

    @Test
    void responses() throws Exception {
        byte[][] scripted = {{}};
        try (ScriptedBackend backend = ScriptedBackend.start().onConnect(connection -> {
                    HttpMessage request = connection.read();
                    if (request != null) {
                        connection.send(withToken(scripted[0], token(request.head())));
                        connection.finish();
                    }
                });
                Proxy proxy = Proxy.start(Conf.everything(backend.url(), SETTINGS))) {
            new Fuzzing("responses", input -> {
                        scripted[0] = input;
                        response(proxy);
                    })
                    .run(250);

            eventually(() -> assertIdentities(proxy.metrics()));
        }
    }

    // ================ the client ================

    private void request(Proxy proxy, byte[] input) throws IOException {
        String token = "tok-" + runs.incrementAndGet() + "-";
        String last = "\r\n\r\nGET /last-" + token + " HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n";
        String answers;
        try (RawClient client = proxy.connect()) {
            // Mutations may cut a token off; never do they make another's.
            client.send(withToken(input, token)).send(last);
            answers = everything(client);
        }
        assertThat(errors).isEmpty();
        assertOwn(answers, token);
        int from = 0;
        while (from < answers.length()) {
            StrictReader.Message response = StrictReader.response(answers, from, "GET");
            if (response == null || isHeadsAnswer(answers, from)) {
                response = StrictReader.response(answers, from, "HEAD");
            }
            assertThat(response).as("a response at %d: %s", from, answers).isNotNull();
            from = response.end();
            seen.addAndGet(response.status() >= 200 ? 1 : 0);
            if (response.status() >= 200 && response.values("Connection").contains("close")) {
                assertThat(answers.substring(from))
                        .as("nothing behind the last response")
                        .isEmpty();
            }
            if (List.of(400, 408, 413, 414, 431, 501, 505).contains(response.status())) {
                assertThat(response.values("Connection")).as(answers).contains("close");
            }
        }
    }

    private static boolean isHeadsAnswer(String answers, int from) {
        StrictReader.Message head = StrictReader.response(answers, from, "HEAD");
        return head != null && (head.end() == answers.length() || answers.startsWith("HTTP/1.1 ", head.end()));
    }

    private void response(Proxy proxy) throws IOException {
        String token = "tok-" + runs.incrementAndGet() + "-";
        String answers;
        try (RawClient client = proxy.connect()) {
            client.send("GET /" + token + " HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n");
            answers = everything(client);
        }
        assertOwn(answers, token);
        int from = 0;
        StrictReader.Message response = null;
        while (from < answers.length()) {
            assertThat(response == null || response.status() < 200)
                    .as("one response, after interim ones: %s", answers)
                    .isTrue();
            response = StrictReader.response(answers, from, "GET");
            seen.addAndGet(response == null || response.status() >= 200 ? 1 : 0);
            if (response == null) {
                // One that the backend did not end is cut, and looks cut.
                StrictReader.Message cut = StrictReader.response(answers, from, "HEAD");
                assertThat(cut).as("a response at %d: %s", from, answers).isNotNull();
                assertThat(cut.values("Transfer-Encoding").size()
                                + cut.values("Content-Length").size())
                        .isEqualTo(1);
                return;
            }
            from = response.end();
            if (response.status() >= 200) {
                assertThat(response.values("X-Circuit-State")).containsExactly("closed");
                assertThat(response.values("Date")).isNotEmpty();
                assertThat(response.values("Connection")).containsExactly("close");
            }
        }
        assertThat(response).as("an answer").isNotNull();
    }

    private String everything(RawClient client) {
        ByteArrayOutputStream all = new ByteArrayOutputStream();
        try {
            for (int next = client.readByte(); next >= 0; next = client.readByte()) {
                all.write(next);
            }
        } catch (java.net.SocketTimeoutException e) {
            throw new AssertionError("the connection is not closed; so far: " + all.toString(ISO_8859_1), e);
        } catch (IOException e) {
            resets.incrementAndGet(); // there were bytes behind what was refused
        }
        return all.toString(ISO_8859_1);
    }

    private static void assertOwn(String answers, String token) {
        Matcher tokens = TOKEN.matcher(answers);
        while (tokens.find()) {
            assertThat(tokens.group()).as(answers).isEqualTo(token);
        }
    }

    // ================ the backend ================

    /** Answers each request with its own bytes, as long as what comes is requests. */
    private void echo(ScriptedBackend.Connection connection) throws IOException {
        byte[] buffer = new byte[16 * 1024];
        StringBuilder received = new StringBuilder();
        for (int count = connection.readSome(buffer); count >= 0; count = connection.readSome(buffer)) {
            received.append(new String(buffer, 0, count, ISO_8859_1));
            for (StrictReader.Message request = StrictReader.request(received.toString(), 0);
                    request != null;
                    request = StrictReader.request(received.toString(), 0)) {
                judge(request, received.substring(0, request.end()));
                String echo = received.substring(0, request.end());
                received.delete(0, request.end());
                boolean head = request.start().startsWith("HEAD ");
                connection.send(
                        "HTTP/1.1 200 OK\r\nContent-Length: " + echo.length() + "\r\n\r\n" + (head ? "" : echo));
            }
        }
        if (isWholeHead(received)) {
            errors.add("not a request: " + received);
        }
    }

    /** A body may be cut by its client; what stands before the empty line must be a head. */
    private static boolean isWholeHead(StringBuilder received) {
        int end = received.indexOf("\r\n\r\n");
        if (end < 0) {
            return false;
        }
        String head = received.substring(0, end + 4);
        return StrictReader.request(head.replaceAll("(?i)(Content-Length|Transfer-Encoding):[^\r]*", "X: y"), 0)
                == null;
    }

    private void judge(StrictReader.Message request, String bytes) {
        long tokens = TOKEN.matcher(bytes)
                .results()
                .map(found -> found.group())
                .distinct()
                .count();
        if (tokens > 1 || request.values("Host").size() != 1 || !request.start().endsWith(" HTTP/1.1")) {
            errors.add("not one request: " + bytes);
        }
    }

    // ================ both ================

    private static byte[] withToken(byte[] input, @Nullable String token) {
        String text = new String(input, ISO_8859_1);
        return text.replaceFirst("\r\n", "\r\nX-Token: " + token + "\r\n").getBytes(ISO_8859_1);
    }

    private static @Nullable String token(String text) {
        Matcher token = TOKEN.matcher(text);
        return token.find() ? token.group() : null;
    }

    private void assertIdentities(Metrics metrics) {
        double requests = metrics.sum("lb_requests_total");
        assertThat(requests).isPositive();
        assertThat(metrics.sum("lb_requests_in_flight")).isZero();
        assertThat(metrics.sum("lb_backend_in_flight")).isZero();
        assertThat(metrics.sum("lb_connections", "side", "downstream")).isZero();
        assertThat(metrics.sum("lb_request_duration_seconds_count")).isEqualTo(requests);
        assertThat(metrics.sum("lb_backend_request_duration_seconds_count"))
                .isEqualTo(metrics.sum("lb_backend_requests_total"));
        assertThat(requests - metrics.sum("lb_requests_total", "code", "client_closed"))
                .as("each response that the client saw was counted, and none twice")
                .isBetween((double) seen.get(), (double) seen.get() + resets.get());
    }
}
