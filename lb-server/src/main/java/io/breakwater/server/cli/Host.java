package io.breakwater.server.cli;

import io.breakwater.server.config.ConfigLoader;
import java.io.InputStream;
import java.io.PrintStream;
import java.nio.file.Path;
import java.time.InstantSource;
import java.util.Map;

/**
 * What a command has around it.
 *
 * @param out for what was asked for: the ready line, a configuration, an answer
 * @param err for problems and warnings
 * @param home the folder that holds {@code conf}
 */
record Host(
        InputStream in,
        PrintStream out,
        PrintStream err,
        Map<String, String> environment,
        ConfigLoader loader,
        Signals signals,
        InstantSource clock,
        Path home) {

    static Host ofProcess(InstantSource clock) {
        return new Host(
                System.in,
                System.out,
                System.err,
                System.getenv(),
                ConfigLoader.ofProcess(),
                Signals.ofProcess(),
                clock,
                Path.of(System.getProperty("breakwater.home", "")));
    }

    /** The file that counts where none is named, as seen from the working folder if it lies within. */
    Path defaultConfig() {
        Path file = home.resolve("conf").resolve("lb.conf");
        Path working = Path.of("").toAbsolutePath();
        return file.isAbsolute() && file.startsWith(working) ? working.relativize(file) : file;
    }

    void warn(String line) {
        err.println("warning: " + line);
    }
}
