package io.breakwater.server.fallback;

import static org.assertj.core.api.Assertions.assertThat;

import io.breakwater.server.fixtures.Answers;
import io.breakwater.server.fixtures.HttpMessage;
import io.breakwater.server.fixtures.RawClient;
import java.io.IOException;
import java.time.Duration;
import java.util.Locale;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The last good response: what is kept, for whom, for how long, and what it looks like when it is served. */
@Timeout(60)
class StaleFallbackTest {
    private static final String STALE = "{ type = stale, max-age = 60s, max-entry = 64KiB, max-total = 1MiB }";

    private static String request(String method, String target, String... fields) {
        return method + " " + target + " HTTP/1.1\r\nConnection: close\r\n"
                + (Stream.of(fields)
                                .anyMatch(
                                        field -> field.toLowerCase(Locale.ROOT).startsWith("host:"))
                        ? ""
                        : "Host: a\r\n")
                + (fields.length == 0 ? "" : String.join("\r\n", fields) + "\r\n") + "\r\n";
    }

    private static String ok(String body, String... fields) {
        return "HTTP/1.1 200 OK\r\n" + (fields.length == 0 ? "" : String.join("\r\n", fields) + "\r\n")
                + "Content-Length: " + body.length() + "\r\n\r\n" + body;
    }

    static Stream<Arguments> rules() {
        String get = request("GET", "/x?q=1");
        String good = ok("secret");
        return Stream.of(
                Arguments.of("the same", get, good, get, true),
                Arguments.of("a HEAD after a GET", get, good, request("HEAD", "/x?q=1"), true),
                Arguments.of("public", get, ok("secret", "Cache-Control: public, max-age=0"), get, true),
                Arguments.of("host in another case", get, good, request("GET", "/x?q=1", "HOST: A"), true),
                Arguments.of("absolute form", get, good, request("GET", "http://a/x?q=1"), true),
                Arguments.of("request Authorization", request("GET", "/x?q=1", "Authorization: B t"), good, get, false),
                Arguments.of("request Cookie", request("GET", "/x?q=1", "cookie: u=1"), good, get, false),
                Arguments.of("request Range", request("GET", "/x?q=1", "Range: bytes=0-1"), good, get, false),
                Arguments.of("request no-store", request("GET", "/x?q=1", "Cache-Control: No-Store"), good, get, false),
                Arguments.of("to Authorization", get, good, request("GET", "/x?q=1", "Authorization: B t"), false),
                Arguments.of("to Cookie", get, good, request("GET", "/x?q=1", "Cookie: u=1"), false),
                Arguments.of("to Range", get, good, request("GET", "/x?q=1", "Range: bytes=0-1"), false),
                Arguments.of("response Set-Cookie", get, ok("secret", "Set-Cookie: u=1"), get, false),
                Arguments.of("response Vary: *", get, ok("secret", "Vary: Accept, *"), get, false),
                Arguments.of("response no-store", get, ok("secret", "Cache-Control: no-store"), get, false),
                Arguments.of("response private", get, ok("secret", "Cache-Control: max-age=9, PRIVATE"), get, false),
                Arguments.of(
                        "response private for a field",
                        get,
                        ok("secret", "Cache-Control: private=\"x-user\""),
                        get,
                        false),
                Arguments.of(
                        "response private in a second field",
                        get,
                        ok("secret", "Cache-Control: public", "Cache-Control: private"),
                        get,
                        false),
                Arguments.of("another host", get, good, request("GET", "/x?q=1", "Host: b"), false),
                Arguments.of("another port", get, good, request("GET", "/x?q=1", "Host: a:81"), false),
                Arguments.of(
                        "the same bytes beyond ASCII",
                        request("GET", "/\u00c3\u00a9?\"q\""),
                        good,
                        request("GET", "/\u00c3\u00a9?\"q\""),
                        true),
                Arguments.of(
                        "other bytes beyond ASCII",
                        request("GET", "/\u00c3\u00a9"),
                        good,
                        request("GET", "/\u00c3\u00a8"),
                        false),
                Arguments.of("another query", get, good, request("GET", "/x?q=2"), false),
                Arguments.of("no query", get, good, request("GET", "/x"), false),
                Arguments.of("another path", get, good, request("GET", "/X?q=1"), false),
                Arguments.of("a POST's response", request("POST", "/x?q=1"), good, get, false),
                Arguments.of("a HEAD's response", request("HEAD", "/x?q=1"), "HTTP/1.1 200 OK\r\n\r\n", get, false),
                Arguments.of("to a POST", get, good, request("POST", "/x?q=1"), false),
                Arguments.of("404", get, "HTTP/1.1 404 No\r\nContent-Length: 6\r\n\r\nsecret", get, false),
                Arguments.of("203", get, "HTTP/1.1 203 So\r\nContent-Length: 6\r\n\r\nsecret", get, false),
                Arguments.of("truncated", get, "HTTP/1.1 200 OK\r\nContent-Length: 7\r\n\r\nsecret", get, false),
                Arguments.of(
                        "truncated chunks",
                        get,
                        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n6\r\nsecret\r\n",
                        get,
                        false),
                Arguments.of("ended by the connection", get, "HTTP/1.1 200 OK\r\n\r\nsecret", get, false),
                Arguments.of(
                        "a GET with a body",
                        "GET /x?q=1 HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: 1\r\n\r\nb",
                        good,
                        get,
                        false),
                Arguments.of("too old already", get, ok("secret", "Age: 61"), get, false),
                Arguments.of("too large", get, ok("secret".repeat(11_000)), get, false));
    }

