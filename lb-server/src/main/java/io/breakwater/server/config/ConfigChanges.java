package io.breakwater.server.config;

import com.typesafe.config.ConfigUtil;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * What is different between the configuration that runs and one that is to take its place. Addresses that are bound,
 * the admin port, the event loops and the registry of metrics are made once, so that a change of theirs needs a restart;
 * everything else is hot. Immutable.
 */
public final class ConfigChanges {

    private static final Pattern BOUND =
            Pattern.compile("lb\\.listen\\.(host|port)|lb\\.listeners\\.[^.]+\\.(host|port)");
    private static final List<String> RESTART_SECTIONS =
            List.of("lb.admin.", "lb.runtime.", "lb.metrics.", "lb.state.");

    private static final String NOTHING = "none";
    private static final String HIDDEN = "(hidden)";
    /** Of a value; the body of a response may be long. */
    private static final int MOST_CHARS = 120;

    private final List<Change> needingRestart = new ArrayList<>();
    private final List<Step> steps = new ArrayList<>();
    private int kept;

    private ConfigChanges() {}

    /** Compares the configuration that runs with the one that is wanted. */
    public static ConfigChanges between(LbConfig running, LbConfig wanted) {
        ConfigChanges changes = new ConfigChanges();
        changes.settings(running, wanted);
        changes.routes(running, wanted);
        changes.pools(running.pools(), wanted.pools());
        return changes;
    }

    /** The settings that differ and take effect only after a restart, in the order of the reference. */
    public List<Change> needingRestart() {
        return List.copyOf(needingRestart);
    }

    /** One line for each of {@link #needingRestart()}: what a reload is refused with. */
    public List<String> refusals() {
        return needingRestart.stream()
                .map(change -> change + " (a restart is needed)")
                .toList();
    }

    /**
     * What a reload changes, a line each, for people: {@code pool web: backend a:80 added}, {@code route /cart removed},
     * {@code lb.pools.web.breaker.cooldown: 5s -> 10s}. Leaves out what needs a restart.
     */
    public List<String> summary() {
        return steps.stream().map(Step::change).toList();
    }

    /** As {@link #summary()}, with what each change does beyond itself. */
    public List<Step> steps() {
        return List.copyOf(steps);
    }

    /** How many backends stay themselves, with their circuits, health and connections and what operators have set. */
    public int kept() {
        return kept;
    }

    /** As {@link #summary()}, of at most {@code most} lines and one that counts the rest. */
    public List<String> summary(int most) {
        List<String> all = summary();
        if (all.size() <= most) {
            return all;
        }
        List<String> first = new ArrayList<>(all.subList(0, most));
        first.add("and " + (all.size() - most) + " more");
        return List.copyOf(first);
    }

    /** Whether nothing differs that has an effect. */
    public boolean isEmpty() {
        return needingRestart.isEmpty() && steps.isEmpty();
    }

    private void settings(LbConfig running, LbConfig wanted) {
        for (Change change : differences(walk -> walk.lb(running), walk -> walk.lb(wanted), "lb")) {
            if (needsRestart(change.path())) {
                needingRestart.add(change);
            } else if (!change.path().startsWith("lb.pools.")) {
                step(change.toString(), Effects.ofSetting(change.path()));
            }
        }
    }

    private void step(String change, @Nullable String effect) {
        steps.add(new Step(change, effect));
    }

    private static boolean needsRestart(String path) {
        return BOUND.matcher(path).matches() || RESTART_SECTIONS.stream().anyMatch(path::startsWith);
    }

    private void routes(LbConfig running, LbConfig wanted) {
        Map<String, RouteConfig> before = byName(running.routes(), RouteConfig::name);
        Map<String, RouteConfig> after = byName(wanted.routes(), RouteConfig::name);
        for (RouteConfig route : wanted.routes()) {
            RouteConfig was = before.get(route.name());
            if (was == null) {
                step("route " + route.name() + " added, to pool " + route.pool(), null);
            } else {
                PoolConfig pool = wanted.pools().get(route.pool());
                for (Change change : differences(walk -> walk.route(was), walk -> walk.route(route), "")) {
                    step("route " + route.name() + ": " + change, Effects.ofRoute(change.path(), route, pool));
                }
            }
        }
        for (RouteConfig route : running.routes()) {
            if (!after.containsKey(route.name())) {
                step(
                        "route " + route.name() + " removed",
                        Effects.ofGone(route, running.pools().get(route.pool())));
            }
        }
        if (!orderOfKept(before, after).equals(orderOfKept(after, before))) {
            step("routes are tried in another order", null);
        }
    }

    private void pools(Map<String, PoolConfig> running, Map<String, PoolConfig> wanted) {
        for (PoolConfig pool : wanted.values()) {
            PoolConfig was = running.get(pool.name());
            if (was == null) {
                step("pool " + pool.name() + " added, with " + counted(pool.backends()), "each " + Effects.ofNew(pool));
            } else {
                String path = "lb.pools." + ConfigUtil.joinPath(pool.name());
                for (Change change : differences(walk -> walk.pool(was), walk -> walk.pool(pool), path)) {
                    String key = change.path().substring(path.length() + 1);
                    step(change.toString(), Effects.ofPool(key, was, pool));
                }
                backends("pool " + pool.name() + ": backend ", was, pool);
            }
        }
        for (PoolConfig pool : running.values()) {
            if (!wanted.containsKey(pool.name())) {
                step(
                        "pool " + pool.name() + " removed, with " + counted(pool.backends()),
                        "of each: " + Effects.ofGone());
            }
        }
    }

