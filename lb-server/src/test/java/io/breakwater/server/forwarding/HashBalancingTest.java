package io.breakwater.server.forwarding;

import static org.assertj.core.api.Assertions.assertThat;

import io.breakwater.server.fixtures.Answers;
import io.breakwater.server.fixtures.Conf;
import io.breakwater.server.fixtures.Proxy;
import io.breakwater.server.fixtures.RawClient;
import io.breakwater.server.fixtures.ScriptedBackend;
import java.io.IOException;
import java.util.HashSet;
import java.util.Set;
import java.util.function.IntFunction;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** {@code balance = { hash = … }}: requests with the same key meet the same backend, others spread. */
@Timeout(60)
class HashBalancingTest {
    private static final int MANY = 60;

    private final ScriptedBackend a = ScriptedBackend.start().answer(Answers.ok("a"));
    private final ScriptedBackend b = ScriptedBackend.start().answer(Answers.ok("b"));
    private final ScriptedBackend c = ScriptedBackend.start().answer(Answers.ok("c"));
    private @Nullable Proxy started;

    @AfterEach
    void stop() throws IOException {
        if (started != null) {
            started.close();
        }
        a.close();
        b.close();
        c.close();
    }

    private Proxy proxy(String key, String... more) {
        Proxy proxy = Proxy.start(Conf.everything(
                new String[] {a.url(), b.url(), c.url()},
                "lb.pools.default.balance = { hash = \"" + key + "\" }",
                String.join("\n", more)));
        started = proxy;
        return proxy;
    }

    /** The backends that served these requests: path and fields of each. */
    private static Set<String> servedBy(Proxy proxy, IntFunction<String> path, IntFunction<String> fields)
            throws IOException {
        Set<String> served = new HashSet<>();
        try (RawClient client = proxy.connect()) {
            for (int i = 0; i < MANY; i++) {
                client.send("GET " + path.apply(i) + " HTTP/1.1\r\nHost: x\r\n" + fields.apply(i) + "\r\n");
                served.add(client.read().text());
            }
        }
        return served;
    }

    private static void assertTogether(Proxy proxy, IntFunction<String> path, IntFunction<String> fields)
            throws IOException {
        assertThat(servedBy(proxy, path, fields)).hasSize(1);
    }

    private static void assertSpread(Proxy proxy, IntFunction<String> path, IntFunction<String> fields)
            throws IOException {
        assertThat(servedBy(proxy, path, fields)).containsExactlyInAnyOrder("a", "b", "c");
    }

    @Test
    void byHeader() throws IOException {
        Proxy proxy = proxy("header:X-User");

        assertTogether(proxy, i -> "/" + i, i -> "x-uSER: alice\r\nX-Other: " + i + "\r\n");
        assertTogether(proxy, i -> "/", i -> "X-User:  alice \r\nX-User: " + i + "\r\n");
        assertSpread(proxy, i -> "/", i -> "X-User: user" + i + "\r\n");
        assertSpread(proxy, i -> "/", i -> "");
    }

    @Test
    void byCookie() throws IOException {
        Proxy proxy = proxy("cookie:id");

        assertTogether(proxy, i -> "/" + i, i -> "Cookie: a=" + i + "; id=alice; b=2\r\n");
        assertTogether(proxy, i -> "/", i -> "Cookie: a=" + i + "\r\nCookie: id=alice\r\n");
        assertTogether(proxy, i -> "/", i -> "Cookie: xid=" + i + ";ID=" + i + ";id=;id=" + i + "\r\n");
        assertSpread(proxy, i -> "/", i -> "Cookie: a=1; id=user" + i + "\r\n");
        assertSpread(proxy, i -> "/", i -> "Cookie: Id=alice; idx=alice; id\r\n");
        assertSpread(proxy, i -> "/", i -> "");
    }

    @Test
    void byPathWithoutItsQuery() throws IOException {
        Proxy proxy = proxy("path");

        assertTogether(proxy, i -> "/same?q=" + i, i -> "");
        assertTogether(proxy, i -> "/\u00c3\u00a9\"?q=" + i, i -> "");
        assertSpread(proxy, i -> "/path" + i, i -> "");
    }

    @Test
    void byTheAddressOfTheClient() throws IOException {
        Proxy proxy = proxy("client-ip");

        assertTogether(proxy, i -> "/" + i, i -> "X-Forwarded-For: 192.0.2." + i + "\r\n");
    }

    @Test
    void byTheAddressThatTrustedProxiesTell() throws IOException {
        Proxy proxy = proxy("client-ip", "lb.listen.trusted-proxies = [\"127.0.0.0/8\", \"10.0.0.0/8\"]");

        assertSpread(proxy, i -> "/", i -> "X-Forwarded-For: 192.0.2." + i + "\r\n");
        assertTogether(proxy, i -> "/", i -> "X-Forwarded-For: 192.0.2." + i + ", 192.0.2.1\r\n");
        assertSpread(proxy, i -> "/", i -> "X-Forwarded-For: 192.0.2." + i + " ,10.0.0.1,\t10.0.0.2\r\n");
        assertSpread(
                proxy, i -> "/", i -> "X-Forwarded-For: 2001:db8::" + i + "\r\nX-Forwarded-For: ::ffff:10.0.0.1\r\n");
        assertTogether(proxy, i -> "/", i -> "X-Forwarded-For: 192.0.2." + i + ", unknown\r\n");
        assertTogether(proxy, i -> "/", i -> "");
        assertSpread(proxy, i -> "/", i -> "X-Forwarded-For: 10.1.1." + i + "\r\n");
    }
}