    @ParameterizedTest(name = "{0}: {4}")
    @MethodSource("rules")
    void whatIsKeptAndForWhom(String name, String before, String response, String after, boolean served)
            throws IOException {
        try (Chain chain = new Chain(STALE)) {
            chain.own.answer(Answers.bytesAndClose(response));
            chain.proxy.request(before);
            chain.failing();

            HttpMessage got = chain.proxy.request(after);

            assertThat(got.status()).isEqualTo(served ? 200 : 502);
            assertThat(got.has("X-Breakwater-Fallback")).isEqualTo(served);
            assertThat(got.toString().contains("secret")).isEqualTo(served && !after.startsWith("HEAD"));
        }
    }

    @Test
    void looksAsItDidButForItsAgeAndWhatWasOfAConnection() throws IOException {
        try (Chain chain = new Chain(STALE)) {
            chain.own.answer(Answers.bytesAndClose(String.join(
                    "\r\n",
                    "HTTP/1.1 200 Fine",
                    "Date: Tue, 03 Nov 2026 08:49:37 GMT",
                    "Age: 7",
                    "ETag: \"v1\"",
                    "Connection: close, X-Hop",
                    "X-Hop: 1",
                    "Keep-Alive: timeout=5",
                    "X-Circuit-State: fake",
                    "X-Breakwater-Fallback: fake",
                    "Trailer: X-T",
                    "Transfer-Encoding: chunked",
                    "Content-Type: text/plain",
                    "",
                    "3;a=b",
                    "abc",
                    "2",
                    "de",
                    "0",
                    "X-T: 1",
                    "",
                    "")));
            assertThat(chain.proxy.get("/").text()).isEqualTo("abcde");
            chain.failing();
            chain.ticker.advance(Duration.ofMillis(10_900));

            try (RawClient client = chain.proxy.connect()) {
                HttpMessage stale = client.get("/").read();

                assertThat(stale.startLine()).isEqualTo("HTTP/1.1 200 Fine");
                assertThat(stale.fieldLines())
                        .containsExactly(
                                "Date: Tue, 03 Nov 2026 08:49:37 GMT",
                                "ETag: \"v1\"",
                                "Content-Type: text/plain",
                                "Age: 17",
                                "Content-Length: 5",
                                "X-Breakwater-Fallback: stale",
                                "X-Circuit-State: closed");
                assertThat(stale.text()).isEqualTo("abcde");
                HttpMessage head = client.request("HEAD", "/").readBodyless();
                assertThat(head.field("Content-Length")).isEqualTo("5");
                assertThat(client.get("/").read().text()).isEqualTo("abcde");
            }
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 20})
    void isServedUpToItsAge(int ageThen) throws IOException {
        try (Chain chain = new Chain(STALE)) {
            chain.own.answer(Answers.bytes(ok("old", "Age: " + ageThen)));
            chain.proxy.get("/");
            chain.failing();

            chain.ticker.advance(Duration.ofSeconds(60 - ageThen).minusNanos(1));
            assertThat(chain.proxy.get("/").field("Age")).isEqualTo("59");
            chain.ticker.advance(Duration.ofNanos(1));
            assertThat(chain.proxy.get("/").field("Age")).isEqualTo("60");
            chain.ticker.advance(Duration.ofNanos(1));
            assertThat(chain.proxy.get("/").status()).isEqualTo(502);
        }
    }

