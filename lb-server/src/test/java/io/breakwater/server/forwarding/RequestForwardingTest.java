package io.breakwater.server.forwarding;

import static io.breakwater.server.fixtures.Eventually.eventually;
import static org.assertj.core.api.Assertions.assertThat;

import io.breakwater.server.fixtures.Answers;
import io.breakwater.server.fixtures.Conf;
import io.breakwater.server.fixtures.Gate;
import io.breakwater.server.fixtures.HttpMessage;
import io.breakwater.server.fixtures.Proxy;
import io.breakwater.server.fixtures.RawClient;
import io.breakwater.server.fixtures.ScriptedBackend;
import java.io.IOException;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What a backend receives for what a client sent. */
@Timeout(60)
class RequestForwardingTest {

    private interface Body {
        void run(ScriptedBackend backend, Proxy proxy) throws Exception;
    }

    private static void with(Body body, String... overrides) throws Exception {
        try (ScriptedBackend backend = ScriptedBackend.start();
                Proxy proxy = Proxy.start(Conf.everything(backend.url(), overrides))) {
            body.run(backend, proxy);
        }
    }

    /** What the backend receives for these bytes. */
    private static HttpMessage forwarded(String request, String... overrides) throws Exception {
        HttpMessage[] received = new HttpMessage[1];
        with(
                (backend, proxy) -> {
                    HttpMessage response = proxy.request(request);
                    assertThat(response.status()).as("%s", response).isEqualTo(200);
                    received[0] = backend.onlyRequest();
                },
                overrides);
        return received[0];
    }

    @Test
    void aGatewaySaysForWhomItAsks() throws Exception {
        HttpMessage received = forwarded("GET / HTTP/1.1\r\nHost: shop.test:8080\r\n\r\n");

        assertThat(received.field("X-Forwarded-For")).isEqualTo("127.0.0.1");
        assertThat(received.field("X-Forwarded-Proto")).isEqualTo("http");
        assertThat(received.field("X-Forwarded-Host")).isEqualTo("shop.test:8080");
        assertThat(received.field("Via")).startsWith("1.1 ");
    }

    @Test
    void whatAStrangerSaysOfItsOwnClientsIsDropped() throws Exception {
        HttpMessage received = forwarded(
                "GET / HTTP/1.1\r\nHost: x\r\nX-Forwarded-For: 10.0.0.1\r\nx-forwarded-for: 10.0.0.2\r\nX-Forwarded-Proto: https\r\nX-Forwarded-Host: evil\r\nForwarded: for=10.0.0.3\r\n\r\n");

        assertThat(received.field("X-Forwarded-For")).isEqualTo("127.0.0.1");
        assertThat(received.field("X-Forwarded-Proto")).isEqualTo("http");
        assertThat(received.field("X-Forwarded-Host")).isEqualTo("x");
        assertThat(received.has("Forwarded")).isFalse();
    }

    @Test
    void whatATrustedProxySaysIsKeptAndAppendedTo() throws Exception {
        HttpMessage received = forwarded(
                "GET / HTTP/1.1\r\nHost: x\r\nX-Forwarded-For: 10.0.0.1, 10.0.0.2\r\nX-Forwarded-Proto: https\r\nX-Forwarded-Host: shop.test\r\n\r\n",
                "lb.listen.trusted-proxies = [ \"127.0.0.0/8\" ]");

        assertThat(String.join(", ", received.values("X-Forwarded-For"))).isEqualTo("10.0.0.1, 10.0.0.2, 127.0.0.1");
        assertThat(received.field("X-Forwarded-Proto")).isEqualTo("https");
        assertThat(received.field("X-Forwarded-Host")).isEqualTo("shop.test");
    }

    @Test
    void viaIsAppendedBehindWhatIsThere() throws Exception {
        HttpMessage received = forwarded("GET / HTTP/1.1\r\nHost: x\r\nVia: 1.0 first, 1.1 second\r\n\r\n");

        List<String> via = List.of(String.join(", ", received.values("Via")).split(", ", -1));
        assertThat(via).hasSize(3).startsWith("1.0 first", "1.1 second");
        assertThat(via.get(2)).startsWith("1.1 ");
    }

    @Test
    void hostIsPassedAsReceived() throws Exception {
        assertThat(forwarded("GET / HTTP/1.1\r\nhOsT: ShOp.test:81\r\n\r\n").field("Host"))
                .isEqualTo("ShOp.test:81");
    }

