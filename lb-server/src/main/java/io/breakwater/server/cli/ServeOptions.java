package io.breakwater.server.cli;

import com.typesafe.config.ConfigUtil;
import io.breakwater.server.config.ConfigPrinter;
import io.breakwater.server.config.ConfigProblems;
import io.breakwater.server.config.ConfigSource;
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

    @Mixin
    private ConfigOptions config = new ConfigOptions();

    @Option(
            names = "--backend",
            paramLabel = "URL",
            description = "No file: every path goes to this backend, or to several in turn.")
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
        ConfigSource source = backends.isEmpty() ? config.source(host) : null;
        return new Serving(host, balancers).run(loaded.config(), source, addresses -> {});
    }

    private static String configOf(List<String> backends) {
        return """
                lb {
                  listen.port = ${?PORT}
                  admin { host = ${?ADMIN_HOST}, port = ${?ADMIN_PORT}, token = ${?ADMIN_TOKEN} }
                  routes = [{ prefix = "/", pool = default }]
                  pools.default.backends = %s
                }
                """.formatted(
                        backends.stream().map(ConfigUtil::quoteString).collect(Collectors.joining(", ", "[", "]")));
    }
}