    @Test
    void theLastGoodResponseIsTheLatest() throws IOException {
        try (Chain chain = new Chain(STALE)) {
            for (String body : new String[] {"one", "two"}) {
                chain.own.answer(Answers.ok(body));
                chain.proxy.get("/");
            }
            chain.own.answer(Answers.status(404));
            chain.proxy.get("/");
            chain.failing();

            assertThat(chain.proxy.get("/").text()).isEqualTo("two");
        }
    }

    @Test
    void whatVariesIsServedToWhoAskedAlike() throws IOException {
        try (Chain chain = new Chain(STALE)) {
            chain.own.answer((connection, request) -> Answers.bytes(ok(
                            String.valueOf(request.field("Accept-Language")),
                            "Vary: accept-LANGUAGE",
                            "Vary: X-None, Accept-Language"))
                    .give(connection, request));
            for (String language : new String[] {"en", "de"}) {
                chain.proxy.request(request("GET", "/", "Accept-Language: " + language));
            }
            chain.proxy.request(request("GET", "/"));
            chain.failing();

            assertThat(chain.proxy
                            .request(request("GET", "/", "Accept-Language: en"))
                            .text())
                    .isEqualTo("en");
            assertThat(chain.proxy
                            .request(request("GET", "/", "Accept-Language: de"))
                            .text())
                    .isEqualTo("de");
            assertThat(chain.proxy.request(request("GET", "/")).text()).isEqualTo("null");
            assertThat(chain.proxy
                            .request(request("GET", "/", "Accept-Language: fr"))
                            .status())
                    .isEqualTo(502);
            assertThat(chain.proxy
                            .request(request("GET", "/", "Accept-Language:"))
                            .status())
                    .isEqualTo(502);
            assertThat(chain.proxy
                            .request(request("GET", "/", "Accept-Language: en", "X-None: 1"))
                            .status())
                    .isEqualTo(502);
        }
    }

    @Test
    void theNewestResponseSaysByWhatItVaries() throws IOException {
        try (Chain chain = new Chain(STALE)) {
            chain.own.answer(Answers.bytes(ok("by language", "Vary: Accept-Language")));
            chain.proxy.request(request("GET", "/", "Accept-Language: en", "Accept: text"));
            chain.own.answer(Answers.bytes(ok("by type", "Vary: Accept")));
            chain.proxy.request(request("GET", "/", "Accept-Language: de", "Accept: html"));
            chain.failing();

            assertThat(chain.proxy
                            .request(request("GET", "/", "Accept-Language: en", "Accept: html"))
                            .text())
                    .isEqualTo("by type");
            assertThat(chain.proxy
                            .request(request("GET", "/", "Accept-Language: en", "Accept: text"))
                            .status())
                    .isEqualTo(502);
        }
    }

    /** What one user got with credentials, in whatever order, never reaches another one. */
    @Test
    void twoUsersAreNeverMixed() throws IOException {
        try (Chain chain = new Chain(STALE)) {
            chain.own.answer((connection, request) -> Answers.ok(
                            "for " + request.field("Authorization") + request.field("Cookie"))
                    .give(connection, request));
            String[] users = {
                request("GET", "/", "Authorization: alice"),
                request("GET", "/", "Cookie: u=bob"),
                request("GET", "/"),
                request("GET", "/", "Authorization: carol", "Cookie: u=carol")
            };
            for (String user : users) {
                chain.proxy.request(user);
            }
            chain.failing();

            for (String user : users) {
                HttpMessage response = chain.proxy.request(user);
                boolean nobody = user.equals(users[2]);
                assertThat(response.status()).isEqualTo(nobody ? 200 : 502);
                assertThat(response.text().contains("for ")).isEqualTo(nobody);
            }
            assertThat(chain.proxy.request(users[2]).text()).isEqualTo("for nullnull");
        }
    }

