package io.breakwater.server.config;

import com.typesafe.config.ConfigFactory;
import com.typesafe.config.ConfigList;
import com.typesafe.config.ConfigObject;
import com.typesafe.config.ConfigRenderOptions;
import com.typesafe.config.ConfigUtil;
import com.typesafe.config.ConfigValue;
import com.typesafe.config.ConfigValueType;
import io.breakwater.server.config.BalanceConfig.HashKey;
import io.breakwater.server.config.InvalidSettings.Violation;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;
import java.util.function.Supplier;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * One object of a configuration while it is read, over the section that holds its defaults.
 *
 * <p>A key that is missing, or {@code null}, is looked up in the section below. A value that breaks a rule is reported,
 * and the one below stands in for it, so that reading goes on and finds the other problems; what was read is thrown away
 * then. The keys that were asked for are the known ones; {@link #read} reports all others.
 */
final class Section {

    private static final String OBJECT_RULE = "an object in { }";
    private static final Set<String> SECRETS = Set.of("token");
    /** As the library says {@code NAME: LINE} or {@code NAME: LINE-LINE}. */
    private static final Pattern LAST_PLACE = Pattern.compile(": (\\d{1,9})(?:-\\d+)?$");

    private final String path;
    private final ConfigObject own;
    private final @Nullable Section below;
    private final Problems problems;
    private final Set<String> known = new LinkedHashSet<>();

    /** @param below the defaults; null for the reference itself */
    Section(String path, ConfigObject own, @Nullable Section below, Problems problems) {
        this.path = path;
        this.own = own;
        this.below = below;
        this.problems = problems;
    }

    /**
     * Makes a record of this section. If its constructor refuses the values, the violations are reported where the
     * values stand, and the record is made of the section below.
     */
    <T> T read(Function<Section, T> reader) {
        return read(reader, () -> standIn(reader));
    }

    /** What the sections below make of it; their unknown keys are told of where they are read for their own sake. */
    private <T> T standIn(Function<Section, T> reader) {
        if (below == null) {
            throw new IllegalStateException("the defaults of " + path + " break their own rules");
        }
        try {
            return reader.apply(below);
        } catch (InvalidSettings refused) {
            refused.violations().forEach(below::report);
            return below.standIn(reader);
        }
    }

    /** What lies under all others: the section of the reference, which breaks no rule. */
    Section reference() {
        return below == null ? this : below.reference();
    }

    <T extends @Nullable Object> T read(Function<Section, T> reader, Supplier<T> standIn) {
        try {
            return reader.apply(this);
        } catch (InvalidSettings refused) {
            for (Violation violation : refused.violations()) {
                report(violation);
            }
            return standIn.get();
        } finally {
            reportUnknownKeys();
        }
    }

    /** The object under the key, over that of the section below. */
    Section section(String key) {
        known.add(key);
        Section belowIt = below == null ? null : below.section(key);
        ConfigValue value = value(key);
        if (value != null && !(value instanceof ConfigObject)) {
            error(key, value, OBJECT_RULE);
        }
        ConfigObject object = value instanceof ConfigObject found ? found : emptyObject();
        return new Section(path(key), object, belowIt, problems);
    }

    /** The object under the key as a map of names to sections, each over {@code defaults}, in the order of the file. */
    List<Named> entries(String key, Section defaults) {
        Section map = section(key);
        List<Named> entries = new ArrayList<>();
        for (String name : inFileOrder(map.own)) {
            ConfigValue value = map.value(name);
            if (value instanceof ConfigObject object) {
                entries.add(new Named(name, new Section(map.path(name), object, defaults, problems)));
            } else if (value != null) {
                map.error(ConfigUtil.joinPath(name), value, OBJECT_RULE);
                entries.add(new Named(name, null));
            }
        }
        return entries;
    }

    /** The elements of the list under the key; each is of the section that has the list. */
    List<Element> elements(String key) {
        known.add(key);
        ConfigValue value = value(key);
        ConfigList list = value == null ? null : parsed(key, value, Section::list);
        if (list == null) {
            return defaults(key).elements(key);
        }
        List<Element> elements = new ArrayList<>();
        for (int i = 0; i < list.size(); i++) {
            elements.add(new Element(this, key + "[" + i + "]", list.get(i)));
        }
        return elements;
    }

    /** The list under the key, each of whose elements is a text that the parser takes. */
    <T> List<T> list(String key, Function<String, T> parser) {
        List<T> items = new ArrayList<>();
        for (Element element : elements(key)) {
            T item = element.parsed(parser);
            if (item != null) {
                items.add(item);
            }
        }
        return items;
    }

    int integer(String key) {
        return Math.toIntExact(get(key, value -> {
            long number = wholeNumber(value);
            if (number != (int) number) {
                throw new InvalidValue("a whole number of at most " + Integer.MAX_VALUE);
            }
            return number;
        }));
    }

    /** A size in bytes: a number, or a number and a unit such as KiB. */
    long bytes(String key) {
        return get(key, value -> Units.parseSize(text(value)));
    }

    /** As {@link #bytes}, of at most 2 GiB. */
    int smallBytes(String key) {
        return (int) Math.min(Integer.MAX_VALUE, bytes(key));
    }

    Duration duration(String key) {
        return get(key, value -> Units.parseDuration(text(value)));
    }

    double number(String key) {
        return get(key, value -> {
            try {
                return Double.parseDouble(text(value));
            } catch (NumberFormatException notANumber) {
                throw new InvalidValue("a number such as 1.5");
            }
        });
    }

    /** The object under the key as a map of names to texts, in the order of the file. */
    Map<String, String> texts(String key) {
        Section map = section(key);
        Map<String, String> texts = new LinkedHashMap<>();
        if (map.below != null) {
            texts.putAll(map.below.texts());
        }
        texts.putAll(map.texts());
        return texts;
    }

    private Map<String, String> texts() {
        Map<String, String> texts = new LinkedHashMap<>();
        for (String name : inFileOrder(own)) {
            ConfigValue value = value(name);
            String text = value == null ? null : parsed(ConfigUtil.joinPath(name), value, Section::text);
            if (text != null) {
                texts.put(name, text);
            }
        }
        return texts;
    }

    /** A part of a whole, {@code 0.2} or {@code 20%}. */
    double ratio(String key) {
        return get(key, value -> Units.parseRatio(text(value)));
    }

    /** A policy by its name, or the object {@code { hash = KEY }}. */
    BalanceConfig balance(String key) {
        known.add(key);
        ConfigValue value = value(key);
        BalanceConfig balance = null;
        if (value instanceof ConfigObject object) {
            balance = hashed(new Section(path(key), object, null, problems));
        } else if (value != null) {
            balance = parsed(key, value, found -> BalanceConfig.ofName(text(found)));
        }
        if (balance != null) {
            return balance;
        }
        return defaults(key).balance(key);
    }

    private static @Nullable BalanceConfig hashed(Section section) {
        HashKey hash = section.optional("hash", HashKey::parse);
        if (section.value("hash") == null) {
            section.reportMissing("hash", HashKey.RULE);
        }
        section.reportUnknownKeys();
        return hash == null ? null : new BalanceConfig(BalanceConfig.Policy.HASH, hash);
    }

    boolean flag(String key) {
        return get(key, value -> switch (text(value)) {
            case "true", "yes", "on" -> true;
            case "false", "no", "off" -> false;
            default -> throw new InvalidValue("true or false");
        });
    }

    <E extends Enum<E> & Choice> E choice(String key, Class<E> type) {
        return get(key, value -> Choice.of(type, text(value)));
    }

    String text(String key) {
        return get(key, Section::text);
    }

    /** The text under the key, or null if neither this section nor one below has it. */
    @Nullable
    String optionalText(String key) {
        return optional(key, Function.identity());
    }

    /** What the parser makes of the text under the key; null if there is none, or, after a report, if it refuses. */
    <T> @Nullable T optional(String key, Function<String, T> parser) {
        known.add(key);
        ConfigValue value = value(key);
        if (value != null) {
            return parsed(key, value, found -> parser.apply(text(found)));
        }
        return below == null ? null : below.optional(key, parser);
    }

    void reportMissing(String key, String rule) {
        known.add(key);
        problems.error(own.origin(), pathOf(key), "missing", rule);
    }

    /** Says that the value under the first of the keys that was set by anyone is legal but unwise. */
    void warn(String advice, String... keys) {
        for (String key : keys) {
            if (isExplicit(key)) {
                warn(advice, key);
                return;
            }
        }
        warn(advice, keys[0]);
    }

    private void warn(String advice, String key) {
        ConfigValue value = find(key);
        if (value != null) {
            problems.warn(value.origin(), pathOf(key), shown(key, value), advice);
        } else if (below != null) {
            below.warn(advice, key);
        }
    }

    /** Says that the object of that name under the key is legal but unwise. */
    void warnOfEntry(String key, String name, String advice) {
        if (own.get(key) instanceof ConfigObject map && map.get(name) != null) {
            problems.warn(map.get(name).origin(), pathOf(key + "." + ConfigUtil.joinPath(name)), "{…}", advice);
        }
    }

    /** Tells whether anyone set the value under the relative path, so that it is not the reference's. */
    boolean isExplicit(String key) {
        ConfigValue value = find(key);
        return value == null ? below != null && below.isExplicit(key) : HoconSource.isExplicit(value);
    }

    /** Tells whether the value under the relative path stands in this section itself. */
    boolean has(String key) {
        return find(key) != null;
    }

    private void report(Violation violation) {
        ConfigValue value = find(violation.key());
        if (value == null && below != null && below.isExplicit(violation.key())) {
            below.report(violation);
            return;
        }
        if (value == null) {
            problems.error(
                    nearest(violation.key()).origin(), pathOf(violation.key()), violation.value(), violation.rule());
            return;
        }
        // Where the rule is about a part of what is written there, such as one backend's id, that part is shown.
        boolean structured = value instanceof ConfigObject || value instanceof ConfigList;
        String shown = structured ? violation.value() : shown(violation.key(), value);
        problems.error(value.origin(), pathOf(violation.key()), shown, violation.rule());
    }

    void reportUnknownKeys() {
        for (String key : own.keySet()) {
            ConfigValue value = own.get(key);
            if (!known.contains(key) && value != null && !HoconSource.isUnresolved(value)) {
                List<String> keys = knownInOrderOfTheReference();
                String rule =
                        keys.size() == 1 ? keys.get(0) : "one of " + String.join(", ", keys) + Nearest.hint(key, keys);
                problems.error(value.origin(), path(key), "unknown key", rule);
            }
        }
    }

    private List<String> knownInOrderOfTheReference() {
        List<String> keys = new ArrayList<>(known);
        List<String> order = inFileOrder(reference().own);
        keys.sort(Comparator.comparingInt(order::indexOf));
        return keys;
    }

    private <T> T get(String key, Function<ConfigValue, T> parser) {
        known.add(key);
        ConfigValue value = value(key);
        if (value != null) {
            T parsed = parsed(key, value, parser);
            if (parsed != null) {
                return parsed;
            }
        }
        return defaults(key).get(key, parser);
    }

    private Section defaults(String key) {
        if (below == null) {
            throw new IllegalStateException("no default for " + pathOf(key));
        }
        return below;
    }

    private <T> @Nullable T parsed(String key, ConfigValue value, Function<ConfigValue, T> parser) {
        try {
            return parser.apply(value);
        } catch (InvalidValue refused) {
            error(key, value, refused.rule());
        } catch (InvalidSettings refused) {
            for (Violation violation : refused.violations()) {
                error(key, value, violation.rule());
            }
        }
        return null;
    }

    private void error(String key, ConfigValue value, String rule) {
        if (!HoconSource.isUnresolved(value)) {
            problems.error(value.origin(), pathOf(key), shown(key, value), rule);
        }
    }

    /** The value under one key of this section itself; null also for {@code null}, which unsets. */
    private @Nullable ConfigValue value(String key) {
        ConfigValue value = own.get(key);
        return value == null || value.valueType() == ConfigValueType.NULL ? null : value;
    }

    /** The value under the relative path, or the innermost one around where it would be. */
    private ConfigValue nearest(String relative) {
        ConfigValue value = find(relative);
        int step = Math.max(relative.lastIndexOf('.'), relative.lastIndexOf('['));
        return value != null ? value : nearest(step < 0 ? "" : relative.substring(0, step));
    }

    /** The value under a relative path such as {@code routes[1].pool}, in this section itself. */
    private @Nullable ConfigValue find(String relative) {
        ConfigValue value = own;
        if (relative.isEmpty()) {
            return value;
        }
        for (String step : relative.replace("]", "").split("[.\\[]", -1)) {
            value = value == null ? null : HoconSource.within(value, step);
        }
        return value == null || value.valueType() == ConfigValueType.NULL ? null : value;
    }

    private String path(String key) {
        return pathOf(ConfigUtil.joinPath(key));
    }

    private String pathOf(String relative) {
        return path.isEmpty() || relative.isEmpty() ? path + relative : path + "." + relative;
    }

    private static ConfigList list(ConfigValue value) {
        if (value instanceof ConfigList list) {
            return list;
        }
        throw new InvalidValue("a list in [ ]");
    }

    private static String text(ConfigValue value) {
        return switch (value.valueType()) {
            case STRING -> (String) value.unwrapped();
            // As it was written: 1.10 is not 1.1 where a text is wanted.
            case NUMBER, BOOLEAN -> value.render(ConfigRenderOptions.concise());
            default -> throw new InvalidValue("a single value, not a list or an object");
        };
    }

    private static long wholeNumber(ConfigValue value) {
        try {
            return Long.parseLong(text(value));
        } catch (NumberFormatException notANumber) {
            throw new InvalidValue("a whole number");
        }
    }

    /** The value as the operator wrote it, cut where it is long; no secret. */
    private static String shown(String key, ConfigValue value) {
        if (SECRETS.contains(key)) {
            return "(hidden)";
        }
        boolean plainText = value.valueType() == ConfigValueType.STRING
                && !value.unwrapped().equals("");
        String text = plainText ? (String) value.unwrapped() : value.render(ConfigRenderOptions.concise());
        text = text.replaceAll("\\p{Cntrl}", "?");
        return text.length() <= 80 ? text : text.substring(0, 77) + "...";
    }

    private static List<String> inFileOrder(ConfigObject object) {
        List<String> names = new ArrayList<>(object.keySet());
        names.sort(Comparator.<String>comparingInt(name -> {
                    ConfigValue value = object.get(name);
                    return value == null ? 0 : firstLine(value);
                })
                .thenComparing(Comparator.naturalOrder()));
        return names;
    }

    /** Where the value begins. One of several layers, {@code merge of --set,a.conf: 3}, begins in the lowest. */
    private static int firstLine(ConfigValue value) {
        Matcher line = LAST_PLACE.matcher(value.origin().description());
        return line.find() ? Integer.parseInt(line.group(1)) : 0;
    }

    private static ConfigObject emptyObject() {
        return ConfigFactory.empty().root();
    }

    /**
     * An entry of a map.
     *
     * @param section null if it is no object, which is reported
     */
    record Named(String name, @Nullable Section section) {}

    /** One element of a list. */
    static final class Element {
        private final Section owner;
        private final String key;
        private final ConfigValue value;

        private Element(Section owner, String key, ConfigValue value) {
            this.owner = owner;
            this.key = key;
            this.value = value;
        }

        boolean isObject() {
            return value instanceof ConfigObject;
        }

        /**
         * The element as a section; null, after a report, if it is no object.
         *
         * @param defaults null where no key has any
         */
        @Nullable
        Section section(@Nullable Section defaults) {
            if (value instanceof ConfigObject object) {
                return new Section(owner.pathOf(key), object, defaults, owner.problems);
            }
            owner.error(key, value, OBJECT_RULE);
            return null;
        }

        /** The choice under a key of the element, which is an object; null, after a report, if there is none. */
        <E extends Enum<E> & Choice> @Nullable E choice(String key, Class<E> type) {
            if (!(value instanceof ConfigObject object)) {
                owner.error(this.key, value, OBJECT_RULE);
                return null;
            }
            Section entry = new Section(owner.pathOf(this.key), object, null, owner.problems);
            if (entry.value(key) == null) {
                entry.reportMissing(key, Choice.rule(type));
            }
            return entry.optional(key, text -> Choice.of(type, text));
        }

        /** What the parser makes of the text in the element; null, after a report, if it refuses. */
        <T> @Nullable T parsed(Function<String, T> parser) {
            return owner.parsed(key, value, found -> parser.apply(text(found)));
        }
    }
}
