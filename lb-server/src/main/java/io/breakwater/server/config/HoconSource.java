package io.breakwater.server.config;

import static java.nio.charset.StandardCharsets.UTF_8;
import static java.util.Objects.requireNonNull;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigException;
import com.typesafe.config.ConfigFactory;
import com.typesafe.config.ConfigList;
import com.typesafe.config.ConfigObject;
import com.typesafe.config.ConfigParseOptions;
import com.typesafe.config.ConfigResolveOptions;
import com.typesafe.config.ConfigUtil;
import com.typesafe.config.ConfigValue;
import com.typesafe.config.ConfigValueFactory;
import com.typesafe.config.ConfigValueType;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Supplier;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * The text of one configuration on its way to a resolved tree: parsed, laid over the reference, settings of the command
 * line put on top, substitutions filled from the tree and then from the environment. Whatever goes wrong is a problem
 * with its place. Not thread safe.
 */
final class HoconSource {

    /** Where a value of the command line says that it comes from. */
    static final String SET = "--set";

    private static final String SIGNED_ESCAPE = "\\u-";
    private static final String UNRESOLVED = "an unresolved substitution";
    static final String REFERENCE = "reference.conf";
    private static final Pattern COMMENT = Pattern.compile("^ *#.*$", Pattern.MULTILINE);
    private static final Pattern SUBSTITUTION = Pattern.compile("\\$\\{\\??([^}]+)}");
    private static final int MOST_UNRESOLVED = 100;

    private final Problems problems;
    private final Map<String, String> environment;

    HoconSource(Problems problems, Map<String, String> environment) {
        this.problems = problems;
        this.environment = environment;
    }

