package io.breakwater.server.config;

import java.util.HashSet;
import java.util.List;
import java.util.Set;

/** Settings that are legal but unwise: each is a warning where it stands. */
final class Hazards {

    private Hazards() {}

    /** @param openFileLimit how many descriptors the process may hold */
    static void warn(Section lb, LbConfig config, long openFileLimit) {
        // Each proxied connection holds a descriptor on either side.
        if (config.listen().maxConnections() > openFileLimit / 2) {
            lb.warn(
                    "two open files for each connection, and the limit of this process is " + openFileLimit
                            + " (ulimit -n)",
                    "listen.max-connections");
        }
        Set<String> unused = new HashSet<>(config.pools().keySet());
        Shadows shadows = new Shadows();
        List<RouteConfig> routes = config.routes();
        for (int i = 0; i < routes.size(); i++) {
            RouteConfig route = routes.get(i);
            unused.remove(route.pool());
            String key =
                    "routes[" + i + "]." + (route.path() != null ? "path" : route.prefix() != null ? "prefix" : "host");
            if (config.listen().healthPath().equals(route.path())) {
                lb.warn("lb.listen.health-path is answered by the balancer itself, before any route", key);
            }
            RouteConfig earlier = shadows.firstOver(route);
            if (earlier != null) {
                lb.warn("no request comes here: the earlier route " + earlier.name() + " takes them all", key);
            }
        }
        for (String pool : config.pools().keySet()) {
            if (unused.contains(pool)) {
                lb.warnOfEntry("pools", pool, "no route leads to it");
            }
        }
    }

    static void warn(Section pool, PoolConfig config) {
        PoolTimeouts timeouts = config.timeouts();
        if (timeouts.responseHead().compareTo(timeouts.request()) > 0) {
            pool.warn(
                    "timeouts.response-head, " + Units.duration(timeouts.responseHead())
                            + ", cannot run out before timeouts.request, " + Units.duration(timeouts.request()),
                    "timeouts.response-head",
                    "timeouts.request");
        }
        if (timeouts.connect().compareTo(timeouts.request()) > 0) {
            pool.warn(
                    "timeouts.connect, " + Units.duration(timeouts.connect())
                            + ", cannot run out before timeouts.request, " + Units.duration(timeouts.request()),
                    "timeouts.connect",
                    "timeouts.request");
        }
        if (!config.breaker().enabled()) {
            return;
        }
        if (config.breaker().consecutiveFailures() == 0) {
            pool.warn(
                    "no failure opens a circuit of this pool; breaker.enabled = false says so",
                    "breaker.consecutive-failures");
        }
        if (config.breaker().probeTimeout().compareTo(timeouts.responseHead()) < 0) {
            pool.warn(
                    "a probe counts as failed after breaker.half-open.probe-timeout, "
                            + Units.duration(config.breaker().probeTimeout())
                            + ", though timeouts.response-head would wait "
                            + Units.duration(timeouts.responseHead()),
                    "breaker.half-open.probe-timeout",
                    "timeouts.response-head");
        }
    }
}
