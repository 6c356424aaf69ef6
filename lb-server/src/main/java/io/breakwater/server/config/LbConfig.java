package io.breakwater.server.config;

import java.util.Collections;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * The whole configuration, checked. Immutable, as all its parts are.
 *
 * @param routes in the order in which they are tried
 * @param pools by name, in the order of the file
 */
public record LbConfig(
        ListenerConfig listen,
        AdminConfig admin,
        RuntimeConfig runtime,
        MetricsConfig metrics,
        ShutdownConfig shutdown,
        List<RouteConfig> routes,
        Map<String, PoolConfig> pools) {

    public LbConfig {
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
        Map<String, Integer> seen = new HashMap<>();
        for (int i = 0; i < routes.size(); i++) {
            RouteConfig route = routes.get(i);
            Integer first = seen.putIfAbsent(route.name(), i);
            constraints
                    .require(
                            first == null,
                            "routes[" + i + "].name",
                            route.name(),
                            "a name of its own, which name sets; routes[" + first + "] has this one")
                    .require(
                            pools.isEmpty() || pools.containsKey(route.pool()),
                            "routes[" + i + "].pool",
                            route.pool(),
                            String.join(" or ", pools.keySet()));
        }
        constraints.verify();
    }
}