    @Test
    void hostMayBeTheBackendsOwn() throws Exception {
        with(
                (backend, proxy) -> {
                    proxy.request("GET / HTTP/1.1\r\nHost: shop.test\r\n\r\n");

                    assertThat(backend.onlyRequest().field("Host")).isEqualTo("127.0.0.1:" + backend.port());
                    assertThat(backend.onlyRequest().field("X-Forwarded-Host")).isEqualTo("shop.test");
                },
                "lb.pools.default.host-header = backend");
    }

    @Test
    void hopByHopFieldsStayHere() throws Exception {
        HttpMessage received = forwarded(
                "GET / HTTP/1.1\r\nHost: x\r\nConnection: keep-alive, X-Mine\r\nKeep-Alive: timeout=5\r\nProxy-Connection: keep-alive\r\nTE: gzip\r\nUpgrade: h2c\r\nX-Mine: 1\r\nX-Other: 2\r\nProxy-Authorization: Basic eA==\r\n\r\n");

        for (String gone : List.of("Keep-Alive", "Proxy-Connection", "Upgrade", "X-Mine")) {
            assertThat(received.has(gone)).as(gone).isFalse();
        }
        assertThat(received.values("TE")).doesNotContain("gzip");
        assertThat(received.values("Connection")).doesNotContain("keep-alive, X-Mine");
        assertThat(received.field("X-Other")).isEqualTo("2");
    }

    @Test
    void aClientThatClosesDoesNotCloseTheUpstreamConnection() throws Exception {
        with(
                (backend, proxy) -> {
                    for (int i = 0; i < 3; i++) {
                        proxy.request("GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
                    }
                    assertThat(backend.accepted()).isEqualTo(1);
                    assertThat(backend.requests())
                            .noneMatch(request -> request.values("Connection").contains("close"));
                },
                "lb.runtime.event-loops = 1");
    }

    @ParameterizedTest
    @ValueSource(strings = {"Content-Length", "Host"})
    void nominatingAFieldThatTheMessageCannotDoWithoutIsRefused(String field) throws Exception {
        with((backend, proxy) -> {
            HttpMessage response = proxy.request(
                    "POST / HTTP/1.1\r\nHost: x\r\nConnection: close, " + field + "\r\nContent-Length: 4\r\n\r\nbody");

            assertThat(response.status()).isEqualTo(400);
            assertThat(backend.accepted()).isZero();
        });
    }

    @Test
    void endToEndFieldsPassByteForByteInTheirOrder() throws Exception {
        HttpMessage received = forwarded(
                "GET /a?b=c HTTP/1.1\r\nHost: x\r\nX-B:  two  spaces \r\nx-a: 1\r\nX-B: again\r\nEmpty:\r\nQuoted: \"a,b\"; c=\u00e9\r\n!#$%&'*+-.^_`|~: odd\r\nCookie: a=b\r\n\r\n");

        assertThat(received.fieldLines())
                .containsSubsequence(
                        "X-B:  two  spaces ",
                        "x-a: 1",
                        "X-B: again",
                        "Empty:",
                        "Quoted: \"a,b\"; c=\u00e9",
                        "!#$%&'*+-.^_`|~: odd",
                        "Cookie: a=b");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "/",
                "/a/b",
                "/a//b/",
                "/%41?x=%2F..%2F&y=/../",
                "/a;b=c",
                "/?",
                "/?a?b",
                "/~%7E!$&'()*+,:@-._",
                "/a?q=%00",
                "/a?b|c{d}^`",
                "/x?q=\"y\"",
                "/<a>/\"b\"?<c>",
                "/caf\u00c3\u00a9?na\u00c3\u00afve=\u0080\u00ff"
            })
    void theTargetPassesByteForByte(String target) throws Exception {
        assertThat(forwarded("GET " + target + " HTTP/1.1\r\nHost: x\r\n\r\n").startLine())
                .isEqualTo("GET " + target + " HTTP/1.1");
    }

    @ParameterizedTest
    @CsvSource({
        "http://shop.test/a?b=c, /a?b=c, shop.test",
        "http://shop.test:81/, /, shop.test:81",
        "HTTP://SHOP.test/x, /x, SHOP.test",
        "http://shop.test, /, shop.test",
        "http://shop.test?q, /?q, shop.test"
    })
    void anAbsoluteTargetGoesOnInOriginFormAndItsAuthorityWins(String target, String path, String host)
            throws Exception {
        HttpMessage received = forwarded("GET " + target + " HTTP/1.1\r\nHost: other\r\n\r\n");

        assertThat(received.startLine()).isEqualTo("GET " + path + " HTTP/1.1");
        assertThat(received.field("Host")).isEqualTo(host);
        assertThat(received.field("X-Forwarded-Host")).isEqualTo(host);
    }

