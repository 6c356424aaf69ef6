package io.breakwater.server.config;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigException;
import com.typesafe.config.ConfigList;
import com.typesafe.config.ConfigObject;
import com.typesafe.config.ConfigOrigin;
import com.typesafe.config.ConfigRenderOptions;
import com.typesafe.config.ConfigResolveOptions;
import com.typesafe.config.ConfigUtil;
import com.typesafe.config.ConfigValue;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Where substitutions stand in what an operator wrote. Once they are filled in, the library tells of what came by one only
 * where that comes from, which may be the reference.
 */
final class Substitutions {
    private static final Pattern ALONE = Pattern.compile("\\$\\{[^}]*}");
    private static final ConfigResolveOptions OPTIONS =
            ConfigResolveOptions.defaults().setUseSystemEnvironment(false).setAllowUnresolved(true);

    private Substitutions() {}

    /**
     * Returns where the first substitution stands on the way along a path; null if the way leads through none.
     *
     * @param path such as {@code lb.routes[1].pool}
     */
    static @Nullable ConfigOrigin on(String path, ConfigObject unresolved) {
        List<String> steps = path.isEmpty() ? List.of() : HoconSource.path(path.replaceAll("\\[(\\d+)]", ".$1"));
        if (steps == null) {
            return null;
        }
        ConfigValue value = unresolved;
        for (String step : steps) {
            value = HoconSource.within(value, step);
            if (value == null) {
                return null;
            }
            if (isSubstitution(value)) {
                return value.origin();
            }
        }
        return null;
    }

    /**
     * Returns a value that joins a substitution to what does not go with it, the only one from there on; null if none
     * does. The library does not tell, so it is the last of those that must be left out for the rest to resolve.
     *
     * @param below what lies under the written, and fills in its substitutions, too
     */
    static @Nullable Place misfit(ConfigObject written, Config below) {
        List<Place> joined = new ArrayList<>();
        collectJoined("", null, written, joined);
        joined.sort(Comparator.comparingInt(place -> place.origin().lineNumber()));
        int tooFew = -1;
        int enough = joined.size();
        while (enough - tooFew > 1) {
            int count = (tooFew + enough) / 2;
            if (resolves(without(joined.subList(0, count), written).withFallback(below))) {
                enough = count;
            } else {
                tooFew = count;
            }
        }
        return enough == 0 || joined.isEmpty() ? null : joined.get(enough - 1);
    }

    private static void collectJoined(String key, @Nullable String list, ConfigValue value, List<Place> joined) {
        if (isSubstitution(value)) {
            // One that stands alone fits anywhere.
            if (!ALONE.matcher(value.render(ConfigRenderOptions.concise())).matches()) {
                joined.add(new Place(key, list == null ? key : list, value.origin()));
            }
        } else if (value instanceof ConfigObject object) {
            String prefix = key.isEmpty() ? "" : key + ".";
            object.forEach((name, inner) -> collectJoined(prefix + ConfigUtil.joinPath(name), list, inner, joined));
        } else if (value instanceof ConfigList elements) {
            for (int i = 0; i < elements.size(); i++) {
                collectJoined(key + "[" + i + "]", list == null ? key : list, elements.get(i), joined);
            }
        }
    }

    private static Config without(List<Place> places, ConfigObject written) {
        Config rest = written.toConfig();
        for (Place place : places) {
            rest = rest.withoutPath(place.outside());
        }
        return rest;
    }

    private static boolean resolves(Config config) {
        try {
            config.resolve(OPTIONS);
            return true;
        } catch (ConfigException refused) {
            return false;
        }
    }

    /** Tells whether it is one, or is made with one: until it is resolved the library answers no question about it. */
    private static boolean isSubstitution(ConfigValue value) {
        try {
            return value instanceof ConfigObject object ? object.size() < 0 : value.valueType() == null;
        } catch (ConfigException.NotResolved substitution) {
            return true;
        }
    }

    /**
     * A value that somebody wrote.
     *
     * @param outside the key, or that of the outermost list around it
     */
    record Place(String key, String outside, ConfigOrigin origin) {}
}
