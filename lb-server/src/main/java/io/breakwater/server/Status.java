package io.breakwater.server;

import io.breakwater.health.breaker.BreakerConfig;
import io.breakwater.health.breaker.BreakerSnapshot;
import io.breakwater.health.breaker.CircuitBreaker;
import io.breakwater.health.breaker.CircuitState;
import io.breakwater.health.breaker.WindowCounts;
import io.breakwater.server.admin.Explainer;
import io.breakwater.server.admin.StatusView;
import io.breakwater.server.config.ConfigJson;
import io.breakwater.server.config.LbConfig;
import io.breakwater.server.events.CircuitEvent;
import io.breakwater.server.events.CircuitId;
import io.breakwater.server.events.Events;
import io.breakwater.server.events.WallClock;
import io.breakwater.server.exchange.Routing;
import io.breakwater.server.pool.BackendPool;
import io.breakwater.server.pool.Replica;
import io.breakwater.server.pool.ServedPool;
import io.breakwater.server.traffic.Traffic;
import io.breakwater.time.Ticker;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.List;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** Tells the admin port what the pools look like now. Safe from any thread. */
final class Status implements StatusView {
    /** By state, then by failures; {@code max} takes the first of equal ones. */
    private static final Comparator<Circuit> WORST_LAST = (one, other) -> one.state() == other.state()
            ? Integer.compare(one.consecutiveFailures(), other.consecutiveFailures())
            : one.state() == BackendPool.worse(one.state(), other.state()) ? 1 : -1;

    private final Supplier<@Nullable String> whyNotReady;
    private final Supplier<LbConfig> config;
    private final Supplier<Routing> routing;
    private final Supplier<Traffic> traffic;
    private final Events events;
    private final Ticker ticker;
    private final WallClock clock;
    private final Explainer explainer;

    Status(
            Supplier<@Nullable String> whyNotReady,
            Supplier<LbConfig> config,
            Supplier<Routing> routing,
            Supplier<Traffic> traffic,
            Events events,
            Ticker ticker,
            WallClock clock,
            Explainer explainer) {
        this.whyNotReady = whyNotReady;
        this.config = config;
        this.routing = routing;
        this.traffic = traffic;
        this.events = events;
        this.ticker = ticker;
        this.clock = clock;
        this.explainer = explainer;
    }

    @Override
    public @Nullable String whyNotReady() {
        return whyNotReady.get();
    }

    @Override
    public Traffic traffic() {
        return traffic.get();
    }

    @Override
    public String configAsJson() {
        return ConfigJson.of(config.get());
    }

    @Override
    public Explainer explainer() {
        return explainer;
    }

    @Override
    public List<Pool> pools() {
        long now = ticker.read();
        return routing.get().pools().stream().map(pool -> pool(pool, now)).toList();
    }

    private Pool pool(ServedPool pool, long now) {
        double[] shares = pool.shares(now);
        List<Backend> backends = new ArrayList<>(shares.length);
        for (int i = 0; i < shares.length; i++) {
            backends.add(backend(pool.replicas().get(i), shares[i], now));
        }
        return new Pool(
                pool.name(), pool.bestState(now), pool.config().balance().text(), backends);
    }

    /** Tells of one backend of a pool. */
    Backend backend(ServedPool pool, Replica backend) {
        long now = ticker.read();
        return backend(backend, pool.shares(now)[pool.replicas().indexOf(backend)], now);
    }

    private Backend backend(Replica backend, double share, long now) {
        List<RouteCircuit> routes = new ArrayList<>();
        List<Circuit> circuits = new ArrayList<>();
        List<Dated> changes = new ArrayList<>();
        for (io.breakwater.server.pool.Backend each : backend.circuits()) {
            Circuit circuit = circuit(each.breaker().snapshot(now));
            circuits.add(circuit);
            if (each.route() != null) {
                routes.add(new RouteCircuit(each.route(), circuit));
            }
            changes.addAll(dated(events.transitions(new CircuitId(each.id(), each.route()))));
        }
        return new Backend(
                backend.id().id(),
                backend.config().url(),
                backend.config().weight(),
                backend.config().priority(),
                AdminState.valueOf(backend.admin().name()),
                backend.health(),
                backend.isSuspect(),
                backend.inFlight(),
                backend.requests(),
                backend.successes(),
                backend.failures(),
                backend.rejected(),
                share,
                Collections.max(circuits, WORST_LAST),
                latest(changes),
                routes);
    }

    /**
     * A change among those of other circuits.
     *
     * @param at the time of day, but never before that of an earlier change of the circuit: clocks are not that exact
     */
    private record Dated(Instant at, CircuitEvent event) {}

    private static List<Dated> dated(List<CircuitEvent> ofOneCircuit) {
        List<Dated> dated = new ArrayList<>(ofOneCircuit.size());
        Instant latest = Instant.MIN;
        for (CircuitEvent each : ofOneCircuit) {
            latest = each.at().isAfter(latest) ? each.at() : latest;
            dated.add(new Dated(latest, each));
        }
        return dated;
    }

    /** Returns the latest changes of all circuits; those of each are in order. */
    private static List<Change> latest(List<Dated> changes) {
        return changes.stream()
                .sorted(Comparator.comparing(Dated::at))
                .skip(Math.max(0, changes.size() - Events.TRANSITIONS_KEPT))
                .map(each -> change(each.event))
                .toList();
    }

    private Circuit circuit(BreakerSnapshot snapshot) {
        boolean open = snapshot.state() == CircuitState.OPEN;
        Instant openedAt = open ? clock.at(snapshot.sinceNanos()) : null;
        Long retryAfter =
                open && !snapshot.tripped() ? (Long) CircuitBreaker.retryAfterSeconds(snapshot.remainingNanos()) : null;
        WindowCounts held = snapshot.window();
        return new Circuit(
                snapshot.state(),
                snapshot.consecutiveFailures(),
                openedAt,
                snapshot.reason(),
                retryAfter,
                snapshot.generation(),
                held == null ? null : new Window(held, snapshot.failureRate(), snapshot.slowCallRate()),
                snapshot.mode() == BreakerConfig.Mode.OBSERVE ? snapshot.observed() : null);
    }

    private static Change change(CircuitEvent event) {
        return new Change(
                event.at(),
                event.from(),
                event.to(),
                event.reason(),
                event.figures(),
                event.circuit().route());
    }
}
