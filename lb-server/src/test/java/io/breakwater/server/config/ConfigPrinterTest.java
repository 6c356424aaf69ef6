package io.breakwater.server.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

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
              metrics.enabled = no
              shutdown { delay = 1s, drain = 0s }
              routes = [
                { path = "/a", methods = [GET, PUT], pool = "one.pool", rewrite = "/b" }
                { name = "quoted \\"name\\"", prefix = "/c", pool = two, strip-prefix = true }
              ]
              pools."one.pool" {
                backends = ["http://a", { url = "http://[::1]:81/", id = x }]
                backend-errors = pass
                host-header = backend
                breaker {
                  enabled = false, consecutive-failures = 0, failure-statuses = [429, "500-504"], cooldown = 1001ms
                  half-open { concurrent-probes = 2, successes-to-close = 3, probe-timeout = 24h }
                }
                connections { max-idle-per-backend = 0, idle-timeout = 59s }
                timeouts { connect = 2s, response-head = 3s, response-idle = 4s, request = 5s }
              }
              pools.two.backends = ["http://b:8080"]
            }
            """;

    private static LbConfig load(String hocon, Map<String, String> environment) throws ConfigProblems {
        return new ConfigLoader(environment, () -> 1_000_000)
                .parse(hocon, "printed", List.of())
                .config();
    }

    @Test
    void theShippedFilePrintedLoadsAsItself() throws ConfigProblems {
        LbConfig config = new ConfigLoader(Map.of(), () -> 1_000_000)
                .load(Path.of("..", "conf", "lb.conf"), List.of())
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

    @Test
    void aSecretIsNeitherPrintedNorMadeUp() throws ConfigProblems {
        String printed = ConfigPrinter.print(load(EVERYTHING_ELSE, Map.of()));

        assertThat(printed).doesNotContain("secret");
        assertThatThrownBy(() -> load(printed, Map.of())).hasMessageContaining("${ADMIN_TOKEN}: not found");
    }
}
