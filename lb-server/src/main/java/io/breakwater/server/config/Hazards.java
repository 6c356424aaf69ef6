package io.breakwater.server.config;

import io.breakwater.health.breaker.WindowConfig;
import io.breakwater.health.check.HealthCheckConfig;
import io.breakwater.server.config.RetriesConfig.RetryOn;
import java.time.Duration;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;

/** Settings that are legal but unwise: each is a warning where it stands. */
final class Hazards {
    /** What the process holds open besides: its jars, event loops, listeners, logs, the admin port, name servers. */
    private static final int OWN_FILES = 100;

    private Hazards() {}

    /** @param openFileLimit how many descriptors the process may hold */
    static void warn(Section lb, LbConfig config, long openFileLimit) {
        ofConnections(lb, config, openFileLimit);
        Set<String> unused = new HashSet<>(config.pools().keySet());
        Set<List<Object>> defaulted = new HashSet<>();
        Shadows shadows = new Shadows();
        List<RouteConfig> routes = config.routes();
        for (int i = 0; i < routes.size(); i++) {
            RouteConfig route = routes.get(i);
            unused.remove(route.pool());
            String key =
                    "routes[" + i + "]." + (route.path() != null ? "path" : route.prefix() != null ? "prefix" : "host");
            config.listenersByKey().forEach((listener, settings) -> {
                if (settings.healthPath().equals(route.path())) {
                    lb.warn(listener + ".health-path is answered by the balancer itself, before any route", key);
                }
            });
            RouteConfig earlier = shadows.firstOver(route);
            if (earlier != null) {
                lb.warn("no request comes here: the earlier route " + earlier.name() + " takes them all", key);
            }
            ofRouteTimeouts(lb, i, route, config, defaulted);
            ofFallbacks(lb, "routes[" + i + "].fallback[", route.fallback());
            for (FallbackConfig fallback : route.fallback()) {
                if (fallback instanceof FallbackConfig.Pool other) {
                    unused.remove(other.pool());
                }
            }
        }
        for (String pool : config.pools().keySet()) {
            if (unused.contains(pool)) {
                lb.warnOfEntry("pools", pool, "no route leads to it");
            }
        }
    }

    /** Each proxied connection holds a descriptor on either side. */
    private static void ofConnections(Section lb, LbConfig config, long openFileLimit) {
        long all = config.allListeners().stream()
                .mapToLong(ListenerConfig::maxConnections)
                .sum();
        if (all <= openFileLimit / 2) {
            return;
        }
        long usable = Math.max(0, openFileLimit - OWN_FILES) / 2;
        lb.warn(
                (config.listeners().isEmpty() ? "" : "all listeners together may hold " + all + " connections, with ")
                        + "two open files for each connection, and the limit of this process is " + openFileLimit
                        + " (ulimit -n), which carries " + usable,
                "listen.max-connections");
    }

    /** Where a warning belongs. */
    @FunctionalInterface
    private interface Place {

        /** As {@link Section#warn(String, String...)}, with the keys that a pool has. */
        void warn(String advice, String... keys);
    }

    /**
     * What a route has instead of its pool's timeouts may be unwise together with the rest.
     *
     * @param defaulted the pools and timeouts of those routes that were told of what all routes have
     */
    private static void ofRouteTimeouts(
            Section lb, int number, RouteConfig route, LbConfig config, Set<List<Object>> defaulted) {
        PoolConfig pool = config.pools().get(route.pool());
        RouteTimeouts own = route.timeouts();
        if (pool == null) {
            return;
        }
        Set<String> overridden = new HashSet<>();
        boolean explicit = false;
        for (Map.Entry<String, Optional<Duration>> each : byKey(own).entrySet()) {
            if (each.getValue().isPresent()) {
                overridden.add(each.getKey());
                explicit |= lb.isExplicit("routes[" + number + "]." + each.getKey());
            }
        }
        if (overridden.isEmpty() || (!explicit && !defaulted.add(List.of(route.pool(), own)))) {
            return;
        }
        Place place = (advice, keys) -> {
            String[] concerned = Arrays.stream(keys)
                    .filter(overridden::contains)
                    .flatMap(key -> Stream.of("routes[" + number + "]." + key, "route-defaults." + key))
                    .toArray(String[]::new);
            if (concerned.length > 0) {
                lb.warn(advice, concerned);
            }
        };
        ofTimeouts(place, pool, own.over(pool.timeouts()));
    }