    @ParameterizedTest
    @ValueSource(strings = {"GET", "HEAD", "POST", "PUT", "DELETE", "PATCH", "OPTIONS", "PROPFIND", "X-Own"})
    void everyMethodPassesWhereTheRouteNamesNone(String method) throws Exception {
        with((backend, proxy) -> {
            backend.answer(Answers.bytes("HTTP/1.1 204 None\r\n\r\n"));
            assertThat(proxy.request(method + " /x HTTP/1.1\r\nHost: x\r\n\r\n").status())
                    .isEqualTo(204);
            assertThat(backend.onlyRequest().method()).isEqualTo(method);
        });
    }

    @Test
    void optionsOfTheServerPasses() throws Exception {
        with((backend, proxy) -> {
            HttpMessage response = proxy.request("OPTIONS * HTTP/1.1\r\nHost: x\r\n\r\n");
            // No route takes "*", and it must not be turned into a path.
            assertThat(response.status()).isIn(200, 404);
            assertThat(backend.requests()).allMatch(request -> request.target().equals("*"));
        });
    }

    @Test
    void anHttp10RequestGoesOnAsHttp11() throws Exception {
        with((backend, proxy) -> {
            try (RawClient client = proxy.connect()) {
                HttpMessage response =
                        client.send("GET /old HTTP/1.0\r\nHost: x\r\n\r\n").read();

                assertThat(response.text()).isEqualTo("ok");
                assertThat(client.readByte()).isEqualTo(-1);
                assertThat(backend.onlyRequest().startLine()).isEqualTo("GET /old HTTP/1.1");
                assertThat(backend.onlyRequest().field("Via")).startsWith("1.0 ");
            }
        });
    }

    @Test
    void anHttp10RequestWithoutHostIsGivenOne() throws Exception {
        with((backend, proxy) -> {
            try (RawClient client = proxy.connect()) {
                assertThat(client.send("GET /old HTTP/1.0\r\n\r\n").read().status())
                        .isEqualTo(200);
                // A request of HTTP/1.1, which is what goes upstream, has a Host (RFC 9112 section 3.2).
                assertThat(backend.onlyRequest().field("Host")).isEqualTo("127.0.0.1:" + backend.port());
            }
        });
    }

    @Test
    void maxForwardsIsCountedDownAndEndsHereAtZero() throws Exception {
        with((backend, proxy) -> {
            HttpMessage here = proxy.request("OPTIONS /a HTTP/1.1\r\nHost: x\r\nMax-Forwards: 0\r\n\r\n");
            assertThat(here.status()).isEqualTo(200);
            HttpMessage trace = proxy.request("TRACE /a HTTP/1.1\r\nHost: x\r\nMax-Forwards: 0\r\n\r\n");
            assertThat(trace.status()).isEqualTo(405);
            assertThat(backend.requests()).isEmpty();

            proxy.request("OPTIONS /a HTTP/1.1\r\nHost: x\r\nMax-Forwards: 5\r\n\r\n");
            assertThat(backend.onlyRequest().field("Max-Forwards")).isEqualTo("4");
        });
    }

    @Test
    void prefixesAreMatchedBySegmentsAndReplacedOrCut() throws Exception {
        with(
                (backend, proxy) -> {
                    assertThat(proxy.get("/cart").status()).isEqualTo(200);
                    assertThat(proxy.get("/cart/").status()).isEqualTo(200);
                    assertThat(proxy.get("/cart/a?b").status()).isEqualTo(200);
                    assertThat(proxy.get("/cartoon").status()).isEqualTo(404);
                    assertThat(proxy.get("/old").status()).isEqualTo(200);
                    assertThat(proxy.get("/older").status()).isEqualTo(404);
                    assertThat(proxy.get("/old/a").status()).isEqualTo(200);
                    assertThat(proxy.get("/keep/a").status()).isEqualTo(200);

                    assertThat(backend.requests())
                            .extracting(HttpMessage::target)
                            .containsExactly("/", "/", "/a?b", "/new", "/new/a", "/keep/a");
                },
                "lb.routes = [ { prefix = \"/cart/\", strip-prefix = true, pool = default }, { prefix = \"/old\", rewrite = \"/new\", pool = default }, { prefix = \"/keep\", pool = default } ]");
    }

