package io.breakwater.server.pool;

import static org.assertj.core.api.Assertions.assertThat;

import io.breakwater.health.BackendId;
import io.breakwater.health.Outcome;
import io.breakwater.health.breaker.BreakerListener;
import io.breakwater.health.breaker.CircuitState;
import io.breakwater.health.breaker.Permit;
import io.breakwater.health.breaker.Transition;
import io.breakwater.health.check.CheckResult;
import io.breakwater.health.check.HealthStatus;
import io.breakwater.metrics.BackendRecorder;
import io.breakwater.metrics.ProxyRecorder;
import io.breakwater.server.config.BackendConfig;
import io.breakwater.server.config.PoolConfig;
import io.breakwater.server.fixtures.Conf;
import io.breakwater.time.ManualTicker;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/** A pool on a manual clock. Its backends are called a, b, c, … */
final class PoolFixture {
    static final Duration COOLDOWN = Duration.ofSeconds(5);

    final ManualTicker ticker;
    final PoolCore core;
    final Map<String, Backend> backends = new HashMap<>();
    final Map<String, Replica> replicas = new HashMap<>();
    final Map<String, Counts> counts = new HashMap<>();
    final Selection selection = new Selection();
    /** What a large pool leaves to another thread. */
    final List<Runnable> background = new ArrayList<>();

    private final AtomicLong healthChanges = new AtomicLong();
    ServedPool served;
    BackendPool pool;

    private PoolFixture(ManualTicker ticker, PoolConfig config) {
        this.ticker = ticker;
        this.core = new PoolCore(ticker, background::add, Policies::of, ProxyRecorder.NONE.pool("pool"));
        this.served = configured(config);
        this.pool = served.forRoute("");
    }

    /** What the recorder of one backend was told. */
    static final class Counts implements BackendRecorder {
        final AtomicInteger circuitRejections = new AtomicInteger();
        final AtomicInteger refusedTrips = new AtomicInteger();
        final AtomicInteger wouldReject = new AtomicInteger();

        @Override
        public void ended(Outcome outcome, long durationNanos) {}

        @Override
        public void circuitRejected() {
            circuitRejections.incrementAndGet();
        }

        @Override
        public void circuitWouldReject() {
            wouldReject.incrementAndGet();
        }

        @Override
        public void transition(Transition transition) {}

        @Override
        public void tripRefused() {
            refusedTrips.incrementAndGet();
        }

        @Override
        public void healthChecked(CheckResult result, long durationNanos) {}
    }

    /** A pool with these settings; circuits open after one failure unless they say otherwise. */
    static PoolFixture of(String... settings) {
        return startingAt(Long.MAX_VALUE - COOLDOWN.toNanos(), settings);
    }

    static PoolFixture startingAt(long origin, String... settings) {
        return new PoolFixture(new ManualTicker(origin), config(settings));
    }

    static PoolConfig config(String... settings) {
        String breaker = "breaker { consecutive-failures = 1, cooldown = 5s, half-open.probe-timeout = 10s }";
        return Conf.poolConfig(breaker + "\n" + String.join("\n", settings));
    }

    /** The setting {@code backends} for so many with these settings each. */
    static String replicas(int count, String... settings) {
        List<String> list = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            String own = i < settings.length && !settings[i].isEmpty() ? ", " + settings[i] : "";
            list.add("{ url = \"http://host:" + (i + 1) + "\", id = \"" + name(i) + "\"" + own + " }");
        }
        return "backends = [" + String.join(", ", list) + "]";
    }

    static String name(int index) {
        return index < 26 ? String.valueOf((char) ('a' + index)) : "n" + index;
    }

    /** Configures the pool; backends that were there before stay. It is used as the first route sees it, if any is given. */
    BackendPool reload(PoolConfig config, String... routes) {
        served = configured(config, routes);
        pool = served.forRoute(routes.length == 0 ? "" : routes[0]);
        return pool;
    }

    private ServedPool configured(PoolConfig config, String... routes) {
        List<Replica> members = new ArrayList<>();
        for (BackendConfig each : config.backends()) {
            members.add(replicas.computeIfAbsent(each.id(), id -> made(each, config)));
        }
        ServedPool configured = core.configure(config, members, List.of(routes));
        members.forEach(each -> backends.put(each.id().id(), each.circuits().get(0)));
        return configured;
    }

    BackendPool reload(String... settings) {
        return reload(config(settings));
    }

    private Replica made(BackendConfig config, PoolConfig pool) {
        Counts recorder = counts.computeIfAbsent(config.id(), id -> new Counts());
        BackendId id = new BackendId(pool.name(), config.id());
        return new Replica(core, id, config, pool, recorder, route -> BreakerListener.NONE);
    }

    long now() {
        return ticker.read();
    }

    void advance(Duration time) {
        ticker.advance(time);
    }

    Backend backend(String name) {
        return Objects.requireNonNull(backends.get(name));
    }

    Replica replica(String name) {
        return Objects.requireNonNull(replicas.get(name));
    }

    Counts counts(String name) {
        return Objects.requireNonNull(counts.get(name));
    }

    CircuitState state(String name) {
        return backend(name).breaker().state(now());
    }

    /** Opens a circuit by a failure of a request that began now. */
    void open(String... names) {
        for (String name : names) {
            fail(name);
            assertThat(state(name)).isEqualTo(CircuitState.OPEN);
        }
    }

    /** A request that the backend got from somewhere fails. */
    void fail(String name) {
        Permit permit = Objects.requireNonNull(backend(name).breaker().tryAcquire(now()));
        permit.record(Outcome.FAILURE_STATUS, 0, now());
    }

    void health(String name, HealthStatus status) {
        health(name, status, false);
    }

    void health(String name, HealthStatus status, boolean timeoutsOnly) {
        replica(name).health(status, timeoutsOnly, healthChanges.incrementAndGet(), now());
    }

    /** Whom a new request that can be repeated meets, or the refusal. */
    String request() {
        return request(0, true);
    }

    String request(long key, boolean replayable) {
        selection.request(key, replayable);
        return select();
    }

    /** Whom another attempt of the request meets. */
    String select() {
        pool.select(selection, now());
        Backend chosen = selection.backend();
        if (chosen == null) {
            pool.refused(selection);
            return selection.refusal().name();
        }
        return chosen.id().id();
    }

    /** Ends the attempt of the selection. */
    void end(Outcome outcome) {
        end(selection, outcome);
    }

    void end(Selection ended, Outcome outcome) {
        Backend backend = Objects.requireNonNull(ended.backend());
        long now = now();
        if (outcome.verdict() == Outcome.Verdict.IGNORED) {
            ended.permit().release(now);
        } else {
            ended.permit().record(outcome, 1, now);
        }
        backend.attemptEnded(outcome, outcome == Outcome.SUCCESS ? 1 : 0, 1, now);
    }

    /** A request that ends with success at once. */
    String serve() {
        String by = request();
        if (selection.backend() != null) {
            end(Outcome.SUCCESS);
        }
        return by;
    }

    /** What a backend says to a request of the pool. */
    Eligibility why(String name) {
        List<Eligibility> said = pool.explain(true, now());
        for (int i = 0; i < said.size(); i++) {
            if (pool.backends().get(i).id().id().equals(name)) {
                return said.get(i);
            }
        }
        throw new IllegalArgumentException(name);
    }

    @Nullable
    Permit permit() {
        return selection.backend() == null ? null : selection.permit();
    }
}
