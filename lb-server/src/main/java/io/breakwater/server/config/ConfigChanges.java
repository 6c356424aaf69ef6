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

    private final List<Change> needingRestart = new ArrayList<>();
    private final List<String> summary = new ArrayList<>();

    private ConfigChanges() {}

    /** Compares the configuration that runs with the one that is wanted. */
    public static ConfigChanges between(LbConfig running, LbConfig wanted) {
        ConfigChanges changes = new ConfigChanges();
        changes.settings(running, wanted);
        changes.routes(running.routes(), wanted.routes());
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
        return List.copyOf(summary);
    }

    /** As {@link #summary()}, of at most {@code most} lines and one that counts the rest. */
    public List<String> summary(int most) {
        if (summary.size() <= most) {
            return summary();
        }
        List<String> first = new ArrayList<>(summary.subList(0, most));
        first.add("and " + (summary.size() - most) + " more");
        return List.copyOf(first);
    }

    /** Whether nothing differs that has an effect. */
    public boolean isEmpty() {
        return needingRestart.isEmpty() && summary.isEmpty();
    }

    private void settings(LbConfig running, LbConfig wanted) {
        for (Change change : differences(walk -> walk.lb(running), walk -> walk.lb(wanted), "lb")) {
            if (needsRestart(change.path())) {
                needingRestart.add(change);
            } else if (!change.path().startsWith("lb.pools.")) {
                summary.add(change.toString());
            }
        }
    }

    private static boolean needsRestart(String path) {
        return BOUND.matcher(path).matches() || RESTART_SECTIONS.stream().anyMatch(path::startsWith);
    }

    private void routes(List<RouteConfig> running, List<RouteConfig> wanted) {
        Map<String, RouteConfig> before = byName(running, RouteConfig::name);
        Map<String, RouteConfig> after = byName(wanted, RouteConfig::name);
        for (RouteConfig route : wanted) {
            RouteConfig was = before.get(route.name());
            if (was == null) {
                summary.add("route " + route.name() + " added, to pool " + route.pool());
            } else {
                for (Change change : differences(walk -> walk.route(was), walk -> walk.route(route), "")) {
                    summary.add("route " + route.name() + ": " + change);
                }
            }
        }
        for (RouteConfig route : running) {
            if (!after.containsKey(route.name())) {
                summary.add("route " + route.name() + " removed");
            }
        }
        if (!orderOfKept(before, after).equals(orderOfKept(after, before))) {
            summary.add("routes are tried in another order");
        }
    }

    private void pools(Map<String, PoolConfig> running, Map<String, PoolConfig> wanted) {
        for (PoolConfig pool : wanted.values()) {
            PoolConfig was = running.get(pool.name());
            if (was == null) {
                summary.add("pool " + pool.name() + " added, with " + counted(pool.backends()));
            } else {
                String path = "lb.pools." + ConfigUtil.joinPath(pool.name());
                differences(walk -> walk.pool(was), walk -> walk.pool(pool), path)
                        .forEach(change -> summary.add(change.toString()));
                backends("pool " + pool.name() + ": backend ", was.backends(), pool.backends());
            }
        }
        for (PoolConfig pool : running.values()) {
            if (!wanted.containsKey(pool.name())) {
                summary.add("pool " + pool.name() + " removed, with " + counted(pool.backends()));
            }
        }
    }

    private void backends(String place, List<BackendConfig> running, List<BackendConfig> wanted) {
        Map<String, BackendConfig> before = byName(running, BackendConfig::id);
        Map<String, BackendConfig> after = byName(wanted, BackendConfig::id);
        for (BackendConfig backend : wanted) {
            BackendConfig was = before.get(backend.id());
            if (was == null) {
                summary.add(place + backend.id() + " added");
            } else if (!was.isSameBackend(backend)) {
                summary.add(place + backend.id() + " replaced, " + was.url() + " -> " + backend.url());
            } else {
                for (Change change : differences(walk -> walk.backend(was), walk -> walk.backend(backend), "")) {
                    summary.add(place + backend.id() + ": " + change);
                }
            }
        }
        for (BackendConfig backend : running) {
            if (!after.containsKey(backend.id())) {
                summary.add(place + backend.id() + " removed");
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
        return value.secret() && !value.text().isEmpty() ? HIDDEN : value.text().isEmpty() ? "\"\"" : value.text();
    }

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

    /** The values of a part of a configuration by their paths, without what is in its lists of objects. */
    private static final class Values extends ConfigWalk {

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
            // Compared by their names, not by their places.
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
