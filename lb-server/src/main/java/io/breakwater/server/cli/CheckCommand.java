package io.breakwater.server.cli;

import io.breakwater.server.config.ConfigPrinter;
import io.breakwater.server.config.LbConfig;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code lb check}: says whether a configuration is right, or everything that is wrong with it. */
@Command(name = "check", description = "Check a configuration without running it.")
final class CheckCommand implements Callable<Integer> {

    private final Host host;

    @Mixin
    private ConfigOptions config = new ConfigOptions();

    @Option(names = "--effective", description = "Print it with all defaults; secrets are left out.")
    private boolean effective;

    CheckCommand(Host host) {
        this.host = host;
    }

    @Override
    public Integer call() throws Exception {
        LbConfig loaded = config.load(host).config();
        if (effective) {
            host.out().print(ConfigPrinter.print(loaded));
            return ExitCode.OK;
        }
        int backends = loaded.pools().values().stream()
                .mapToInt(pool -> pool.backends().size())
                .sum();
        host.out()
                .printf(
                        "%s: ok (%s, %s, %s)%n",
                        config.file(host),
                        counted(loaded.routes().size(), "route"),
                        counted(loaded.pools().size(), "pool"),
                        counted(backends, "backend"));
        return ExitCode.OK;
    }

    private static String counted(int count, String thing) {
        return count + " " + thing + (count == 1 ? "" : "s");
    }
}