    private static Map<String, Optional<Duration>> byKey(RouteTimeouts timeouts) {
        return Map.of(
                "timeouts.connect", Optional.ofNullable(timeouts.connect()),
                "timeouts.response-head", Optional.ofNullable(timeouts.responseHead()),
                "timeouts.response-idle", Optional.ofNullable(timeouts.responseIdle()),
                "timeouts.request", Optional.ofNullable(timeouts.request()));
    }

    private static void ofFallbacks(Section lb, String key, List<FallbackConfig> fallbacks) {
        for (int i = 1; i < fallbacks.size(); i++) {
            if (fallbacks.get(i - 1) instanceof FallbackConfig.Static) {
                lb.warn("the static fallback before it always answers", key + i + "].type");
            }
        }
    }

    static void warn(Section pool, PoolConfig config) {
        ofTimeouts(pool::warn, config, config.timeouts());
        ofRetries(pool, config);
        ofBreaker(pool, config);
        ofHealthChecks(pool, config.healthCheck());
        ofTls(pool, config);
        if (config.slowStart().enabled()
                && !config.breaker().enabled()
                && !config.healthCheck().enabled()) {
            pool.warn(
                    "no backend ever comes back to a slow start: neither a circuit nor a health check takes one out",
                    "slow-start.enabled");
        }
    }

    /** What these timeouts of its requests mean for a pool. */
    private static void ofTimeouts(Place place, PoolConfig pool, PoolTimeouts timeouts) {
        neverEnds(place, timeouts, "timeouts.response-head", timeouts.responseHead());
        neverEnds(place, timeouts, "timeouts.connect", timeouts.connect());
        if (pool.concurrency().queue() > 0) {
            neverEnds(
                    place,
                    timeouts,
                    "concurrency.queue-timeout",
                    pool.concurrency().queueTimeout());
        }
        attemptsTakeTooLong(place, timeouts, pool.retries());
        if (pool.breaker().enabled()) {
            ofBreaker(place, pool, timeouts.responseHead());
        }
    }

    private static void neverEnds(Place place, PoolTimeouts timeouts, String key, Duration value) {
        Duration request = timeouts.request();
        if (value.compareTo(request) > 0) {
            place.warn(
                    key + ", " + Units.duration(value) + ", cannot run out before timeouts.request, "
                            + Units.duration(request),
                    key,
                    "timeouts.request");
        }
    }

    private static void ofRetries(Section pool, PoolConfig config) {
        RetriesConfig retries = config.retries();
        if (retries.max() == 0) {
            return;
        }
        int backends = config.backends().size();
        if (retries.max() >= backends) {
            pool.warn(
                    "a backend is never asked twice, so that " + counted(backends, "backend") + " can serve "
                            + counted(backends - 1, "retry", "retries"),
                    "retries.max");
        }
        if (retries.on().isEmpty() && retries.statuses().ranges().isEmpty()) {
            pool.warn("no failure is retried; retries.max = 0 says so", "retries.on", "retries.max");
        }
        if (retries.budget().ratio() == 0 && retries.budget().minPerSecond() == 0) {
            pool.warn(
                    "the budget allows no retry; retries.max = 0 says so",
                    "retries.budget.ratio",
                    "retries.budget.min-per-second");
        }
    }

    /** A hung backend costs an attempt its whole timeout; the request's deadline may leave nothing for the last. */
    private static void attemptsTakeTooLong(Place place, PoolTimeouts timeouts, RetriesConfig retries) {
        Duration responseHead = timeouts.responseHead();
        boolean own = !retries.perTryTimeout().isZero();
        Duration perTry = own ? retries.perTryTimeout() : responseHead;
        Duration all = perTry.multipliedBy(retries.max()).plus(responseHead);
        boolean oneFits = responseHead.compareTo(timeouts.request()) <= 0;
        boolean retried = retries.max() > 0 && retries.on().contains(RetryOn.TIMEOUT);
        if (retried && oneFits && all.compareTo(timeouts.request()) > 0) {
            place.warn(
                    "attempts that all time out take " + Units.duration(all) + " ("
                            + (own
                                    ? retries.max() + " x per-try-timeout + response-head"
                                    : retries.max() + 1 + " x response-head")
                            + "), and timeouts.request, " + Units.duration(timeouts.request())
                            + ", ends them before",
                    "retries.per-try-timeout",
                    "retries.max",
                    "timeouts.response-head",
                    "timeouts.request");
        }
    }

