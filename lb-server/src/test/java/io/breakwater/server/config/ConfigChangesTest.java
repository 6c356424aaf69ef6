package io.breakwater.server.config;

import static org.assertj.core.api.Assertions.assertThat;

import io.breakwater.server.fixtures.Certified;
import io.breakwater.server.fixtures.Pki;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ConfigChangesTest {

    private static final String RUNNING = """
            lb.admin.token = old
            lb.listeners.a.port = 81
            lb.routes = [
              { path = "/a", pool = web }
              { prefix = "/b", pool = web, methods = [GET] }
              { host = "c.example.com", pool = "my.pool" }
            ]
            lb.pools.web.backends = [
              { url = "http://a:81", id = one }
              { url = "http://b:82", id = two, weight = 3 }
            ]
            lb.pools."my.pool".backends = ["http://c"]
            """;

    @TempDir
    static Path folder;

    private static String tls(Path in) {
        Certified certified = Certified.by(Pki.AUTHORITY, folder, "a.test");
        return "\nlb.listen.tls.certificates = [ { certificate = \"%s\", private-key = \"%s\" } ]\n"
                .formatted(in.resolve(certified.certificate().getFileName()), certified.key());
    }

    private static LbConfig load(String hocon) throws ConfigProblems {
        return new ConfigLoader(Map.of(), () -> 1_000_000)
                .parse(hocon, "t.conf", List.of())
                .config();
    }

    private static ConfigChanges changes(String more) throws ConfigProblems {
        return ConfigChanges.between(load(RUNNING), load(RUNNING + more));
    }

    @Test
    void nothingChangesWhereNothingDiffers() throws ConfigProblems {
        ConfigChanges changes = changes("");

        assertThat(changes.isEmpty()).isTrue();
        assertThat(changes.needingRestart()).isEmpty();
        assertThat(changes.summary()).isEmpty();
    }

    @Test
    void aDefaultThatIsWrittenOutIsNoChange() throws ConfigProblems {
        assertThat(changes("lb.admin.port = 9901, lb.pools.web.breaker.cooldown = 5000ms")
                        .isEmpty())
                .isTrue();
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            lb.listen.host = "127.0.0.1"   | lb.listen.host: "0.0.0.0" -> "127.0.0.1" (a restart is needed)
            lb.listen.port = 4000          | lb.listen.port: 3000 -> 4000 (a restart is needed)
            lb.admin.host = "::1"          | lb.admin.host: "127.0.0.1" -> "::1" (a restart is needed)
            lb.admin.port = 9902           | lb.admin.port: 9901 -> 9902 (a restart is needed)
            lb.admin.token = new           | lb.admin.token: (hidden) -> (hidden) (a restart is needed)
            lb.admin.token = ""            | lb.admin.token: (hidden) -> "" (a restart is needed)
            lb.runtime.transport = nio     | lb.runtime.transport: auto -> nio (a restart is needed)
            lb.runtime.event-loops = 2     | lb.runtime.event-loops: 0 -> 2 (a restart is needed)
            lb.listeners.a.port = 82       | lb.listeners.a.port: 81 -> 82 (a restart is needed)
            lb.listeners.a.host = "::1"    | lb.listeners.a.host: "0.0.0.0" -> "::1" (a restart is needed)
            lb.state.file = s              | lb.state.file: "" -> "s" (a restart is needed)
            lb.metrics.enabled = false     | lb.metrics.enabled: true -> false (a restart is needed)
            """)
    void needARestart(String line, String refusal) throws ConfigProblems {
        ConfigChanges changes = changes(line);

        assertThat(changes.refusals()).containsExactly(refusal);
        assertThat(changes.summary()).isEmpty();
        assertThat(changes.isEmpty()).isFalse();
    }

    @Test
    void everySettingThatNeedsARestartIsNamedInTheOrderOfTheReference() throws ConfigProblems {
        assertThat(changes("lb.runtime.event-loops = 2, lb.listen.port = 1, lb.listen.max-connections = 5")
                        .needingRestart())
                .extracting(ConfigChanges.Change::path)
                .containsExactly("lb.listen.port", "lb.runtime.event-loops");
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            lb.listeners.a.limits.body = 1MiB            | lb.listeners.a.limits.body: 0 -> 1MiB
            lb.listen.max-connections = 5                | lb.listen.max-connections: 10000 -> 5
            lb.listen.trusted-proxies = ["10.0.0.0/8"]   | lb.listen.trusted-proxies: [] -> ["10.0.0.0/8"]
            lb.listen.health-path = "/up"                | lb.listen.health-path: "/health" -> "/up"
            lb.listen.circuit-state-header = X-S         | lb.listen.circuit-state-header: "X-Circuit-State" -> "X-S"
            lb.listen.limits.body = 1MiB                 | lb.listen.limits.body: 0 -> 1MiB
            lb.listen.timeouts.request-head = 1s         | lb.listen.timeouts.request-head: 10s -> 1s
            lb.shutdown.drain = 5s                       | lb.shutdown.drain: 30s -> 5s
            lb.pools.web.balance = random                | lb.pools.web.balance: round-robin -> random
            lb.pools.web.balance = { hash = path }       | lb.pools.web.balance: round-robin -> { hash = "path" }
            lb.pools."my.pool".retries.max = 1           | lb.pools."my.pool".retries.max: 0 -> 1
            lb.pools.web.retries.on = [reset]            | lb.pools.web.retries.on: ["connect-failure", "reset", "timeout", "502-504"] -> ["reset"]
            lb.pools.web.breaker.half-open.probe-timeout = 6s | lb.pools.web.breaker.half-open.probe-timeout: 10s -> 6s
            lb.pools.new.backends = ["http://x"]         | pool new added, with 1 backend
            lb.pools.web.backends = ["http://a:81", { url = "http://b:82", id = two, weight = 3 }] | pool web: backend a:81 added; pool web: backend one removed
            lb.pools.web.backends = [{ url = "http://x", id = one }, { url = "http://b:82", id = two, weight = 3 }] | pool web: backend one replaced, http://a:81 -> http://x
            lb.pools.web.backends = [{ url = "http://A:81", id = one, priority = 1 }, { url = "http://b:82", id = two }] | pool web: backend one: url: "http://a:81" -> "http://A:81"; pool web: backend one: priority: 0 -> 1; pool web: backend two: weight: 3 -> 1
            lb.routes += { path = "/d", pool = web }     | route /d added, to pool web
            lb.routes += { path = "/a", pool = web }     | route /a#2 added, to pool web
            lb.route-defaults.strip-prefix = true, lb.routes = [{ prefix = "/b", pool = web, methods = [GET] }, { path = "/a", strip-prefix = false, pool = web }, { host = "c.example.com", strip-prefix = false, pool = "my.pool" }] | route /b: strip-prefix: false -> true; routes are tried in another order
            lb.routes = [{ path = "/a", pool = "my.pool", rewrite = "/x" }, { path = "/c", pool = web }] | route /a: pool: "web" -> "my.pool"; route /a: rewrite: none -> "/x"; route /c added, to pool web; route /b removed; route c.example.com removed
            """)
    void areHot(String line, String summary) throws ConfigProblems {
        ConfigChanges changes = changes(line);

        assertThat(String.join("; ", changes.summary())).isEqualTo(summary);
        assertThat(changes.refusals()).isEmpty();
        assertThat(changes.isEmpty()).isFalse();
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            lb.listen.limits.body = 1MiB                 | for connections that are made from then on; those that are there keep what they have
            lb.listen.tls.client-ca = CA                 | for connections that are made from then on
            lb.shutdown.drain = 5s                       |
            lb.pools.web.balance = random                |
            lb.pools.web.breaker.enabled = false         | circuits that are not closed are closed, those tripped by hand too
            lb.pools.web.breaker.mode = observe          | circuits that are open refuse nobody any more
            lb.pools.web.breaker.scope = backend-and-route | every circuit starts closed, but for backends that are tripped by hand
            lb.pools.web.breaker.cooldown-max = 61s      | circuits that are open keep their deadline
            lb.pools.web.breaker.consecutive-failures = 2 | states and what was counted stay; the next call is judged by it
            lb.pools.web.breaker.window.calls = 50       |
            lb.pools.web.breaker.window.type = time      | windows of closed circuits start empty; states, deadlines and failures in a row stay
            lb.pools.web.health-check.enabled = true     | backends are checked at once; until then they count as healthy
            lb.pools.web.health-check.path = "/x"        |
            lb.pools.web.tls.verify = false              | for connections to backends that are made from then on
            lb.pools.new.backends = ["http://x"]         | each starts enabled, with its circuit closed
            lb.routes += { path = "/d", pool = web }     |
            """)
    void whatAChangeDoesIsTold(String line, String effect) throws ConfigProblems {
        String more = line.contains("client-ca") ? tls(folder) : "";
        String authority = "\"" + Certified.writeAuthority(Pki.AUTHORITY, folder, "ca") + "\"";

        assertThat(ConfigChanges.between(load(RUNNING + more), load(RUNNING + more + line.replace("CA", authority)))
                        .steps())
                .singleElement()
                .extracting(ConfigChanges.Step::effect)
                .isEqualTo(effect);
    }

    @Test
    void whatARemovedRouteTakesAlongIsTold() throws ConfigProblems {
        String rich = """
                lb.pools.web.breaker.scope = backend-and-route
                lb.routes += { name = rich, path = "/r", pool = web, fallback = [ { type = stale }, { type = queue, dir = q } ] }
                """;

        assertThat(ConfigChanges.between(
                                load(RUNNING + rich),
                                load(RUNNING + rich.lines().findFirst().orElseThrow()))
                        .steps())
                .containsExactly(new ConfigChanges.Step(
                        "route rich removed",
                        "its metrics end, its circuits are forgotten, the responses kept for it are forgotten, what waits"
                                + " in its queue goes on waiting for a route of this name"));
    }

    @Test
    void whatStandsInListsIsComparedByItsPlace() throws ConfigProblems {
        String route =
                "\nlb.routes += { name = r, path = \"/r\", pool = web, fallback = [ { type = static, body = \"%s\" } ] }\n";

        assertThat(ConfigChanges.between(load(RUNNING + route.formatted("a")), load(RUNNING + route.formatted("b")))
                        .summary())
                .containsExactly("route r: fallback[0].body: \"a\" -> \"b\"");
        assertThat(ConfigChanges.between(load(RUNNING + tls(folder)), load(RUNNING + tls(folder.resolve("."))))
                        .summary())
                .containsExactly("lb.listen.tls.certificates[0].certificate: \"%s/a.test.pem\" -> \"%s/./a.test.pem\""
                        .formatted(folder, folder));
    }

    @Test
    void aLongValueIsCut() throws ConfigProblems {
        assertThat(changes("lb.pools.web.health-check.path = \"/" + "x".repeat(500) + "\"")
                        .summary())
                .singleElement()
                .asString()
                .hasSizeLessThan(250)
                .endsWith("xxx... (503 characters)");
    }

    @Test
    void backendsThatStayAreCounted() throws ConfigProblems {
        assertThat(changes("").kept()).isEqualTo(3);
        assertThat(changes("lb.pools.web.backends = [{ url = \"http://A:81/\", id = one, weight = 5 }]")
                        .kept())
                .isEqualTo(2);
    }

    @Test
    void aListenerThatComesOrGoesNeedsARestart() throws ConfigProblems {
        assertThat(changes("lb.listeners.b.port = 82").refusals())
                .containsExactly(
                        "lb.listeners.b.host: none -> \"0.0.0.0\" (a restart is needed)",
                        "lb.listeners.b.port: none -> 82 (a restart is needed)");
        assertThat(changes("lb.listeners = null").refusals())
                .containsExactly(
                        "lb.listeners.a.host: \"0.0.0.0\" -> none (a restart is needed)",
                        "lb.listeners.a.port: 81 -> none (a restart is needed)");
    }

    @Test
    void aPoolThatIsGoneIsNamed() throws ConfigProblems {
        LbConfig wanted = load("""
                lb.listeners.a.port = 81
                lb.admin.token = old
                lb.routes = [{ host = "c.example.com", pool = "my.pool" }]
                lb.pools."my.pool".backends = ["http://c"]
                """);

        assertThat(ConfigChanges.between(load(RUNNING), wanted).summary())
                .containsExactly("route /a removed", "route /b removed", "pool web removed, with 2 backends");
    }

    @Test
    void aLongSummaryIsCut() throws ConfigProblems {
        ConfigChanges changes =
                changes("lb.shutdown.delay = 1s, lb.shutdown.drain = 1s, lb.listen.max-connections = 1");

        assertThat(changes.summary(3)).hasSize(3).isEqualTo(changes.summary());
        assertThat(changes.summary(1)).containsExactly("lb.listen.max-connections: 10000 -> 1", "and 2 more");
    }

    @Test
    void noSecretIsShown() throws ConfigProblems {
        ConfigChanges changes = changes("lb.admin.token = n3w");

        assertThat(changes.needingRestart().toString()).doesNotContain("n3w").doesNotContain("old");
    }
}
