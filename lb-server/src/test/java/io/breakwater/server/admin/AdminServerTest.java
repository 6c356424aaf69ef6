package io.breakwater.server.admin;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.breakwater.metrics.MetricsExposition;
import io.breakwater.metrics.prometheus.PrometheusMetrics;
import io.breakwater.server.config.AdminConfig;
import io.breakwater.server.fixtures.End;
import io.breakwater.server.fixtures.EventReader;
import io.breakwater.server.fixtures.Gate;
import io.breakwater.server.fixtures.HttpMessage;
import io.breakwater.server.fixtures.Logged;
import io.breakwater.server.fixtures.RawClient;
import io.netty.buffer.Unpooled;
import io.netty.channel.embedded.EmbeddedChannel;
import io.netty.handler.codec.http.DefaultFullHttpRequest;
import io.netty.handler.codec.http.DefaultFullHttpResponse;
import io.netty.handler.codec.http.HttpMethod;
import io.netty.handler.codec.http.HttpObjectAggregator;
import io.netty.handler.codec.http.HttpResponseStatus;
import io.netty.handler.codec.http.HttpServerCodec;
import io.netty.handler.codec.http.HttpVersion;
import io.netty.handler.timeout.IdleStateEvent;
import java.io.IOException;
import java.io.OutputStream;
import java.net.BindException;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class AdminServerTest {
    private final FakeStatus status = new FakeStatus();
    private final FakeOperations operations = new FakeOperations();
    private final PrometheusMetrics metrics = new PrometheusMetrics("1.2.3", InstantSource.system());
    private final List<AutoCloseable> toClose = new ArrayList<>();

    @AfterEach
    void close() throws Exception {
        for (AutoCloseable each : toClose) {
            each.close();
        }
        metrics.close();
    }

    @Test
    void livezIs200() throws IOException {
        HttpMessage response = get(start(), "/livez");

        assertThat(response.status()).isEqualTo(200);
        assertThat(response.field("content-type")).isEqualTo("application/json");
        assertThat(response.text()).isEqualTo("{\"status\":\"live\"}");
    }

    @Test
    void readyzFollowsTheStatus() throws IOException {
        AdminServer server = start();
        assertThat(get(server, "/readyz").status()).isEqualTo(200);

        status.whyNotReady = "draining";
        HttpMessage response = get(server, "/readyz");
        assertThat(response.status()).isEqualTo(503);
        assertThat(response.text()).isEqualTo("{\"status\":\"not ready\",\"reason\":\"draining\"}");
        assertThat(get(server, "/livez").status()).isEqualTo(200);
    }

    @Test
    void metricsAreTextUnlessOpenMetricsIsAskedFor() throws IOException {
        metrics.start();
        AdminServer server = start();

        HttpMessage text = get(server, "/metrics");
        assertThat(text.status()).isEqualTo(200);
        assertThat(text.field("content-type")).startsWith("text/plain; version=0.0.4");
        assertThat(text.text()).contains("\nlb_build_info{version=\"1.2.3\"} 1\n");

        String accept = "Accept: application/openmetrics-text;version=1.0.0\r\nAccept: text/plain;q=0.5\r\n";
        HttpMessage openMetrics = send(server, "GET /metrics HTTP/1.1\r\nHost: localhost\r\n" + accept + "\r\n");
        assertThat(openMetrics.field("content-type")).startsWith("application/openmetrics-text");
        assertThat(openMetrics.field("vary")).isEqualTo("Accept");
        assertThat(openMetrics.text()).endsWith("# EOF\n");
    }

    @Test
    void metricsAreNotFoundWhenTheyAreOff() throws IOException {
        AdminServer server = start("127.0.0.1", "", null);

        HttpMessage response = get(server, "/metrics");
        assertThat(response.status()).isEqualTo(404);
        assertThat(response.text()).isEqualTo("{\"error\": \"not found\"}");
    }

    @Test
    void poolsAreJson() throws IOException {
        status.pools = List.of(FakeStatus.threeReplicas());

        HttpMessage response = get(start(), "/api/v1/pools");

        assertThat(response.status()).isEqualTo(200);
        assertThat(response.field("content-type")).isEqualTo("application/json");
        assertThat(response.text()).isEqualTo(new String(StatusJson.pools(List.of(FakeStatus.threeReplicas())), UTF_8));
    }

    @Test
    void configIsJson() throws IOException {
        status.config = "{\"lb\":{\"listen\":{\"port\":3000}}}";

        HttpMessage response = get(start(), "/api/v1/config");

        assertThat(response.status()).isEqualTo(200);
        assertThat(response.field("content-type")).isEqualTo("application/json");
        assertThat(response.text()).isEqualTo(status.config);
    }

    @ParameterizedTest
    @ValueSource(strings = {"/", "/livez", "/metrics", "/api/v1/pools", "/api/v1/config", "/api/v1/reload", "/nowhere"})
    void everyResponseCarriesTheProtectingFields(String path) throws IOException {
        HttpMessage response = get(start(), path);

        assertThat(response.field("x-content-type-options")).isEqualTo("nosniff");
        assertThat(response.field("referrer-policy")).isEqualTo("same-origin");
        assertThat(response.field("content-security-policy")).startsWith("default-src 'self';");
        assertThat(response.field("cache-control")).isEqualTo(path.equals("/") ? "no-cache" : "no-store");
        assertThat(response.field("date")).isEqualTo("Thu, 01 Jan 2026 12:00:00 GMT");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "/nowhere",
                "/API/v1/pools",
                "/api/v1/pools/default/backends/a/drain/",
                "/api/v1/pools//backends/a/drain",
                "/api/v1/pools/",
                "//",
                "/livez/x",
                "/%6civez",
                "http://localhost/livez",
                "*"
            })
    void unknownPathIs404(String target) throws IOException {
        HttpMessage response = get(start(), target);

        assertThat(response.status()).isEqualTo(404);
        assertThat(response.field("content-type")).isEqualTo("application/json");
        assertThat(response.text()).isEqualTo("{\"error\": \"not found\"}");
    }

    @Test
    void queryIsNoPartOfThePath() throws IOException {
        assertThat(get(start(), "/livez?verbose").status()).isEqualTo(200);
    }

    @ParameterizedTest
    @ValueSource(strings = {"POST", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "BREW"})
    void otherMethodIs405WithAllow(String method) throws IOException {
        AdminServer server = start();

        for (String path : List.of("/livez", "/metrics", "/api/v1/pools", "/api/v1/config", "/", "/style.css")) {
            HttpMessage response =
                    send(server, method + " " + path + " HTTP/1.1\r\nHost: localhost\r\nContent-Length: 2\r\n\r\n{}");
            assertThat(response.status()).as(path).isEqualTo(405);
            assertThat(response.field("allow")).isEqualTo("GET, HEAD");
            assertThat(response.text()).isEqualTo("{\"error\": \"method not allowed\"}");
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"/livez", "/metrics", "/api/v1/pools", "/api/v1/config", "/", "/style.css"})
    void headIsTheHeadOfGetAndTheConnectionGoesOn(String path) throws IOException {
        AdminServer server = start();
        try (RawClient client = RawClient.connect(server.port())) {
            client.send("HEAD " + path + " HTTP/1.1\r\nHost: localhost\r\n\r\n");
            HttpMessage head = client.readBodyless();
            client.send("GET /livez HTTP/1.1\r\nHost: localhost\r\n\r\n");
            HttpMessage next = client.read();

            assertThat(head.status()).isEqualTo(200);
            assertThat(Integer.parseInt("" + head.field("content-length"))).isPositive();
            assertThat(next.text()).isEqualTo("{\"status\":\"live\"}");
        }
    }

    @Test
    void pipelinedRequestsAreAnsweredInOrder() throws IOException {
        AdminServer server = start();
        try (RawClient client = RawClient.connect(server.port())) {
            StringBuilder requests = new StringBuilder();
            for (int i = 0; i < 300; i++) {
                requests.append("GET /")
                        .append(i % 3 == 0 ? "livez" : "x")
                        .append(" HTTP/1.1\r\nHost: localhost\r\n\r\n");
            }
            client.send(requests.toString());

            for (int i = 0; i < 300; i++) {
                assertThat(client.read().status()).as("response " + i).isEqualTo(i % 3 == 0 ? 200 : 404);
            }
        }
    }

    @Test
    void clientThatDoesNotReadIsNotReadFromUntilItDoes() throws IOException {
        int requests = 2_000;
        AtomicInteger scrapes = new AtomicInteger();
        AdminServer server = start("127.0.0.1", "", new LargeScrape(scrapes));
        try (RawClient client = RawClient.connect(server.port(), 16 * 1024)) {
            client.send("GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n".repeat(requests));
            await().during(Duration.ofMillis(500)).until(new Unchanged(scrapes));

            // The kernel takes in a few megabytes; all answers together have forty.
            assertThat(scrapes).hasValueLessThan(requests / 2);
            for (int i = 0; i < requests; i++) {
                assertThat(client.read().status()).isEqualTo(200);
            }
            assertThat(scrapes).hasValue(requests);
        }
    }

    @Test
    void requestThatComesByteByByteIsAnswered() throws IOException {
        AdminServer server = start();
        try (RawClient client = RawClient.connect(server.port())) {
            for (char c : "POST /livez HTTP/1.1\r\nHost: localhost\r\nContent-Length: 3\r\n\r\nabc".toCharArray()) {
                client.send(String.valueOf(c));
            }

            assertThat(client.read().status()).isEqualTo(405);
        }
    }

    @Test
    void connectionEndsWhereTheClientAsksForIt() throws IOException {
        AdminServer server = start();
        for (String request : List.of(
                "GET /livez HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n", "GET /livez HTTP/1.0\r\n\r\n")) {
            try (RawClient client = RawClient.connect(server.port())) {
                client.send(request);

                assertThat(client.read().status()).isEqualTo(200);
                assertThat(client.readEnd()).isEqualTo(End.FIN);
            }
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"/api/v1/pools", "/", "/style.css", "/nowhere"})
    void foreignHostIs403OnALoopbackPort(String path) throws IOException {
        HttpMessage response = send(start(), "GET " + path + " HTTP/1.1\r\nHost: evil.example:9901\r\n\r\n");

        assertThat(response.status()).isEqualTo(403);
        assertThat(response.text()).isEqualTo("{\"error\": \"Host is not a name of this machine\"}");
    }

    @ParameterizedTest
    @ValueSource(strings = {"/livez", "/readyz", "/metrics"})
    void foreignHostIsWelcomeToProbesAndScrapers(String path) throws IOException {
        assertThat(send(start(), "GET " + path + " HTTP/1.1\r\nHost: lb.internal:9901\r\n\r\n")
                        .status())
                .isEqualTo(200);
    }

    @Test
    void foreignHostComesBeforeTheMethod() throws IOException {
        assertThat(send(start(), "POST /api/v1/pools HTTP/1.1\r\nHost: evil.example\r\n\r\n")
                        .status())
                .isEqualTo(403);
    }

    @ParameterizedTest
    @CsvSource({
        "/livez, 200",
        "/readyz, 200",
        "/metrics, 200",
        "/, 200",
        "/style.css, 200",
        "/api/v1/pools, 401",
        "/api/v1/config, 401"
    })
    void portThatOthersReachWantsTheTokenForThePools(String path, int withoutToken) throws IOException {
        AdminServer server = start("0.0.0.0", "s3cret", metrics);

        HttpMessage without = send(server, "GET " + path + " HTTP/1.1\r\nHost: lb.example\r\n\r\n");
        HttpMessage with =
                send(server, "GET " + path + " HTTP/1.1\r\nHost: lb.example\r\nAuthorization: Bearer s3cret\r\n\r\n");

        assertThat(without.status()).isEqualTo(withoutToken);
        assertThat(without.field("www-authenticate")).isEqualTo(withoutToken == 401 ? "Bearer" : null);
        assertThat(with.status()).isEqualTo(200);
    }

    @Test
    void portThatOthersReachAnswersEverybodyWhereNoTokenIsSet() throws IOException {
        AdminServer server = start("0.0.0.0", "", metrics);

        assertThat(send(server, "GET /api/v1/pools HTTP/1.1\r\nHost: lb.example\r\n\r\n")
                        .status())
                .isEqualTo(200);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "GET /livez HTTP/1.1\r\n\r\n",
                "GET /livez HTTP/1.1\r\nHost: localhost\r\nHost: localhost\r\n\r\n",
                "GET /livez HTTP/1.1\r\nHost : localhost\r\n\r\n",
                "GET /livez HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n",
                "\u0001 / HTTP/1.1\r\nHost: localhost\r\n\r\n",
                "GET /livez HTTP/1.1\nHost: localhost\n\n"
            })
    void brokenRequestIs400(String request) throws IOException {
        HttpMessage response = send(start(), request);

        assertThat(response.status()).isEqualTo(400);
        assertThat(response.field("content-type")).isEqualTo("application/json");
    }

    @Test
    void oversizedHeadIsRefusedAndTheConnectionCut() throws IOException {
        AdminServer server = start();
        try (RawClient client = RawClient.connect(server.port())) {
            client.send("GET /" + "x".repeat(5_000) + " HTTP/1.1\r\nHost: localhost\r\n\r\n");
            HttpMessage response = client.read();
            assertThat(response.status()).isEqualTo(414);
            assertThat(response.field("connection")).isEqualTo("close");
        }
        try (RawClient client = RawClient.connect(server.port())) {
            client.send("GET / HTTP/1.1\r\nHost: localhost\r\nX: " + "x".repeat(9_000) + "\r\n\r\n");
            assertThat(client.read().status()).isEqualTo(431);
        }
    }

    @Test
    void oversizedBodyIsRefused() throws IOException {
        HttpMessage response = send(
                start(),
                "POST /livez HTTP/1.1\r\nHost: localhost\r\nContent-Length: 10000\r\n\r\n" + "x".repeat(10_000));

        assertThat(response.status()).isEqualTo(413);
        assertThat(response.field("content-type")).isEqualTo("application/json");
        assertThat(response.field("connection")).isEqualTo("close");
        assertThat(response.text()).isEqualTo("{\"error\": \"body too large\"}");
    }

    @ParameterizedTest
    @ValueSource(strings = {"Content-Length: 10000\r\nExpect: 100-continue\r\n\r\n", "Content-Length: 10000\r\n\r\n"})
    void oversizedBodyIsRefusedBeforeItComes(String rest) throws IOException {
        assertThat(send(start(), "POST /livez HTTP/1.1\r\nHost: localhost\r\n" + rest)
                        .text())
                .isEqualTo("{\"error\": \"body too large\"}");
    }

    @Test
    void oversizedBodyInChunksIsRefused() throws IOException {
        String chunks = ("400\r\n" + "x".repeat(1024) + "\r\n").repeat(9);

        assertThat(send(
                                start(),
                                "POST /livez HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n"
                                        + chunks)
                        .text())
                .isEqualTo("{\"error\": \"body too large\"}");
    }

    @Test
    void oversizedBodyIsRefusedInItsTurn() throws IOException {
        AdminServer server = start();
        try (RawClient client = RawClient.connect(server.port())) {
            client.send("POST /api/v1/reload HTTP/1.1\r\nHost: localhost\r\n\r\n");
            client.send("POST /livez HTTP/1.1\r\nHost: localhost\r\nContent-Length: 10000\r\n\r\n");

            assertThat(client.read().status()).isEqualTo(200);
            assertThat(client.read().status()).isEqualTo(413);
            assertThat(client.readEnd()).isEqualTo(End.FIN);
        }
    }

    @Test
    void failureInsideIs500AndThePortGoesOn() throws IOException {
        AdminServer server = start();
        status.failure = new IllegalStateException("a detail that is nobody's business");
        try (RawClient client = RawClient.connect(server.port())) {
            client.send("GET /api/v1/pools HTTP/1.1\r\nHost: localhost\r\n\r\n");
            HttpMessage response = client.read();
            assertThat(response.status()).isEqualTo(500);
            assertThat(response.text()).isEqualTo("{\"error\": \"internal error\"}");

            client.send("GET /livez HTTP/1.1\r\nHost: localhost\r\n\r\n");
            assertThat(client.read().status()).isEqualTo(200);
        }
    }

    @Test
    void oneConnectionTooManyTakesThePlaceOfTheOneThatHasBeenQuietForLongest() throws IOException {
        AdminServer server = start();
        List<RawClient> clients = new ArrayList<>();
        for (int i = 0; i < AdminServer.MAX_CONNECTIONS; i++) {
            clients.add(connected(server));
        }
        assertThat(livez(clients.get(0))).isEqualTo(200); // the second is the oldest from here on

        try (RawClient oneMore = RawClient.connect(server.port())) {
            assertThat(livez(oneMore)).isEqualTo(200);
            assertThat(clients.get(1).readByte()).isEqualTo(-1);
            assertThat(livez(clients.get(0))).isEqualTo(200);
            assertThat(livez(clients.get(2))).isEqualTo(200);
        }
    }

    /** They used to hold the port for 10 s, and for a minute. */
    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "GET /livez HTTP/1.1\r\n",
                "POST /livez HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\n\r\nabc"
            })
    void clientsThatDoNotFinishTheirRequestKeepNobodyOut(String part) throws IOException {
        AdminServer server = start();
        for (int i = 0; i < 2 * AdminServer.MAX_CONNECTIONS; i++) {
            RawClient client = RawClient.connect(server.port());
            toClose.add(client);
            client.send(part);
        }

        assertThat(get(server, "/livez").status()).isEqualTo(200);
    }

    /** Its answer waits to be sent, and it may never read it. */
    @Test
    void aClientIsQuietOnceItIsAnsweredWhetherItReadsOrNot() {
        QuietConnections quiet = new QuietConnections();
        EmbeddedChannel channel = new EmbeddedChannel(quiet.watch());
        channel.writeInbound(new DefaultFullHttpRequest(HttpVersion.HTTP_1_1, HttpMethod.GET, "/"));

        quiet.closeOldest();
        assertThat(channel.isOpen()).isTrue();

        channel.write(new DefaultFullHttpResponse(HttpVersion.HTTP_1_1, HttpResponseStatus.OK));
        quiet.closeOldest();
        assertThat(channel.isOpen()).isFalse();
        channel.finishAndReleaseAll();
    }

    /** Whoever waits for an answer of ours, or reads events, is not quiet. */
    @Test
    void clientsThatWaitForUsAreNotClosed() throws IOException {
        AdminServer server = start();
        Gate gate = new Gate();
        operations.gate = gate;
        try (RawClient reloads = RawClient.connect(server.port());
                EventReader events = EventReader.open(server.port())) {
            reloads.send("POST /api/v1/reload HTTP/1.1\r\nHost: localhost\r\n\r\n");
            await().until(() -> !operations.calls.isEmpty());
            for (int i = 0; i < 2 * AdminServer.MAX_CONNECTIONS; i++) {
                connected(server);
            }

            gate.open();
            assertThat(reloads.read().status()).isEqualTo(200);
            server.close();
            assertThat(events.rest()).isEmpty(); // which was read to its end
        }
    }

    private RawClient connected(AdminServer server) throws IOException {
        RawClient client = RawClient.connect(server.port());
        toClose.add(client);
        assertThat(livez(client)).isEqualTo(200);
        return client;
    }

    private static int livez(RawClient client) throws IOException {
        return client.send("GET /livez HTTP/1.1\r\nHost: localhost\r\n\r\n")
                .read()
                .status();
    }

    @Test
    void idleConnectionIsClosed() {
        EmbeddedChannel channel = new EmbeddedChannel(new AdminHandler(
                new AdminResources(status, operations, new ReloadQueue(operations), null, FakeStatus.NO_EVENTS),
                new Access(true, ""),
                new RequestDeadline(),
                () -> FakeStatus.NOON));

        channel.pipeline().fireUserEventTriggered(IdleStateEvent.ALL_IDLE_STATE_EVENT);

        assertThat(channel.isOpen()).isFalse();
    }

    @ParameterizedTest
    @ValueSource(strings = {"Content-Length: 3\r\n\r\n", "Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n"})
    void clientThatLeavesInTheMiddleOfABodyIsNoNews(String rest) {
        EmbeddedChannel channel = new EmbeddedChannel(
                new HttpServerCodec(),
                new HttpObjectAggregator(8 * 1024),
                new AdminHandler(
                        new AdminResources(status, operations, new ReloadQueue(operations), null, FakeStatus.NO_EVENTS),
                        new Access(true, ""),
                        new RequestDeadline(),
                        () -> FakeStatus.NOON));
        try (Logged logged = Logged.by(AdminHandler.class.getName())) {
            channel.writeInbound(Unpooled.copiedBuffer("GET /livez HTTP/1.1\r\nHost: localhost\r\n" + rest, UTF_8));
            channel.finishAndReleaseAll();

            assertThat(logged.lines()).isEmpty();
        }
    }

    @Test
    void busyPortIsSaidWithItsCause() throws IOException {
        AdminServer first = start();
        AdminServer second = new AdminServer(
                new AdminConfig("127.0.0.1", first.port(), true, ""),
                status,
                operations,
                null,
                () -> FakeStatus.NOON,
                FakeStatus.NO_EVENTS);

        assertThatThrownBy(second::start)
                .isInstanceOf(IOException.class)
                .hasMessage("admin port 127.0.0.1:" + first.port() + " cannot be bound")
                .hasCauseInstanceOf(BindException.class);
        second.close();
        assertThat(get(first, "/livez").status()).isEqualTo(200);
    }

    @Test
    void closeEndsTheConnectionsAndFreesThePort() throws IOException {
        AdminServer server = start();
        int port = server.port();
        try (RawClient client = RawClient.connect(port)) {
            client.send("GET /livez HTTP/1.1\r\nHost: localhost\r\n\r\n");
            assertThat(client.read().status()).isEqualTo(200);

            server.close();

            assertThat(client.readEnd()).isEqualTo(End.FIN);
        }
        AdminServer next = new AdminServer(
                new AdminConfig("127.0.0.1", port, true, ""),
                status,
                operations,
                null,
                () -> FakeStatus.NOON,
                FakeStatus.NO_EVENTS);
        toClose.add(next);
        next.start();
        assertThat(get(next, "/livez").status()).isEqualTo(200);
    }

    private AdminServer start() throws IOException {
        return start("127.0.0.1", "", metrics);
    }

    private AdminServer start(String host, String token, @Nullable MetricsExposition exposition) throws IOException {
        AdminServer server = new AdminServer(
                new AdminConfig(host, 0, true, token),
                status,
                operations,
                exposition,
                () -> FakeStatus.NOON,
                FakeStatus.NO_EVENTS);
        toClose.add(server);
        server.start();
        return server;
    }

    private static HttpMessage get(AdminServer server, String target) throws IOException {
        return send(server, "GET " + target + " HTTP/1.1\r\nHost: localhost:" + server.port() + "\r\n\r\n");
    }

    private static HttpMessage send(AdminServer server, String request) throws IOException {
        try (RawClient client = RawClient.connect(server.port())) {
            return client.send(request).read();
        }
    }

    /** An exposition of 20 kB. */
    private record LargeScrape(AtomicInteger scrapes) implements MetricsExposition {

        @Override
        public String contentType(@Nullable String accept) {
            return "text/plain";
        }

        @Override
        public void write(OutputStream out, String contentType) throws IOException {
            scrapes.incrementAndGet();
            out.write(new byte[20_000]);
        }
    }

    /** True while a count is what it was when last looked at, and not 0. */
    private static final class Unchanged implements Callable<Boolean> {
        private final AtomicInteger count;
        private int last;

        Unchanged(AtomicInteger count) {
            this.count = count;
        }

        @Override
        public Boolean call() {
            int before = last;
            last = count.get();
            return last > 0 && last == before;
        }
    }
}
