package io.breakwater.server.cli;

import com.typesafe.config.ConfigUtil;
import io.breakwater.server.config.ConfigPrinter;
import io.breakwater.server.config.ConfigProblems;
import io.breakwater.server.config.ConfigSource;
import io.breakwater.server.config.LoadedConfig;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
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

    /**
     * Reads what {@code lb} and {@code lb serve} are given nearly always, without picocli: it would take longer than all
     * that is between here and the ready line.
     *
     * @return null if that is for picocli to judge
     */
    static @Nullable ServeOptions plain(String... arguments) {
        ServeOptions read = new ServeOptions();
        int next = arguments.length > 0 && arguments[0].equals("serve") ? 1 : 0;
        while (next + 1 < arguments.length && !arguments[next + 1].startsWith("-")) {
            String value = arguments[next + 1];
            switch (arguments[next]) {
                case "-c", "--config" -> {
                    if (read.config.namesFile()) {
                        return null;
                    }
                    read.config.file(Path.of(value));
                }
                case "--set" -> read.config.settings().add(value);
                case "--backend" -> read.backends.add(value);
                default -> {
                    return null;
                }
            }
            next += 2;
        }
        return next == arguments.length && read.conflict() == null ? read : null;
    }

    /** Returns which options contradict each other, null if none do. */
    private @Nullable String conflict() {
        return !backends.isEmpty() && config.namesFile()
                ? "--backend: replaces a file (expected: no -c beside it)"
                : null;
    }

    int run(CommandLine commandLine, Host host, BalancerFactory balancers) throws ConfigProblems {
        String conflict = conflict();
        if (conflict != null) {
            throw new ParameterException(commandLine, conflict);
        }
        return run(host, balancers);
    }

    int run(Host host, BalancerFactory balancers) throws ConfigProblems {
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