    @Test
    void theFirstRouteOfTheFileThatTakesPathAndMethodWins() throws Exception {
        with(
                (backend, proxy) -> {
                    proxy.get("/a");
                    proxy.request("POST /a HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n");
                    HttpMessage neither = proxy.request("PUT /a HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n");

                    assertThat(backend.requests())
                            .extracting(HttpMessage::startLine)
                            .containsExactly("GET /first HTTP/1.1", "POST /second HTTP/1.1");
                    assertThat(neither.status()).isEqualTo(405);
                    assertThat(neither.field("Allow")).contains("GET").contains("POST");
                },
                "lb.routes = [ { name = one, path = \"/a\", methods = [GET], pool = default, rewrite = \"/first\" }, { name = two, path = \"/a\", methods = [GET, POST], pool = default, rewrite = \"/second\" } ]");
    }

    @Test
    void aBodyWithALengthPassesAsItIs() throws Exception {
        HttpMessage received = forwarded("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 11\r\n\r\nhello\r\n\r\nyo");

        assertThat(received.text()).isEqualTo("hello\r\n\r\nyo");
        assertThat(received.field("Content-Length")).isEqualTo("11");
        assertThat(received.has("Transfer-Encoding")).isFalse();
    }

    @Test
    void aChunkedBodyPassesWithItsTrailers() throws Exception {
        HttpMessage received = forwarded(
                "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\nTrailer: X-Sum\r\n\r\n5\r\nhello\r\n6;a=b\r\n world\r\n0\r\nX-Sum: 42\r\n\r\n");

        assertThat(received.text()).isEqualTo("hello world");
        assertThat(received.trailers()).containsExactly("X-Sum: 42");
        assertThat(received.has("Content-Length")).isFalse();
    }

    @Test
    void aChunkedBodyMayComeByteByByte() throws Exception {
        with((backend, proxy) -> {
            try (RawClient client = proxy.connect()) {
                String request =
                        "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\nA\r\n0123456789\r\n0\r\n\r\n";
                for (int i = 0; i < request.length(); i++) {
                    client.send(request.substring(i, i + 1));
                }
                assertThat(client.read().status()).isEqualTo(200);
                assertThat(backend.onlyRequest().text()).isEqualTo("hello0123456789");
            }
        });
    }

    @Test
    void emptyLinesBeforeARequestAreSkipped() throws Exception {
        assertThat(forwarded("\r\n\r\nGET /x HTTP/1.1\r\nHost: x\r\n\r\n").target())
                .isEqualTo("/x");
    }

    @Test
    void expectIsPassedOnAndTheBackends100ComesBack() throws Exception {
        with((backend, proxy) -> {
            backend.onConnect(connection -> {
                HttpMessage head = connection.readHead();
                assertThat(head.field("Expect")).isEqualToIgnoringCase("100-continue");
                connection.send("HTTP/1.1 100 Continue\r\n\r\n");
                byte[] body = new byte[4];
                int read = 0;
                while (read < 4) {
                    read += connection.readSome(body);
                }
                connection.send("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\n"
                        + new String(body, java.nio.charset.StandardCharsets.ISO_8859_1));
                connection.readEnd();
            });
            try (RawClient client = proxy.connect()) {
                client.send("PUT / HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 4\r\n\r\n");
                HttpMessage interim = client.read();
                assertThat(interim.status()).isEqualTo(100);
                assertThat(interim.has("X-Circuit-State")).isFalse();

                client.send("body");
                assertThat(client.read().text()).isEqualTo("body");
            }
        });
    }

    @Test
    void aClientThatExpects100MayBeRefusedAtOnce() throws Exception {
        with((backend, proxy) -> {
            backend.onConnect(connection -> {
                connection.readHead();
                connection.send("HTTP/1.1 413 Too Large\r\nContent-Length: 2\r\n\r\nno");
                connection.readEnd();
            });
            try (RawClient client = proxy.connect()) {
                client.send("PUT / HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 4\r\n\r\n");
                HttpMessage response = client.read();
                assertThat(response.status()).isEqualTo(413);
                assertThat(response.text()).isEqualTo("no");
            }
        });
    }

    @Test
    void anOpenCircuitAnswersAClientThatExpects100WithoutAskingForTheBody() throws Exception {
        with((backend, proxy) -> {
            backend.answer(Answers.status(500));
            for (int i = 0; i < 3; i++) {
                proxy.get("/");
            }
            try (RawClient client = proxy.connect()) {
                client.send("PUT / HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 4\r\n\r\n");
                assertThat(client.read().status()).isEqualTo(503);
            }
        });
    }

    @Test
    void anExpectationThatNobodyKnowsIs417() throws Exception {
        with((backend, proxy) -> {
            try (RawClient client = proxy.connect()) {
                client.send("PUT / HTTP/1.1\r\nHost: x\r\nExpect: miracles\r\nContent-Length: 4\r\n\r\nbody");
                HttpMessage response = client.read();
                assertThat(response.status()).isEqualTo(417);
                assertThat(response.text()).isEqualTo("{\"error\": \"expectation failed\"}");
                assertThat(backend.accepted()).isZero();
            }
        });
    }