    private void backends(String place, PoolConfig running, PoolConfig wanted) {
        Map<String, BackendConfig> before = byName(running.backends(), BackendConfig::id);
        Map<String, BackendConfig> after = byName(wanted.backends(), BackendConfig::id);
        Map<String, String> goneByOrigin = new LinkedHashMap<>();
        before.forEach((id, backend) -> {
            if (!after.containsKey(id)) {
                goneByOrigin.put(backend.origin(), id);
            }
        });
        for (BackendConfig backend : wanted.backends()) {
            BackendConfig was = before.get(backend.id());
            String renamed = goneByOrigin.get(backend.origin());
            if (was == null) {
                String effect = renamed == null ? Effects.ofNew(wanted) : Effects.ofRenamed(renamed, wanted);
                step(place + backend.id() + " added", effect);
            } else if (!was.isSameBackend(backend)) {
                step(
                        place + backend.id() + " replaced, " + was.url() + " -> " + backend.url(),
                        Effects.ofReplaced(wanted));
            } else {
                kept++;
                for (Change change : differences(walk -> walk.backend(was), walk -> walk.backend(backend), "")) {
                    step(place + backend.id() + ": " + change, null);
                }
            }
        }
        for (BackendConfig backend : running.backends()) {
            if (!after.containsKey(backend.id())) {
                step(place + backend.id() + " removed", Effects.ofGone());
            }
        }
    }

    /** The names in {@code some} that {@code others} have too, in the order of {@code some}. */
    private static List<String> orderOfKept(Map<String, ?> some, Map<String, ?> others) {
        return some.keySet().stream().filter(others::containsKey).toList();
    }

    private static <T> Map<String, T> byName(List<T> items, Function<T, String> name) {
        Map<String, T> map = new LinkedHashMap<>();
        items.forEach(item -> map.put(name.apply(item), item));
        return map;
    }

    private static String counted(List<BackendConfig> backends) {
        return backends.size() + (backends.size() == 1 ? " backend" : " backends");
    }

    private static List<Change> differences(Consumer<Values> before, Consumer<Values> after, String path) {
        Map<String, Value> was = Values.of(before, path);
        Map<String, Value> becomes = Values.of(after, path);
        Set<String> paths = new LinkedHashSet<>(becomes.keySet());
        paths.addAll(was.keySet());
        List<Change> changes = new ArrayList<>();
        for (String each : paths) {
            Value old = was.get(each);
            Value now = becomes.get(each);
            boolean same = old == null ? now == null : old.equals(now);
            if (!same) {
                changes.add(new Change(each, shown(old), shown(now)));
            }
        }
        return changes;
    }

    private static String shown(@Nullable Value value) {
        if (value == null) {
            return NOTHING;
        }
        if (value.text().isEmpty()) {
            return "\"\"";
        }
        return value.secret() ? HIDDEN : shortened(value.text());
    }

    private static String shortened(String text) {
        return text.length() <= MOST_CHARS
                ? text
                : text.substring(0, MOST_CHARS) + "... (" + text.length() + " characters)";
    }

    /**
     * One thing that a reload changes.
     *
     * @param change as {@link #summary} has it
     * @param effect what else it does, for people; null where it does nothing else
     */
    public record Step(String change, @Nullable String effect) {}

    /**
     * One setting that differs.
     *
     * @param path such as {@code lb.listen.port}
     * @param was as HOCON writes it; {@code none} where it was not set, and no secret
     * @param becomes the same of the new value
     */
    public record Change(String path, String was, String becomes) {

        @Override
        public String toString() {
            return path + ": " + was + " -> " + becomes;
        }
    }

    private record Value(String text, boolean secret) {}

    /** The values of a part of a configuration by their paths, without its routes and backends. */
    private static final class Values extends ConfigWalk {

        /** What has names is compared by them, not by its place. */
        private static final Set<String> NAMED = Set.of("routes", "backends");

        private final Map<String, Value> values = new LinkedHashMap<>();
        private String path;

        private Values(String path) {
            this.path = path;
        }

        static Map<String, Value> of(Consumer<Values> part, String path) {
            Values values = new Values(path);
            part.accept(values);
            return values.values;
        }

        @Override
        void block(String key, Runnable content) {
            String outer = path;
            path = pathOf(key);
            content.run();
            path = outer;
        }

        @Override
        <T> void items(String key, Collection<T> items, Consumer<T> content) {
            if (!NAMED.contains(key)) {
                int place = 0;
                for (T item : items) {
                    block(key + "[" + place + "]", () -> content.accept(item));
                    place++;
                }
            }
        }

        @Override
        void value(String key, String text) {
            values.put(pathOf(key), new Value(text, false));
        }

        @Override
        void secret(String key, String text) {
            values.put(pathOf(key), new Value(text, true));
        }

        private String pathOf(String key) {
            return path.isEmpty() ? key : path + "." + key;
        }
    }
}
