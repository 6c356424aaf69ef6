package io.breakwater.server.config;

import com.sun.management.UnixOperatingSystemMXBean;
import com.typesafe.config.Config;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.function.LongSupplier;
import java.util.stream.Stream;

/**
 * Makes a checked configuration of HOCON, or says everything that is wrong with it. What counts, first to last: settings
 * of the command line, the file, the environment where the file refers to it, the reference. Immutable.
 */
public final class ConfigLoader {

    private final Map<String, String> environment;
    private final LongSupplier openFileLimit;

    /**
     * @param environment what substitutions may refer to; a variable with an empty value counts as unset
     * @param openFileLimit how many descriptors the process may hold
     */
    public ConfigLoader(Map<String, String> environment, LongSupplier openFileLimit) {
        this.environment = Map.copyOf(environment);
        this.openFileLimit = openFileLimit;
    }

    /** A loader that reads this process' environment and limits. */
    public static ConfigLoader ofProcess() {
        return new ConfigLoader(System.getenv(), ConfigLoader::processOpenFileLimit);
    }

    /**
     * Loads a file.
     *
     * @param settings {@code KEY=VALUE}, with a full path and a HOCON value, that win over the file
     */
    public LoadedConfig load(Path file, List<String> settings) throws ConfigProblems {
        return read(file.toString(), settings, source -> source.parse(file));
    }

    /**
     * Loads a text.
     *
     * @param name what problems call it
     */
    public LoadedConfig parse(String hocon, String name, List<String> settings) throws ConfigProblems {
        return read(name, settings, source -> source.parse(hocon, name));
    }

    private LoadedConfig read(String name, List<String> settings, Parser parser) throws ConfigProblems {
        Problems problems = new Problems(name);
        HoconSource source = new HoconSource(problems, environment);
        try {
            return check(parser.parse(source), settings, source, problems);
        } catch (StackOverflowError tooDeep) { // the library parses and resolves by recursion
            problems.error(name, 0, "", "nested too deeply", "objects and lists that the stack has room for");
            problems.verify();
            throw tooDeep;
        }
    }

    private LoadedConfig check(Config file, List<String> settings, HoconSource source, Problems problems)
            throws ConfigProblems {
        Config reference = HoconSource.reference();
        Config layered = source.withSettings(file, settings);
        problems.written(layered.root());
        LbConfig config =
                new ConfigReader(problems, openFileLimit).read(source.resolve(layered, reference), reference.root());
        problems.verify();
        return new LoadedConfig(Objects.requireNonNull(config), problems.warnings());
    }

    private interface Parser {
        Config parse(HoconSource source) throws ConfigProblems;
    }

    /** From the system where it tells; what the JVM knows takes it 20 ms to say at first, which is much of a start. */
    private static long processOpenFileLimit() {
        try (Stream<String> limits = Files.lines(Path.of("/proc/self/limits"))) {
            Optional<String> limit = limits.filter(line -> line.startsWith("Max open files"))
                    .map(line -> line.substring("Max open files".length()).strip())
                    .map(columns -> columns.substring(0, columns.indexOf(' ')))
                    .findFirst();
            if (limit.isPresent()) {
                return limit.get().equals("unlimited") ? Long.MAX_VALUE : Long.parseLong(limit.get());
            }
        } catch (IOException | UncheckedIOException | IndexOutOfBoundsException | NumberFormatException otherSystem) {
            // The JVM tells, too.
        }
        return ManagementFactory.getOperatingSystemMXBean() instanceof UnixOperatingSystemMXBean unix
                ? unix.getMaxFileDescriptorCount()
                : Long.MAX_VALUE;
    }
}
