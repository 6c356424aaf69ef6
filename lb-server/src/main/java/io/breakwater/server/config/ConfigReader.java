package io.breakwater.server.config;

import com.typesafe.config.ConfigObject;
import io.breakwater.health.breaker.BreakerConfig;
import io.breakwater.health.check.HealthCheckConfig;
import io.breakwater.health.check.HealthStatus;
import io.breakwater.server.config.RetriesConfig.RetryOn;
import io.breakwater.server.config.Section.Element;
import io.breakwater.server.config.Section.Named;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.EnumSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/** Reads a resolved tree into records: which key is which component, of which type, over which defaults. */
final class ConfigReader {

    /** Stands in for the backends of a pool where they cannot be read, so that the rest of it is. */
    private static final List<BackendConfig> UNREADABLE = List.of(unreadable(0));

    private final Problems problems;
    private final LongSupplier openFileLimit;

    ConfigReader(Problems problems, LongSupplier openFileLimit) {
        this.problems = problems;
        this.openFileLimit = openFileLimit;
    }

    /** The result means something only if no problem was found; null only if there was one. */
    @Nullable
    LbConfig read(ConfigObject root, ConfigObject reference) {
        Section defaults = new Section("", reference, null, problems);
        return new Section("", root, defaults, problems)
                .<@Nullable LbConfig>read(
                        top -> top.section("lb").<@Nullable LbConfig>read(this::lb, () -> null), () -> null);
    }

    private LbConfig lb(Section lb) {
        ListenerConfig listen = lb.section("listen").read(ConfigReader::listen);
        AdminConfig admin = lb.section("admin").read(ConfigReader::admin);
        RuntimeConfig runtime = lb.section("runtime").read(ConfigReader::runtime);
        MetricsConfig metrics = lb.section("metrics").read(s -> new MetricsConfig(s.flag("enabled")));
        ShutdownConfig shutdown =
                lb.section("shutdown").read(s -> new ShutdownConfig(s.duration("delay"), s.duration("drain")));
        Map<String, PoolConfig> pools = pools(lb);
        List<RouteConfig> routes = routes(lb, pools.keySet());
        LbConfig config = new LbConfig(listen, admin, runtime, metrics, shutdown, routes, pools);
        Hazards.warn(lb, config, openFileLimit.getAsLong());
        return config;
    }

    private static ListenerConfig listen(Section s) {
        return new ListenerConfig(
                s.text("host"),
                s.integer("port"),
                s.integer("max-connections"),
                s.list("trusted-proxies", Cidr::parse),
                s.text("health-path"),
                s.text("circuit-state-header"),
                s.section("limits").read(ConfigReader::limits),
                s.section("timeouts").read(ConfigReader::listenerTimeouts));
    }

    private static LimitsConfig limits(Section s) {
        return new LimitsConfig(
                s.smallBytes("request-line"), s.smallBytes("headers"), s.integer("header-count"), s.bytes("body"));
    }

    private static ListenerTimeouts listenerTimeouts(Section s) {
        return new ListenerTimeouts(
                s.duration("request-head"),
                s.duration("request-body-idle"),
                s.duration("keep-alive-idle"),
                s.duration("write-idle"));
    }

    private static AdminConfig admin(Section s) {
        return new AdminConfig(s.text("host"), s.integer("port"), s.isExplicit("port"), s.text("token"));
    }

    private static RuntimeConfig runtime(Section s) {
        return new RuntimeConfig(s.choice("transport", RuntimeConfig.Transport.class), s.integer("event-loops"));
    }

    private Map<String, PoolConfig> pools(Section lb) {
        Section poolDefaults = lb.section("pool-defaults");
        Section backendDefaults = lb.section("backend-defaults");
        backendDefaults.read(s -> backend(s, 0));
        poolDefaults.read(s -> {
            backends(s, backendDefaults);
            return pool(s, "defaults", UNREADABLE);
        });
        Map<String, PoolConfig> pools = new LinkedHashMap<>();
        for (Named entry : lb.entries("pools", poolDefaults)) {
            String name = entry.name();
            Section pool = entry.section();
            pools.put(
                    name,
                    pool == null
                            ? unreadablePool(poolDefaults)
                            : pool.read(
                                    s -> pool(s, name, backends(s, backendDefaults)),
                                    () -> unreadablePool(poolDefaults)));
        }
        return pools;
    }

    private static PoolConfig unreadablePool(Section defaults) {
        return pool(defaults, "unreadable", UNREADABLE);
    }

