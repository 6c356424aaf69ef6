package io.breakwater.server.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.typesafe.config.ConfigFactory;
import com.typesafe.config.ConfigList;
import com.typesafe.config.ConfigObject;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ConfigPrinterTest {

    /** Every key with a value that is not its default, in units that are awkward to write. */
    private static final String EVERYTHING_ELSE = """
            lb {
              listen {
                host = "::1", port = 4000, max-connections = 7, trusted-proxies = ["10.0.0.0/8", "fd00::/8", "127.0.0.1"]
                health-path = "/up", circuit-state-header = "X-State"
                limits { request-line = 300, headers = 3KiB, header-count = 9, body = 1500000 }
                timeouts { request-head = 90s, request-body-idle = 1500ms, keep-alive-idle = 2h, write-idle = 10m }
              }
              admin { host = "::", port = 4001, token = secret }
              runtime { transport = io_uring, event-loops = 3 }
              access-log { format = json, file = "/var/log/lb.json", mask-query = [token, "a b"] }
              metrics.enabled = no
              shutdown { delay = 1s, drain = 0s }
              routes = [
                { path = "/a", methods = [GET, PUT], pool = "one.pool", rewrite = "/b" }
                { name = "quoted \\"name\\"", prefix = "/c", pool = two, strip-prefix = true }
                { host = "*.Example.com", pool = two, fallback = [
                  { type = stale, max-age = 5s, max-entry = 3KiB, max-total = 5MiB }
                  { type = pool, pool = one.pool }
                  { type = queue, dir = "/tmp/q", max-count = 7, max-bytes = 1MiB, max-entry = 5KiB, max-age = 2h
                    status-path = "/q" }
                  { type = static, status = 503, body = "{\"a\": 1}", content-type = "application/json"
                    headers { "X-A" = b, c = d } }
                ] }
                { host = "a.example.com", path = "/a", name = three, pool = two, fallback-on = [failure]
                  timeouts { connect = 1s, response-head = 2s, response-idle = 3s, request = 4s }
                  fallback = [{ type = static, file = "../conf/lb.conf" }] }
              ]
              pools."one.pool" {
                backends = ["http://a", { url = "http://[::1]:81/", id = x, weight = 7, priority = 3 }]
                balance = { hash = "header:X-User" }
                backend-errors = pass
                host-header = backend
                breaker {
                  enabled = false, consecutive-failures = 0, failure-statuses = [429, "500-504"], cooldown = 1001ms
                  mode = observe, scope = backend-and-route, cooldown-multiplier = 2.5, cooldown-max = 2m
                  cooldown-jitter = 10%, abandoned-after = 700ms
                  window {
                    type = time, calls = 7, duration = 30s, minimum-calls = 5, failure-rate = 12.5%
                    slow-call-rate = 0.3, slow-call-duration = 900ms
                  }
                  half-open { concurrent-probes = 2, successes-to-close = 3, probe-timeout = 24h }
                  min-available = 2
                }
                health-check {
                  enabled = true, initial = unhealthy, type = tcp, path = "/a/b", expect-status = [204, "300-301"]
                  interval = 90s, timeout = 1500ms, rise = 4, fall = 5, jitter = 0.007, unhealthy-interval = 1250us
                }
                concurrency { max-per-backend = 9, adaptive = true, queue = 8, queue-timeout = 70s }
                connections { max-idle-per-backend = 0, idle-timeout = 59s }
                timeouts { connect = 2s, response-head = 3s, response-idle = 4s, request = 5s }
                retries {
                  max = 1, on = ["500-504", timeout, 429, connect-failure, 429], body-buffer = 1000, per-try-timeout = 1s
                  budget { ratio = 12.5%, min-per-second = 0, window = 60s }
                }
                slow-start { enabled = on, duration = 1h, min-weight = 100%, min-successes = 0 }
              }
              pools.two.backends = ["http://b:8080"]
            }
            """;

    private static LbConfig load(String hocon, Map<String, String> environment) throws ConfigProblems {
        return new ConfigLoader(environment, () -> 1_000_000)
                .parse(hocon, "printed", List.of())
                .config();
    }

    @ParameterizedTest
    @ValueSource(strings = {"lb.conf", "replicas.conf"})
    void aShippedFilePrintedLoadsAsItself(String file) throws ConfigProblems {
        LbConfig config = new ConfigLoader(Map.of(), () -> 1_000_000)
                .load(Path.of("..", "conf", file), List.of())
                .config();

        assertThat(load(ConfigPrinter.print(config), Map.of())).isEqualTo(config);
    }

    @Test
    void whatDiffersFromEveryDefaultPrintedLoadsAsItself() throws ConfigProblems {
        LbConfig config = load(EVERYTHING_ELSE, Map.of());

        String printed = ConfigPrinter.print(config);

        assertThat(load(printed, Map.of("ADMIN_TOKEN", "secret"))).isEqualTo(config);
        assertThat(ConfigPrinter.print(load(printed, Map.of("ADMIN_TOKEN", "secret"))))
                .isEqualTo(printed);
    }

    /** A key that the printer left out would be in nobody's sight. */
    @Test
    void everyKeyOfTheReferenceIsPrinted() throws ConfigProblems {
        ConfigObject printed = ConfigFactory.parseString(ConfigPrinter.print(load(EVERYTHING_ELSE, Map.of())))
                .getObject("lb");
        ConfigObject lb = HoconSource.reference().getObject("lb");

        assertThat(keys(printed))
                .containsAll(keys(lb.withoutKey("routes")
                        .withoutKey("pools")
                        .withoutKey("route-defaults")
                        .withoutKey("fallback-defaults")
                        .withoutKey("pool-defaults")
                        .withoutKey("backend-defaults")));
        assertThat(keys(printed.toConfig().getObject("pools.two")))
                .containsExactlyInAnyOrderElementsOf(keys(lb.toConfig().getObject("pool-defaults")));
        assertThat(printed.toConfig().getObjectList("pools.two.backends").get(0).keySet())
                .isEqualTo(lb.toConfig().getObject("backend-defaults").keySet());
        Set<String> routes = new TreeSet<>();
        printed.toConfig().getObjectList("routes").forEach(route -> routes.addAll(route.keySet()));
        assertThat(routes)
                .isEqualTo(
                        new TreeSet<>(lb.toConfig().getObject("route-defaults").keySet()));
        printed.toConfig().getObjectList("routes").stream()
                .map(route -> route.get("fallback"))
                .flatMap(fallbacks -> ((ConfigList) fallbacks).stream())
                .map(ConfigObject.class::cast)
                .filter(fallback -> !fallback.toConfig().getString("type").equals("pool"))
                .collect(Collectors.groupingBy(
                        fallback -> fallback.toConfig().getString("type"),
                        Collectors.flatMapping(fallback -> fallback.keySet().stream(), Collectors.toSet())))
                .forEach((type, printedKeys) -> {
                    Set<String> all = new TreeSet<>(
                            lb.toConfig().getObject("fallback-defaults." + type).keySet());
                    all.add("type");
                    assertThat(new TreeSet<>(printedKeys)).as(type).isEqualTo(all);
                });
    }

    private static Set<String> keys(ConfigObject object) {
        Set<String> keys = new TreeSet<>();
        object.forEach((key, value) -> {
            keys.add(key);
            if (value instanceof ConfigObject inner) {
                keys(inner).forEach(each -> keys.add(key + "." + each));
            }
        });
        return keys;
    }

    @Test
    void aSecretIsNeitherPrintedNorMadeUp() throws ConfigProblems {
        String printed = ConfigPrinter.print(load(EVERYTHING_ELSE, Map.of()));

        assertThat(printed).doesNotContain("secret");
        assertThatThrownBy(() -> load(printed, Map.of())).hasMessageContaining("${ADMIN_TOKEN}: not found");
    }
}
