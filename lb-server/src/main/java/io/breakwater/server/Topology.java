package io.breakwater.server;

import static java.util.Objects.requireNonNull;

import io.breakwater.health.BackendId;
import io.breakwater.health.breaker.BreakerListener;
import io.breakwater.health.breaker.CircuitState;
import io.breakwater.health.check.HealthChecker;
import io.breakwater.health.check.HealthListener;
import io.breakwater.health.check.HealthSnapshot;
import io.breakwater.health.check.HealthStatus;
import io.breakwater.metrics.BackendGauges;
import io.breakwater.metrics.BackendRecorder;
import io.breakwater.metrics.ProxyRecorder;
import io.breakwater.metrics.RouteRecorder;
import io.breakwater.server.config.BackendConfig;
import io.breakwater.server.config.FallbackConfig;
import io.breakwater.server.config.LbConfig;
import io.breakwater.server.config.PoolConfig;
import io.breakwater.server.config.RouteConfig;
import io.breakwater.server.events.CircuitId;
import io.breakwater.server.events.Events;
import io.breakwater.server.exchange.Fallback;
import io.breakwater.server.exchange.FallbackChain;
import io.breakwater.server.exchange.QueuePage;
import io.breakwater.server.exchange.Routing;
import io.breakwater.server.exchange.Routing.Destination;
import io.breakwater.server.fallback.StaleResponses;
import io.breakwater.server.fallback.StaticResponses;
import io.breakwater.server.pool.AdminState;
import io.breakwater.server.pool.BackendPool;
import io.breakwater.server.pool.Policies;
import io.breakwater.server.pool.PoolCore;
import io.breakwater.server.pool.Replica;
import io.breakwater.server.pool.ServedPool;
import io.breakwater.server.probe.HealthChecks;
import io.breakwater.server.route.Route;
import io.breakwater.server.route.RouteTable;
import io.breakwater.server.state.SavedBackend;
import io.breakwater.server.state.SavedState;
import io.breakwater.server.tls.ClientTls;
import io.breakwater.server.tls.TlsPeer;
import io.breakwater.server.traffic.TrafficHistory;
import io.breakwater.time.Ticker;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.Executor;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * The routes, pools and backends that serve, and the checks of the backends. Each configuration is applied onto what is
 * there: a backend whose identity stays (pool, id and URL) stays the same object, with its circuits, its health, what an
 * operator wants of it, and all that is under way to it. Requests read {@link #routing} once and need no lock; everything
 * else is done by one thread at a time.
 */
final class Topology {
    private final Ticker ticker;
    private final ProxyRecorder recorder;
    private final Events events;
    private final HealthChecks checks;
    private final Executor background;
    private final Queues queues;
    private final Runnable changed;
    private final Map<String, PoolCore> cores = new HashMap<>();
    /** Never written to: replaced, with the lock. {@link #health} reads it without. */
    private volatile Map<BackendId, Member> members = Map.of();

    private Map<String, ClientTls> tls = Map.of();
    private Map<String, KeptStale> stale = Map.of();
    private Set<String> routeNames = Set.of();
    private volatile @Nullable Routing routing;

    /**
     * @param background runs what takes too long for an event loop
     * @param queues opened and reconfigured with each configuration, and woken when a backend may serve again
     * @param changed called after each change of a circuit, of health or of an admin state, by whoever made it
     */
    Topology(
            Ticker ticker,
            ProxyRecorder recorder,
            Events events,
            HealthChecks checks,
            Executor background,
            Queues queues,
            Runnable changed) {
        this.ticker = ticker;
        this.recorder = recorder;
        this.events = events;
        this.checks = checks;
        this.background = background;
        this.queues = queues;
        this.changed = changed;
    }

    /** Where requests go now. From any thread, once a configuration was applied. */
    Routing routing() {
        return requireNonNull(routing);
    }

    /** What counts the attempts on the backends. From any thread, as {@link #routing}. */
    List<TrafficHistory.Pool> attempts() {
        return routing().pools().stream()
                .map(pool -> new TrafficHistory.Pool(pool.name(), pool.replicas()))
                .toList();
    }

    /**
     * What a configuration has brought and taken.
     *
     * @param rekeyed to which TLS is spoken in another way from now on
     */
    record Applied(List<Replica> added, List<Replica> removed, List<Replica> rekeyed) {}

    /**
     * Serves by this configuration from now on.
     *
     * @throws IOException if the file of a fallback or of TLS cannot be read, or a queue not be opened; nothing has changed
     *     then
     */
    synchronized Applied apply(LbConfig config) throws IOException {
        return apply(config, SavedState.NONE);
    }

    /**
     * Serves by the first configuration from now on.
     *
     * @param saved what a process before this one has left: backends begin as they were then, before they serve and before
     *     they are checked
     * @throws IOException as {@link #apply(LbConfig)}
     */
    synchronized Applied apply(LbConfig config, SavedState saved) throws IOException {
        StaticResponses statics = StaticResponses.read(config);
        Map<String, ClientTls> tlsAfter = clientTls(config);
        queues.open(config);
        Map<BackendId, Member> before = members;
        Map<BackendId, Member> after = new LinkedHashMap<>();
        List<Replica> added = new ArrayList<>();
        List<Replica> rekeyed = new ArrayList<>();
        Map<String, ServedPool> pools = new LinkedHashMap<>();
        for (PoolConfig pool : config.pools().values()) {
            PoolCore core = cores.computeIfAbsent(
                    pool.name(), name -> new PoolCore(ticker, background, Policies::of, recorder.pool(name)));
            List<Replica> replicas = new ArrayList<>();
            for (BackendConfig each : pool.backends()) {
                BackendId id = new BackendId(pool.name(), each.id());
                TlsPeer peer =
                        each.isTls() ? requireNonNull(tlsAfter.get(pool.name())).to(each.host(), each.port()) : null;
                Member member = before.get(id);
                if (member == null || !member.replica.config().isSameBackend(each)) {
                    member = member(core, id, pool, each, peer);
                    added.add(member.replica);
                } else if (!Objects.equals(member.replica.tls(), peer)) {
                    member.replica.tls(peer);
                    rekeyed.add(member.replica);
                }
                after.put(id, member);
                replicas.add(member.replica);
            }
            pools.put(pool.name(), core.configure(pool, replicas, routesTo(pool.name(), config)));
        }
        List<Route<Destination>> routes = new ArrayList<>();
        Map<String, KeptStale> staleAfter = new HashMap<>();
        for (RouteConfig route : config.routes()) {
            RouteRecorder counts = recorder.route(route.name());
            BackendPool pool = requireNonNull(pools.get(route.pool())).forRoute(route.name());
            FallbackChain chain = route.fallback().isEmpty() ? null : chain(route, pools, counts, statics, staleAfter);
            routes.add(new Route<>(route, Destination.of(route, pool, counts, chain)));
        }
        tls = tlsAfter;
        stale = staleAfter;
        routing = new Routing(
                new RouteTable<>(routes),
                routes.stream().collect(Collectors.toMap(Route::name, Function.identity())),
                List.copyOf(pools.values()),
                queuePages(config));
        members = after;
        restore(saved);
        forgetPools(pools.keySet());
        forgetRoutes(config.routes());
        events.retain(circuits(pools.values()));
        check(config);
        queues.reconfigure(config);
        return new Applied(added, forgotten(before, after), rekeyed);
    }

    /** By pool, where it has a backend that wants it. */
    private Map<String, ClientTls> clientTls(LbConfig config) throws IOException {
        Map<String, ClientTls> read = new HashMap<>();
        for (PoolConfig pool : config.pools().values()) {
            if (pool.backends().stream().anyMatch(BackendConfig::isTls)) {
                try {
                    read.put(pool.name(), ClientTls.read(pool.tls(), tls.get(pool.name())));
                } catch (IOException e) {
                    throw new IOException("lb.pools." + pool.name() + ".tls: " + e.getMessage(), e);
                }
            }
        }
        return read;
    }

    /** Returns the names of the routes that lead to this pool, first of all or as a fallback. */
    private static List<String> routesTo(String pool, LbConfig config) {
        return config.routes().stream()
                .filter(route -> route.pool().equals(pool)
                        || route.fallback().stream()
                                .anyMatch(each -> each instanceof FallbackConfig.Pool other
                                        && other.pool().equals(pool)))
                .map(RouteConfig::name)
                .toList();
    }

    private static Set<CircuitId> circuits(Collection<ServedPool> pools) {
        return pools.stream()
                .flatMap(pool -> pool.replicas().stream())
                .flatMap(replica -> replica.circuits().stream())
                .map(circuit -> new CircuitId(circuit.id(), circuit.route()))
                .collect(Collectors.toSet());
    }

    /** The first route that has a queue answers for it. */
    private List<QueuePage> queuePages(LbConfig config) {
        Map<String, QueuePage> pages = new LinkedHashMap<>();
        for (RouteConfig route : config.routes()) {
            for (FallbackConfig each : route.fallback()) {
                if (each instanceof FallbackConfig.Queue queue) {
                    pages.putIfAbsent(
                            queue.statusPath(),
                            new QueuePage(
                                    queue.statusPath(), queues.of(queue), route.name(), recorder.route(route.name())));
                }
            }
        }
        return List.copyOf(pages.values());
    }

    private FallbackChain chain(
            RouteConfig route,
            Map<String, ServedPool> pools,
            RouteRecorder counts,
            StaticResponses statics,
            Map<String, KeptStale> staleAfter) {
        List<Fallback> fallbacks = new ArrayList<>();
        for (FallbackConfig each : route.fallback()) {
            if (each instanceof FallbackConfig.Static fixed) {
                fallbacks.add(new Fallback.Static(statics.of(fixed)));
            } else if (each instanceof FallbackConfig.Pool other) {
                ServedPool pool = requireNonNull(pools.get(other.pool()));
                fallbacks.add(new Fallback.Pool(Destination.of(route, pool.forRoute(route.name()), counts, null)));
            } else if (each instanceof FallbackConfig.Stale settings) {
                KeptStale before = stale.get(route.name());
                KeptStale after = before != null && before.isFor(route, settings)
                        ? before
                        : new KeptStale(route, settings, new StaleResponses(settings, ticker));
                staleAfter.put(route.name(), after);
                fallbacks.add(new Fallback.Stale(after.responses));
            } else if (each instanceof FallbackConfig.Queue queue) {
                fallbacks.add(
                        new Fallback.Queue(queues.of(queue), route.name(), queue.maxEntryBytes(), queue.statusPath()));
            }
        }
        return new FallbackChain(route.fallbackOn(), fallbacks);
    }

    private void restore(SavedState saved) {
        for (SavedBackend was : saved.backends()) {
            Member member = members.get(was.id());
            if (member != null && was.isOf(member.replica.config())) {
                was.restore(member.replica, ticker.read());
                if (was.unhealthy() && was.admin() != AdminState.DISABLED) {
                    member.checker.start(HealthStatus.UNHEALTHY, was.timeoutsOnly());
                }
            }
        }
    }

    /** Returns what is to survive a restart. From any thread, as {@link #routing}. */
    List<SavedBackend> saved() {
        long now = ticker.read();
        return members.values().stream()
                .map(member -> SavedBackend.of(member.replica, member.checker.snapshot(), now))
                .toList();
    }

    /** Begins or goes on to check the backends as they are configured now. */
    private void check(LbConfig config) {
        for (PoolConfig pool : config.pools().values()) {
            for (BackendConfig each : pool.backends()) {
                Member member = requireNonNull(members.get(new BackendId(pool.name(), each.id())));
                checks.reconfigure(member.checker, each, pool.healthCheck(), pool.probe(), member.replica.tls());
                if (member.replica.admin() != AdminState.DISABLED) {
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
    private List<Replica> forgotten(Map<BackendId, Member> before, Map<BackendId, Member> after) {
        List<Replica> removed = new ArrayList<>();
        before.forEach((id, member) -> {
            if (!member.equals(after.get(id))) {
                member.checker.stop();
                member.replica.retire();
                removed.add(member.replica);
                if (!after.containsKey(id)) {
                    recorder.forget(id);
                }
            }
        });
        return removed;
    }

    private Member member(
            PoolCore core, BackendId id, PoolConfig pool, BackendConfig config, @Nullable TlsPeer tlsPeer) {
        // The meters of a backend read its circuits, and the circuits report to the meters.
        Gauges gauges = new Gauges(ticker);
        BackendRecorder counts = recorder.backend(id, gauges);
        PoolCalls calls = new PoolCalls(core, () -> gauges.replica);
        Replica.Journals journals = route -> {
            BreakerListener journal = events.circuit(
                    new CircuitId(id, route),
                    () -> requireNonNull(gauges.replica).breakerConfig(),
                    calls);
            return transition -> {
                journal.onTransition(transition);
                changed.run();
                if (transition.to() == CircuitState.CLOSED) {
                    queues.wake();
                }
            };
        };
        Replica replica = new Replica(core, id, config, pool, counts, journals);
        replica.tls(tlsPeer);
        gauges.replica = replica;
        HealthListener log = events.health(id);
        HealthChecker checker = checks.checkerOf(
                id,
                config,
                pool.healthCheck(),
                pool.probe(),
                tlsPeer,
                change -> {
                    replica.health(change.to(), change.timeoutsOnly(), change.sequence(), change.atNanos());
                    log.onChange(change);
                    changed.run();
                    if (change.to() == HealthStatus.HEALTHY) {
                        queues.wake();
                    }
                },
                counts);
        return new Member(replica, checker);
    }

    /** A disabled backend is not checked. */
    synchronized void adminStateChanged(Replica backend, AdminState to) {
        Member member = members.get(backend.id());
        if (member == null || member.replica != backend) {
            return; // a reload has taken it away
        }
        changed.run();
        if (to == AdminState.DISABLED) {
            member.checker.stop();
        } else {
            member.checker.start();
        }
        if (to == AdminState.ENABLED) {
            queues.wake();
        }
    }

    /** Whether every backend that is checked was checked at least once. */
    synchronized boolean isChecked() {
        return members.values().stream()
                .map(member -> member.checker.snapshot())
                .allMatch(seen -> seen.status() == HealthStatus.UNCHECKED || seen.last() != null);
    }

    /**
     * Returns what the checks of a backend have found out; null if a reload has taken it away. From any thread, and
     * without waiting for a reload, which reads files.
     */
    @Nullable
    HealthSnapshot health(Replica backend) {
        Member member = members.get(backend.id());
        return member == null || member.replica != backend ? null : member.checker.snapshot();
    }

    /** Makes no more checks. */
    synchronized void close() {
        members.values().forEach(member -> member.checker.stop());
    }

    private record Member(Replica replica, HealthChecker checker) {}

    /** The last good responses of a route, which are good as long as it leads to the same place by the same settings. */
    private record KeptStale(RouteConfig route, FallbackConfig.Stale settings, StaleResponses responses) {
        private boolean isFor(RouteConfig now, FallbackConfig.Stale nowSettings) {
            return settings.equals(nowSettings)
                    && route.pool().equals(now.pool())
                    && Objects.equals(route.prefix(), now.prefix())
                    && Objects.equals(route.rewrite(), now.rewrite())
                    && route.stripPrefix() == now.stripPrefix();
        }
    }

    /** What the gauges of one backend read. */
    private static final class Gauges implements BackendGauges {
        private final Ticker ticker;
        private volatile @Nullable Replica replica;

        Gauges(Ticker ticker) {
            this.ticker = ticker;
        }

        @Override
        public int inFlight() {
            Replica present = replica;
            return present == null ? 0 : present.inFlight();
        }

        @Override
        public CircuitState circuitState() {
            Replica present = replica;
            return present == null ? CircuitState.CLOSED : present.worstState(ticker.read());
        }

        @Override
        public boolean up() {
            Replica present = replica;
            return present == null || present.isUp(ticker.read());
        }

        @Override
        public boolean healthy() {
            Replica present = replica;
            return present == null || present.isTakenAsHealthy();
        }
    }
}
