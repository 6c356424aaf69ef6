package io.breakwater.server.config;

import io.breakwater.health.breaker.BreakerConfig;
import io.breakwater.server.config.PoolConfig.BreakerScope;
import java.util.Optional;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** What a change of a setting does, beyond the setting, to circuits, backends and connections that are there. */
final class Effects {

    private static final Pattern TLS = Pattern.compile("tls\\..*");

    private Effects() {}

    /**
     * Returns the effect of a change of a setting that belongs to no pool and no route.
     *
     * @param path full
     */
    static @Nullable String ofSetting(String path) {
        if (path.startsWith("lb.listen.") || path.startsWith("lb.listeners.")) {
            return path.contains(".tls.")
                    ? "for connections that are made from then on"
                    : "for connections that are made from then on; those that are there keep what they have";
        }
        return null;
    }

    /**
     * Returns the effect of a change of a pool's setting.
     *
     * @param key within the pool, such as {@code breaker.cooldown}
     */
    static @Nullable String ofPool(String key, PoolConfig running, PoolConfig wanted) {
        if (key.startsWith("breaker.")) {
            return ofBreaker(key, running, wanted);
        }
        if (key.startsWith("health-check.")) {
            return ofHealthCheck(key, running, wanted);
        }
        return TLS.matcher(key).matches() ? "for connections to backends that are made from then on" : null;
    }

    private static @Nullable String ofBreaker(String key, PoolConfig running, PoolConfig wanted) {
        boolean sameWindow =
                running.breaker().window().isShapedAs(wanted.breaker().window());
        return switch (key) {
            case "breaker.enabled" ->
                wanted.breaker().enabled()
                        ? null
                        : "circuits that are not closed are closed, those tripped by hand too";
            case "breaker.mode" ->
                wanted.breaker().mode() == BreakerConfig.Mode.OBSERVE
                        ? "circuits that are open refuse nobody any more"
                        : "circuits that are open now refuse requests from then on";
            case "breaker.scope" -> "every circuit starts closed, but for backends that are tripped by hand";
            case "breaker.window.type", "breaker.window.calls", "breaker.window.duration" ->
                sameWindow
                        ? null
                        : "windows of closed circuits start empty; states, deadlines and failures in a row stay";
            case "breaker.cooldown", "breaker.cooldown-multiplier", "breaker.cooldown-max", "breaker.cooldown-jitter" ->
                "circuits that are open keep their deadline";
            case "breaker.consecutive-failures",
                    "breaker.window.minimum-calls",
                    "breaker.window.failure-rate",
                    "breaker.window.slow-call-rate",
                    "breaker.window.slow-call-duration" ->
                "states and what was counted stay; the next call is judged by it";
            default -> null;
        };
    }

    private static @Nullable String ofHealthCheck(String key, PoolConfig running, PoolConfig wanted) {
        if (!wanted.healthCheck().enabled()) {
            return key.equals("health-check.enabled") ? "unhealthy backends are in rotation at once" : null;
        }
        return switch (key) {
            case "health-check.enabled" -> "backends are checked at once; " + until(wanted);
            case "health-check.type", "health-check.path", "health-check.expect-status" ->
                running.healthCheck().enabled()
                        ? "backends are checked at once and keep their status; passes and failures in a row start at 0"
                        : null;
            default -> null;
        };
    }

    private static String until(PoolConfig pool) {
        return "until then they count as " + pool.healthCheck().initial().label();
    }

    /** What a backend starts as. */
    static String ofNew(PoolConfig pool) {
        return "starts enabled, with its circuit closed"
                + (pool.healthCheck().enabled()
                        ? ", and counts as " + pool.healthCheck().initial().label() + " until it was checked"
                        : "");
    }

    /**
     * What a backend starts as whose URL another one had.
     *
     * @param before the id that it had
     */
    static String ofRenamed(String before, PoolConfig pool) {
        return "it is not taken for " + before + ", whose URL it has: " + ofNew(pool);
    }

    /** What becomes of a backend that is replaced. */
    static String ofReplaced(PoolConfig pool) {
        return "another backend: " + ofNew(pool) + "; " + ofGone();
    }

    /** What becomes of a backend that is not there any more. */
    static String ofGone() {
        return "requests under way to the old one end, its idle connections are closed, and its circuit, its health and"
                + " what operators have set are forgotten";
    }

    /** What becomes of a route that is not there any more. */
    static String ofGone(RouteConfig route, @Nullable PoolConfig pool) {
        StringBuilder effect = new StringBuilder("its metrics end");
        if (pool != null && pool.breakerScope() == BreakerScope.BACKEND_AND_ROUTE) {
            effect.append(", its circuits are forgotten");
        }
        if (stale(route).isPresent()) {
            effect.append(", the responses kept for it are forgotten");
        }
        if (route.fallback().stream().anyMatch(FallbackConfig.Queue.class::isInstance)) {
            effect.append(", what waits in its queue goes on waiting for a route of this name");
        }
        return effect.toString();
    }

    /**
     * Returns the effect of a change of a route's setting.
     *
     * @param key within the route
     * @param pool that it leads to from then on
     */
    static @Nullable String ofRoute(String key, RouteConfig wanted, @Nullable PoolConfig pool) {
        boolean scoped = pool != null && pool.breakerScope() == BreakerScope.BACKEND_AND_ROUTE;
        String circuits = scoped && key.equals("pool") ? "its circuits there start closed" : null;
        boolean other =
                key.equals("pool") || key.equals("prefix") || key.equals("rewrite") || key.equals("strip-prefix");
        String kept = other && stale(wanted).isPresent() ? "the responses kept for it are forgotten" : null;
        return circuits == null ? kept : kept == null ? circuits : circuits + ", " + kept;
    }

    private static Optional<FallbackConfig> stale(RouteConfig route) {
        return route.fallback().stream()
                .filter(FallbackConfig.Stale.class::isInstance)
                .findFirst();
    }
}
