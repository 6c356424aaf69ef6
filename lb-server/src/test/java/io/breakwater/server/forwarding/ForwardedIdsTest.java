package io.breakwater.server.forwarding;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;

import io.breakwater.server.config.ReloadResult.Success;
import io.breakwater.server.fixtures.Answers;
import io.breakwater.server.fixtures.Conf;
import io.breakwater.server.fixtures.HttpMessage;
import io.breakwater.server.fixtures.Proxy;
import io.breakwater.server.fixtures.RawClient;
import io.breakwater.server.fixtures.ScriptedBackend;
import java.io.IOException;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The ids that backends get: a client's own, or made ones. */
@Timeout(60)
class ForwardedIdsTest {
    private static final String TRACEPARENT = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00";
    private static final String OWN =
            "x-request-ID: r-1\r\nTraceParent: " + TRACEPARENT + "\r\ntracestate: a=b\r\ntracestate: c=d\r\n";

    private final ScriptedBackend a = ScriptedBackend.start();
    private final ScriptedBackend b = ScriptedBackend.start();

    @AfterEach
    void stop() throws IOException {
        a.close();
        b.close();
    }

    private static String get(String lines) {
        return "GET /api/resource HTTP/1.1\r\nHost: x\r\nConnection: close\r\n" + lines + "\r\n";
    }

    private static List<String> ids(HttpMessage request) {
        return List.of(requireNonNull(request.field("X-Request-Id")), requireNonNull(request.field("traceparent")));
    }

    private static void assertMade(HttpMessage request) {
        assertThat(request.field("X-Request-Id")).matches("[0-9a-f]{32}");
        assertThat(request.field("traceparent")).matches("00-[0-9a-f]{32}-[0-9a-f]{16}-01");
        assertThat(request.has("tracestate")).isFalse();
    }

    @Test
    void aRequestWithoutIdsIsGivenThemAndItsResponseSaysNothingOfThem() {
        try (Proxy proxy = Proxy.start(Conf.contract(a.url()))) {
            HttpMessage response = proxy.get("/api/resource");

            assertMade(a.onlyRequest());
            assertThat(response.status()).isEqualTo(200);
            assertThat(response.has("X-Request-Id")).isFalse();
            assertThat(response.has("traceparent")).isFalse();
        }
    }

    @Test
    void aClientsOwnIdsGoOnByteForByte() {
        try (Proxy proxy = Proxy.start(Conf.contract(a.url()))) {
            proxy.request(get(OWN));

            assertThat(a.onlyRequest().fieldLines())
                    .containsSubsequence(
                            "x-request-ID: r-1", "TraceParent: " + TRACEPARENT, "tracestate: a=b", "tracestate: c=d");
            assertThat(ids(a.onlyRequest())).containsExactly("r-1", TRACEPARENT);
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "X-Request-Id: two words\r\ntraceparent: none\r\ntracestate: a=b\r\n",
                "x-request-id: a\r\nX-REQUEST-ID: b\r\ntraceparent: " + TRACEPARENT + "\r\nTRACEPARENT: " + TRACEPARENT
                        + "\r\n",
                "X-Request-Id: a\r\ntraceparent: " + TRACEPARENT
                        + "\r\nConnection: x-request-id, TraceParent\r\ntracestate: a=b\r\n"
            })
    void idsThatCannotGoOnAreReplaced(String lines) {
        try (Proxy proxy = Proxy.start(Conf.contract(a.url()))) {
            assertThat(proxy.request(get(lines)).status()).isEqualTo(200);

            assertMade(a.onlyRequest());
        }
    }

    @Test
    void aHugeIdIsReplaced() {
        try (Proxy proxy = Proxy.start(Conf.contract(a.url()))) {
            String huge = "x".repeat(10_240);
            proxy.request(get("X-Request-Id: " + huge + "\r\ntraceparent: " + huge + "\r\n"));

            assertMade(a.onlyRequest());
        }
    }

    @Test
    void anHttp10RequestHasIdsToo() {
        try (Proxy proxy = Proxy.start(Conf.contract(a.url()))) {
            proxy.request("GET /api/resource HTTP/1.0\r\n\r\n");

            assertMade(a.onlyRequest());
        }
    }