    private static PoolConfig pool(Section s, String name, List<BackendConfig> backends) {
        Section breaker = s.section("breaker");
        int minAvailable = breaker.integer("min-available");
        List<String> failureStatuses = breaker.list("failure-statuses", StatusRanges::checked);
        HealthCheck check = s.section("health-check").read(ConfigReader::healthCheck);
        PoolConfig pool = new PoolConfig(
                name,
                backends,
                s.balance("balance"),
                s.choice("backend-errors", PoolConfig.BackendErrors.class),
                s.choice("host-header", PoolConfig.HostHeader.class),
                breaker.read(ConfigReader::breaker),
                new StatusRanges(failureStatuses),
                minAvailable,
                check.config(),
                check.probe(),
                s.section("concurrency")
                        .read(c -> new ConcurrencyConfig(
                                c.integer("max-per-backend"),
                                c.flag("adaptive"),
                                c.integer("queue"),
                                c.duration("queue-timeout"))),
                s.section("connections")
                        .read(c ->
                                new ConnectionsConfig(c.integer("max-idle-per-backend"), c.duration("idle-timeout"))),
                s.section("timeouts").read(ConfigReader::poolTimeouts),
                s.section("retries").read(ConfigReader::retries),
                s.section("slow-start")
                        .read(c -> new SlowStartConfig(
                                c.flag("enabled"),
                                c.duration("duration"),
                                c.ratio("min-weight"),
                                c.integer("min-successes"))));
        Hazards.warn(s, pool);
        return pool;
    }

    private static BreakerConfig breaker(Section s) {
        Section halfOpen = s.section("half-open");
        boolean enabled = s.flag("enabled");
        int consecutiveFailures = s.integer("consecutive-failures");
        Duration cooldown = s.duration("cooldown");
        HalfOpen probes = halfOpen.read(ConfigReader::halfOpen);
        new Constraints()
                .range("consecutive-failures", consecutiveFailures, 0, 1_000_000)
                .positive("cooldown", cooldown)
                .verify();
        return new BreakerConfig(
                enabled,
                consecutiveFailures,
                cooldown,
                probes.concurrentProbes(),
                probes.successesToClose(),
                probes.probeTimeout());
    }

    private static HalfOpen halfOpen(Section s) {
        return new HalfOpen(
                s.integer("concurrent-probes"), s.integer("successes-to-close"), s.duration("probe-timeout"));
    }

    private static HealthCheck healthCheck(Section s) {
        Duration interval = s.duration("interval");
        Duration timeout = s.duration("timeout");
        int rise = s.integer("rise");
        int fall = s.integer("fall");
        double jitter = s.ratio("jitter");
        Duration unhealthyInterval = s.duration("unhealthy-interval");
        new Constraints()
                .positive("interval", interval)
                .positive("timeout", timeout)
                .range("rise", rise, 1, 1_000)
                .range("fall", fall, 1, 1_000)
                .positive("unhealthy-interval", unhealthyInterval)
                .verify();
        return new HealthCheck(
                new HealthCheckConfig(
                        s.flag("enabled"),
                        s.choice("initial", InitialHealth.class) == InitialHealth.HEALTHY
                                ? HealthStatus.HEALTHY
                                : HealthStatus.UNHEALTHY,
                        interval,
                        timeout,
                        rise,
                        fall,
                        jitter,
                        unhealthyInterval),
                new ProbeConfig(
                        s.choice("type", ProbeConfig.Type.class),
                        s.text("path"),
                        new StatusRanges(s.list("expect-status", StatusRanges::checked))));
    }

    private static RetriesConfig retries(Section s) {
        Set<RetryOn> failures = EnumSet.noneOf(RetryOn.class);
        List<String> statuses = new ArrayList<>();
        for (String each : s.list("on", ConfigReader::checkedRetryOn)) {
            retryOn(each).ifPresentOrElse(failures::add, () -> statuses.add(each));
        }
        return new RetriesConfig(
                s.integer("max"),
                failures,
                new StatusRanges(statuses),
                s.section("budget")
                        .read(b -> new RetriesConfig.Budget(
                                b.ratio("ratio"), b.integer("min-per-second"), b.duration("window"))),
                s.bytes("body-buffer"),
                s.duration("per-try-timeout"));
    }

    private static Optional<RetryOn> retryOn(String text) {
        return EnumSet.allOf(RetryOn.class).stream()
                .filter(each -> each.text().equals(text))
                .findFirst();
    }