    /** A backend makes links and redirects of the scheme and host that a trusted proxy tells of. */
    @Test
    void whatATrustedProxyTellsIsPartOfTheKey() throws IOException {
        String trusting = "lb.listen.trusted-proxies = [\"127.0.0.0/8\"]";
        try (Chain chain = new Chain(STALE, trusting)) {
            chain.proxy.request(request("GET", "/", "X-Forwarded-Proto: https", "X-Forwarded-Host: shop"));
            chain.failing();

            assertThat(chain.proxy
                            .request(request("GET", "/", "X-Forwarded-Proto: https", "X-Forwarded-Host: shop"))
                            .status())
                    .isEqualTo(200);
            for (String other : new String[] {"X-Forwarded-Proto: https", "X-Forwarded-Host: shop", "X-Other: 1"}) {
                assertThat(chain.proxy.request(request("GET", "/", other)).status())
                        .as(other)
                        .isEqualTo(502);
            }
        }
    }

    @Test
    void whatAStrangerTellsOfItsHostIsNot() throws IOException {
        try (Chain chain = new Chain(STALE)) {
            chain.proxy.request(request("GET", "/", "X-Forwarded-Host: evil"));
            chain.failing();

            assertThat(chain.proxy.request(request("GET", "/")).status())
                    .as("the backend was not told of it either")
                    .isEqualTo(200);
        }
    }

    @Test
    void aLongChunkedResponseIsKeptForAnHttp10ClientToo() throws IOException {
        String half = "x".repeat(0x7000);
        try (Chain chain = new Chain(STALE);
                RawClient client = chain.proxy.connect()) {
            chain.own.answer(Answers.bytes("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
                    + ("7000\r\n" + half + "\r\n").repeat(2) + "0\r\n\r\n"));
            assertThat(client.send("GET / HTTP/1.0\r\nHost: lb.test\r\n\r\n")
                            .read()
                            .text())
                    .isEqualTo(half + half);
            chain.failing();

            assertThat(chain.proxy.get("/").text()).isEqualTo(half + half);
        }
    }

    @Test
    void allTogetherTheyTakeNoMoreThanTheirTotal() throws IOException {
        try (Chain chain = new Chain("{ type = stale, max-entry = 40KiB, max-total = 100KiB }")) {
            chain.own.answer(Answers.ok("x".repeat(30 * 1024)));
            for (int i = 0; i < 10; i++) {
                chain.proxy.get("/" + i);
            }
            chain.failing();

            int kept = 0;
            for (int i = 0; i < 10; i++) {
                kept += chain.proxy.get("/" + i).status() == 200 ? 1 : 0;
            }
            assertThat(kept).isBetween(1, 3);
        }
    }

    @Test
    void whatIsKeptOutlivesAReloadAsLongAsItsSettingsStay() throws IOException {
        try (Chain chain = new Chain(STALE)) {
            chain.proxy.get("/");
            chain.failing();

            chain.proxy.reload(chain.conf(STALE + ", { type = static, body = fixed }"));
            assertThat(chain.proxy.get("/").text()).isEqualTo("own");
            chain.proxy.reload(chain.conf(STALE.replace("64KiB", "65KiB") + ", { type = static, body = fixed }"));
            assertThat(chain.proxy.get("/").text()).isEqualTo("fixed");
        }
    }

    @Test
    void whatIsKeptIsOfNoUseOnceTheRouteLeadsElsewhere() throws IOException {
        try (Chain chain = new Chain(STALE)) {
            chain.proxy.get("/");
            chain.spare.answer(Answers.status(500));

            chain.proxy.reload(chain.conf(STALE).replace("pool = default", "pool = spare"));

            assertThat(chain.proxy.get("/").status()).isEqualTo(502);
        }
    }

    @Test
    void whatAnotherPoolAnswersIsNotKept() throws IOException {
        try (Chain chain = new Chain("{ type = pool, pool = spare }, " + STALE).failing()) {
            assertThat(chain.proxy.get("/").text()).isEqualTo("spare");
            chain.spare.answer(Answers.status(500));

            assertThat(chain.proxy.get("/").status()).isEqualTo(502);
        }
    }

    @Test
    void routesShareNothing() throws IOException {
        try (Chain chain = new Chain(STALE)) {
            String two = "lb.routes = [ { name = a, host = a, pool = default, fallback = [" + STALE
                    + "] }, { name = b, host = \"*.a\", pool = default, fallback = [" + STALE + "] } ]";
            chain.proxy.reload(chain.conf("", two));
            chain.proxy.request(request("GET", "/"));
            chain.failing();

            assertThat(chain.proxy.request(request("GET", "/")).status()).isEqualTo(200);
            assertThat(chain.proxy.request(request("GET", "/", "Host: b.a")).status())
                    .isEqualTo(502);
        }
    }
}
