package io.breakwater.server.contract;

import static io.breakwater.server.fixtures.Eventually.eventually;
import static org.assertj.core.api.Assertions.assertThat;

import io.breakwater.server.fixtures.Answers;
import io.breakwater.server.fixtures.Conf;
import io.breakwater.server.fixtures.HttpMessage;
import io.breakwater.server.fixtures.Proxy;
import io.breakwater.server.fixtures.ScriptedBackend;
import java.io.IOException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Unnamed routes with one path or prefix: each gets its requests, and a name under which they are counted. */
@Timeout(60)
class SharedPathTest {
    private final ScriptedBackend one = ScriptedBackend.start().answer(Answers.ok("one"));
    private final ScriptedBackend two = ScriptedBackend.start().answer(Answers.ok("two"));
    private final ScriptedBackend three = ScriptedBackend.start().answer(Answers.ok("three"));

    private Proxy start(String routes) {
        return Proxy.start(Conf.everything(
                one.url(),
                "lb.pools.two.backends = [\"" + two.url() + "\"]",
                "lb.pools.three.backends = [\"" + three.url() + "\"]",
                "lb.routes = [ " + routes + " ]"));
    }

    @AfterEach
    void stop() throws IOException {
        one.close();
        two.close();
        three.close();
    }

    private static HttpMessage answer(Proxy proxy, String method, String host) {
        return proxy.request(method + " /x HTTP/1.1\r\nHost: " + host + "\r\nContent-Length: 0\r\n\r\n");
    }

    private static void assertCounted(Proxy proxy, String route, String code, int requests) {
        eventually(() -> assertThat(proxy.metric("lb_requests_total", "route", route, "code", code))
                .as(route + " " + code)
                .isEqualTo(requests));
    }

    @Test
    void readsAndWritesOfOnePathGoToTwoPools() {
        try (Proxy proxy = start("""
                { path = "/x", methods = [GET], pool = default }
                { path = "/x", methods = [POST], pool = two }
                """)) {
            assertThat(answer(proxy, "GET", "h").text()).isEqualTo("one");
            assertThat(answer(proxy, "POST", "h").text()).isEqualTo("two");
            assertThat(answer(proxy, "POST", "h").text()).isEqualTo("two");
            HttpMessage refused = answer(proxy, "PUT", "h");

            assertThat(refused.status()).isEqualTo(405);
            assertThat(refused.field("Allow")).isEqualTo("GET, POST");
            assertCounted(proxy, "/x", "200", 1);
            assertCounted(proxy, "/x#2", "200", 2);
            assertCounted(proxy, "none", "405", 1);
            assertThat(proxy.admin("/api/v1/explain?path=/x&method=POST").text())
                    .contains("\"pool\":\"two\"", "\"route\":\"/x#2\"");
        }
    }

    @Test
    void severalHostsHaveAPrefixEach() {
        try (Proxy proxy = start("""
                { host = a.test, prefix = "/", pool = default }
                { host = b.test, prefix = "/", pool = two }
                { host = "*.test", prefix = "/", pool = three }
                """)) {
            assertThat(answer(proxy, "GET", "a.test").text()).isEqualTo("one");
            assertThat(answer(proxy, "GET", "b.test").text()).isEqualTo("two");
            assertThat(answer(proxy, "GET", "c.test").text()).isEqualTo("three");
            assertThat(answer(proxy, "GET", "d.test").text()).isEqualTo("three");

            assertThat(answer(proxy, "GET", "test").status()).isEqualTo(404);
            assertCounted(proxy, "/", "200", 1);
            assertCounted(proxy, "/#2", "200", 1);
            assertCounted(proxy, "/#3", "200", 2);
        }
    }

    @Test
    void aNarrowRouteStandsBeforeAWideOne() {
        try (Proxy proxy = start("""
                { host = a.test, path = "/x", methods = [GET], pool = default }
                { path = "/x", methods = [GET], pool = two }
                { path = "/x", pool = three }
                """)) {
            assertThat(answer(proxy, "GET", "a.test").text()).isEqualTo("one");
            assertThat(answer(proxy, "GET", "b.test").text()).isEqualTo("two");
            assertThat(answer(proxy, "POST", "a.test").text()).isEqualTo("three");

            assertCounted(proxy, "/x", "200", 1);
            assertCounted(proxy, "/x#2", "200", 1);
            assertCounted(proxy, "/x#3", "200", 1);
        }
    }
}
