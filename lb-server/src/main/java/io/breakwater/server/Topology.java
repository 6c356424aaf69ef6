package io.breakwater.server;

import static java.util.Objects.requireNonNull;

import io.breakwater.health.BackendId;
import io.breakwater.health.breaker.BreakerListener;
import io.breakwater.health.breaker.CircuitState;
import io.breakwater.health.check.HealthChecker;
import io.breakwater.health.check.HealthListener;
import io.breakwater.health.check.HealthStatus;
import io.breakwater.metrics.BackendGauges;
import io.breakwater.metrics.BackendRecorder;
import io.breakwater.metrics.ProxyRecorder;
import io.breakwater.server.config.BackendConfig;
import io.breakwater.server.config.LbConfig;
import io.breakwater.server.config.PoolConfig;
import io.breakwater.server.config.RouteConfig;
import io.breakwater.server.events.Events;
import io.breakwater.server.exchange.Routing;
import io.breakwater.server.exchange.Routing.Destination;
import io.breakwater.server.pool.AdminState;
import io.breakwater.server.pool.Backend;
import io.breakwater.server.pool.BackendPool;
import io.breakwater.server.pool.Policies;
import io.breakwater.server.pool.PoolCore;
import io.breakwater.server.probe.HealthChecks;
import io.breakwater.server.route.Route;
import io.breakwater.server.route.RouteTable;
import io.breakwater.time.Ticker;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.Executor;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * The routes, pools and backends that serve, and the checks of the backends. Each configuration is applied onto what is
 * there: a backend whose identity stays (pool, id and URL) stays the same object, with its circuit, its health, what an
 * operator wants of it, and all that is under way to it. Requests read {@link #routing} once and need no lock; everything
 * else is done by one thread at a time.
 */
final class Topology {
    private final Ticker ticker;
    private final ProxyRecorder recorder;
    private final Events events;
    private final HealthChecks checks;
    private final Executor background;
    private final Map<String, PoolCore> cores = new HashMap<>();
    private Map<BackendId, Member> members = Map.of();
    private Set<String> routeNames = Set.of();
    private volatile @Nullable Routing routing;

    /**
     * @param background runs what takes too long for an event loop
     */
    Topology(Ticker ticker, ProxyRecorder recorder, Events events, HealthChecks checks, Executor background) {
        this.ticker = ticker;
        this.recorder = recorder;
        this.events = events;
        this.checks = checks;
        this.background = background;
    }

    /** Where requests go now. From any thread, once a configuration was applied. */
    Routing routing() {
        return requireNonNull(routing);
    }

    /** What a configuration has brought and taken. */
    record Applied(List<Backend> added, List<Backend> removed) {}

    /** Serves by this configuration from now on. */
    synchronized Applied apply(LbConfig config) {
        Map<BackendId, Member> before = members;
        Map<BackendId, Member> after = new LinkedHashMap<>();
        List<Backend> added = new ArrayList<>();
        Map<String, BackendPool> pools = new LinkedHashMap<>();
        for (PoolConfig pool : config.pools().values()) {
            PoolCore core = cores.computeIfAbsent(
                    pool.name(), name -> new PoolCore(ticker, background, Policies::of, recorder.pool(name)));
            List<Backend> backends = new ArrayList<>();
            for (BackendConfig each : pool.backends()) {
                BackendId id = new BackendId(pool.name(), each.id());
                Member member = before.get(id);
                if (member == null || !member.backend.config().url().equals(each.url())) {
                    member = member(core, id, pool, each);
                    added.add(member.backend);
                }
                after.put(id, member);
                backends.add(member.backend);
            }
            pools.put(pool.name(), core.configure(pool, backends));
        }
        List<Route<Destination>> routes = new ArrayList<>();
        for (RouteConfig route : config.routes()) {
            routes.add(new Route<>(
                    route, new Destination(requireNonNull(pools.get(route.pool())), recorder.route(route.name()))));
        }
        routing = new Routing(new RouteTable<>(routes), List.copyOf(pools.values()));
        members = after;
        forgetPools(pools.keySet());
        forgetRoutes(config.routes());
        check(config);
        return new Applied(added, forgotten(before, after));
    }

    /** Begins or goes on to check the backends as they are configured now. */
    private void check(LbConfig config) {
        for (PoolConfig pool : config.pools().values()) {
            for (BackendConfig each : pool.backends()) {
                Member member = requireNonNull(members.get(new BackendId(pool.name(), each.id())));
                checks.reconfigure(member.checker, each, pool.healthCheck(), pool.probe());
                if (member.backend.admin() != AdminState.DISABLED) {
                    member.checker.start();
                }
            }
        }
    }

    private void forgetPools(Set<String> present) {
        cores.keySet().stream().filter(name -> !present.contains(name)).forEach(recorder::forgetPool);
        cores.keySet().retainAll(present);
    }

    private void forgetRoutes(List<RouteConfig> present) {
        Set<String> names = present.stream().map(RouteConfig::name).collect(Collectors.toSet());
        routeNames.stream().filter(name -> !names.contains(name)).forEach(recorder::forgetRoute);
        routeNames = names;
    }

    /** What was there and is not any more. */
    private List<Backend> forgotten(Map<BackendId, Member> before, Map<BackendId, Member> after) {
        List<Backend> removed = new ArrayList<>();
        before.forEach((id, member) -> {
            if (!member.equals(after.get(id))) {
                member.checker.stop();
                member.backend.retire();
                removed.add(member.backend);
                if (!after.containsKey(id)) {
                    recorder.forget(id);
                    events.forget(id);
                }
            }
        });
        return removed;
    }

    private Member member(PoolCore core, BackendId id, PoolConfig pool, BackendConfig config) {
        AtomicInteger inFlight = new AtomicInteger();
        // The meters of a backend read its circuit, and the circuit reports to the meters.
        Gauges gauges = new Gauges(inFlight, ticker);
        BackendRecorder counts = recorder.backend(id, gauges);
        BreakerListener journal =
                events.circuit(id, () -> requireNonNull(gauges.backend).breakerConfig());
        Backend backend = new Backend(core, id, config, pool, counts, journal, inFlight);
        gauges.backend = backend;
        HealthListener log = events.health(id);
        HealthChecker checker = checks.checkerOf(
                id,
                config,
                pool.healthCheck(),
                pool.probe(),
                change -> {
                    backend.health(change.to(), change.timeoutsOnly(), change.sequence(), change.atNanos());
                    log.onChange(change);
                },
                counts);
        return new Member(backend, checker);
    }

    /** A disabled backend is not checked. */
    synchronized void adminStateChanged(Backend backend, AdminState to) {
        Member member = members.get(backend.id());
        if (member == null || member.backend != backend) {
            return; // a reload has taken it away
        }
        if (to == AdminState.DISABLED) {
            member.checker.stop();
        } else {
            member.checker.start();
        }
    }

    /** Whether every backend that is checked was checked at least once. */
    synchronized boolean isChecked() {
        return members.values().stream()
                .map(member -> member.checker.snapshot())
                .allMatch(seen -> seen.status() == HealthStatus.UNCHECKED || seen.last() != null);
    }

    /** Makes no more checks. */
    synchronized void close() {
        members.values().forEach(member -> member.checker.stop());
    }

    private record Member(Backend backend, HealthChecker checker) {}

    /** What the gauges of one backend read. */
    private static final class Gauges implements BackendGauges {
        private final AtomicInteger inFlight;
        private final Ticker ticker;
        private volatile @Nullable Backend backend;

        Gauges(AtomicInteger inFlight, Ticker ticker) {
            this.inFlight = inFlight;
            this.ticker = ticker;
        }

        @Override
        public int inFlight() {
            return inFlight.get();
        }

        @Override
        public CircuitState circuitState() {
            Backend present = backend;
            return present == null ? CircuitState.CLOSED : present.breaker().state(ticker.read());
        }

        @Override
        public boolean up() {
            Backend present = backend;
            return present == null
                    || (present.isInRotation() && present.breaker().servingState(ticker.read()) != CircuitState.OPEN);
        }

        @Override
        public boolean healthy() {
            Backend present = backend;
            return present == null || present.health() != HealthStatus.UNHEALTHY;
        }
    }
}