    @Test
    void whereTheyAreOffNoneAreMadeAndWhatComesPasses() {
        String off = Conf.contract(a.url(), "lb.listen { request-id-header = \"\", trace-context = off }");
        String invalid = "X-Request-Id: two words\r\ntraceparent: none\r\ntracestate: a=b\r\n";
        try (Proxy proxy = Proxy.start(off)) {
            proxy.request(get(""));
            proxy.request(get(invalid));

            assertThat(a.requests().get(0).head()).doesNotContainIgnoringCase("request-id", "trace");
            assertThat(a.requests().get(1).head()).contains(invalid);
        }
    }

    @Test
    void aReloadHoldsForTheConnectionsThatFollow() {
        try (Proxy proxy = Proxy.start(Conf.contract(a.url()))) {
            assertThat(proxy.reload(Conf.contract(a.url(), "lb.listen.request-id-header = X-Correlation-Id")))
                    .isInstanceOf(Success.class);
            proxy.get("/api/resource");

            assertThat(a.onlyRequest().field("X-Correlation-Id")).matches("[0-9a-f]{32}");
            assertThat(a.onlyRequest().has("X-Request-Id")).isFalse();
        }
    }

    @Test
    void aRetryCarriesTheSameIds() {
        a.answer(Answers.close());
        String conf = Conf.everything(
                new String[] {a.url(), b.url()}, "lb.runtime.event-loops = 1", "lb.pools.default.retries.max = 1");
        try (Proxy proxy = Proxy.start(conf)) {
            assertThat(proxy.get("/").text()).isEqualTo("ok");
            assertThat(proxy.request(get(OWN)).text()).isEqualTo("ok");

            HttpMessage made = b.requests().get(0);
            assertMade(made);
            assertThat(ids(made)).isEqualTo(ids(a.requests().get(0)));
            assertThat(ids(b.requests().get(1))).containsExactly("r-1", TRACEPARENT);
        }
    }

    @Test
    void aFallbacksPoolGetsTheSameIds() {
        a.answer(Answers.status(500));
        String conf = Conf.everything(
                a.url(),
                "lb.routes = [ { prefix = \"/\", pool = default, fallback = [ { type = pool, pool = spare } ] } ]",
                "lb.pools.spare.backends = [ \"" + b.url() + "\" ]");
        try (Proxy proxy = Proxy.start(conf)) {
            assertThat(proxy.get("/").text()).isEqualTo("ok");

            assertMade(b.onlyRequest());
            assertThat(ids(b.onlyRequest())).isEqualTo(ids(a.onlyRequest()));
        }
    }

    @Test
    void pipelinedRequestsHaveIdsOfTheirOwn() throws IOException {
        int requests = 300;
        try (Proxy proxy = Proxy.start(Conf.everything(a.url()));
                RawClient client = proxy.connect()) {
            client.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n".repeat(requests));
            for (int i = 0; i < requests; i++) {
                assertThat(client.read().status()).isEqualTo(200);
            }
        }

        Set<String> ids = new HashSet<>();
        Set<String> traceIds = new HashSet<>();
        for (HttpMessage request : a.requests()) {
            assertMade(request);
            ids.add(ids(request).get(0));
            traceIds.add(ids(request).get(1).substring(3, 35));
        }
        assertThat(ids).hasSize(requests);
        assertThat(traceIds).hasSize(requests);
    }

    @Test
    void theIdsOfOneRequestAreNotTheNextOnes() throws IOException {
        try (Proxy proxy = Proxy.start(Conf.everything(a.url()));
                RawClient client = proxy.connect()) {
            client.send("GET /1 HTTP/1.1\r\nHost: x\r\n" + OWN + "\r\n").read();
            client.send("GET /2 HTTP/1.1\r\nHost: x\r\n\r\n").read();
        }

        assertThat(ids(a.requests().get(0))).containsExactly("r-1", TRACEPARENT);
        assertMade(a.requests().get(1));
    }

    @Test
    void healthChecksCarryNone() {
        String conf = Conf.everything(a.url(), "lb.pools.default.health-check { enabled = true, path = /ready }");
        try (Proxy proxy = Proxy.start(conf)) {
            a.awaitRequests(1);
            proxy.get("/client");
        }

        assertThat(a.requests()).anyMatch(request -> request.target().equals("/ready"));
        assertThat(a.requests()).allSatisfy(request -> {
            if (request.target().equals("/ready")) {
                assertThat(request.head()).doesNotContainIgnoringCase("request-id", "trace");
            } else {
                assertMade(request);
            }
        });
    }
}