    private static void ofBreaker(Section pool, PoolConfig config) {
        if (!config.breaker().enabled()) {
            return;
        }
        WindowConfig window = config.breaker().window();
        if (config.breaker().consecutiveFailures() == 0 && window.type() == WindowConfig.Type.NONE) {
            pool.warn(
                    "no failure opens a circuit of this pool; breaker.enabled = false says so",
                    "breaker.consecutive-failures");
        }
        int backends = config.backends().size();
        if (config.minAvailable() >= backends) {
            pool.warn(
                    "no circuit of this pool ever opens: it has " + counted(backends, "backend"),
                    "breaker.min-available");
        }
    }

    /** Who decides first, the breaker's own times or the timeout of the head. */
    private static void ofBreaker(Place place, PoolConfig pool, Duration responseHead) {
        WindowConfig window = pool.breaker().window();
        if (window.type() != WindowConfig.Type.NONE && window.slowCallDuration().compareTo(responseHead) >= 0) {
            place.warn(
                    "timeouts.response-head, " + Units.duration(responseHead)
                            + ", ends a call before it is slow, so that only failures can be",
                    "breaker.window.slow-call-duration",
                    "timeouts.response-head");
        }
        if (!pool.abandonedAfter().isZero() && pool.abandonedAfter().compareTo(responseHead) >= 0) {
            place.warn(
                    "timeouts.response-head, " + Units.duration(responseHead)
                            + ", ends a call before its client can have waited so long",
                    "breaker.abandoned-after",
                    "timeouts.response-head");
        }
        Duration probeTimeout = pool.breaker().probeTimeout();
        if (probeTimeout.compareTo(responseHead) < 0) {
            place.warn(
                    "a probe counts as failed after breaker.half-open.probe-timeout, " + Units.duration(probeTimeout)
                            + ", though timeouts.response-head would wait " + Units.duration(responseHead),
                    "breaker.half-open.probe-timeout",
                    "timeouts.response-head");
        }
    }

    private static void ofHealthChecks(Section pool, HealthCheckConfig check) {
        // Who writes one of them down means to check some day, and switches it on in a hurry.
        boolean meant =
                check.enabled() || pool.isExplicit("health-check.timeout") || pool.isExplicit("health-check.interval");
        if (meant && check.timeout().compareTo(check.interval()) > 0) {
            pool.warn(
                    "health-check.timeout, " + Units.duration(check.timeout())
                            + ", is longer than health-check.interval, " + Units.duration(check.interval())
                            + ", so that a check that hangs delays the next",
                    "health-check.timeout",
                    "health-check.interval");
        }
        if (check.enabled() && check.unhealthyInterval().compareTo(check.interval()) > 0) {
            pool.warn(
                    "health-check.unhealthy-interval, " + Units.duration(check.unhealthyInterval())
                            + ", is longer than health-check.interval, " + Units.duration(check.interval())
                            + ", so that a backend that is out comes back later than it need",
                    "health-check.unhealthy-interval",
                    "health-check.interval");
        }
    }

    private static void ofTls(Section pool, PoolConfig config) {
        if (config.backends().stream().anyMatch(BackendConfig::isTls)) {
            if (!config.tls().verify()) {
                pool.warn("whoever is on the way to a backend can be it, read all and change all", "tls.verify");
            }
            return;
        }
        for (String key : List.of("ca", "server-name", "verify", "certificate")) {
            // What is meant for all pools may well be of no use to some.
            if (pool.has("tls." + key) && wantsMore(config.tls(), key)) {
                pool.warn("no backend of this pool is spoken to over TLS: none has an https:// URL", "tls." + key);
                return;
            }
        }
    }

    /** Whether the key says something; what the effective configuration prints says what is so anyway. */
    private static boolean wantsMore(UpstreamTls tls, String key) {
        return switch (key) {
            case "ca" -> !tls.ca().isEmpty();
            case "server-name" -> !tls.serverName().isEmpty();
            case "verify" -> !tls.verify();
            default -> !tls.certificate().isEmpty();
        };
    }

    private static String counted(int count, String thing) {
        return counted(count, thing, thing + "s");
    }

    private static String counted(int count, String one, String several) {
        return count == 0 ? "no " + one : count + " " + (count == 1 ? one : several);
    }
}
