package io.breakwater.server.config;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;
import static org.assertj.core.api.Assertions.tuple;

import io.breakwater.health.breaker.BreakerConfig;
import io.breakwater.health.breaker.WindowConfig;
import io.breakwater.health.check.HealthCheckConfig;
import io.breakwater.server.config.RetriesConfig.RetryOn;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class ConfigLoaderTest {

    private static final Path SHIPPED = Path.of("..", "conf", "lb.conf");

    /** The least that is a configuration; line 3 is free for a test's own keys. */
    private static final String LEAST = """
            lb.routes = [{ path = "/a", pool = p }]
            lb.pools.p.backends = ["http://localhost:3001"]
            """;

    private Map<String, String> environment = Map.of();

    private LoadedConfig parse(String more, String... settings) throws ConfigProblems {
        return new ConfigLoader(environment, () -> 1_000_000).parse(LEAST + more, "t.conf", List.of(settings));
    }

    private List<String> problems(String more, String... settings) {
        return problemsOf(LEAST + more, settings);
    }

    private List<String> problemsOf(String whole, String... settings) {
        ConfigProblems refused = catchThrowableOfType(
                ConfigProblems.class,
                () -> new ConfigLoader(environment, () -> 1_000_000).parse(whole, "t.conf", List.of(settings)));
        assertThat(refused).as("refusal of " + whole).isNotNull();
        return refused.problems().stream().map(Problem::toString).toList();
    }

    private static PoolConfig pool(LbConfig config, String name) {
        return requireNonNull(config.pools().get(name));
    }

    @Nested
    class ShippedFile {

        private LbConfig load() throws ConfigProblems {
            return load(SHIPPED);
        }

        private LbConfig load(Path file) throws ConfigProblems {
            LoadedConfig loaded = new ConfigLoader(environment, () -> 1_000_000).load(file, List.of());
            assertThat(loaded.warnings()).isEmpty();
            return loaded.config();
        }

        @Test
        void thatOfReplicasHasEverythingOn() throws ConfigProblems {
            environment = Map.of("PORT", "4000", "ADMIN_PORT", "4001", "ADMIN_HOST", "::1", "ADMIN_TOKEN", "s3cret");

            LbConfig config = load(SHIPPED.resolveSibling("replicas.conf"));

            assertThat(config.listen().port()).isEqualTo(4000);
            assertThat(config.admin()).isEqualTo(new AdminConfig("::1", 4001, true, "s3cret"));
            assertThat(config.routes())
                    .containsExactly(new RouteConfig(
                            "/api/resource",
                            null,
                            "/api/resource",
                            null,
                            Set.of("GET", "HEAD"),
                            "replicas",
                            "/backend/resource",
                            false));
            PoolConfig pool = pool(config, "replicas");
            assertThat(pool.backends())
                    .extracting(BackendConfig::id, BackendConfig::url)
                    .containsExactly(
                            tuple("replica-1", "http://localhost:3001"),
                            tuple("replica-2", "http://localhost:3002"),
                            tuple("replica-3", "http://localhost:3003"));
            assertThat(pool.breaker().window().type()).isEqualTo(WindowConfig.Type.TIME);
            assertThat(pool.retries().max()).isEqualTo(2);
            assertThat(pool.retries().on()).containsExactlyInAnyOrder(RetryOn.values());
            assertThat(pool.retries().statuses().ranges()).containsExactly("500-504");
            assertThat(pool.timeouts().responseHead()).hasSeconds(2);
            assertThat(pool.healthCheck().enabled()).isTrue();
            assertThat(pool.slowStart().enabled()).isTrue();
            assertThat(pool.concurrency().queue()).isPositive();
            assertThat(pool.minAvailable()).isZero();
        }

        @Test
        void isTheDefaultContract() throws ConfigProblems {
            LbConfig config = load();

            assertThat(config.listen().host()).isEqualTo("0.0.0.0");
            assertThat(config.listen().port()).isEqualTo(3000);
            assertThat(config.admin()).isEqualTo(new AdminConfig("127.0.0.1", 9901, false, ""));
            assertThat(config.routes())
                    .containsExactly(new RouteConfig(
                            "/api/resource",
                            null,
                            "/api/resource",
                            null,
                            Set.of("GET", "HEAD"),
                            "default",
                            "/backend/resource",
                            false));
            PoolConfig pool = pool(config, "default");
            assertThat(pool.backends())
                    .containsExactly(
                            new BackendConfig("localhost:3001", "http://localhost:3001", "localhost", 3001, 1, 0));
            assertThat(pool.breaker().consecutiveFailures()).isEqualTo(3);
            assertThat(pool.breaker().cooldown()).isEqualTo(Duration.ofSeconds(5));
            assertThat(pool.breaker().concurrentProbes()).isEqualTo(1);
            assertThat(pool.breaker().successesToClose()).isEqualTo(1);
            assertThat(pool.breaker().probeTimeout()).isEqualTo(Duration.ofSeconds(10));
            assertThat(pool.breaker().mode()).isEqualTo(BreakerConfig.Mode.ENFORCE);
            assertThat(pool.breaker().window()).isEqualTo(WindowConfig.NONE);
            assertThat(pool.failureStatuses().contains(500)).isTrue();
            assertThat(pool.failureStatuses().contains(499)).isFalse();
        }

        @Test
        void takesPortsFromTheEnvironment() throws ConfigProblems {
            environment = Map.of("PORT", "4000", "ADMIN_PORT", "4001", "ADMIN_TOKEN", "s3cret");

            LbConfig config = load();

            assertThat(config.listen().port()).isEqualTo(4000);
            assertThat(config.admin()).isEqualTo(new AdminConfig("127.0.0.1", 4001, true, "s3cret"));
            assertThat(config.toString()).doesNotContain("s3cret");
        }

        @Test
        void countsEmptyVariablesAsUnset() throws ConfigProblems {
            environment = Map.of("PORT", "", "ADMIN_PORT", "");

            LbConfig config = load();

            assertThat(config.listen().port()).isEqualTo(3000);
            assertThat(config.admin().portSetExplicitly()).isFalse();
        }

        @Test
        void namesTheVariableThatIsWrong() {
            environment = Map.of("PORT", "eighty");

            ConfigProblems refused = catchThrowableOfType(ConfigProblems.class, this::load);

            assertThat(refused)
                    .hasMessage("environment variable PORT: lb.listen.port: eighty (expected: a whole number)");
        }
    }

    @Test
    void saysEveryProblemAtOnceInTheOrderOfTheFile() {
        assertThat(problemsOf("""
                        lb {
                          listen { prot = 80, port = 70000
                            timeouts.write-idle = 5
                            limits.headers = lots }
                          health-check {}
                          routes = [
                            { path = "api", pool = default }
                            { path = "/b", prefix = "/c", methods = [get], pool = nowhere }
                            { pool = default }
                          ]
                          pools.default {
                            backends = ["https://a/b", { url = "http://b:0" }, 7]
                            breaker.cooldwon = 5s
                            breaker.failure-statuses = ["5xx"]
                            balance = randon
                          }
                        }
                        lib = 1
                        """))
                .containsExactly(
                        "t.conf:2: lb.listen.port: 70000 (expected: 0..65535)",
                        "t.conf:2: lb.listen.prot: unknown key (expected: one of host, port, tls, max-connections,"
                                + " trusted-proxies, health-path, circuit-state-header, reason-header, request-id-header, trace-context, limits, timeouts; did you mean port?)",
                        "t.conf:3: lb.listen.timeouts.write-idle: 5 (expected: a duration with its unit, such as 5s or 250ms)",
                        "t.conf:4: lb.listen.limits.headers: lots (expected: a size such as 8KiB)",
                        "t.conf:5: lb.health-check: unknown key (expected: one of listen, listeners, admin, runtime, access-log,"
                                + " metrics, shutdown, state, routes, pools, route-defaults, fallback-defaults, pool-defaults,"
                                + " backend-defaults)",
                        "t.conf:7: lb.routes[0].path: api (expected: a path that starts with \"/\", without query,"
                                + " fragment, spaces, \"\\\" or dot segments)",
                        "t.conf:8: lb.routes[1].methods[0]: get (expected: a method in upper case, such as GET)",
                        "t.conf:8: lb.routes[1].prefix: /c (expected: either path or prefix)",
                        "t.conf:8: lb.routes[1].pool: nowhere (expected: default)",
                        "t.conf:9: lb.routes[2].path: missing (expected: a path, a prefix, or a host alone)",
                        "t.conf:12: lb.pools.default.backends[0]: https://a/b (expected: http://HOST[:PORT] or https://HOST[:PORT]; a"
                                + " path is the route's matter (rewrite))",
                        "t.conf:12: lb.pools.default.backends[1].url: http://b:0 (expected: a port of 1..65535)",
                        "t.conf:12: lb.pools.default.backends[2]: 7 (expected: http://HOST[:PORT] or https://HOST[:PORT])",
                        "t.conf:13: lb.pools.default.breaker.cooldwon: unknown key (expected: one of enabled,"
                                + " mode, scope, consecutive-failures, window, failure-statuses, cooldown,"
                                + " cooldown-multiplier, cooldown-max, cooldown-jitter, half-open, abandoned-after,"
                                + " min-available; did you mean cooldown?)",
                        "t.conf:14: lb.pools.default.breaker.failure-statuses[0]: 5xx (expected: a status or a range of"
                                + " statuses from 100 to 599, such as 502 or \"500-599\")",
                        "t.conf:15: lb.pools.default.balance: randon (expected: round-robin, least-request, peak-ewma,"
                                + " random, or { hash = KEY } with KEY header:NAME, cookie:NAME, client-ip or path; did you mean random?)",
                        "t.conf:18: lib: unknown key (expected: lb)");
    }

    @Test
    void takesTheLeast() throws ConfigProblems {
        LbConfig config = parse("").config();

        assertThat(config.routes()).hasSize(1);
        assertThat(config.pools()).containsOnlyKeys("p");
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            lb.listen.host = "a b"                      | host: a b (expected: an IP address or a host name)
            lb.listen.host = 10.0.0.256                 | host: 10.0.0.256 (expected: an IP address or a host name)
            lb.listen.port = -1                         | port: -1 (expected: 0..65535)
            lb.listen.port = 3.5                        | port: 3.5 (expected: a whole number)
            lb.listen.port = 99999999999                | port: 99999999999 (expected: a whole number of at most 2147483647)
            lb.listen.port = [1]                        | port: [1] (expected: a single value, not a list or an object)
            lb.listen.port.a = 1                        | port: {"a":1} (expected: a single value, not a list or an object)
            lb.listen = 3000                            | 3000 (expected: an object in { })
            lb.listen.max-connections = 0               | max-connections: 0 (expected: 1..10000000)
            lb.listen.trusted-proxies = "10.0.0.1"      | trusted-proxies: 10.0.0.1 (expected: a list in [ ])
            lb.listen.trusted-proxies = [example.com]   | trusted-proxies[0]: example.com (expected: an IP address or a range of them, such as 10.0.0.0/8 or fd00::/8)
            lb.listen.trusted-proxies = ["10.0.0.1/8"]  | trusted-proxies[0]: 10.0.0.1/8 (expected: a range whose bits after the prefix are 0, as in 10.0.0.0/8)
            lb.listen.trusted-proxies = ["::/129"]      | trusted-proxies[0]: ::/129 (expected: a prefix of 0..128 bits)
            lb.listen.health-path = health              | health-path: health (expected: a path that starts with "/", without query, fragment, spaces, "\\" or dot segments)
            lb.listen.circuit-state-header = "X State"  | circuit-state-header: X State (expected: a header name that HTTP does not use itself)
            lb.listen.reason-header = "X Why" | reason-header: X Why (expected: on, off, or a header name that HTTP does not use itself)
            lb.listen.reason-header = OFF | reason-header: OFF (expected: on, off, or a header name that HTTP does not use itself)
            lb.listen.reason-header = Set-Cookie | reason-header: Set-Cookie (expected: on, off, or a header name that HTTP does not use itself)
            lb.listen.request-id-header = off | request-id-header: off (expected: a header name that HTTP does not use itself, or empty)
            lb.listen.reason-header = x-circuit-state | reason-header: x-circuit-state (expected: other than circuit-state-header)
            lb.listen.request-id-header = Host | request-id-header: Host (expected: a header name that HTTP does not use itself, or empty)
            lb.listen.request-id-header = Traceparent | request-id-header: Traceparent (expected: a header name that HTTP does not use itself, or empty)
            lb.listen.request-id-header = X-Forwarded-For | request-id-header: X-Forwarded-For (expected: a header name that HTTP does not use itself, or empty)
            lb.listen.circuit-state-header = Connection | circuit-state-header: Connection (expected: a header name that HTTP does not use itself)
            lb.listen.limits.request-line = 10          | limits.request-line: 10 (expected: a size from 256B to 1MiB)
            lb.listen.limits.headers = 4GiB             | limits.headers: 4GiB (expected: a size from 256B to 1MiB)
            lb.listen.limits.header-count = 0           | limits.header-count: 0 (expected: 1..10000)
            lb.listen.limits.body = -1                  | limits.body: -1 (expected: a size such as 8KiB)
            lb.listen.limits.body = 1e99999999YiB       | limits.body: 1e99999999YiB (expected: a size such as 8KiB)
            lb.listen.timeouts.request-head = 0s        | timeouts.request-head: 0s (expected: a duration from 1ms to 24h)
            lb.listen.timeouts.keep-alive-idle = 2d     | timeouts.keep-alive-idle: 2d (expected: a duration from 1ms to 24h)
            lb.listen.timeouts.write-idle = 999999999999d | timeouts.write-idle: 999999999999d (expected: a duration from 1ms to 24h)
            lb.listen.timeouts.write-idle = ""          | timeouts.write-idle: "" (expected: a duration with its unit, such as 5s or 250ms)
            """)
    void refusesInListen(String line, String problem) {
        String place = problem.startsWith("3000 ") ? "t.conf:3: lb.listen: " : "t.conf:3: lb.listen.";

        assertThat(problems(line)).containsExactly(place + problem);
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            lb.admin.host = ""                             | lb.admin.host: "" (expected: an IP address or a host name)
            lb.admin.port = 70000                          | lb.admin.port: 70000 (expected: 0..65535)
            lb.admin.port = 3000                           | lb.admin.port: 3000 (expected: a port other than lb.listen.port)
            lb.admin.token = "two words"                   | lb.admin.token: (hidden) (expected: visible ASCII only)
            lb.admin.token = [secret]                      | lb.admin.token: (hidden) (expected: a single value, not a list or an object)
            lb.runtime.transport = kqueue                  | lb.runtime.transport: kqueue (expected: auto or nio or epoll or io_uring)
            lb.runtime.event-loops = -1                    | lb.runtime.event-loops: -1 (expected: 0..1024)
            lb.metrics.enabled = maybe                     | lb.metrics.enabled: maybe (expected: true or false)
            lb.shutdown.drain = -1s                        | lb.shutdown.drain: -1s (expected: a duration from 0s to 24h)
            lb.pools.p.backend-errors = hide               | lb.pools.p.backend-errors: hide (expected: replace or pass)
            lb.pools.p.host-header = rewrite               | lb.pools.p.host-header: rewrite (expected: preserve or backend)
            lb.pools.p.breaker.consecutive-failures = -1   | lb.pools.p.breaker.consecutive-failures: -1 (expected: 0..1000000)
            lb.pools.p.breaker.cooldown = 0s               | lb.pools.p.breaker.cooldown: 0s (expected: a duration from 1ms to 24h)
            lb.pools.p.breaker.failure-statuses = [600]    | lb.pools.p.breaker.failure-statuses[0]: 600 (expected: a status or a range of statuses from 100 to 599, such as 502 or "500-599")
            lb.pools.p.breaker.failure-statuses = ["599-500"] | lb.pools.p.breaker.failure-statuses[0]: 599-500 (expected: a range whose first status is not above its last, such as "500-599")
            lb.pools.p.breaker.half-open.concurrent-probes = 0 | lb.pools.p.breaker.half-open.concurrent-probes: 0 (expected: 1..1000000)
            lb.pools.p.breaker.half-open.successes-to-close = 0 | lb.pools.p.breaker.half-open.successes-to-close: 0 (expected: 1..1000000)
            lb.pools.p.breaker.half-open.probe-timeout = 0s | lb.pools.p.breaker.half-open.probe-timeout: 0s (expected: a duration from 1ms to 24h)
            lb.pools.p.connections.max-idle-per-backend = -1 | lb.pools.p.connections.max-idle-per-backend: -1 (expected: 0..1000000)
            lb.pools.p.connections.idle-timeout = 0s       | lb.pools.p.connections.idle-timeout: 0s (expected: a duration from 1ms to 24h)
            lb.pools.p.timeouts.connect = 0s               | lb.pools.p.timeouts.connect: 0s (expected: a duration from 1ms to 24h)
            lb.pools.q {}                                  | lb.pools.q.backends: [] (expected: at least one backend, such as "http://localhost:3001")
            lb.pools."a/b".backends = ["http://a"]         | lb.pools."a/b": a/b (expected: a name of letters, digits, ., _ and - (it is part of URLs and a label of metrics))
            lb.pools.p = 1                                 | lb.pools.p: 1 (expected: an object in { })
            lb.pools.p.backends = ["http://a", "http://a:80"] | lb.pools.p.backends[1]: http://a:80 (expected: an id of its own in the pool; backends[0] has it)
            lb.pools.p.backends = [{ id = x }]             | lb.pools.p.backends[0].url: missing (expected: http://HOST[:PORT] or https://HOST[:PORT])
            lb.pools.p.backends = [{ url = "http://a", id = "a/b" }] | lb.pools.p.backends[0].id: a/b (expected: letters, digits and any of . _ : @ - [ ] (it is part of URLs and a label of metrics))
            lb.pools.p.backends = ["http://a/b"]           | lb.pools.p.backends[0]: http://a/b (expected: http://HOST[:PORT] or https://HOST[:PORT]; a path is the route's matter (rewrite))
            lb.pools.p.backends = ["http://u@a"]           | lb.pools.p.backends[0]: http://u@a (expected: http://HOST[:PORT] or https://HOST[:PORT])
            lb.pools.p.backends = ["http://::1"]           | lb.pools.p.backends[0]: http://::1 (expected: http://HOST[:PORT] or https://HOST[:PORT])
            lb.pools.p.backends = ["http://"]              | lb.pools.p.backends[0]: http:// (expected: http://HOST[:PORT] or https://HOST[:PORT])
            lb.pool-defaults.breaker.cooldown = soon       | lb.pool-defaults.breaker.cooldown: soon (expected: a duration with its unit, such as 5s or 250ms)
            lb.pool-defaults.tls.cert = x                  | lb.pool-defaults.tls.cert: unknown key (expected: one of ca, server-name, verify, certificate, private-key)
            lb.pool-defaults.tls.ca = nowhere              | lb.pool-defaults.tls.ca: nowhere (expected: a file that can be read)
            lb.pool-defaults.tls.certificate = pom.xml     | lb.pool-defaults.tls.certificate: pom.xml (expected: certificates in PEM; no -----BEGIN CERTIFICATE----- is in it)
            lb.pool-defaults.tls.ca = pom.xml              | lb.pool-defaults.tls.ca: pom.xml (expected: certificates in PEM; no -----BEGIN CERTIFICATE----- is in it)
            lb.pool-defaults.tls.private-key = pom.xml     | lb.pool-defaults.tls.private-key: pom.xml (expected: a private key in PEM; no -----BEGIN PRIVATE KEY----- is in it)
            lb.pool-defaults.tls.server-name = "a b"       | lb.pool-defaults.tls.server-name: a b (expected: a host name, or empty for the backend's own)
            lb.listen.tls.certificates = [{ certificate = nowhere, private-key = src/test/resources/pem/ec-sec1.pem }] | lb.listen.tls.certificates[0].certificate: nowhere (expected: a file that can be read)
            lb.listen.tls.client-ca = pom.xml              | lb.listen.tls.client-ca: pom.xml (expected: certificates in PEM; no -----BEGIN CERTIFICATE----- is in it)
            lb.listeners.b {}                              | lb.listeners.b.port: missing (expected: 0..65535)
            lb.listeners.b.port = 3000                     | lb.listeners.b.port: 3000 (expected: a port of its own: lb.listen has it)
            lb.listeners { b { port = 4000 }, c { port = 4000 } } | lb.listeners.c.port: 4000 (expected: a port of its own: lb.listeners.b has it)
            lb.listeners { b { port = 4000, prot = 1 } }   | lb.listeners.b.prot: unknown key (expected: one of host, port, tls, max-connections, trusted-proxies, health-path, circuit-state-header, reason-header, request-id-header, trace-context, limits, timeouts; did you mean port?)
            lb.listen.limits.min-body-rate = -1            | lb.listen.limits.min-body-rate: -1 (expected: a size such as 8KiB)
            lb.routes += { path = "/b" }                   | lb.routes[1].pool: missing (expected: the name of a pool)
            lb.routes += { path = "/b", pool = p, name = b }, lb.routes += { path = "/c", pool = p, name = b } | lb.routes[2].name: b (expected: a name of its own: routes[1] has it)
            lb.routes += { path = "/b", pool = p, name = health } | lb.routes[1].name: health (expected: a name other than none and health)
            lb.routes += { host = none, pool = p }         | lb.routes[1].name: none (expected: a name other than none and health)
            lb.routes += { path = "/b/../c", pool = p }    | lb.routes[1].path: /b/../c (expected: a path that starts with "/", without query, fragment, spaces, "\\" or dot segments)
            lb.routes += { prefix = "/b?c", pool = p }     | lb.routes[1].prefix: /b?c (expected: a path that starts with "/", without query, fragment, spaces, "\\" or dot segments)
            lb.routes += { path = "/b", pool = p, rewrite = c } | lb.routes[1].rewrite: c (expected: a path that starts with "/", without query, fragment, spaces, "\\" or dot segments)
            lb.routes += { path = "/b", pool = p, strip-prefix = true } | lb.routes[1].strip-prefix: true (expected: a prefix to strip)
            lb.routes += { prefix = "/b", pool = p, strip-prefix = true, rewrite = "/c" } | lb.routes[1].strip-prefix: true (expected: either rewrite or strip-prefix)
            lb.routes += { path = "/b", pool = p, methods = [CONNECT] } | lb.routes[1].methods[0]: CONNECT (expected: a method in upper case, such as GET)
            lb.routes += { path = "/b", pool = p, timeouts { request = 5 } } | lb.routes[1].timeouts.request: 5 (expected: a duration with its unit, such as 5s or 250ms)
            lb.routes += { path = "/b", pool = p, timeouts { request = 0s } } | lb.routes[1].timeouts.request: 0s (expected: a duration from 1ms to 24h)
            lb.routes += { path = "/b", pool = p, fallback-on = [never] } | lb.routes[1].fallback-on[0]: never (expected: unavailable or failure)
            lb.routes += { path = "/b", pool = p, fallback-on = [], fallback = [{ type = stale }] } | lb.routes[1].fallback-on: [] (expected: unavailable, failure or both, as there is a fallback)
            lb.routes += { path = "/b", pool = p, fallback = [7] } | lb.routes[1].fallback[0]: 7 (expected: an object in { })
            lb.routes += { path = "/b", pool = p, fallback = [{ status = 200 }] } | lb.routes[1].fallback[0].type: missing (expected: static or stale or pool or queue)
            lb.routes += { path = "/b", pool = p, fallback = [{ type = stal }] } | lb.routes[1].fallback[0].type: stal (expected: static or stale or pool or queue; did you mean stale?)
            lb.routes += { path = "/b", pool = p, fallback = [{ type = static, max-age = 1s }] } | lb.routes[1].fallback[0].max-age: unknown key (expected: one of type, status, headers, body, file, content-type)
            lb.routes += { path = "/b", pool = p, fallback = [{ type = static, status = 100 }] } | lb.routes[1].fallback[0].status: 100 (expected: 200..599)
            lb.routes += { path = "/b", pool = p, fallback = [{ type = static, file = nowhere }] } | lb.routes[1].fallback[0].file: nowhere (expected: a file that can be read)
            lb.routes += { path = "/b", pool = p, fallback = [{ type = static, headers { Content-Length = 7 } }] } | lb.routes[1].fallback[0].headers: Content-Length (expected: the name of a field, other than the balancer's own such as Content-Length)
            lb.routes += { path = "/b", pool = p, fallback = [{ type = pool }] } | lb.routes[1].fallback[0].pool: missing (expected: the name of a pool)
            lb.routes += { path = "/b", pool = p, fallback = [{ type = pool, pool = q }] } | lb.routes[1].fallback[0].pool: q (expected: p; did you mean p?)
            lb.routes += { path = "/b", pool = p, fallback = [{ type = pool, pool = p }] } | lb.routes[1].fallback[0].pool: p (expected: another pool than the route's own)
            lb.routes += { path = "/b", pool = p, fallback = [{ type = stale, max-entry = 1MiB, max-total = 1KiB }] } | lb.routes[1].fallback[0].max-entry: 1MiB (expected: at most max-total, 1KiB)
            lb.routes += { path = "/b", pool = p, fallback = [{ type = queue, status-path = "/q/" }] } | lb.routes[1].fallback[0].status-path: /q/ (expected: a path that starts with "/", without query, fragment, spaces, "\\" or dot segments, and not with "/" at its end)
            lb.routes += { path = "/b", pool = p, fallback = [{ type = queue, dir = "" }] } | lb.routes[1].fallback[0].dir: "" (expected: the path of a directory)
            lb.routes += { path = "/b", pool = p, fallback = [{ type = queue }, { type = queue, dir = "./x/../queue", max-count = 7 }] } | lb.routes[1].fallback[1].dir: ./x/../queue (expected: a directory of its own, or the same max-count, max-bytes, max-entry, max-age and status-path as the queue before that has it)
            lb.routes += { path = "/b", pool = p, fallback = [{ type = queue }, { type = queue, status-path = "/q" }] } | lb.routes[1].fallback[1].dir: queue (expected: a directory of its own, or the same max-count, max-bytes, max-entry, max-age and status-path as the queue before that has it)
            lb.routes += { path = "/b", pool = p, fallback = [{ type = queue }, { type = queue, dir = other }] } | lb.routes[1].fallback[1].status-path: /queued (expected: a path of its own: the queue in queue has it)
            lb.routes += { path = "/b", pool = p, fallback = [{ type = queue, status-path = "/h" }] }, lb.listen.health-path = "/h/ok" | lb.routes[1].fallback[0].status-path: /h (expected: a path that no listener's health-path is below)
            lb.access-log.format = jsn                     | lb.access-log.format: jsn (expected: off or combined or json; did you mean json?)
            lb.routes += 7                                 | lb.routes[1]: 7 (expected: an object in { })
            lb.routes = []                                 | lb.routes: [] (expected: at least one route)
            """)
    void refuses(String line, String problem) {
        assertThat(problems(line)).containsExactly("t.conf:3: " + problem);
    }

    @ParameterizedTest
    @CsvSource({"http2 = true", "listen.proxy-protocol = on"})
    void refusesKeysOfWhatDoesNotExistYet(String line) {
        assertThat(problems("lb." + line)).singleElement().asString().contains(": unknown key (expected: ");
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            balance = fastest                  | balance: fastest (expected: round-robin, least-request, peak-ewma, random, or { hash = KEY } with KEY header:NAME, cookie:NAME, client-ip or path)
            balance = least-requests           | balance: least-requests (expected: round-robin, least-request, peak-ewma, random, or { hash = KEY } with KEY header:NAME, cookie:NAME, client-ip or path; did you mean least-request?)
            balance = hash                     | balance: hash (expected: round-robin, least-request, peak-ewma, random, or { hash = KEY } with KEY header:NAME, cookie:NAME, client-ip or path)
            balance = [random]                 | balance: ["random"] (expected: a single value, not a list or an object)
            balance = {}                       | balance.hash: missing (expected: header:NAME, cookie:NAME, client-ip or path)
            balance = { hash = null }          | balance.hash: missing (expected: header:NAME, cookie:NAME, client-ip or path)
            balance = { hash = [path] }        | balance.hash: ["path"] (expected: a single value, not a list or an object)
            balance = { hash = "" }            | balance.hash: "" (expected: header:NAME, cookie:NAME, client-ip or path)
            balance = { hash = user }          | balance.hash: user (expected: header:NAME, cookie:NAME, client-ip or path)
            balance = { hash = "client-ip:x" } | balance.hash: client-ip:x (expected: header:NAME, cookie:NAME, client-ip or path)
            balance = { hash = "query:id" }    | balance.hash: query:id (expected: header:NAME, cookie:NAME, client-ip or path)
            balance = { hash = header }        | balance.hash: header (expected: header:NAME, cookie:NAME, client-ip or path)
            balance = { hash = "header:" }     | balance.hash: header: (expected: header:NAME, cookie:NAME, client-ip or path; NAME is a token, such as X-User)
            balance = { hash = "header:X User" } | balance.hash: header:X User (expected: header:NAME, cookie:NAME, client-ip or path; NAME is a token, such as X-User)
            balance = { hash = "cookie:" }     | balance.hash: cookie: (expected: header:NAME, cookie:NAME, client-ip or path; NAME is a token, such as X-User)
            balance = { hash = "cookie:a;b" }  | balance.hash: cookie:a;b (expected: header:NAME, cookie:NAME, client-ip or path; NAME is a token, such as X-User)
            balance = { hash = path, weight = 1 } | balance.weight: unknown key (expected: hash)
            breaker.min-available = -1         | breaker.min-available: -1 (expected: 0..1000000)
            breaker.min-available = 50%        | breaker.min-available: 50% (expected: a whole number)
            breaker.mode = watch               | breaker.mode: watch (expected: enforce or observe)
            breaker.mode = obsrve              | breaker.mode: obsrve (expected: enforce or observe; did you mean observe?)
            breaker.cooldown-multiplier = 0.5  | breaker.cooldown-multiplier: 0.5 (expected: a number from 1 to 100)
            breaker.cooldown-multiplier = 101  | breaker.cooldown-multiplier: 101 (expected: a number from 1 to 100)
            breaker.cooldown-multiplier = "2x" | breaker.cooldown-multiplier: 2x (expected: a number such as 1.5)
            breaker.cooldown-max = 0s          | breaker.cooldown-max: 0s (expected: a duration from 1ms to 24h)
            breaker.cooldown-jitter = 101%     | breaker.cooldown-jitter: 101% (expected: a ratio from 0 to 1, or 0% to 100%)
            breaker.window = count             | breaker.window: count (expected: an object in { })
            breaker.window.type = sliding      | breaker.window.type: sliding (expected: none or count or time)
            breaker.window.calls = 0           | breaker.window.calls: 0 (expected: 1..100000)
            breaker.window.calls = 100001      | breaker.window.calls: 100001 (expected: 1..100000)
            breaker.window.duration = 0s       | breaker.window.duration: 0s (expected: whole seconds from 1s to 24h)
            breaker.window.duration = 1500ms   | breaker.window.duration: 1500ms (expected: whole seconds from 1s to 24h)
            breaker.window.duration = 25h      | breaker.window.duration: 25h (expected: whole seconds from 1s to 24h)
            breaker.window.minimum-calls = 0   | breaker.window.minimum-calls: 0 (expected: 1..1000000)
            breaker.window { type = count, minimum-calls = 101 } | breaker.window.minimum-calls: 101 (expected: at most calls, 100, or nothing is ever judged)
            breaker.window.failure-rate = 0    | breaker.window.failure-rate: 0 (expected: a ratio above 0%, up to 100%)
            breaker.window.failure-rate = 101% | breaker.window.failure-rate: 101% (expected: a ratio from 0 to 1, or 0% to 100%)
            breaker.window.slow-call-rate = 0% | breaker.window.slow-call-rate: 0% (expected: a ratio above 0%, up to 100%)
            breaker.window.slow-call-rate = 1.01 | breaker.window.slow-call-rate: 1.01 (expected: a ratio from 0 to 1, or 0% to 100%)
            breaker.window.slow-call-duration = 0s | breaker.window.slow-call-duration: 0s (expected: a duration from 1ms to 24h)
            breaker.window.failure-rat = 5%    | breaker.window.failure-rat: unknown key (expected: one of type, calls, duration, minimum-calls, failure-rate, slow-call-rate, slow-call-duration; did you mean failure-rate?)
            health-check = on                  | health-check: on (expected: an object in { })
            health-check.enabled = 1           | health-check.enabled: 1 (expected: true or false)
            health-check.initial = unknown     | health-check.initial: unknown (expected: healthy or unhealthy)
            health-check.initial = unhealty    | health-check.initial: unhealty (expected: healthy or unhealthy; did you mean unhealthy?)
            health-check.type = grpc           | health-check.type: grpc (expected: http or tcp)
            health-check.path = health         | health-check.path: health (expected: a path that starts with "/", without query, fragment, spaces, "\\" or dot segments)
            health-check.expect-status = []    | health-check.expect-status: [] (expected: at least one status)
            health-check.expect-status = [200, 2xx] | health-check.expect-status[1]: 2xx (expected: a status or a range of statuses from 100 to 599, such as 502 or "500-599")
            health-check.interval = 0s         | health-check.interval: 0s (expected: a duration from 1ms to 24h)
            health-check.interval = 5          | health-check.interval: 5 (expected: a duration with its unit, such as 5s or 250ms)
            health-check.timeout = 25h         | health-check.timeout: 25h (expected: a duration from 1ms to 24h)
            health-check.rise = 0              | health-check.rise: 0 (expected: 1..1000)
            health-check.fall = 1001           | health-check.fall: 1001 (expected: 1..1000)
            health-check.jitter = 1.1          | health-check.jitter: 1.1 (expected: a ratio from 0 to 1, or 0% to 100%)
            health-check.jitter = -5%          | health-check.jitter: -5% (expected: a ratio from 0 to 1, or 0% to 100%)
            health-check.jitter = some         | health-check.jitter: some (expected: a ratio from 0 to 1, or 0% to 100%)
            health-check.unhealthy-interval = 0s | health-check.unhealthy-interval: 0s (expected: a duration from 1ms to 24h)
            health-check.intervall = 1s        | health-check.intervall: unknown key (expected: one of enabled, initial, type, path, expect-status, interval, timeout, rise, fall, jitter, unhealthy-interval; did you mean interval?)
            concurrency.max-per-backend = 0    | concurrency.max-per-backend: 0 (expected: 1..1000000)
            concurrency.adaptive = perhaps     | concurrency.adaptive: perhaps (expected: true or false)
            concurrency.queue = -1             | concurrency.queue: -1 (expected: 0..1000000)
            concurrency.queue-timeout = 0s     | concurrency.queue-timeout: 0s (expected: a duration from 1ms to 24h)
            concurrency.que = 1                | concurrency.que: unknown key (expected: one of max-per-backend, adaptive, queue, queue-timeout)
            retries = 2                        | retries: 2 (expected: an object in { })
            retries.max = -1                   | retries.max: -1 (expected: 0..100)
            retries.max = 101                  | retries.max: 101 (expected: 0..100)
            retries.on = timeout               | retries.on: timeout (expected: a list in [ ])
            retries.on = [tiemout]             | retries.on[0]: tiemout (expected: connect-failure, reset, timeout, or a status or a range of statuses from 100 to 599, such as 502 or "500-599"; did you mean timeout?)
            retries.on = [reset, 5xx]          | retries.on[1]: 5xx (expected: connect-failure, reset, timeout, or a status or a range of statuses from 100 to 599, such as 502 or "500-599")
            retries.on = ["504-500"]           | retries.on[0]: 504-500 (expected: a range whose first status is not above its last, such as "500-599")
            retries.on = [[reset]]             | retries.on[0]: ["reset"] (expected: a single value, not a list or an object)
            retries.budget.ratio = 101%        | retries.budget.ratio: 101% (expected: a ratio from 0 to 1, or 0% to 100%)
            retries.budget.min-per-second = -1 | retries.budget.min-per-second: -1 (expected: 0..1000000)
            retries.budget.window = 999ms      | retries.budget.window: 999ms (expected: a duration from 1s to 1m)
            retries.budget.window = 61s        | retries.budget.window: 61s (expected: a duration from 1s to 1m)
            retries.budget.windw = 1s          | retries.budget.windw: unknown key (expected: one of ratio, min-per-second, window; did you mean window?)
            retries.body-buffer = 65MiB        | retries.body-buffer: 65MiB (expected: a size from 0 to 64MiB)
            retries.body-buffer = big          | retries.body-buffer: big (expected: a size such as 8KiB)
            retries.per-try-timeout = -1s      | retries.per-try-timeout: -1s (expected: a duration from 0s to 24h)
            retries.per-try-timeout = 25h      | retries.per-try-timeout: 25h (expected: a duration from 0s to 24h)
            retries.maximum = 1                | retries.maximum: unknown key (expected: one of max, on, budget, body-buffer, per-try-timeout)
            slow-start.enabled = 2             | slow-start.enabled: 2 (expected: true or false)
            slow-start.duration = 0s           | slow-start.duration: 0s (expected: a duration from 1ms to 24h)
            slow-start.min-weight = 0          | slow-start.min-weight: 0 (expected: > 0% and <= 100%)
            slow-start.min-weight = 120%       | slow-start.min-weight: 120% (expected: a ratio from 0 to 1, or 0% to 100%)
            slow-start.min-successes = -1      | slow-start.min-successes: -1 (expected: 0..1000000)
            backends = [{ url = "http://a", weight = 0 }] | backends[0].weight: 0 (expected: 1..1000)
            backends = ["http://b", { url = "http://a", weight = 1001 }] | backends[1].weight: 1001 (expected: 1..1000)
            backends = [{ url = "http://a", priority = -1 }] | backends[0].priority: -1 (expected: 0..1000)
            backends = [{ url = "http://a", priority = 1001 }] | backends[0].priority: 1001 (expected: 0..1000)
            backends = [{ url = "http://a", weigth = 2 }] | backends[0].weigth: unknown key (expected: one of url, id, weight, priority; did you mean weight?)
            """)
    void refusesInAPoolOfReplicas(String line, String problem) {
        assertThat(problems("lb.pools.p." + line)).containsExactly("t.conf:3: lb.pools.p." + problem);
        if (!line.startsWith("backends")) {
            assertThat(problems("lb.pool-defaults." + line)).containsExactly("t.conf:3: lb.pool-defaults." + problem);
        }
    }

    /** A bad value of a section hides no other problem of it, and makes no known key unknown. */
    @Test
    void saysEveryProblemOfAHealthCheck() {
        assertThat(problems("""
                lb.pools.p.health-check {
                  fall = 0
                  initial = ill
                  expect-status = []
                  path = "x"
                  enabled = true
                  interval = 0s
                  typ = tcp
                }
                """))
                .containsExactly(
                        "t.conf:4: lb.pools.p.health-check.fall: 0 (expected: 1..1000)",
                        "t.conf:5: lb.pools.p.health-check.initial: ill (expected: healthy or unhealthy)",
                        "t.conf:6: lb.pools.p.health-check.expect-status: [] (expected: at least one status)",
                        "t.conf:7: lb.pools.p.health-check.path: x (expected: a path that starts with \"/\","
                                + " without query, fragment, spaces, \"\\\" or dot segments)",
                        "t.conf:9: lb.pools.p.health-check.interval: 0s (expected: a duration from 1ms to 24h)",
                        "t.conf:10: lb.pools.p.health-check.typ: unknown key (expected: one of enabled, initial, type,"
                                + " path, expect-status, interval, timeout, rise, fall, jitter, unhealthy-interval;"
                                + " did you mean type?)");
    }

    @Nested
    class PoolOfReplicas {

        private PoolConfig pool(String more) throws ConfigProblems {
            return ConfigLoaderTest.pool(parse(more).config(), "p");
        }

        @Test
        void hasDefaultsThatChangeNothing() throws ConfigProblems {
            PoolConfig pool = pool("");

            assertThat(pool.balance()).isEqualTo(new BalanceConfig(BalanceConfig.Policy.ROUND_ROBIN, null));
            assertThat(pool.minAvailable()).isZero();
            assertThat(pool.healthCheck()).isEqualTo(HealthCheckConfig.OFF);
            assertThat(pool.probe())
                    .isEqualTo(new ProbeConfig(ProbeConfig.Type.HTTP, "/health", new StatusRanges(List.of("200-399"))));
            assertThat(pool.concurrency()).isEqualTo(new ConcurrencyConfig(1024, false, 0, Duration.ofSeconds(1)));
            assertThat(pool.retries())
                    .isEqualTo(new RetriesConfig(
                            0,
                            EnumSet.allOf(RetryOn.class),
                            new StatusRanges(List.of("502-504")),
                            new RetriesConfig.Budget(0.2, 10, Duration.ofSeconds(10)),
                            64 * 1024,
                            Duration.ZERO));
            assertThat(pool.slowStart()).isEqualTo(new SlowStartConfig(false, Duration.ofSeconds(30), 0.05, 10));
        }

        @ParameterizedTest
        @CsvSource(delimiter = '|', textBlock = """
                round-robin                 | ROUND_ROBIN   |           |           | round-robin
                least-request               | LEAST_REQUEST |           |           | least-request
                peak-ewma                   | PEAK_EWMA     |           |           | peak-ewma
                random                      | RANDOM        |           |           | random
                { hash = path }             | HASH          | PATH      | ''        | hash path
                { hash = client-ip }        | HASH          | CLIENT_IP | ''        | hash client-ip
                { hash = "header:X-User" }  | HASH          | HEADER    | X-User    | hash header:X-User
                { hash = "cookie:id" }      | HASH          | COOKIE    | id        | hash cookie:id
                """)
        void takesEveryPolicy(
                String written,
                BalanceConfig.Policy policy,
                BalanceConfig.@Nullable HashSource source,
                @Nullable String name,
                String text)
                throws ConfigProblems {
            BalanceConfig balance = pool("lb.pools.p.balance = " + written).balance();

            assertThat(balance)
                    .isEqualTo(new BalanceConfig(
                            policy, source == null || name == null ? null : new BalanceConfig.HashKey(source, name)));
            assertThat(balance.text()).isEqualTo(text);
        }

        @Test
        void aBalanceOfTheDefaultsGivesWayToAnyOfThePool() throws ConfigProblems {
            String defaults = "lb.pool-defaults.balance = { hash = client-ip }\n";

            assertThat(pool(defaults).balance().text()).isEqualTo("hash client-ip");
            assertThat(pool(defaults + "lb.pools.p.balance = random").balance().text())
                    .isEqualTo("random");
            assertThat(pool(defaults + "lb.pools.p.balance = { hash = path }")
                            .balance()
                            .text())
                    .isEqualTo("hash path");
            assertThat(ConfigLoaderTest.pool(
                                    parse("lb.pools.p.balance = random", "lb.pools.p.balance.hash=path")
                                            .config(),
                                    "p")
                            .balance()
                            .text())
                    .isEqualTo("hash path");
        }

        @Test
        void takesFailuresAndStatusesToRetryInAnyOrderAndMoreThanOnce() throws ConfigProblems {
            RetriesConfig retries =
                    pool("lb.pools.p.retries.on = [\"500-504\", 503, connect-failure, 503, timeout, connect-failure]")
                            .retries();

            assertThat(retries.on()).containsExactlyInAnyOrder(RetryOn.CONNECT_FAILURE, RetryOn.TIMEOUT);
            assertThat(IntStream.range(100, 600).filter(retries.statuses()::contains))
                    .containsExactly(500, 501, 502, 503, 504);
            assertThat(pool("lb.pools.p.retries.on = []").retries().on()).isEmpty();
        }

        @ParameterizedTest
        @CsvSource({"0.2, 0.2", "20%, 0.2", "\"7%\", 0.07", "0.5%, 0.005", "0, 0", "0%, 0", "1, 1", "100%, 1", "1.0, 1"
        })
        void takesRatiosAsNumbersAndPercentages(String written, double ratio) throws ConfigProblems {
            assertThat(pool("lb.pools.p.health-check.jitter = " + written)
                            .healthCheck()
                            .jitter())
                    .isEqualTo(ratio);
            assertThat(pool("lb.pools.p.retries.budget.ratio = " + written)
                            .retries()
                            .budget()
                            .ratio())
                    .isEqualTo(ratio);
        }

        @Test
        void takesWeightsAndPrioritiesFromTheBackendElseItsDefaults() throws ConfigProblems {
            assertThat(pool("""
                    lb.backend-defaults { weight = 5, priority = 2 }
                    lb.pools.p.backends = ["http://a", { url = "http://b", weight = 1000 }, { url = "http://c", priority = 0 }]
                    """).backends())
                    .extracting(BackendConfig::weight, BackendConfig::priority)
                    .containsExactly(tuple(5, 2), tuple(1000, 2), tuple(5, 0));
        }
    }

    @Test
    void aProblemInTheDefaultsOfBackendsIsSaidOnce() {
        assertThat(
                        problems(
                                "lb.backend-defaults { weight = 0, prioriti = 1 }\nlb.pools.q.backends = [{ url = \"http://a\" }]"))
                .containsExactly(
                        "t.conf:3: lb.backend-defaults.weight: 0 (expected: 1..1000)",
                        "t.conf:3: lb.backend-defaults.prioriti: unknown key (expected: one of url, id, weight,"
                                + " priority; did you mean priority?)");
    }

    @Nested
    class RouteHosts {

        private RouteConfig route(String entry) throws ConfigProblems {
            return parse("lb.routes += { " + entry + ", pool = p }")
                    .config()
                    .routes()
                    .get(1);
        }

        @ParameterizedTest
        @CsvSource({
            "shop.example.com, shop.example.com",
            "Shop.EXAMPLE.com, shop.example.com",
            "localhost, localhost",
            "10.0.0.1, 10.0.0.1",
            "*.example.com, *.example.com",
            "*.Example.com, *.example.com",
            "*.com, *.com",
            "xn--bcher-kva.example, xn--bcher-kva.example"
        })
        void areKeptInLowerCase(String written, String host) throws ConfigProblems {
            assertThat(route("path = \"/x\", host = \"" + written + "\"").host())
                    .isEqualTo(host);
            // A host alone is a match, and the name of the route.
            assertThat(route("host = \"" + written + "\""))
                    .isEqualTo(new RouteConfig(host, host, null, null, Set.of(), "p", null, false));
        }

        @ParameterizedTest
        @ValueSource(
                strings = {
                    "",
                    "*",
                    "*.",
                    "*.*.example.com",
                    "a.*.example.com",
                    "*example.com",
                    "shop.example.com:8080",
                    "*.example.com:80",
                    "shop.example.com.",
                    "shop example.com",
                    ".example.com",
                    "http://example.com",
                    "example.com/",
                    "bücher.example",
                    "10.0.0.256",
                    "*.0.0.1",
                    "*.10.0.0.1",
                    "::1",
                    "[::1]",
                    "[::1]:80"
                })
        void areNamesOrIpv4AddressesWithoutPort(String host) {
            assertThat(problems("lb.routes += { path = \"/x\", pool = p, host = \"" + host + "\" }"))
                    .containsExactly("t.conf:3: lb.routes[1].host: " + (host.isEmpty() ? "\"\"" : host)
                            + " (expected: a host name or an IPv4 address without port, such as shop.example.com,"
                            + " or *.example.com)");
        }

        @Test
        void aRouteNeedsSomethingToMatch() {
            assertThat(problems("lb.routes += { pool = p }"))
                    .containsExactly(
                            "t.conf:3: lb.routes[1].path: missing (expected: a path, a prefix, or a host alone)");
            assertThat(problems("lb.routes += { host = a.b, pool = p, strip-prefix = true }"))
                    .containsExactly("t.conf:3: lb.routes[1].strip-prefix: true (expected: a prefix to strip)");
        }

        @Test
        void aPoolThatIsNotThereIsNamedWithTheNearest() {
            StringBuilder pools = new StringBuilder();
            for (int i = 0; i < 20; i++) {
                pools.append("lb.pools.web-").append(i).append(".backends = [\"http://a\"]\n");
            }

            assertThat(problems(pools + "lb.routes += { path = \"/x\", pool = wbe-7 }"))
                    .containsExactly("t.conf:23: lb.routes[1].pool: wbe-7 (expected: one of the 21 in lb.pools;"
                            + " did you mean web-7?)");
        }
    }

    @Nested
    class NamesOfRoutes {

        @ParameterizedTest
        @CsvSource(delimiter = '|', textBlock = """
                { path = "/x" }, { prefix = "/y" }, { host = c }                                      | /x, /y, c
                { path = "/x", methods = [GET] }, { path = "/x", methods = [POST] }                   | /x, /x#2
                { path = "/x", methods = [POST] }, { path = "/x" }, { prefix = "/x" }                 | /x, /x#2, /x#3
                { host = a, prefix = "/" }, { host = b, prefix = "/" }, { host = c, prefix = "/" }    | /, /#2, /#3
                { host = a.b, methods = [GET] }, { host = A.B }                                       | a.b, a.b#2
                { path = "/x", host = a }, { path = "/x", host = b, name = b }, { path = "/x" }       | /x, b, /x#2
                { path = "/x", host = a }, { path = "/x", host = b, name = "/x#2" }, { path = "/x" }  | /x, /x#2, /x#3
                { path = "/x", host = a }, { path = "/x", host = b }, { path = "/y", name = "/x" }    | /x#2, /x#3, /x
                """)
        void areWhatTheyMatchAndANumberWhereThatIsAnothers(String routes, String names) throws ConfigProblems {
            LoadedConfig loaded = parse("lb.route-defaults.pool = p, lb.routes = [ " + routes + " ]");

            assertThat(loaded.config().routes()).extracting(RouteConfig::name).containsExactly(names.split(", "));
            assertThat(loaded.warnings()).isEmpty();
            assertThat(new ConfigLoader(environment, () -> 1_000_000)
                            .parse(ConfigPrinter.print(loaded.config()), "printed", List.of())
                            .config())
                    .isEqualTo(loaded.config());
        }

        @Test
        void thatAreWrittenTwiceAreRefusedAlsoWhereTheyLookMade() {
            assertThat(problems("""
                    lb.routes += { path = "/a", pool = p }
                    lb.routes += { path = "/b", pool = p, name = "/a#2" }
                    lb.routes += { path = "/c", pool = p, name = "/a#2" }
                    """))
                    .containsExactly(
                            "t.conf:5: lb.routes[3].name: /a#2 (expected: a name of its own: routes[2] has it)");
        }

        @Test
        void anUnnamedRouteThatNoRequestReachesIsToldSo() throws ConfigProblems {
            assertThat(parse("lb.routes += { path = \"/a\", pool = p }").warnings())
                    .extracting(Problem::toString)
                    .containsExactly("t.conf:3: lb.routes[1].path: /a (unwise: no request comes here: the earlier"
                            + " route /a takes them all)");
        }

        @Test
        void ofTenThousandRoutesWithOnePrefixAreAllTheirOwn() throws ConfigProblems {
            String routes = IntStream.range(0, 10_000)
                    .mapToObj(i -> "{ host = h" + i + ", prefix = \"/\", pool = p }")
                    .collect(Collectors.joining(", "));

            assertThat(parse("lb.routes = [" + routes + "]").config().routes())
                    .extracting(RouteConfig::name)
                    .doesNotHaveDuplicates()
                    .startsWith("/", "/#2")
                    .endsWith("/#10000");
        }
    }

    @Test
    void refusesAnEmptyFileWithWhatItLacks() {
        assertThat(problemsOf(""))
                .containsExactly(
                        "t.conf: lb.routes: [] (expected: at least one route)",
                        "t.conf: lb.pools: {} (expected: at least one pool)");
    }

    @Nested
    class Layers {

        @Test
        void settingsWinOverTheFileAndTheFileOverTheReference() throws ConfigProblems {
            LbConfig config = parse(
                            "lb.listen { port = 4000, max-connections = 5 }",
                            "lb.listen.port=5000",
                            "lb.pools.p.breaker.cooldown=7s",
                            "lb.listen.health-path=\"/up\"",
                            "lb.listen.trusted-proxies=[\"10.0.0.0/8\"]")
                    .config();

            assertThat(config.listen().port()).isEqualTo(5000);
            assertThat(config.listen().maxConnections()).isEqualTo(5);
            assertThat(config.listen().healthPath()).isEqualTo("/up");
            assertThat(config.listen().trustedProxies()).containsExactly(Cidr.parse("10.0.0.0/8"));
            assertThat(pool(config, "p").breaker().cooldown()).isEqualTo(Duration.ofSeconds(7));
        }

        @Test
        void theLastOfTwoEqualSettingsWins() throws ConfigProblems {
            assertThat(parse("", "lb.listen.port=1", "lb.listen.port=2")
                            .config()
                            .listen()
                            .port())
                    .isEqualTo(2);
        }

        @ParameterizedTest
        @ValueSource(
                strings = {
                    "lb.pools.q { breaker.consecutive-failures = 7, backends = [\"http://q\"] }",
                    "lb.pools.q = ${lb.pools.p} { breaker.consecutive-failures = 7, backends = [\"http://q\"] }",
                    "lb.pools.q = ${lb.pools.p}, lb.pools.q { breaker.consecutive-failures = 7, backends = [\"http://q\"] }",
                    "lb.pools.q = { breaker.consecutive-failures = 7, backends = [\"http://q\"] } ${?nothing}",
                    "lb.pools.q { breaker = ${lb.pool-defaults.breaker} { consecutive-failures = 7 }, backends = [\"http://q\"] }",
                })
        void aSettingReachesIntoAPoolHoweverTheFileMakesIt(String pool) throws ConfigProblems {
            String file = pool + "\nlb.pools.a = ${lb.pools.p}";

            LbConfig config = parse(file, "lb.pools.q.breaker.cooldown=1s").config();

            assertThat(pool(config, "q").backends())
                    .extracting(BackendConfig::url)
                    .containsExactly("http://q");
            assertThat(pool(config, "q").breaker().consecutiveFailures()).isEqualTo(7);
            assertThat(pool(config, "q").breaker().cooldown()).hasSeconds(1);
            assertThat(pool(config, "p").breaker().cooldown()).hasSeconds(5);
            assertThat(pool(config, "a").breaker().cooldown()).hasSeconds(5);
        }

        @Test
        void poolsKeepTheOrderOfTheFile() throws ConfigProblems {
            String pools = "lb.pools.b.backends = [\"http://b\"]\nlb.pools.a.backends = [\"http://a\"]";

            assertThat(parse(pools, "lb.pools.a.breaker.cooldown=1s", "lb.pools.b={ retries.max = 0 }")
                            .config()
                            .pools()
                            .keySet())
                    .containsExactly("p", "b", "a");
        }

        @Test
        void aSettingOfAPoolHoldsForThoseThatAreMadeOfIt() throws ConfigProblems {
            LbConfig config = parse(
                            "lb.pools.q = ${lb.pools.p} { backends = [\"http://q\"] }",
                            "lb.pools.p.breaker.cooldown=2s",
                            "lb.pools.p.backends=[\"http://new\"]")
                    .config();

            assertThat(pool(config, "q").breaker().cooldown()).hasSeconds(2);
            assertThat(pool(config, "p").backends())
                    .extracting(BackendConfig::url)
                    .containsExactly("http://new");
            assertThat(pool(config, "q").backends())
                    .extracting(BackendConfig::url)
                    .containsExactly("http://q");
        }

        @Test
        void anObjectIsLaidOverTheOneThatIsThere() throws ConfigProblems {
            LbConfig config = parse(
                            "lb.listen { port = 4000, max-connections = 5, limits.headers = 3KiB }",
                            "lb.listen={ port = 5000, limits { header-count = 9 } }",
                            "lb.listen.limits={ header-count = 8 }",
                            "lb.pools={ p { breaker.cooldown = 7s } }")
                    .config();

            assertThat(config.listen().port()).isEqualTo(5000);
            assertThat(config.listen().maxConnections()).isEqualTo(5);
            assertThat(config.listen().limits().headersBytes()).isEqualTo(3 * 1024);
            assertThat(config.listen().limits().headerCount()).isEqualTo(8);
            assertThat(pool(config, "p").backends()).hasSize(1);
            assertThat(pool(config, "p").breaker().cooldown()).hasSeconds(7);
        }

        @Test
        void nullTakesAwayWhatTheFileHas() throws ConfigProblems {
            String file = "lb.pools.q { backends = [\"http://q\"], breaker.cooldown = 7s }";

            assertThat(parse(file, "lb.pools.q=null").config().pools()).containsOnlyKeys("p");
            assertThat(pool(
                                    parse(file, "lb.pools.q=null", "lb.pools.q.backends=[\"http://new\"]")
                                            .config(),
                                    "q")
                            .breaker()
                            .cooldown())
                    .hasSeconds(5);
        }

        @Test
        void aSettingMayAddToTheListOfTheFile() throws ConfigProblems {
            assertThat(parse("", "lb.routes=${lb.routes} [{ path = \"/b\", pool = p }]")
                            .config()
                            .routes())
                    .extracting(RouteConfig::path)
                    .containsExactly("/a", "/b");
        }

        @ParameterizedTest
        @CsvSource(delimiter = '|', textBlock = """
                lb.pools.q { colour = red } | lb.pools.q.breaker.cooldown=1s | t.conf:3: lb.pools.q.backends: [] (expected: at least one backend, such as "http://localhost:3001")
                lb.pools.q { colour = red } | lb.pools.q={ balance = random } | t.conf:3: lb.pools.q.backends: [] (expected: at least one backend, such as "http://localhost:3001")
                ''                          | lb.pools.q.breaker.cooldown=1s | --set: lb.pools.q.backends: [] (expected: at least one backend, such as "http://localhost:3001")
                lb.pools.q = ${lb.pools.p}  | lb.pools.q.breaker.cooldown=1  | --set: lb.pools.q.breaker.cooldown: 1 (expected: a duration with its unit, such as 5s or 250ms)
                lb.pools.q = ${lb.pools.p}  | lb.pools.q.backends.0=x        | --set: lb.pools.q.backends.0: x (expected: a key outside lists; lb.pools.q.backends is set whole)
                lb.pools.q.backends = ${lb.pools.p.backends} | lb.pools.q.backends.0.weight=2 | --set: lb.pools.q.backends.0.weight: 2 (expected: a key outside lists; lb.pools.q.backends is set whole)
                ''                          | lb.listen.port=${nowhere}      | --set: ${nowhere}: not found (expected: a key of this file or a variable of the environment)
                lb.listen.port = ${nowhere} | lb.routes.0.pool=p             | --set: lb.routes.0.pool: p (expected: a key outside lists; lb.routes is set whole)
                """)
        void aProblemStandsWhereItsValueDoes(String line, String setting, String problem) {
            assertThat(problems(line, setting)).contains(problem);
        }

        @Test
        void aSettingMayReferToTheEnvironment() throws ConfigProblems {
            environment = Map.of("MINE", "4321");

            assertThat(parse("", "lb.listen.port=${MINE}").config().listen().port())
                    .isEqualTo(4321);
            assertThat(parse("lb.listen.port = 4000", "lb.listen.port=${?YOURS}")
                            .config()
                            .listen()
                            .port())
                    .isEqualTo(4000);
        }

        @ParameterizedTest
        @CsvSource(delimiter = '|', textBlock = """
                lb.listen.port        | --set: lb.listen.port (expected: KEY=VALUE, such as lb.listen.port=4000)
                =1                    | --set: =1 (expected: KEY=VALUE, such as lb.listen.port=4000)
                lb..port=1            | --set: lb..port=1 (expected: KEY=VALUE, such as lb.listen.port=4000)
                lb.routes[0].pool=p   | --set: lb.routes[0].pool=p (expected: KEY=VALUE, such as lb.listen.port=4000)
                lb.routes.0.pool=p    | --set: lb.routes.0.pool: p (expected: a key outside lists; lb.routes is set whole)
                lb.pools.p.backends.0=p | --set: lb.pools.p.backends.0: p (expected: a key outside lists; lb.pools.p.backends is set whole)
                lb.listen.prot=1      | --set: lb.listen.prot: unknown key (expected: one of host, port, tls, max-connections, trusted-proxies, health-path, circuit-state-header, reason-header, request-id-header, trace-context, limits, timeouts; did you mean port?)
                lb.listen.port=x      | --set: lb.listen.port: x (expected: a whole number)
                lb.listen.port={      | --set: lb.listen.port: { (expected: a HOCON value; quote a text with any of : / = , # and the like, "{")
                'lb.listen.port=1, x=2' | --set: lb.listen.port: 1, x=2 (expected: a HOCON value; quote a text with any of : / = , # and the like, "1, x=2")
                lb.admin.token=a:b    | --set: lb.admin.token: (hidden) (expected: a HOCON value; quote a text with any of : / = , # and the like, "(hidden)")
                """)
        void refusesASetting(String setting, String problem) {
            assertThat(problems("", setting)).containsExactly(problem);
        }

        @Test
        void defaultsOfPoolsBackendsAndRoutesLieUnderEachEntry() throws ConfigProblems {
            LbConfig config = parse("""
                            lb.pool-defaults { breaker.cooldown = 9s, timeouts.request = 20s }
                            lb.route-defaults { methods = [GET], pool = q }
                            lb.routes += { prefix = "/b" }
                            lb.pools.q { backends = [{ url = "http://[::1]:81", id = one }], breaker.cooldown = 1s }
                            """).config();

            assertThat(config.pools().keySet()).containsExactly("p", "q");
            assertThat(pool(config, "p").breaker().cooldown()).isEqualTo(Duration.ofSeconds(9));
            assertThat(pool(config, "q").breaker().cooldown()).isEqualTo(Duration.ofSeconds(1));
            assertThat(pool(config, "q").timeouts().request()).isEqualTo(Duration.ofSeconds(20));
            assertThat(pool(config, "q").backends())
                    .containsExactly(new BackendConfig("one", "http://[::1]:81", "::1", 81, 1, 0));
            assertThat(config.routes().get(1).pool()).isEqualTo("q");
            assertThat(config.routes().get(1).name()).isEqualTo("/b");
            assertThat(config.routes().get(0).methods()).containsExactly("GET");
        }

        @Test
        void nullUnsets() throws ConfigProblems {
            assertThat(parse("lb.listen.port = 4000\nlb.listen.port = null")
                            .config()
                            .listen()
                            .port())
                    .isEqualTo(3000);
        }

        @Test
        void aProblemInDefaultsIsSaidOnce() {
            assertThat(problems("lb.pool-defaults.timeouts.connect = 0s\nlb.pools.q.backends = [\"http://a\"]"))
                    .containsExactly(
                            "t.conf:3: lb.pool-defaults.timeouts.connect: 0s (expected: a duration from 1ms to 24h)");
        }

        @Test
        void theAdminPortIsExplicitInAFileToo() throws ConfigProblems {
            assertThat(parse("lb.admin.port = 9901").config().admin().portSetExplicitly())
                    .isTrue();
            assertThat(parse("", "lb.admin.port=9901").config().admin().portSetExplicitly())
                    .isTrue();
            assertThat(parse("").config().admin().portSetExplicitly()).isFalse();
        }
    }

    @Nested
    class OnDisk {

        @TempDir
        Path folder;

        private List<String> problemsOfFile(String text) throws Exception {
            Path file = Files.writeString(folder.resolve("a.conf"), text);
            ConfigProblems refused = catchThrowableOfType(
                    ConfigProblems.class, () -> new ConfigLoader(environment, () -> 1_000_000).load(file, List.of()));
            assertThat(refused).isNotNull();
            return refused.problems().stream()
                    .map(problem -> problem.toString().replace(folder + "/", ""))
                    .toList();
        }

        @Test
        void filesThatIncludeEachOtherAreToldFromWhereTheCircleBegins() throws Exception {
            Files.writeString(folder.resolve("pools.conf"), "include \"more.conf\"");
            Files.writeString(folder.resolve("more.conf"), "include file(\"" + folder.resolve("pools.conf") + "\")");

            assertThat(problemsOfFile("lb {\n include \"pools.conf\"\n}"))
                    .containsExactly(
                            "a.conf:2: include: pools.conf (expected: files that do not include each other in a"
                                    + " circle, nor more than 20 deep)");
        }

        @Test
        void includesAreTakenAndProblemsInThemNamed() throws Exception {
            Files.writeString(folder.resolve("pools.conf"), "\npools.p { backends = [\"http://a\"], colour = 1 }");

            assertThat(problemsOfFile("lb {\n include \"pools.conf\"\n routes = [{ path = \"/\", pool = p }]\n}"))
                    .singleElement()
                    .asString()
                    .startsWith("pools.conf:2: lb.pools.p.colour: unknown key (expected: one of ");
        }

        @Test
        void aPoolOfAnIncludedFileStandsThereAlsoWhereASettingReachesIntoIt() throws Exception {
            Files.writeString(folder.resolve("pools.conf"), "\npools.p { balance = random }");
            Path file = Files.writeString(
                    folder.resolve("a.conf"),
                    "lb {\n include \"pools.conf\"\n routes = [{ path = \"/\", pool = p }]\n}");

            assertThat(catchThrowableOfType(
                                    ConfigProblems.class,
                                    () -> new ConfigLoader(environment, () -> 1_000_000)
                                            .load(file, List.of("lb.pools.p.breaker.cooldown=1s")))
                            .problems())
                    .extracting(Problem::toString)
                    .containsExactly(folder.resolve("pools.conf")
                            + ":2: lb.pools.p.backends: [] (expected: at least one backend, such as"
                            + " \"http://localhost:3001\")");
        }

        @ParameterizedTest
        @CsvSource({
            "b.conf, include \"b.conf\"",
            "b.conf, include required(\"b.conf\")",
            "/nowhere/b.conf, include file(\"/nowhere/b.conf\")",
            "/nowhere/b.conf, include file(\"/nowhere//b.conf\")",
            "/nowhere/\tb.conf, include file(\"/nowhere/\\tb.conf\")",
            "http://127.0.0.1:1/b.conf, include url(\"http://127.0.0.1:1/b.conf\")",
            "http://127.0.0.1:1/, include url(\"HTTP://127.0.0.1:1/ \")",
            "reference.conf, include classpath(\"reference.conf\")",
        })
        void aMissingIncludeIsAProblem(String name, String statement) throws Exception {
            assertThat(problemsOfFile("\n\n" + statement + "\n"))
                    .containsExactly("a.conf:3: include: " + name + " (expected: a readable file)");
        }

        @Test
        void aMissingIncludeStandsInTheFileThatHasIt() throws Exception {
            Files.writeString(folder.resolve("pools.conf"), "\n\ninclude \"nowhere.conf\"");
            Files.writeString(folder.resolve("urls.conf"), "\ninclude url(\"http://127.0.0.1:1/\")");

            assertThat(problemsOfFile("include \"pools.conf\""))
                    .containsExactly("pools.conf:3: include: nowhere.conf (expected: a readable file)");
            assertThat(problemsOfFile("include file(\"" + folder.resolve("urls.conf") + "\")"))
                    .containsExactly("urls.conf:2: include: http://127.0.0.1:1/ (expected: a readable file)");
        }

        @Test
        void theLineOfAnIncludeIsThatOfItsName() throws Exception {
            assertThat(problemsOfFile("# \"x.conf\" is to include all\ninclude\r\n  file(\n\"x.conf\")"))
                    .containsExactly("a.conf:4: include: x.conf (expected: a readable file)");
        }

        @ParameterizedTest
        @ValueSource(strings = {"[", "{a=", "[{ a : "})
        void whatIsNestedTooDeeplyIsAProblem(String opening) throws Exception {
            assertThat(problemsOfFile("lb = " + opening.repeat(50_000)))
                    .containsExactly(
                            "a.conf: nested too deeply (expected: objects and lists that the stack has room for)");
        }

        @Test
        void whatIsNoHoconIsNamedWithItsLine() throws Exception {
            assertThat(problemsOfFile("lb {\n listen {\n port = ]\n}"))
                    .singleElement()
                    .asString()
                    .startsWith("a.conf:3: ")
                    .endsWith("(expected: valid HOCON)");
        }

        @Test
        void aListInPlaceOfARouteIsAProblem() throws Exception {
            assertThat(problemsOfFile("lb.pools.p.backends = [\"http://a\"]\nlb.routes = [1, [2]]"))
                    .containsExactly(
                            "a.conf:2: lb.routes[0]: 1 (expected: an object in { })",
                            "a.conf:2: lb.routes[1]: [2] (expected: an object in { })");
        }

        @Test
        void anEscapeWithASignIsAProblem() throws Exception {
            assertThat(problemsOfFile("x = 1\ny = \"\\u-100\""))
                    .containsExactly("a.conf:2: \\u- (expected: four hexadecimal digits after \\u)");
            assertThat(problems("", "x=\"\\u-100\""))
                    .containsExactly(
                            "--set: x: \"\\u-100\" (expected: a HOCON value; quote a text with any of : / = , # and"
                                    + " the like, \"\"\\u-100\"\")");
            assertThat(problems("", "\"\\u-100\"=1"))
                    .containsExactly("--set: \"\\u-100\"=1 (expected: KEY=VALUE, such as lb.listen.port=4000)");
        }

        @Test
        void everySubstitutionThatFindsNothingIsNamed() throws Exception {
            assertThat(problemsOfFile(LEAST + "lb.listen.port = ${ONE}\nlb.listen.host = ${lb.two}\nlb.lisen = 1"))
                    .containsExactly(
                            "a.conf:3: ${ONE}: not found (expected: a key of this file or a variable of the environment)",
                            "a.conf:4: ${lb.two}: not found (expected: a key of this file or a variable of the environment)",
                            "a.conf:5: lb.lisen: unknown key (expected: one of listen, listeners, admin, runtime, access-log,"
                                    + " metrics, shutdown, state, routes, pools, route-defaults, fallback-defaults,"
                                    + " pool-defaults, backend-defaults; did you mean listen?)");
        }

        @ParameterizedTest
        @ValueSource(strings = {"${lb.state}", "${lb.state} {}", "{ file = b } ${lb.state}"})
        void whatASubstitutionBringsInFromTheReferenceHasItsLine(String metrics) throws Exception {
            assertThat(problemsOfFile(LEAST + "lb.metrics =\n " + metrics))
                    .containsExactly("a.conf:4: lb.metrics.file: unknown key (expected: enabled)");
            assertThat(problemsOfFile("x =\n " + metrics + "\n" + LEAST))
                    .containsExactly("a.conf:2: x: unknown key (expected: lb)");
        }

        @Test
        void whatDoesNotGoWithASubstitutionIsNamedWithoutItsValue() throws Exception {
            assertThat(problemsOfFile(LEAST + "x = ${lb.admin.port}\nlb.admin {\n token = secret\n}\n"
                            + "lb.pools.q = ${lb.admin} [1]"))
                    .containsExactly("a.conf:7: lb.pools.q: an object or a list beside another type of value (expected:"
                            + " substitutions of the type of their place)");
            assertThat(problemsOfFile("x = ${lb.admin.port}\nlb +=\n {}"))
                    .containsExactly("a.conf:3: lb: an object or a list beside another type of value (expected:"
                            + " substitutions of the type of their place)");
            assertThat(problemsOfFile("x {}\nlb.y = [1, 2,\n a ${x}]"))
                    .containsExactly(
                            "a.conf:3: lb.y[2]: an object or a list beside another type of value (expected: substitutions of the type of their place)");
            assertThat(problemsOfFile(
                            "lb {\n admin = ${lb} {\n  port = 1\n  port = ${?PORT}\n }\n admin.port = ${?X} }"))
                    .containsExactly("a.conf:2: lb.admin: a substitution that cannot be filled in (expected:"
                            + " substitutions of the type of their place)");
            assertThat(problemsOfFile("lb.admin = { token = secret } 7"))
                    .containsExactly(
                            "a.conf:1: an object or a list beside another type of value (expected: valid HOCON)");
        }

        @Test
        void aCycleOfSubstitutionsIsNamed() throws Exception {
            assertThat(problemsOfFile(LEAST + "lb.one = ${lb.two}\nlb.two = ${lb.one}"))
                    .singleElement()
                    .asString()
                    .startsWith("a.conf:")
                    .contains("a cycle of substitutions");
        }

        @Test
        void aFileThatIsNotThereIsAProblem() {
            Path file = Path.of("no", "such.conf");

            ConfigProblems refused = catchThrowableOfType(
                    ConfigProblems.class, () -> new ConfigLoader(Map.of(), () -> 1).load(file, List.of()));

            assertThat(refused).hasMessage("no/such.conf: not found (expected: a readable file)");
        }
    }

    @Nested
    class Warnings {

        private List<String> warnings(long openFiles, String more) throws ConfigProblems {
            return new ConfigLoader(Map.of(), () -> openFiles)
                    .parse(LEAST + more, "t.conf", List.of()).warnings().stream()
                            .map(Problem::toString)
                            .toList();
        }

        @Test
        void ofMoreConnectionsThanOpenFilesCarry() throws ConfigProblems {
            assertThat(warnings(200, "lb.listen.max-connections = 100")).isEmpty();
            assertThat(warnings(1023, "lb.listen.max-connections = 512"))
                    .containsExactly(
                            "t.conf:3: lb.listen.max-connections: 512 (unwise: two open files for each connection,"
                                    + " and the limit of this process is 1023 (ulimit -n), which carries 461)");
            assertThat(warnings(50, "lb.listen.max-connections = 512"))
                    .singleElement()
                    .asString()
                    .contains("carries 0)");
        }

        @Test
        void ofMoreConnectionsThanOpenFilesCarryOfAllListenersTogether() throws ConfigProblems {
            String two = "lb.listen.max-connections = 60, lb.listeners.b { port = 3001, max-connections = 40 }";
            assertThat(warnings(200, two)).isEmpty();
            assertThat(warnings(199, two))
                    .containsExactly(
                            "t.conf:3: lb.listen.max-connections: 60 (unwise: all listeners together may hold 100"
                                    + " connections, with two open files for each connection, and the limit of this"
                                    + " process is 199 (ulimit -n), which carries 49)");
        }

        @ParameterizedTest
        @CsvSource(delimiter = '|', textBlock = """
                lb.pools.p.timeouts.response-head = 40s, lb.pools.p.breaker.half-open.probe-timeout = 50s | lb.pools.p.timeouts.response-head: 40s (unwise: timeouts.response-head, 40s, cannot run out before timeouts.request, 30s)
                lb.pools.p.timeouts.request = 4s     | lb.pools.p.timeouts.request: 4s (unwise: timeouts.response-head, 5s, cannot run out before timeouts.request, 4s)
                lb.pools.p.timeouts.connect = 31s    | lb.pools.p.timeouts.connect: 31s (unwise: timeouts.connect, 31s, cannot run out before timeouts.request, 30s)
                lb.pools.p.breaker.consecutive-failures = 0 | lb.pools.p.breaker.consecutive-failures: 0 (unwise: no failure opens a circuit of this pool; breaker.enabled = false says so)
                lb.pools.p.breaker.half-open.probe-timeout = 4s | lb.pools.p.breaker.half-open.probe-timeout: 4s (unwise: a probe counts as failed after breaker.half-open.probe-timeout, 4s, though timeouts.response-head would wait 5s)
                lb.pools.p.breaker.min-available = 1 | lb.pools.p.breaker.min-available: 1 (unwise: no circuit of this pool ever opens: it has 1 backend)
                lb.pools.p.health-check { enabled = true, timeout = 6s } | lb.pools.p.health-check.timeout: 6s (unwise: health-check.timeout, 6s, is longer than health-check.interval, 5s, so that a check that hangs delays the next)
                lb.pools.p.health-check { enabled = true, interval = 1s } | lb.pools.p.health-check.interval: 1s (unwise: health-check.timeout, 2s, is longer than health-check.interval, 1s, so that a check that hangs delays the next)
                lb.pools.p.health-check { enabled = true, unhealthy-interval = 6s } | lb.pools.p.health-check.unhealthy-interval: 6s (unwise: health-check.unhealthy-interval, 6s, is longer than health-check.interval, 5s, so that a backend that is out comes back later than it need)
                lb.pools.p.concurrency { queue = 1, queue-timeout = 31s } | lb.pools.p.concurrency.queue-timeout: 31s (unwise: concurrency.queue-timeout, 31s, cannot run out before timeouts.request, 30s)
                lb.pools.p.retries.max = 1           | lb.pools.p.retries.max: 1 (unwise: a backend is never asked twice, so that 1 backend can serve no retry)
                lb.pools.p { slow-start.enabled = true, breaker.enabled = false } | lb.pools.p.slow-start.enabled: true (unwise: no backend ever comes back to a slow start: neither a circuit nor a health check takes one out)
                lb.pools.p.tls.verify = no           | lb.pools.p.tls.verify: no (unwise: no backend of this pool is spoken to over TLS: none has an https:// URL)
                lb.pools.p.tls { ca = "", verify = on, server-name = x } | lb.pools.p.tls.server-name: x (unwise: no backend of this pool is spoken to over TLS: none has an https:// URL)
                lb.pools.p.tls.server-name = x       | lb.pools.p.tls.server-name: x (unwise: no backend of this pool is spoken to over TLS: none has an https:// URL)
                lb.pools.p { tls.verify = no, backends += "https://a" } | lb.pools.p.tls.verify: no (unwise: whoever is on the way to a backend can be it, read all and change all)
                lb.pools.q.backends = ["http://a"]   | lb.pools.q: {…} (unwise: no route leads to it)
                lb.routes += { path = "/health", pool = p } | lb.routes[1].path: /health (unwise: lb.listen.health-path is answered by the balancer itself, before any route)
                lb.routes += { path = "/up", pool = p }, lb.listeners.b { port = 4000, health-path = "/up" } | lb.routes[1].path: /up (unwise: lb.listeners.b.health-path is answered by the balancer itself, before any route)
                lb.routes += { path = "/a", methods = [GET], pool = p, name = b } | lb.routes[1].path: /a (unwise: no request comes here: the earlier route /a takes them all)
                """)
        void of(String line, String warning) throws ConfigProblems {
            assertThat(warnings(1_000_000, line)).containsExactly("t.conf:3: " + warning);
        }

        @ParameterizedTest
        @CsvSource(delimiter = '|', textBlock = """
                { path = "/a", pool = p, name = a, timeouts { response-head = 8s, connect = 8s, response-idle = 1h, request = 9s } } |
                { path = "/a", pool = p, name = a, timeouts { response-head = 31s } }              | lb.routes[0].timeouts.response-head: 31s (unwise: timeouts.response-head, 31s, cannot run out before timeouts.request, 30s)
                { path = "/a", pool = p, name = a, timeouts { request = 2s } }                     | lb.routes[0].timeouts.request: 2s (unwise: timeouts.response-head, 5s, cannot run out before timeouts.request, 2s)
                { path = "/a", pool = p, name = a, timeouts { connect = 8s, request = 7s } }       | lb.routes[0].timeouts.connect: 8s (unwise: timeouts.connect, 8s, cannot run out before timeouts.request, 7s)
                { path = "/a", pool = p, name = a, timeouts { response-head = 11s } }              | lb.routes[0].timeouts.response-head: 11s (unwise: a probe counts as failed after breaker.half-open.probe-timeout, 10s, though timeouts.response-head would wait 11s)
                { path = "/a", pool = p, name = a, timeouts { response-head = 4s, request = 4s } } | lb.routes[0].timeouts.response-head: 4s (unwise: timeouts.response-head, 4s, ends a call before its client can have waited so long)
                { path = "/a", pool = q, name = a, timeouts { request = 9s } }                     | lb.routes[0].timeouts.request: 9s (unwise: attempts that all time out take 10s (2 x response-head), and timeouts.request, 9s, ends them before)
                { path = "/a", pool = q, name = a, timeouts { response-head = 4s, request = 9s } } |
                """)
        void ofRoutesTimeouts(String route, @Nullable String warning) throws ConfigProblems {
            List<String> found = warnings(
                    1_000_000,
                    "lb.pools.p.breaker.abandoned-after = 4s, "
                            + "lb.pools.q { retries.max = 1, backends = [\"http://a\", \"http://b\"] }, "
                            + "lb.routes = [ %s, { prefix = \"/p\", pool = p }, { prefix = \"/q\", pool = q } ]"
                                    .formatted(route));

            if (warning == null) {
                assertThat(found).isEmpty();
            } else {
                assertThat(found).contains("t.conf:3: " + warning);
            }
        }

        @Test
        void ofTimeoutsThatAllRoutesHaveIsSaidOnce() throws ConfigProblems {
            assertThat(warnings(
                            1_000_000,
                            "lb.route-defaults.timeouts.response-head = 31s, lb.pools.p.breaker.half-open.probe-timeout = 40s,"
                                    + " lb.routes += { path = \"/b\", pool = p }"))
                    .containsExactly("t.conf:3: lb.route-defaults.timeouts.response-head: 31s (unwise:"
                            + " timeouts.response-head, 31s, cannot run out before timeouts.request, 30s)");
        }

        @ParameterizedTest
        @CsvSource(delimiter = '|', textBlock = """
                retries.max = 2                                     |
                retries.max = 3                                     | retries.max: 3 (unwise: a backend is never asked twice, so that 3 backends can serve 2 retries)
                retries { max = 2, on = [] }                        | retries.on: [] (unwise: no failure is retried; retries.max = 0 says so)
                retries { max = 2, budget { ratio = 0, min-per-second = 0 } } | retries.budget.ratio: 0 (unwise: the budget allows no retry; retries.max = 0 says so)
                retries { max = 2, budget { ratio = 0 } }           |
                timeouts.response-head = 10s, lb.pools.p.retries.max = 2 |
                timeouts.response-head = 10001ms, lb.pools.p.retries.max = 2, lb.pools.p.breaker.half-open.probe-timeout = 11s | retries.max: 2 (unwise: attempts that all time out take 30003ms (3 x response-head), and timeouts.request, 30s, ends them before)
                retries { max = 2, per-try-timeout = 12500ms }      |
                retries { max = 2, per-try-timeout = 13s }          | retries.per-try-timeout: 13s (unwise: attempts that all time out take 31s (2 x per-try-timeout + response-head), and timeouts.request, 30s, ends them before)
                retries { max = 2, per-try-timeout = 13s, on = [reset] } |
                breaker.min-available = 2                           |
                breaker.window { type = time, minimum-calls = 101 } |
                breaker.window.slow-call-duration = 6s              |
                breaker.window { type = time, slow-call-duration = 4999ms } |
                breaker.window { type = time, slow-call-duration = 5s } | breaker.window.slow-call-duration: 5s (unwise: timeouts.response-head, 5s, ends a call before it is slow, so that only failures can be)
                breaker { consecutive-failures = 0, window.type = count } |
                breaker.min-available = 3                           | breaker.min-available: 3 (unwise: no circuit of this pool ever opens: it has 3 backends)
                breaker { min-available = 3, enabled = false }      |
                health-check { timeout = 5s, unhealthy-interval = 9s } |
                health-check.timeout = 9s                           | health-check.timeout: 9s (unwise: health-check.timeout, 9s, is longer than health-check.interval, 5s, so that a check that hangs delays the next)
                health-check { enabled = false, interval = 1s }     | health-check.interval: 1s (unwise: health-check.timeout, 2s, is longer than health-check.interval, 1s, so that a check that hangs delays the next)
                concurrency.queue-timeout = 31s                     |
                slow-start.enabled = true                           |
                slow-start.enabled = true, lb.pools.p { breaker.enabled = false, health-check.enabled = true } |
                """)
        void ofThreeReplicas(String line, @Nullable String warning) throws ConfigProblems {
            String three = "lb.pools.p.backends = [\"http://a\", \"http://b\", \"http://c\"]\nlb.pools.p." + line;

            assertThat(warnings(1_000_000, three))
                    .isEqualTo(warning == null ? List.of() : List.of("t.conf:4: lb.pools.p." + warning));
        }

        /** What is unwise for a pool of one is not unwise in the defaults, and is said where it stands. */
        @Test
        void ofDefaultsOnlyWhereAPoolTakesThem() throws ConfigProblems {
            String defaults = "lb.pool-defaults.retries.max = 1\n";

            assertThat(warnings(1_000_000, defaults + "lb.pools.p.retries.max = 0"))
                    .isEmpty();
            assertThat(warnings(1_000_000, defaults))
                    .containsExactly(
                            "t.conf:3: lb.pool-defaults.retries.max: 1 (unwise: a backend is never asked twice,"
                                    + " so that 1 backend can serve no retry)");
        }

        @ParameterizedTest
        @CsvSource(delimiter = '|', textBlock = """
                *.x.com | a.x.com   | true
                *.x.com | *.x.com   | true
                *.x.com | *.a.x.com | true
                *.x.com | x.com     | false
                *.x.com | ax.com    | false
                a.x.com | A.x.com   | true
                a.x.com | b.x.com   | false
                a.x.com | *.x.com   | false
                *.a.x.com | *.x.com | false
                """)
        void ofARouteBehindAHost(String earlier, String later, boolean warned) throws ConfigProblems {
            String routes = """
                    lb.routes = [
                      { host = "%s", pool = p, name = one }
                      { host = "%s", path = "/y", pool = p, name = two }
                      { path = "/y", pool = p, name = three }
                    ]
                    """.formatted(earlier, later);

            assertThat(warnings(1_000_000, routes))
                    .isEqualTo(
                            warned
                                    ? List.of("t.conf:5: lb.routes[1].path: /y (unwise: no request comes here: the"
                                            + " earlier route one takes them all)")
                                    : List.of());
            assertThat(warnings(
                            1_000_000,
                            "lb.routes = [{ host = \"%s\", pool = p, name = one }, { host = \"%s\", pool = p, name = two }]"
                                    .formatted(earlier, later)))
                    .hasSize(warned ? 1 : 0);
        }

        @ParameterizedTest
        @CsvSource(delimiter = '|', textBlock = """
                /a  | /a    | true
                /a  | /a/b  | true
                /a  | /ab   | false
                /a/ | /a    | true
                /a/ | /a/b  | true
                /   | /x    | true
                """)
        void ofARouteBehindAPrefix(String prefix, String path, boolean warned) throws ConfigProblems {
            String routes = """
                    lb.routes = [{ prefix = "%s", pool = p, name = one }, { path = "%s", pool = p, name = two }]
                    """.formatted(prefix, path);

            assertThat(warnings(1_000_000, routes)).hasSize(warned ? 1 : 0);
        }
    }
}
