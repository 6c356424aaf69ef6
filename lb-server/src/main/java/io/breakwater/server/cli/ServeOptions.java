package io.breakwater.server.cli;

import com.typesafe.config.ConfigUtil;
import io.breakwater.server.config.ConfigPrinter;
import io.breakwater.server.config.ConfigProblems;
import io.breakwater.server.config.LoadedConfig;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;
import picocli.CommandLine;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;

/** The options of {@code serve}, which {@code lb} without a command takes too, and what they do. */
final class ServeOptions {

    private static final int RETRIES = 2;

    @Mixin
    private ConfigOptions config = new ConfigOptions();

    @Option(
            names = "--backend",
            paramLabel = "URL",
            description = "No file: every path goes to this backend, or to several in turn, with retries, TCP health"
                    + " checks and slow start among them.")
    private List<String> backends = new ArrayList<>();

    @Option(names = "--print-config", description = "Print the whole configuration in place of running it.")
    private boolean printConfig;

    int run(CommandLine commandLine, Host host, BalancerFactory balancers) throws ConfigProblems {
        if (!backends.isEmpty() && config.namesFile()) {
            throw new ParameterException(commandLine, "--backend: replaces a file (expected: no -c beside it)");
        }
        LoadedConfig loaded = backends.isEmpty()
                ? config.load(host)
                : ConfigOptions.warned(host.loader().parse(configOf(backends), "--backend", config.settings()), host);
        if (printConfig) {
            host.out().print(ConfigPrinter.print(loaded.config()));
            return ExitCode.OK;
        }
        return new Serving(host, balancers).run(loaded.config(), addresses -> {});
    }

    /**
     * Every path to these backends, and on what is good for any of them. A single backend gets what its clients send and
     * nothing else. Several get a connection every few seconds, which every server takes, while the path of an HTTP
     * check is anybody's guess; and requests that may be sent twice are, where a failure says that they were hardly
     * begun: the default {@code retries.on}, which leaves 500 to the application.
     */
    private static String configOf(List<String> backends) {
        String several = """
                    health-check { enabled = true, type = tcp }
                    retries.max = %d
                    slow-start.enabled = true
                """.formatted(Math.min(RETRIES, backends.size() - 1));
        return """
                lb {
                  listen.port = ${?PORT}
                  admin { host = ${?ADMIN_HOST}, port = ${?ADMIN_PORT}, token = ${?ADMIN_TOKEN} }
                  routes = [{ prefix = "/", pool = default }]
                  pools.default {
                    backends = %s
                %s
                  }
                }
                """.formatted(
                        backends.stream().map(ConfigUtil::quoteString).collect(Collectors.joining(", ", "[", "]")),
                        backends.size() == 1 ? "" : several);
    }
}
