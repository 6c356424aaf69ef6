package io.breakwater.server.fallback;

import static io.breakwater.server.fixtures.Eventually.eventually;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.breakwater.server.config.ReloadResult;
import io.breakwater.server.fixtures.Answers;
import io.breakwater.server.fixtures.End;
import io.breakwater.server.fixtures.Gate;
import io.breakwater.server.fixtures.HttpMessage;
import io.breakwater.server.fixtures.RawClient;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Responses from the configuration, and the connection on which they go out. */
@Timeout(60)
class StaticFallbackTest {
    private static final String FIXED = """
            { type = static, status = 203, body = "{\\"items\\": []}", content-type = "application/json",
              headers { Cache-Control = no-store, X-Why = "back soon" } }""";

    @TempDir
    private Path dir;

    @Test
    void isAnswerWithItsFields() throws IOException {
        try (Chain chain = new Chain(FIXED).failing()) {
            HttpMessage response = chain.proxy.get("/");

            assertThat(response.startLine()).isEqualTo("HTTP/1.1 203 Non-Authoritative Information");
            assertThat(response.text()).isEqualTo("{\"items\": []}");
            assertThat(response.field("Content-Type")).isEqualTo("application/json");
            assertThat(response.field("Content-Length")).isEqualTo("13");
            assertThat(response.field("Cache-Control")).isEqualTo("no-store");
            assertThat(response.field("X-Why")).isEqualTo("back soon");
            assertThat(response.field("Connection")).isEqualTo("close");
            assertThat(response.has("Date")).isTrue();
            assertThat(response.has("Age")).isFalse();
        }
    }

    @Test
    void aHeadGetsNoBodyAndItsConnectionGoesOn() throws IOException {
        try (Chain chain = new Chain(FIXED).failing();
                RawClient client = chain.proxy.connect()) {
            HttpMessage head = client.request("HEAD", "/").readBodyless();
            HttpMessage next = client.get("/").read();

            assertThat(head.field("Content-Length")).isEqualTo("13");
            assertThat(head.field("X-Breakwater-Fallback")).isEqualTo("static");
            assertThat(next.text()).isEqualTo("{\"items\": []}");
        }
    }

    @Test
    void pipelinedRequestsGetOneEachInOrder() throws IOException {
        try (Chain chain = new Chain(FIXED);
                RawClient client = chain.proxy.connect()) {
            chain.own.answer((connection, request) -> (request.target().equals("/bad")
                            ? Answers.status(500)
                            : Answers.ok(request.target()))
                    .give(connection, request));

            client.send("GET /1 HTTP/1.1\r\nHost: x\r\n\r\nGET /bad HTTP/1.1\r\nHost: x\r\n\r\n".repeat(3));

            for (int i = 0; i < 3; i++) {
                assertThat(client.read().text()).isEqualTo("/1");
                assertThat(client.read().status()).isEqualTo(203);
            }
            eventually(() -> assertThat(chain.fellBack("static")).isEqualTo(3));
            assertThat(chain.proxy.metric("lb_requests_total", "route", "/")).isEqualTo(6);
        }
    }

    @Test
    void theConnectionGoesOnBehindABodyThatNobodyWanted() throws IOException {
        try (Chain chain = new Chain(FIXED, "lb.pools.default.concurrency { max-per-backend = 1 }");
                RawClient holder = chain.proxy.connect();
                RawClient client = chain.proxy.connect()) {
            chain.own.answer(Answers.hang());
            holder.get("/hold");
            chain.own.awaitRequests(1);
            chain.proxy.settle();

            client.send("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\n12");
            assertThat(client.read().status()).isEqualTo(203);
            client.send("345GET / HTTP/1.1\r\nHost: x\r\n\r\n");
            assertThat(client.read().status()).isEqualTo(203);
        }
    }