    @Test
    void pipelinedRequestsAreAnsweredInOrder() throws Exception {
        int requests = 20;
        with((backend, proxy) -> {
            backend.answer((connection, request) -> Answers.ok(request.target()).give(connection, request));
            try (RawClient client = proxy.connect()) {
                StringBuilder all = new StringBuilder();
                for (int i = 0; i < requests; i++) {
                    all.append(
                            i % 3 == 0
                                    ? "POST /" + i + " HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nabc"
                                    : "GET /" + i + " HTTP/1.1\r\nHost: x\r\n\r\n");
                }
                client.send(all.toString());
                for (int i = 0; i < requests; i++) {
                    assertThat(client.read().text()).isEqualTo("/" + i);
                }
            }
        });
    }

    /** Answers of our own take no round trip, so that all of these are there to be read at once. */
    @Test
    void morePipelinedRequestsThanBeginInATurnAreAnsweredAllAndInOrder() throws Exception {
        int requests = 500;
        with((backend, proxy) -> {
            backend.answer(Answers.ok("backend"));
            try (RawClient client = proxy.connect()) {
                client.send("GET /health HTTP/1.1\r\nHost: x\r\n\r\n".repeat(requests)
                        + "GET /last HTTP/1.1\r\nHost: x\r\n\r\n");
                for (int i = 0; i < requests; i++) {
                    assertThat(client.read().text()).contains("\"status\"");
                }
                assertThat(client.read().text()).isEqualTo("backend");
            }
        });
    }

    @Test
    void aPipelinedRequestWaitsForTheResponseBeforeIt() throws Exception {
        with((backend, proxy) -> {
            Gate gate = new Gate();
            backend.answer(Answers.gated(gate, Answers.ok("first")));
            try (RawClient client = proxy.connect()) {
                client.get("/1").get("/health").get("/none/../x").get("/4");
                backend.awaitRequests(1);
                assertThat(client.available()).isZero();

                backend.answer(Answers.ok("fourth"));
                gate.open();
                assertThat(client.read().text()).isEqualTo("first");
                assertThat(client.read().text()).contains("\"status\"");
                assertThat(client.read().status()).isEqualTo(400);
            }
            assertThat(backend.requests()).extracting(HttpMessage::target).startsWith("/1");
        });
    }

    @Test
    void connectionsAreKeptOnBothSides() throws Exception {
        with((backend, proxy) -> {
            try (RawClient client = proxy.connect()) {
                for (int i = 0; i < 10; i++) {
                    assertThat(client.get("/" + i).read().text()).isEqualTo("ok");
                }
            }
            assertThat(backend.requests()).hasSize(10);
            assertThat(backend.accepted()).isEqualTo(1);
            eventually(() -> assertThat(proxy.metric("lb_connections", "side", "upstream"))
                    .isEqualTo(1));
        });
    }

    @Test
    void aClientThatAsksForCloseIsClosed() throws Exception {
        with((backend, proxy) -> {
            try (RawClient client = proxy.connect()) {
                HttpMessage response = client.send("GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
                        .read();
                assertThat(response.field("Connection")).isEqualToIgnoringCase("close");
                assertThat(client.readByte()).isEqualTo(-1);
            }
        });
    }

    @Test
    void anHttp10ClientThatAsksForItIsKept() throws Exception {
        with((backend, proxy) -> {
            try (RawClient client = proxy.connect()) {
                for (int i = 0; i < 2; i++) {
                    HttpMessage response = client.send("GET / HTTP/1.0\r\nHost: x\r\nConnection: keep-alive\r\n\r\n")
                            .read();
                    assertThat(response.field("Connection")).isEqualToIgnoringCase("keep-alive");
                    assertThat(response.text()).isEqualTo("ok");
                }
            }
        });
    }

    @Test
    void upgradeIsNotPassedOn() throws Exception {
        HttpMessage received =
                forwarded("GET / HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n");

        assertThat(received.has("Upgrade")).isFalse();
        assertThat(received.values("Connection")).doesNotContain("Upgrade");
    }

    @Test
    void connectIsRefused() throws IOException {
        try (ScriptedBackend backend = ScriptedBackend.start();
                Proxy proxy = Proxy.start(Conf.everything(backend.url()))) {
            assertThat(proxy.request("CONNECT shop.test:443 HTTP/1.1\r\nHost: shop.test:443\r\n\r\n")
                            .status())
                    .isBetween(400, 501);
            assertThat(backend.accepted()).isZero();
        }
    }
}
