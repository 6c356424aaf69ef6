package io.breakwater.server.config;

import com.typesafe.config.ConfigObject;
import io.breakwater.health.breaker.BreakerConfig;
import io.breakwater.health.breaker.WindowConfig;
import io.breakwater.health.check.HealthCheckConfig;
import io.breakwater.health.check.HealthStatus;
import io.breakwater.server.config.RetriesConfig.RetryOn;
import io.breakwater.server.config.Section.Element;
import io.breakwater.server.config.Section.Named;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.EnumSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;
import java.util.function.LongSupplier;
import java.util.stream.Stream;
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
        Map<String, ListenerConfig> listeners = listeners(lb);
        AdminConfig admin = lb.section("admin").read(ConfigReader::admin);
        RuntimeConfig runtime = lb.section("runtime").read(ConfigReader::runtime);
        AccessLogConfig accessLog = lb.section("access-log").read(ConfigReader::accessLog);
        MetricsConfig metrics = lb.section("metrics").read(s -> new MetricsConfig(s.flag("enabled")));
        ShutdownConfig shutdown =
                lb.section("shutdown").read(s -> new ShutdownConfig(s.duration("delay"), s.duration("drain")));
        StateConfig state = lb.section("state").read(s -> new StateConfig(s.text("file")));
        Map<String, PoolConfig> pools = pools(lb);
        List<RouteConfig> routes = routes(lb, pools.keySet());
        LbConfig config =
                new LbConfig(listen, listeners, admin, runtime, accessLog, metrics, shutdown, state, routes, pools);
        Hazards.warn(lb, config, openFileLimit.getAsLong());
        return config;
    }

    /** Further listeners have the defaults of the first, but not its settings, and need a port of their own. */
    private static Map<String, ListenerConfig> listeners(Section lb) {
        Section defaults = lb.section("listen").reference();
        Map<String, ListenerConfig> listeners = new LinkedHashMap<>();
        for (Named entry : lb.entries("listeners", defaults)) {
            Section section = entry.section();
            if (section != null) {
                if (!section.isExplicit("port")) {
                    section.reportMissing("port", "0..65535");
                }
                listeners.put(entry.name(), section.read(ConfigReader::listen));
            }
        }
        return listeners;
    }

    private static ListenerTls listenerTls(Section s) {
        List<CertificateConfig> certificates = new ArrayList<>();
        for (Element element : s.elements("certificates")) {
            Section entry = element.section(null);
            if (entry != null) {
                String certificate = orEmpty(entry.optional("certificate", ConfigReader::certificates));
                String key = orEmpty(entry.optional("private-key", path -> key(path, certificate)));
                for (String each : List.of("certificate", "private-key")) {
                    if (entry.optionalText(each) == null) {
                        entry.reportMissing(each, PemFile.READABLE_RULE);
                    }
                }
                certificates.add(new CertificateConfig(certificate, key));
                entry.reportUnknownKeys();
            }
        }
        return new ListenerTls(certificates, certificatesOrNone(s, "client-ca"));
    }

    private static UpstreamTls upstreamTls(Section s) {
        String certificate = certificatesOrNone(s, "certificate");
        return new UpstreamTls(
                certificatesOrNone(s, "ca"),
                s.text("server-name"),
                s.flag("verify"),
                certificate,
                orEmpty(s.optional("private-key", path -> path.isEmpty() ? path : key(path, certificate))));
    }

    private static String certificatesOrNone(Section s, String key) {
        return orEmpty(s.optional(key, path -> path.isEmpty() ? path : certificates(path)));
    }

    private static String certificates(String path) {
        return pem(path, () -> PemFile.read(path).certificates());
    }

    /** @param certificate whose key it must be; empty where there is none that can be read */
    private static String key(String path, String certificate) {
        return pem(
                path, () -> certificate.isEmpty() ? PemFile.read(path).privateKey() : Identity.read(certificate, path));
    }

    private static String orEmpty(@Nullable String text) {
        return text == null ? "" : text;
    }

    /** The path of a file, of which the reader must be able to make something. */
    private static String pem(String path, PemReader reader) {
        try {
            reader.read();
            return path;
        } catch (PemException refused) {
            throw new InvalidValue(refused.rule());
        }
    }

    @FunctionalInterface
    private interface PemReader {
        Object read() throws PemException;
    }

    private static ListenerConfig listen(Section s) {
        return new ListenerConfig(
                s.text("host"),
                s.integer("port"),
                s.section("tls").read(ConfigReader::listenerTls),
                s.integer("max-connections"),
                s.list("trusted-proxies", Cidr::parse),
                s.text("health-path"),
                s.text("circuit-state-header"),
                reasonHeader(s.text("reason-header")),
                nullIfEmpty(s.text("request-id-header")),
                s.flag("trace-context"),
                s.section("limits").read(ConfigReader::limits),
                s.section("timeouts").read(ConfigReader::listenerTimeouts));
    }

    private static @Nullable String reasonHeader(String text) {
        return switch (text) {
            case "off", "no", "false" -> null;
            case "on", "yes", "true" -> ListenerConfig.REASON_HEADER;
            default -> text;
        };
    }

    private static @Nullable String nullIfEmpty(String text) {
        return text.isEmpty() ? null : text;
    }

    private static LimitsConfig limits(Section s) {
        return new LimitsConfig(
                s.smallBytes("request-line"),
                s.smallBytes("headers"),
                s.integer("header-count"),
                s.bytes("body"),
                s.bytes("min-body-rate"));
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

    private static AccessLogConfig accessLog(Section s) {
        return new AccessLogConfig(
                s.choice("format", AccessLogConfig.Format.class),
                s.text("file"),
                s.list("mask-query", Function.identity()));
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
                                    s -> poolWithWarnings(s, name, backendDefaults),
                                    () -> unreadablePool(poolDefaults)));
        }
        return pools;
    }

    private static PoolConfig unreadablePool(Section defaults) {
        return pool(defaults.reference(), "unreadable", UNREADABLE);
    }

    private static PoolConfig pool(Section s, String name, List<BackendConfig> backends) {
        Section breaker = s.section("breaker");
        int minAvailable = breaker.integer("min-available");
        PoolConfig.BreakerScope scope = breaker.choice("scope", PoolConfig.BreakerScope.class);
        Duration abandonedAfter = breaker.duration("abandoned-after");
        List<String> failureStatuses = breaker.list("failure-statuses", StatusRanges::checked);
        HealthCheck check = s.section("health-check").read(ConfigReader::healthCheck);
        return new PoolConfig(
                name,
                backends,
                s.balance("balance"),
                s.choice("backend-errors", PoolConfig.BackendErrors.class),
                s.choice("host-header", PoolConfig.HostHeader.class),
                breaker.read(ConfigReader::breaker),
                scope,
                new StatusRanges(failureStatuses),
                abandonedAfter,
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
                                c.integer("min-successes"))),
                s.section("tls").read(ConfigReader::upstreamTls));
    }

    private static PoolConfig poolWithWarnings(Section s, String name, Section backendDefaults) {
        PoolConfig pool = pool(s, name, backends(s, backendDefaults));
        Hazards.warn(s, pool);
        return pool;
    }

    private static BreakerConfig breaker(Section s) {
        Section halfOpen = s.section("half-open");
        boolean enabled = s.flag("enabled");
        int consecutiveFailures = s.integer("consecutive-failures");
        Mode mode = s.choice("mode", Mode.class);
        WindowConfig window = s.section("window").read(ConfigReader::window);
        Duration cooldown = s.duration("cooldown");
        double multiplier = s.number("cooldown-multiplier");
        Duration cooldownMax = s.duration("cooldown-max");
        double jitter = s.ratio("cooldown-jitter");
        HalfOpen probes = halfOpen.read(ConfigReader::halfOpen);
        new Constraints()
                .range("consecutive-failures", consecutiveFailures, 0, 1_000_000)
                .positive("cooldown", cooldown)
                .require(
                        multiplier >= 1 && multiplier <= 100,
                        "cooldown-multiplier",
                        multiplier,
                        "a number from 1 to 100")
                .positive("cooldown-max", cooldownMax)
                .verify();
        return new BreakerConfig(
                enabled,
                mode == Mode.OBSERVE ? BreakerConfig.Mode.OBSERVE : BreakerConfig.Mode.ENFORCE,
                consecutiveFailures,
                window,
                cooldown,
                multiplier,
                cooldownMax,
                jitter,
                probes.concurrentProbes(),
                probes.successesToClose(),
                probes.probeTimeout());
    }

    private static WindowConfig window(Section s) {
        WindowType type = s.choice("type", WindowType.class);
        int calls = s.integer("calls");
        Duration duration = s.duration("duration");
        int minimumCalls = s.integer("minimum-calls");
        double failureRate = s.ratio("failure-rate");
        double slowCallRate = s.ratio("slow-call-rate");
        Duration slowCallDuration = s.duration("slow-call-duration");
        new Constraints()
                .range("calls", calls, 1, WindowConfig.MOST_CALLS)
                .require(
                        duration.compareTo(Duration.ofSeconds(1)) >= 0
                                && duration.compareTo(Constraints.LONGEST) <= 0
                                && duration.equals(Duration.ofSeconds(duration.toSeconds())),
                        "duration",
                        Units.duration(duration),
                        "whole seconds from 1s to 24h")
                .range("minimum-calls", minimumCalls, 1, 1_000_000)
                .require(
                        type != WindowType.COUNT || minimumCalls <= calls,
                        "minimum-calls",
                        minimumCalls,
                        "at most calls, " + calls + ", or nothing is ever judged")
                .require(failureRate > 0, "failure-rate", Units.ratio(failureRate), "a ratio above 0%, up to 100%")
                .require(slowCallRate > 0, "slow-call-rate", Units.ratio(slowCallRate), "a ratio above 0%, up to 100%")
                .positive("slow-call-duration", slowCallDuration)
                .verify();
        return new WindowConfig(
                type.window(), calls, duration, minimumCalls, failureRate, slowCallRate, slowCallDuration);
    }

    private static HalfOpen halfOpen(Section s) {
        return new HalfOpen(
                s.integer("concurrent-probes"), s.integer("successes-to-close"), s.duration("probe-timeout"));
    }

    private static HealthCheck healthCheck(Section s) {
        boolean enabled = s.flag("enabled");
        InitialHealth initial = s.choice("initial", InitialHealth.class);
        ProbeConfig.Type type = s.choice("type", ProbeConfig.Type.class);
        String path = s.text("path");
        StatusRanges expected = new StatusRanges(s.list("expect-status", StatusRanges::checked));
        Duration interval = s.duration("interval");
        Duration timeout = s.duration("timeout");
        int rise = s.integer("rise");
        int fall = s.integer("fall");
        double jitter = s.ratio("jitter");
        Duration unhealthyInterval = s.duration("unhealthy-interval");
        // All at once and in our words: the records that are made of them refuse one after the other.
        new Constraints()
                .require(HttpText.isPath(path), "path", path, HttpText.PATH_RULE)
                .require(!expected.ranges().isEmpty(), "expect-status", "[]", "at least one status")
                .positive("interval", interval)
                .positive("timeout", timeout)
                .range("rise", rise, 1, 1_000)
                .range("fall", fall, 1, 1_000)
                .positive("unhealthy-interval", unhealthyInterval)
                .verify();
        HealthStatus status = initial == InitialHealth.HEALTHY ? HealthStatus.HEALTHY : HealthStatus.UNHEALTHY;
        return new HealthCheck(
                new HealthCheckConfig(enabled, status, interval, timeout, rise, fall, jitter, unhealthyInterval),
                new ProbeConfig(type, path, expected));
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
        } catch (InvalidValue notAStatus) {
            if (text.matches("[0-9-]+")) {
                throw notAStatus;
            }
            List<String> names =
                    Arrays.stream(RetryOn.values()).map(RetryOn::text).toList();
            throw new InvalidValue(String.join(", ", names) + ", or " + StatusRanges.RULE + Nearest.hint(text, names));
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
            Section entry = element.isObject() ? element.section(defaults) : null;
            backends.add(
                    entry == null
                            ? backendOfUrl(element, defaults, index)
                            : entry.read(s -> requiredBackend(s, index), () -> unreadable(index)));
        }
        return backends;
    }

    private static BackendConfig backendOfUrl(Element element, Section defaults, int index) {
        String url = element.parsed(Function.identity());
        HostPort target = element.parsed(BackendConfig::target);
        return url == null || target == null
                ? unreadable(index)
                : defaults.read(
                        s -> {
                            s.optionalText("url");
                            return backend(s, target.toString(), url, target);
                        },
                        () -> unreadable(index));
    }

    private static BackendConfig requiredBackend(Section s, int index) {
        if (s.optionalText("url") == null) {
            s.reportMissing("url", BackendConfig.URL_RULE);
        }
        return backend(s, index);
    }

    private static BackendConfig backend(Section s, int index) {
        HostPort target = s.optional("url", BackendConfig::target);
        String url = s.optionalText("url");
        if (target == null || url == null) {
            BackendConfig stub = unreadable(index);
            return backend(s, stub.id(), stub.url(), new HostPort(stub.host(), stub.port()));
        }
        return backend(s, target.toString(), url, target);
    }

    private static BackendConfig backend(Section s, String defaultId, String url, HostPort target) {
        String id = s.optionalText("id");
        return new BackendConfig(
                id == null ? defaultId : id,
                url,
                target.host(),
                target.port(),
                s.integer("weight"),
                s.integer("priority"));
    }

    private static BackendConfig unreadable(int index) {
        return new BackendConfig("unreadable-" + index, "http://localhost", "localhost", 80, 1, 0);
    }

    private static List<RouteConfig> routes(Section lb, Collection<String> pools) {
        String anyPool = pools.isEmpty() ? "" : pools.iterator().next();
        Section defaults = lb.section("route-defaults");
        Section fallbacks = lb.section("fallback-defaults");
        fallbacks.read(ConfigReader::fallbackDefaults);
        defaults.read(s -> route(s, anyPool, "/", fallbacks, new RouteNames(List.of())));
        List<Element> elements = lb.elements("routes");
        RouteNames names = new RouteNames(elements.stream()
                .flatMap(element -> Stream.ofNullable(element.section(defaults)))
                .flatMap(entry -> Stream.ofNullable(entry.optionalText("name")))
                .toList());
        List<RouteConfig> routes = new ArrayList<>();
        for (Element element : elements) {
            int index = routes.size();
            Section entry = element.section(defaults);
            routes.add(
                    entry == null
                            ? unreadableRoute(index, anyPool)
                            : entry.read(
                                    s -> requiredRoute(s, anyPool, fallbacks, names),
                                    () -> unreadableRoute(index, pool(entry, anyPool))));
        }
        return routes;
    }

    private static RouteConfig requiredRoute(Section s, String anyPool, Section fallbacks, RouteNames names) {
        if (s.optionalText("pool") == null) {
            s.reportMissing("pool", "the name of a pool");
        }
        return route(s, anyPool, null, fallbacks, names);
    }

    /** @param otherwise the prefix if the section has no path, prefix or host, as defaults usually have none */
    private static RouteConfig route(
            Section s, String anyPool, @Nullable String otherwise, Section fallbacks, RouteNames names) {
        String name = s.optionalText("name");
        String host = s.optionalText("host");
        String path = s.optionalText("path");
        String ownPrefix = s.optionalText("prefix");
        boolean nothing = host == null && path == null && ownPrefix == null;
        String prefix = nothing ? otherwise : ownPrefix;
        String defaultName = RouteConfig.defaultName(host, path, prefix);
        return new RouteConfig(
                name != null ? name : names.take(defaultName != null ? defaultName : "unnamed"),
                host,
                path,
                prefix,
                new LinkedHashSet<>(s.list("methods", RouteConfig::checkedMethod)),
                pool(s, anyPool),
                s.optionalText("rewrite"),
                s.flag("strip-prefix"),
                s.section("timeouts").read(ConfigReader::routeTimeouts),
                choices(s, "fallback-on", FallbackConfig.On.class),
                fallbacks(s, fallbacks));
    }

    private static RouteTimeouts routeTimeouts(Section s) {
        return new RouteTimeouts(
                s.optional("connect", Units::parseDuration),
                s.optional("response-head", Units::parseDuration),
                s.optional("response-idle", Units::parseDuration),
                s.optional("request", Units::parseDuration));
    }

    private static <E extends Enum<E> & Choice> Set<E> choices(Section s, String key, Class<E> type) {
        Set<E> chosen = EnumSet.noneOf(type);
        chosen.addAll(s.list(key, text -> Choice.of(type, text)));
        return chosen;
    }

    private static List<FallbackConfig> fallbacks(Section route, Section defaults) {
        List<FallbackConfig> fallbacks = new ArrayList<>();
        for (Element element : route.elements("fallback")) {
            FallbackConfig.Type type = element.choice("type", FallbackConfig.Type.class);
            FallbackConfig fallback = type == null ? null : fallback(element, type, defaults);
            if (fallback != null) {
                fallbacks.add(fallback);
            }
        }
        return fallbacks;
    }

    /** Null, after a report, where it cannot be read. */
    private static @Nullable FallbackConfig fallback(Element element, FallbackConfig.Type type, Section defaults) {
        Section entry = element.section(defaults.section(type.text()));
        return entry == null ? null : entry.<@Nullable FallbackConfig>read(s -> fallback(s, type), () -> null);
    }

    private static FallbackConfig fallback(Section s, FallbackConfig.Type type) {
        s.optionalText("type");
        return switch (type) {
            case STATIC -> staticFallback(s);
            case STALE -> new FallbackConfig.Stale(s.duration("max-age"), s.bytes("max-entry"), s.bytes("max-total"));
            case POOL -> {
                String pool = s.optionalText("pool");
                if (pool == null) {
                    s.reportMissing("pool", "the name of a pool");
                }
                yield new FallbackConfig.Pool(pool == null ? "" : pool);
            }
            case QUEUE ->
                new FallbackConfig.Queue(
                        s.text("dir"),
                        s.integer("max-count"),
                        s.bytes("max-bytes"),
                        s.bytes("max-entry"),
                        s.duration("max-age"),
                        s.text("status-path"));
        };
    }

    private static FallbackConfig staticFallback(Section s) {
        Map<String, String> headers = new LinkedHashMap<>();
        s.texts("headers").forEach(headers::put);
        return new FallbackConfig.Static(
                s.integer("status"),
                headers,
                s.optionalText("body"),
                s.optional("file", ConfigReader::readableFile),
                s.text("content-type"));
    }

    private static String readableFile(String path) {
        try {
            if (Files.isReadable(Path.of(path)) && !Files.isDirectory(Path.of(path))) {
                return path;
            }
        } catch (InvalidPathException notAPath) {
            // Refused below, as what cannot be read is.
        }
        throw new InvalidValue(PemFile.READABLE_RULE);
    }

    /** What an entry of each type is where it says nothing. A pool has no default: its name is all that there is. */
    private static List<FallbackConfig> fallbackDefaults(Section all) {
        return Stream.of(FallbackConfig.Type.STATIC, FallbackConfig.Type.STALE, FallbackConfig.Type.QUEUE)
                .map(type -> all.section(type.text()).read(s -> fallback(s, type)))
                .toList();
    }

    private static String pool(Section route, String otherwise) {
        String pool = route.optionalText("pool");
        return pool == null ? otherwise : pool;
    }

    private static RouteConfig unreadableRoute(int index, String pool) {
        return new RouteConfig("unreadable-" + index, null, "/", null, Set.of(), pool, null, false);
    }

    private record HealthCheck(HealthCheckConfig config, ProbeConfig probe) {}

    private enum Mode implements Choice {
        ENFORCE,
        OBSERVE
    }

    private enum WindowType implements Choice {
        NONE,
        COUNT,
        TIME;

        WindowConfig.Type window() {
            return switch (this) {
                case NONE -> WindowConfig.Type.NONE;
                case COUNT -> WindowConfig.Type.COUNT;
                case TIME -> WindowConfig.Type.TIME;
            };
        }
    }

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