    @Test
    void anHttp10ClientGetsItToo() throws IOException {
        try (Chain chain = new Chain(FIXED).failing();
                RawClient client = chain.proxy.connect()) {
            HttpMessage response = client.send("GET / HTTP/1.0\r\n\r\n").read();

            assertThat(response.text()).isEqualTo("{\"items\": []}");
            assertThat(client.readEnd()).isEqualTo(End.FIN);
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {204, 304})
    void whatHasNoContentAnnouncesNone(int status) throws IOException {
        try (Chain chain = new Chain("{ type = static, status = " + status + " }").failing();
                RawClient client = chain.proxy.connect()) {
            HttpMessage response = client.get("/").readBodyless();

            assertThat(response.status()).isEqualTo(status);
            assertThat(response.has("Content-Length")).isFalse();
            assertThat(response.has("Content-Type")).isFalse();
            assertThat(client.get("/").readBodyless().status()).isEqualTo(status);
        }
    }

    /** However large, what waits for a client that does not read is bounded, and it all comes in the end. */
    @Test
    void aFileIsReadWithTheConfigurationAndGivenAsFastAsTheClientReads() throws IOException {
        byte[] content = new byte[4 << 20];
        new Random(1).nextBytes(content);
        Path file = Files.write(dir.resolve("page.bin"), content);
        try (Chain chain = new Chain("{ type = static, file = \"" + file + "\" }").failing();
                RawClient client = RawClient.connect(chain.proxy.port(), 16 * 1024)) {
            Files.delete(file);
            client.get("/").get("/");
            eventually(() -> assertThat(chain.own.requests()).hasSize(1));
            chain.proxy.settle();
            assertThat(chain.proxy.metric("lb_sent_bytes_total", "side", "downstream"))
                    .isLessThan(content.length);

            for (int i = 0; i < 2; i++) {
                HttpMessage head = client.readHead();
                assertThat(head.field("Content-Length")).isEqualTo(String.valueOf(content.length));
                ByteArrayOutputStream body = new ByteArrayOutputStream();
                assertThat(client.copy(content.length, body)).isTrue();
                assertThat(body.toByteArray()).isEqualTo(content);
            }
            eventually(() -> assertThat(chain.proxy.metric("lb_requests_total", "code", "200", "route", "/"))
                    .isEqualTo(2));
        }
    }

    @Test
    void aClientThatLeavesInTheMiddleIsCountedAsGone() throws IOException {
        Path file = Files.write(dir.resolve("page.bin"), new byte[16 << 20]);
        try (Chain chain = new Chain("{ type = static, file = \"" + file + "\" }").failing()) {
            try (RawClient client = RawClient.connect(chain.proxy.port(), 16 * 1024)) {
                client.get("/").readHead();
            }
            eventually(() -> assertThat(chain.proxy.metric("lb_requests_total", "code", "client_closed"))
                    .isEqualTo(1));
            assertThat(chain.fellBack("static")).isEqualTo(1);
            assertThat(chain.proxy.metric("lb_requests_in_flight", "route", "/"))
                    .isZero();
        }
    }

    @Test
    void aReloadReadsTheFileAgain() throws IOException {
        Path file = Files.writeString(dir.resolve("page"), "one");
        String fallback = "{ type = static, file = \"" + file + "\" }";
        try (Chain chain = new Chain(fallback).failing()) {
            assertThat(chain.proxy.get("/").text()).isEqualTo("one");
            Files.writeString(file, "two");
            assertThat(chain.proxy.get("/").text()).isEqualTo("one");

            assertThat(chain.proxy.reload(chain.conf(fallback))).isInstanceOf(ReloadResult.Success.class);

            assertThat(chain.proxy.get("/").text()).isEqualTo("two");
        }
    }

    @Test
    void aReloadIsRefusedWhoseFileCannotBeRead() throws IOException {
        try (Chain chain = new Chain(FIXED).failing()) {
            Path missing = dir.resolve("missing");

            ReloadResult result = chain.proxy.reload(chain.conf("{ type = static, file = \"" + missing + "\" }"));

            assertThat(result)
                    .isInstanceOfSatisfying(
                            ReloadResult.Refused.class,
                            refused -> assertThat(refused.problems())
                                    .singleElement()
                                    .asString()
                                    .contains("lb.routes[0].fallback[0].file", missing.toString(), "can be read"));
            assertThat(chain.proxy.get("/").status()).isEqualTo(203);
        }
    }

    /** A request keeps the chain that it began with. */
    @Test
    void aReloadChangesTheChainWhileRequestsRun() throws Exception {
        Gate gate = new Gate();
        try (Chain chain = new Chain("{ type = static, body = old }");
                RawClient client = chain.proxy.connect()) {
            chain.own.answer(Answers.gated(gate, Answers.status(500)));
            client.get("/");
            chain.own.awaitRequests(1);

            assertThat(chain.proxy.reload(chain.conf("{ type = static, body = new }")))
                    .isInstanceOf(ReloadResult.Success.class);
            gate.open();

            assertThat(client.read().text()).isEqualTo("old");
            assertThat(client.get("/").read().text()).isEqualTo("new");
        }
    }

    @Test
    void whatTheClientCausedIsItsOwn() throws IOException {
        try (Chain chain = new Chain(FIXED, "lb.listen.limits.body = 1KiB").failing()) {
            assertThat(chain.proxy
                            .request("POST / HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: 2000\r\n\r\n")
                            .status())
                    .isEqualTo(413);
            assertThat(chain.proxy
                            .request("POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nwhat\r\n")
                            .status())
                    .isEqualTo(400);
            assertThat(chain.proxy.get("/../x").status()).isEqualTo(400);
            eventually(
                    () -> assertThat(chain.proxy.metric("lb_rejections_total")).isEqualTo(3));
            assertThat(chain.fellBack("static")).isZero();
        }
    }

    @Test
    void afterTheHeadNothingTakesAResponsesPlace() throws Exception {
        try (Chain chain = new Chain(FIXED);
                RawClient client = chain.proxy.connect()) {
            chain.own.answer(Answers.bytesAndClose("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf"));

            HttpMessage response = client.get("/").read();

            assertThat(response.status()).isEqualTo(200);
            assertThat(response.complete()).isFalse();
            assertThat(response.text()).isEqualTo("half");
            eventually(() -> assertThat(chain.proxy.metric("lb_requests_total", "route", "/"))
                    .isEqualTo(1));
            assertThat(chain.fellBack("static")).isZero();
        }
    }

    @Test
    void aBodyInAnyLanguageIsUtf8() throws IOException {
        try (Chain chain = new Chain("{ type = static, body = \"bientôt\" }").failing()) {
            assertThat(chain.proxy.get("/").body()).isEqualTo("bientôt".getBytes(UTF_8));
        }
    }
}