    private static String checkedRetryOn(String text) {
        if (retryOn(text).isPresent()) {
            return text;
        }
        try {
            return StatusRanges.checked(text);
        } catch (InvalidValue e) {
            throw new InvalidValue("connect-failure, reset, timeout, or " + StatusRanges.RULE);
        }
    }

    private static PoolTimeouts poolTimeouts(Section s) {
        return new PoolTimeouts(
                s.duration("connect"), s.duration("response-head"), s.duration("response-idle"), s.duration("request"));
    }

    private static List<BackendConfig> backends(Section pool, Section defaults) {
        List<BackendConfig> backends = new ArrayList<>();
        for (Element element : pool.elements("backends")) {
            int index = backends.size();
            Section entry = element.isObject() ? pool.section(element, defaults) : null;
            BackendConfig backend = entry == null
                    ? pool.parsed(element, BackendConfig::of)
                    : entry.read(s -> requiredBackend(s, index), () -> unreadable(index));
            backends.add(backend == null ? unreadable(index) : backend);
        }
        return backends;
    }

    private static BackendConfig requiredBackend(Section s, int index) {
        if (s.optionalText("url") == null) {
            s.reportMissing("url", BackendConfig.URL_RULE);
        }
        return backend(s, index);
    }

    private static BackendConfig backend(Section s, int index) {
        String id = s.optionalText("id");
        HostPort target = s.optional("url", BackendConfig::target);
        String url = s.optionalText("url");
        int weight = s.integer("weight");
        int priority = s.integer("priority");
        return target == null || url == null
                ? unreadable(index)
                : new BackendConfig(
                        id == null ? target.toString() : id, url, target.host(), target.port(), weight, priority);
    }

    private static BackendConfig unreadable(int index) {
        return new BackendConfig("unreadable-" + index, "http://localhost", "localhost", 80, 1, 0);
    }

    private static List<RouteConfig> routes(Section lb, Collection<String> pools) {
        String anyPool = pools.isEmpty() ? "" : pools.iterator().next();
        Section defaults = lb.section("route-defaults");
        defaults.read(s -> route(s, anyPool, "/"));
        List<RouteConfig> routes = new ArrayList<>();
        for (Element element : lb.elements("routes")) {
            int index = routes.size();
            Section entry = lb.section(element, defaults);
            routes.add(
                    entry == null
                            ? unreadableRoute(index, anyPool)
                            : entry.read(
                                    s -> requiredRoute(s, anyPool),
                                    () -> unreadableRoute(index, pool(entry, anyPool))));
        }
        return routes;
    }

    private static RouteConfig requiredRoute(Section s, String anyPool) {
        if (s.optionalText("pool") == null) {
            s.reportMissing("pool", "the name of a pool");
        }
        return route(s, anyPool, null);
    }

    /** @param otherwise the prefix if the section has no path, prefix or host, as defaults usually have none */
    private static RouteConfig route(Section s, String anyPool, @Nullable String otherwise) {
        String name = s.optionalText("name");
        String host = s.optionalText("host");
        String path = s.optionalText("path");
        String ownPrefix = s.optionalText("prefix");
        boolean nothing = host == null && path == null && ownPrefix == null;
        String prefix = nothing ? otherwise : ownPrefix;
        String defaultName = RouteConfig.defaultName(host, path, prefix);
        return new RouteConfig(
                name != null ? name : defaultName != null ? defaultName : "unnamed",
                host,
                path,
                prefix,
                new LinkedHashSet<>(s.list("methods", RouteConfig::checkedMethod)),
                pool(s, anyPool),
                s.optionalText("rewrite"),
                s.flag("strip-prefix"));
    }

    private static String pool(Section route, String otherwise) {
        String pool = route.optionalText("pool");
        return pool == null ? otherwise : pool;
    }

    private static RouteConfig unreadableRoute(int index, String pool) {
        return new RouteConfig("unreadable-" + index, null, "/", null, Set.of(), pool, null, false);
    }

    private record HealthCheck(HealthCheckConfig config, ProbeConfig probe) {}

    private enum InitialHealth implements Choice {
        HEALTHY,
        UNHEALTHY
    }

    private record HalfOpen(int concurrentProbes, int successesToClose, Duration probeTimeout) {

        HalfOpen {
            new Constraints()
                    .range("concurrent-probes", concurrentProbes, 1, 1_000_000)
                    .range("successes-to-close", successesToClose, 1, 1_000_000)
                    .positive("probe-timeout", probeTimeout)
                    .verify();
        }
    }
}