    /**
     * Reads the reference, without its comments: they are most of its text, and for nobody but people. Each leaves its line
     * behind, so that the others keep their numbers.
     */
    static Config reference() {
        try (InputStream in = HoconSource.class.getResourceAsStream("/" + REFERENCE)) {
            String text = new String(requireNonNull(in, REFERENCE).readAllBytes(), UTF_8);
            return ConfigFactory.parseString(
                    COMMENT.matcher(text).replaceAll(""),
                    ConfigParseOptions.defaults().setOriginDescription(REFERENCE));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Tells whether the value stands in for a substitution that could not be resolved, which is reported already. */
    static boolean isUnresolved(ConfigValue value) {
        return value.origin().description().equals(UNRESOLVED);
    }

    /** Tells whether the value was set by anyone, not just taken from the reference. */
    static boolean isExplicit(ConfigValue value) {
        return !value.origin().description().startsWith(REFERENCE);
    }

    /** The value one step further in, which is a key or the number of an element; null where there is none. */
    static @Nullable ConfigValue within(ConfigValue value, String step) {
        if (value instanceof ConfigList list) {
            return step.matches("\\d{1,9}") && Integer.parseInt(step) < list.size()
                    ? list.get(Integer.parseInt(step))
                    : null;
        }
        return value instanceof ConfigObject object ? object.get(step) : null;
    }

    Config parse(Path file) throws ConfigProblems {
        if (!Files.isReadable(file) || Files.isDirectory(file)) {
            problems.error(
                    file.toString(), 0, "", Files.exists(file) ? "not readable" : "not found", "a readable file");
            problems.verify();
        }
        return parse(
                file.toString(), () -> Files.readString(file), () -> ConfigFactory.parseFile(file.toFile(), strict()));
    }

    Config parse(String hocon, String name) throws ConfigProblems {
        return parse(name, () -> hocon, () -> ConfigFactory.parseString(hocon, strict().setOriginDescription(name)));
    }

    private Config parse(String name, ConfigText text, Supplier<Config> parser) throws ConfigProblems {
        try {
            return parser.get();
        } catch (ConfigException unparsable) {
            report(name, unparsable, text);
        } catch (IllegalArgumentException negative) { // the library reads a sign as one of an escape's digits
            problems.error(name, lineOf(SIGNED_ESCAPE, text), "", SIGNED_ESCAPE, "four hexadecimal digits after \\u");
        }
        problems.verify();
        return ConfigFactory.empty();
    }

    /** Lays {@code KEY=VALUE} settings over the file one by one, each as HOCON takes a value that comes later. */
    Config withSettings(Config file, List<String> settings) {
        Config result = file;
        for (String setting : settings) {
            int equals = setting.indexOf('=');
            String key = equals < 0 ? setting : setting.substring(0, equals).trim();
            List<String> path = path(key);
            if (equals < 0 || path == null) {
                problems.error(SET, 0, "", setting, "KEY=VALUE, such as lb.listen.port=4000");
                continue;
            }
            String list = listOnTheWay(result, path);
            if (list != null) {
                problems.error(
                        SET, 0, key, setting.substring(equals + 1), "a key outside lists; " + list + " is set whole");
                continue;
            }
            ConfigValue value = value(key, setting.substring(equals + 1));
            if (value != null) {
                result = at(path, value).withFallback(result);
            }
        }
        return result;
    }

    /** Lays the configuration over the reference and resolves it; the root holds the keys of the file, and {@code lb}. */
    ConfigObject resolve(Config file, Config reference) throws ConfigProblems {
        Config tree = file.withFallback(reference);
        Config substitutes = environment();
        // Each round reports one unresolved substitution and puts a mark in its place, until the rest resolves.
        for (int round = 0; round < MOST_UNRESOLVED; round++) {
            try {
                Config resolved = tree.withFallback(substitutes)
                        .resolve(ConfigResolveOptions.defaults().setUseSystemEnvironment(false));
                ConfigObject root = resolved.root();
                Set<String> ours = tree.root().keySet();
                for (String key : resolved.root().keySet()) {
                    root = ours.contains(key) ? root : root.withoutKey(key);
                }
                return root;
            } catch (ConfigException.UnresolvedSubstitution unresolved) {
                Matcher name = SUBSTITUTION.matcher(String.valueOf(unresolved.getMessage()));
                boolean cycle = String.valueOf(unresolved.getMessage()).contains("cycle");
                String missing = name.find() ? name.group(1) : "";
                problems.error(
                        unresolved.origin(),
                        "${" + missing + "}",
                        cycle ? "a cycle of substitutions" : "not found",
                        "a key of this file or a variable of the environment");
                List<String> path = path(missing);
                if (cycle || path == null || substitutes.hasPath(ConfigUtil.joinPath(path))) {
                    break;
                }
                substitutes = substitutes.withValue(
                        ConfigUtil.joinPath(path), ConfigValueFactory.fromAnyRef("unresolved", UNRESOLVED));
            } catch (ConfigException unresolvable) {
                if (problems.isEmpty()) {
                    Substitutions.Place place = Substitutions.misfit(file.root(), reference.withFallback(substitutes));
                    problems.error(
                            place == null ? unresolvable.origin() : place.origin(),
                            place == null ? "" : place.key(),
                            reason(unresolvable),
                            "substitutions of the type of their place");
                }
                break;
            }
        }
        problems.verify();
        throw new IllegalStateException("a tree that does not resolve, without a problem");
    }

    private Config environment() {
        Map<String, ConfigValue> variables = new HashMap<>();
        environment.forEach((name, value) -> {
            if (!value.isEmpty()) {
                variables.put(name, ConfigValueFactory.fromAnyRef(value, "environment variable " + name));
            }
        });
        return ConfigValueFactory.fromMap(variables, "environment").toConfig();
    }

    private ConfigParseOptions strict() {
        return ConfigParseOptions.defaults().setAllowMissing(false).setIncluder(new StrictIncluder());
    }

    private void report(String name, ConfigException unparsable, ConfigText text) {
        if (unparsable instanceof MissingInclude missing) {
            String file = missing.file() == null ? name : missing.file();
            ConfigText around = missing.file() == null ? text : () -> Files.readString(Path.of(file));
            problems.error(file, missing.lineIn(around), "include", missing.what(), missing.rule());
        } else if (unparsable.origin() != null) {
            problems.error(unparsable.origin(), "", reason(unparsable), "valid HOCON");
        } else {
            problems.error(name, 0, "", reason(unparsable), "valid HOCON");
        }
    }

    /** Returns the line in which the word stands first; 0 if it does in none. */
    private static int lineOf(String word, ConfigText text) {
        try {
            String all = text.read();
            int at = all.indexOf(word);
            return at < 0 ? 0 : MissingInclude.lineAt(at, all);
        } catch (IOException unreadable) {
            return 0;
        }
    }

    /** What the library says, without the place, which it puts first, and without values, of which some are secret. */
    private static String reason(ConfigException problem) {
        String message = String.valueOf(problem.getMessage());
        if (message.contains("Cannot concatenate ")) {
            return "an object or a list beside another type of value";
        }
        if (problem instanceof ConfigException.BugOrBroken) { // in words about the library's own insides
            return "a substitution that cannot be filled in";
        }
        String place = problem.origin() == null ? "" : problem.origin().description() + ": ";
        return message.startsWith(place) ? message.substring(place.length()) : message;
    }

    static @Nullable List<String> path(String key) {
        try {
            return ConfigUtil.splitPath(key);
        } catch (ConfigException | IllegalArgumentException notAPath) {
            return null;
        }
    }

    /** The path of the first list that the key leads into; null if none does, or if what is there cannot be told. */
    private @Nullable String listOnTheWay(Config file, List<String> path) {
        try {
            Config tree = file.withFallback(reference())
                    .withFallback(environment())
                    .resolve(ConfigResolveOptions.defaults()
                            .setUseSystemEnvironment(false)
                            .setAllowUnresolved(true));
            for (int steps = 1; steps < path.size(); steps++) {
                String prefix = ConfigUtil.joinPath(path.subList(0, steps));
                if (tree.hasPath(prefix) && tree.getValue(prefix).valueType() == ConfigValueType.LIST) {
                    return prefix;
                }
            }
        } catch (ConfigException unresolvable) {
            return null; // It is reported when the whole is resolved.
        }
        return null;
    }

    /** The value under the path, in objects that come from the command line as it does. */
    private static Config at(List<String> path, ConfigValue value) {
        ConfigValue outer = value;
        for (int i = path.size() - 1; i >= 0; i--) {
            outer = ConfigValueFactory.fromMap(Map.of(path.get(i), outer), SET);
        }
        return ((ConfigObject) outer).toConfig();
    }

    private @Nullable ConfigValue value(String key, String text) {
        try {
            ConfigObject parsed = ConfigFactory.parseString("value = " + text, strict().setOriginDescription(SET))
                    .root();
            ConfigValue value = parsed.get("value");
            if (value != null && parsed.size() == 1) {
                return value;
            }
        } catch (ConfigException | IllegalArgumentException unparsable) {
            // Reported below, as a value that ends and is followed by other keys is.
        }
        String shown = key.endsWith("token") ? "(hidden)" : text;
        problems.error(
                SET,
                0,
                key,
                shown,
                "a HOCON value; quote a text with any of : / = , # and the like, \"" + shown + "\"");
        return null;
    }
}
