package io.breakwater.server.admin;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.params.provider.Arguments.arguments;

import io.breakwater.server.config.ReloadResult;
import io.netty.handler.codec.http.DefaultHttpRequest;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpMethod;
import io.netty.handler.codec.http.HttpRequest;
import io.netty.handler.codec.http.HttpVersion;
import java.io.OutputStream;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Every resource of the admin port, however the port is bound, whether a token is set, and whoever asks by whatever name
 * from whatever page: the rules of docs/admin.md, said once more as one rule after the other.
 */
class AdminRulesTest {
    private static final String TOKEN = "s3cret-token";

    private static final List<String> ANYONE = List.of("/livez", "/readyz", "/metrics");
    private static final List<String> BROWSER = List.of("/", "/style.css", "/js/main.js", "/uplot/LICENSE");
    private static final List<String> OPERATOR = List.of(
            "/api/v1/pools",
            "/api/v1/traffic",
            "/api/v1/config",
            "/api/v1/explain?pool=default",
            "/api/v1/incidents",
            "/api/v1/events",
            "/nowhere",
            "/../etc/passwd",
            "/js/../../application.conf",
            "/api/v1/pools/p/backends/b/explode");
    private static final List<String> WRITE = List.of(
            "/api/v1/reload",
            "/api/v1/pools/p/backends/b:1/enable",
            "/api/v1/pools/p/backends/b:1/drain",
            "/api/v1/pools/p/backends/b:1/disable",
            "/api/v1/pools/p/backends/b:1/trip",
            "/api/v1/pools/p/backends/b:1/reset");

    private enum Host {
        OURS("localhost"),
        WITH_PORT("127.0.0.1:9901"),
        FOREIGN("evil.example"),
        MISSING(null);

        private final @Nullable String value;

        Host(@Nullable String value) {
            this.value = value;
        }
    }

    private enum Origin {
        NONE,
        SAME,
        FOREIGN,
        NULL
    }

    private enum Shown {
        RIGHT("Bearer " + TOKEN),
        WRONG("Bearer s3cret-tokem"),
        PREFIX("Bearer s3cret"),
        MISSING,
        TWICE("Bearer " + TOKEN, "Bearer " + TOKEN),
        RIGHT_AND_WRONG("Bearer " + TOKEN, "Bearer x"),
        OTHER_SCHEME("Basic " + TOKEN),
        TAB("Bearer\t" + TOKEN),
        PADDED("Bearer   " + TOKEN),
        LOWER_CASE("bearer " + TOKEN);

        @SuppressWarnings("ImmutableEnumChecker") // List.of
        private final List<String> fields;

        Shown(String... fields) {
            this.fields = List.of(fields);
        }

        private boolean convinces() {
            return this == RIGHT || this == LOWER_CASE;
        }
    }

    private final FakeStatus status = new FakeStatus();
    private final FakeOperations operations = new FakeOperations();
    private final ReloadQueue reloads = new ReloadQueue(operations);
    private final AdminResources resources =
            new AdminResources(status, operations, reloads, new Scrape(), FakeStatus.NO_EVENTS);

    @AfterEach
    void close() {
        reloads.close();
    }

    private static Stream<Arguments> ports() {
        return Stream.of(
                arguments(true, false), arguments(true, true), arguments(false, false), arguments(false, true));
    }

    @ParameterizedTest(name = "loopback {0}, token {1}")
    @MethodSource("ports")
    void whoMayWhat(boolean loopback, boolean tokenSet) {
        operations.reloadResult = new ReloadResult.Success(List.of(), List.of());
        int asked = 0;
        for (HttpMethod method : List.of(HttpMethod.GET, HttpMethod.HEAD, HttpMethod.POST, HttpMethod.TRACE)) {
            for (String target : targets()) {
                for (Host host : Host.values()) {
                    for (Origin origin : Origin.values()) {
                        for (Shown shown : Shown.values()) {
                            check(loopback, tokenSet, method, target, host, origin, shown);
                            asked++;
                        }
                    }
                }
            }
        }
        assertThat(asked).isGreaterThan(10_000);
    }

    private static List<String> targets() {
        List<String> all = new ArrayList<>(ANYONE);
        all.addAll(BROWSER);
        all.addAll(OPERATOR);
        all.addAll(WRITE);
        return all;
    }

    private void check(
            boolean loopback,
            boolean tokenSet,
            HttpMethod method,
            String target,
            Host host,
            Origin origin,
            Shown shown) {
        int before = operations.calls.size();
        Answer answer = resources
                .answer(
                        request(method, target, host, origin, shown),
                        new Access(loopback, tokenSet ? TOKEN : ""),
                        "tester")
                .join();
        String what = "%s %s, host %s, origin %s, token %s".formatted(method, target, host, origin, shown);
        int refusal = refusal(loopback, tokenSet, method, target, host, origin, shown);
        if (refusal == 0) {
            assertThat(answer.status().code()).as(what).isNotIn(400, 401, 403).isLessThan(500);
        } else {
            assertThat(answer.status().code()).as(what).isEqualTo(refusal);
        }
        boolean written = WRITE.contains(target) && method.equals(HttpMethod.POST) && refusal == 0;
        assertThat(operations.calls.size() - before).as(what).isEqualTo(written ? 1 : 0);
    }

    /** By which status it is refused; 0 if it is not. */
    private static int refusal(
            boolean loopback,
            boolean tokenSet,
            HttpMethod method,
            String target,
            Host host,
            Origin origin,
            Shown shown) {
        boolean write = WRITE.contains(target) && method.equals(HttpMethod.POST);
        boolean open = ANYONE.contains(target);
        if (host == Host.MISSING) {
            return 400; // RFC 9112
        }
        if (loopback && !open && host == Host.FOREIGN) {
            return 403;
        }
        if (write && origin != Origin.NONE && origin != Origin.SAME) {
            return 403;
        }
        if (write && !tokenSet) {
            return loopback ? 0 : 403;
        }
        if (write) {
            return shown.convinces() ? 0 : 401;
        }
        boolean secret = !loopback && tokenSet && !open && !BROWSER.contains(target);
        return secret && !shown.convinces() ? 401 : 0;
    }

    private static HttpRequest request(HttpMethod method, String target, Host host, Origin origin, Shown shown) {
        HttpRequest request = new DefaultHttpRequest(HttpVersion.HTTP_1_1, method, target);
        if (host.value != null) {
            request.headers().set(HttpHeaderNames.HOST, host.value);
        }
        switch (origin) {
            case NONE -> {}
            case SAME -> request.headers().set(HttpHeaderNames.ORIGIN, "http://" + host.value);
            case FOREIGN -> request.headers().set(HttpHeaderNames.ORIGIN, "http://elsewhere.example");
            case NULL -> request.headers().set(HttpHeaderNames.ORIGIN, "null");
        }
        shown.fields.forEach(field -> request.headers().add(HttpHeaderNames.AUTHORIZATION, field));
        return request;
    }

    private static final class Scrape implements io.breakwater.metrics.MetricsExposition {

        @Override
        public String contentType(@Nullable String accept) {
            return "text/plain";
        }

        @Override
        public void write(OutputStream out, String contentType) {}
    }
}
