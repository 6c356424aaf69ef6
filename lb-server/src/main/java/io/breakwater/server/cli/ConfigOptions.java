package io.breakwater.server.cli;

import io.breakwater.server.config.ConfigProblems;
import io.breakwater.server.config.ConfigSource;
import io.breakwater.server.config.LoadedConfig;
import io.breakwater.server.config.Problem;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** Where a command's configuration comes from. */
final class ConfigOptions {

    @Option(
            names = {"-c", "--config"},
            paramLabel = "FILE",
            description = "The configuration; without it conf/lb.conf.")
    @Nullable
    private Path file;

    @Option(
            names = "--set",
            paramLabel = "KEY=VALUE",
            description = "Wins over the file. KEY is the full path, VALUE a HOCON value: lb.listen.port=4000.")
    private List<String> settings = new ArrayList<>();

    void file(Path named) {
        file = named;
    }

    boolean namesFile() {
        return file != null;
    }

    Path file(Host host) {
        return file == null ? host.defaultConfig() : file;
    }

    List<String> settings() {
        return settings;
    }

    /** The same file with the same settings, for a reload; its warnings are the reload's matter. */
    ConfigSource source(Host host) {
        return () -> host.loader().load(file(host), settings);
    }

    /** Loads the file and says its warnings. */
    LoadedConfig load(Host host) throws ConfigProblems {
        return warned(host.loader().load(file(host), settings), host);
    }

    static LoadedConfig warned(LoadedConfig loaded, Host host) {
        for (Problem warning : loaded.warnings()) {
            host.warn(warning.toString());
        }
        return loaded;
    }
}
