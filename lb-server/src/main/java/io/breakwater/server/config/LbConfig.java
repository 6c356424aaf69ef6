package io.breakwater.server.config;

import com.typesafe.config.ConfigUtil;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * The whole configuration, checked. Immutable, as all its parts are.
 *
 * @param listeners further ones, by name, in the order of the file
 * @param routes in the order in which they are tried
 * @param pools by name, in the order of the file
 */
public record LbConfig(
        ListenerConfig listen,
        Map<String, ListenerConfig> listeners,
        AdminConfig admin,
        RuntimeConfig runtime,
        AccessLogConfig accessLog,
        MetricsConfig metrics,
        ShutdownConfig shutdown,
        StateConfig state,
        List<RouteConfig> routes,
        Map<String, PoolConfig> pools) {

    /** Where the first listener is configured. */
    public static final String LISTEN = "lb.listen";

    /** Where further ones are, with their names behind it. */
    public static final String LISTENERS = "lb.listeners.";

    /** More names than these help nobody who reads a problem. */
    private static final int MOST_NAMED = 8;

    public LbConfig {
        listeners = Collections.unmodifiableMap(new LinkedHashMap<>(listeners));
        routes = List.copyOf(routes);
        pools = Collections.unmodifiableMap(new LinkedHashMap<>(pools));
        Constraints constraints = new Constraints()
                .require(!routes.isEmpty(), "routes", "[]", "at least one route")
                .require(!pools.isEmpty(), "pools", "{}", "at least one pool")
                .require(
                        !admin.portSetExplicitly() || admin.port() == 0 || admin.port() != listen.port(),
                        "admin.port",
                        admin.port(),
                        "a port other than lb.listen.port");
        listeners(constraints, listen, listeners, admin);
        List<ListenerConfig> all = all(listen, listeners);
        Map<String, Integer> seen = new HashMap<>();
        for (int i = 0; i < routes.size(); i++) {
            RouteConfig route = routes.get(i);
            Integer first = seen.putIfAbsent(route.name(), i);
            constraints
                    .require(
                            first == null,
                            "routes[" + i + "].name",
                            route.name(),
                            "a name of its own: routes[" + first + "] has it")
                    .require(
                            pools.isEmpty() || pools.containsKey(route.pool()),
                            "routes[" + i + "].pool",
                            route.pool(),
                            poolRule(pools.keySet()) + Nearest.hint(route.pool(), pools.keySet()));
            fallbacks(constraints, "routes[" + i + "]", route, pools);
            for (int j = 0; j < route.fallback().size(); j++) {
                ofStateField(
                        constraints,
                        "routes[" + i + "].fallback[" + j + "]",
                        route.fallback().get(j),
                        all);
            }
        }
        queues(constraints, routes, all);
        constraints.verify();
    }

    /** Each under the key that has it: {@link #LISTEN}, then {@link #LISTENERS} and its name. */
    public Map<String, ListenerConfig> listenersByKey() {
        Map<String, ListenerConfig> byKey = new LinkedHashMap<>();
        byKey.put(LISTEN, listen);
        listeners.forEach((name, listener) -> byKey.put(LISTENERS + name, listener));
        return byKey;
    }

    /** {@code lb.listen}, then the further ones. */
    public List<ListenerConfig> allListeners() {
        return all(listen, listeners);
    }

    private static List<ListenerConfig> all(ListenerConfig listen, Map<String, ListenerConfig> listeners) {
        List<ListenerConfig> all = new ArrayList<>();
        all.add(listen);
        all.addAll(listeners.values());
        return all;
    }

    /** Each needs an address that no other one has. */
    private static void listeners(
            Constraints constraints, ListenerConfig listen, Map<String, ListenerConfig> listeners, AdminConfig admin) {
        Map<Integer, String> byPort = new HashMap<>();
        byPort.put(listen.port(), LISTEN);
        if (admin.portSetExplicitly()) {
            byPort.putIfAbsent(admin.port(), "lb.admin");
        }
        listeners.forEach((name, listener) -> {
            String first = listener.port() == 0 ? null : byPort.putIfAbsent(listener.port(), LISTENERS + name);
            String key = "listeners." + ConfigUtil.joinPath(name);
            constraints
                    .require(name.matches("[A-Za-z0-9_-]+"), key, name, "a name of letters, digits, _ and -")
                    .require(first == null, key + ".port", listener.port(), "a port of its own: " + first + " has it");
        });
    }

    /** A directory is one queue, with one set of limits and one place at which to ask for it. */
    private static void queues(Constraints constraints, List<RouteConfig> routes, List<ListenerConfig> listeners) {
        Map<Path, FallbackConfig.Queue> byDirectory = new HashMap<>();
        Map<String, FallbackConfig.Queue> byStatusPath = new HashMap<>();
        for (int i = 0; i < routes.size(); i++) {
            List<FallbackConfig> fallbacks = routes.get(i).fallback();
            for (int j = 0; j < fallbacks.size(); j++) {
                if (fallbacks.get(j) instanceof FallbackConfig.Queue queue) {
                    String key = "routes[" + i + "].fallback[" + j + "].";
                    FallbackConfig.Queue same = byDirectory.putIfAbsent(queue.directory(), queue);
                    FallbackConfig.Queue beside = byStatusPath.putIfAbsent(queue.statusPath(), queue);
                    constraints
                            .require(
                                    same == null || same.isLike(queue),
                                    key + "dir",
                                    queue.dir(),
                                    "a directory of its own, or the same max-count, max-bytes, max-entry, max-age and"
                                            + " status-path as the queue before that has it")
                            .require(
                                    beside == null || beside.directory().equals(queue.directory()),
                                    key + "status-path",
                                    queue.statusPath(),
                                    "a path of its own: the queue in " + (beside == null ? "" : beside.dir())
                                            + " has it")
                            .require(
                                    listeners.stream()
                                            .noneMatch(each -> each.healthPath().startsWith(queue.statusPath() + "/")),
                                    key + "status-path",
                                    queue.statusPath(),
                                    "a path that no listener's health-path is below");
                }
            }
        }
    }

    private static void fallbacks(
            Constraints constraints, String place, RouteConfig route, Map<String, PoolConfig> pools) {
        for (int i = 0; i < route.fallback().size(); i++) {
            if (route.fallback().get(i) instanceof FallbackConfig.Pool other && !pools.isEmpty()) {
                String key = place + ".fallback[" + i + "].pool";
                constraints
                        .require(
                                pools.containsKey(other.pool()),
                                key,
                                other.pool(),
                                poolRule(pools.keySet()) + Nearest.hint(other.pool(), pools.keySet()))
                        .require(
                                !other.pool().equals(route.pool()),
                                key,
                                other.pool(),
                                "another pool than the route's own");
            }
        }
    }

    private static void ofStateField(
            Constraints constraints, String place, FallbackConfig fallback, List<ListenerConfig> listeners) {
        if (fallback instanceof FallbackConfig.Static response) {
            for (String name : response.headers().keySet()) {
                constraints.require(
                        listeners.stream().noneMatch(each -> name.equalsIgnoreCase(each.circuitStateHeader())),
                        place + ".headers",
                        name,
                        "the name of a field, other than a listener's circuit-state-header");
            }
        }
    }

    private static String poolRule(Set<String> pools) {
        return pools.size() <= MOST_NAMED ? String.join(" or ", pools) : "one of the " + pools.size() + " in lb.pools";
    }
}
