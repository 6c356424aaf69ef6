package io.breakwater.metrics.prometheus;

import static java.util.Objects.requireNonNull;

import io.breakwater.health.BackendId;
import io.breakwater.health.breaker.CircuitState;
import io.breakwater.metrics.BackendGauges;
import io.breakwater.metrics.BackendRecorder;
import io.breakwater.metrics.ConnectionRecorder;
import io.breakwater.metrics.EventLoopGauges;
import io.breakwater.metrics.MeterName;
import io.breakwater.metrics.MetricsExposition;
import io.breakwater.metrics.PoolRecorder;
import io.breakwater.metrics.ProxyRecorder;
import io.breakwater.metrics.QueueContents;
import io.breakwater.metrics.RouteRecorder;
import io.breakwater.metrics.Side;
import io.prometheus.metrics.core.metrics.Counter;
import io.prometheus.metrics.core.metrics.GaugeWithCallback;
import io.prometheus.metrics.core.metrics.Info;
import io.prometheus.metrics.model.registry.PrometheusRegistry;
import io.prometheus.metrics.model.snapshots.DuplicateLabelsException;
import io.prometheus.metrics.model.snapshots.MetricSnapshots;
import java.io.IOException;
import java.io.OutputStream;
import java.time.Instant;
import java.time.InstantSource;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Consumer;
import java.util.function.LongSupplier;
import java.util.function.Supplier;
import java.util.function.ToDoubleFunction;
import java.util.function.ToIntFunction;
import org.jspecify.annotations.Nullable;

/**
 * The meters of one balancer, in one Prometheus registry. What a request touches was resolved at wiring: counters of
 * the Prometheus client, and histograms and in-flight counts over adders of our own (the client's gauge is one contended
 * word, many times dearer between two event loops). Gauges are read at each scrape, so that what comes and goes with
 * reloads needs no registration. Micrometer, on the same registry, brings the JVM and the process. The durations of
 * requests have exemplars, which OpenMetrics shows.
 */
public final class PrometheusMetrics implements ProxyRecorder, MetricsExposition, AutoCloseable {
    private static final CircuitState[] CIRCUIT_STATES = CircuitState.values();
    private static final int MOST_SCRAPES = 5;

    private final PrometheusRegistry registry = new PrometheusRegistry();
    private final RuntimeMeters runtime = new RuntimeMeters(registry);
    private final Formats formats = new Formats();
    private final String version;

    private final Counter requests = counter(MeterName.REQUESTS);
    private final DurationHistogram requestDurations;
    private final Counter rejections = counter(MeterName.REJECTIONS);
    private final Counter fallbacks = counter(MeterName.FALLBACKS);
    private final BackendMeters.Meters ofBackends = new BackendMeters.Meters(
            counter(MeterName.BACKEND_REQUESTS),
            histogram(MeterName.BACKEND_REQUEST_DURATION, null),
            counter(MeterName.CIRCUIT_TRANSITIONS),
            counter(MeterName.CIRCUIT_REJECTED),
            counter(MeterName.CIRCUIT_WOULD_REJECT),
            counter(MeterName.CIRCUIT_TRIPS_REFUSED),
            counter(MeterName.HEALTH_CHECKS),
            histogram(MeterName.HEALTH_CHECK_DURATION, null));
    private final Counter retries = counter(MeterName.RETRIES);
    private final Counter retryBudgetExhausted = counter(MeterName.RETRY_BUDGET_EXHAUSTED);
    private final Counter reloads = counter(MeterName.CONFIG_RELOADS);
    private final Counter accepted = counter(MeterName.CONNECTIONS_ACCEPTED);
    private final Counter acceptErrors = counter(MeterName.ACCEPT_ERRORS);
    private final Counter received = counter(MeterName.RECEIVED_BYTES);
    private final Counter sent = counter(MeterName.SENT_BYTES);
    private final Counter logDropped = counter(MeterName.LOG_DROPPED);

    private final Map<String, RouteMeters> routes = new ConcurrentHashMap<>();
    private final Map<BackendId, BackendMeters> backends = new ConcurrentHashMap<>();
    private final Map<String, PoolMeters> pools = new ConcurrentHashMap<>();
    private final Map<Side, ConnectionMeters> sides = new EnumMap<>(Side.class);
    private final QueueMeters queues = new QueueMeters();
    private final Map<Integer, EventLoopGauges> loops = new ConcurrentHashMap<>();

    private volatile double configTakenSeconds;

    /**
     * Makes the meters of one balancer.
     *
     * @param version the version of the program, shown by {@code lb_build_info}
     * @param clock the time of day, for exemplars
     */
    public PrometheusMetrics(String version, InstantSource clock) {
        this.version = version;
        this.requestDurations = histogram(MeterName.REQUEST_DURATION, clock);
        for (Side side : Side.values()) {
            sides.put(
                    side,
                    new ConnectionMeters(
                            accepted.labelValues(),
                            acceptErrors.labelValues(),
                            received.labelValues(side.label()),
                            sent.labelValues(side.label())));
        }
    }

    /** Registers what has a value without a request. */
    public void start() {
        gauges(
                MeterName.CONNECTIONS,
                series -> sides.forEach((side, meters) -> series.call((double) meters.open(), side.label())));
        for (String result : List.of("success", "failure")) {
            reloads.labelValues(result);
        }
        gauges(MeterName.CONFIG_LAST_RELOAD_SUCCESS, series -> series.call(configTakenSeconds));
        Info.builder()
                .name(MeterName.BUILD_INFO.exposedName())
                .help(MeterName.BUILD_INFO.help())
                .labelNames(labels(MeterName.BUILD_INFO))
                .register(registry)
                .addLabelValues(version);
        gauges(
                MeterName.REQUESTS_IN_FLIGHT,
                series -> new HashMap<>(routes).forEach((name, route) -> series.call((double) route.inFlight(), name)));
        ofEachBackend(MeterName.BACKEND_IN_FLIGHT, BackendGauges::inFlight);
        ofEachBackend(MeterName.BACKEND_UP, backend -> backend.up() ? 1 : 0);
        ofEachBackend(MeterName.BACKEND_HEALTHY, backend -> backend.healthy() ? 1 : 0);
        // The states of a scrape come from one reading, so that exactly one of them is 1.
        gauges(
                MeterName.CIRCUIT_STATE,
                series -> new HashMap<>(backends).forEach((id, backend) -> {
                    CircuitState present = backend.gauges().circuitState();
                    for (CircuitState state : CIRCUIT_STATES) {
                        series.call(state == present ? 1 : 0, id.pool(), id.id(), state.label());
                    }
                }));
        queues.register(registry);
        ofEachLoop(MeterName.EVENT_LOOP_LAG, loop -> loop.lagNanos() * 1e-9);
        ofEachLoop(MeterName.EVENT_LOOP_PENDING_TASKS, EventLoopGauges::pendingTasks);
    }

    @Override
    public RouteRecorder route(String route) {
        return routes.computeIfAbsent(
                route, name -> new RouteMeters(name, requests, requestDurations, rejections, fallbacks));
    }

    @Override
    public void forgetRoute(String route) {
        RouteMeters gone = routes.remove(route);
        if (gone != null) {
            gone.remove();
        }
    }

    @Override
    public BackendRecorder backend(BackendId id, BackendGauges gauges) {
        BackendMeters present = backends.computeIfAbsent(id, added -> new BackendMeters(added, gauges, ofBackends));
        present.readFrom(gauges);
        return present;
    }

    @Override
    public void forget(BackendId id) {
        BackendMeters gone = backends.remove(id);
        if (gone != null) {
            gone.remove();
        }
    }

    @Override
    public PoolRecorder pool(String pool) {
        return pools.computeIfAbsent(pool, name -> new PoolMeters(name, retries, retryBudgetExhausted));
    }

    @Override
    public void forgetPool(String pool) {
        PoolMeters gone = pools.remove(pool);
        if (gone != null) {
            gone.remove();
        }
    }

    @Override
    public void configTaken(Instant at) {
        configTakenSeconds = at.toEpochMilli() / 1000.0;
    }

    @Override
    public void configReloaded(boolean success, Instant at) {
        reloads.labelValues(success ? "success" : "failure").inc();
        if (success) {
            configTaken(at);
        }
    }

    @Override
    public void logDropped(long lines) {
        logDropped.inc(lines);
    }

    @Override
    public ConnectionRecorder connections(Side side) {
        return requireNonNull(sides.get(side));
    }

    @Override
    public void queue(String dir, Supplier<QueueContents> contents) {
        queues.add(dir, contents);
    }

    @Override
    public void eventLoop(int index, EventLoopGauges gauges) {
        loops.put(index, gauges);
    }

    @Override
    public void allocator(LongSupplier heapBytes, LongSupplier directBytes) {
        gauges(MeterName.ALLOCATOR_MEMORY, series -> {
            series.call((double) heapBytes.getAsLong(), "heap");
            series.call((double) directBytes.getAsLong(), "direct");
        });
    }

    @Override
    public String contentType(@Nullable String accept) {
        return formats.contentType(accept);
    }

    @Override
    public void write(OutputStream out, String contentType) throws IOException {
        runtime.start();
        formats.write(out, contentType, scrape());
    }

    /** A backend that leaves and comes back while the client walks its series may be met twice; then it walks again. */
    private MetricSnapshots scrape() {
        for (int tries = 1; ; tries++) {
            try {
                return registry.scrape();
            } catch (DuplicateLabelsException e) {
                if (tries == MOST_SCRAPES) {
                    throw e;
                }
            }
        }
    }

    @Override
    public void close() {
        runtime.close();
    }

    private Counter counter(MeterName meter) {
        Counter.Builder builder =
                Counter.builder().name(meter.exposedName()).help(meter.help()).labelNames(labels(meter));
        builder.withoutExemplars();
        return builder.register(registry);
    }

    private DurationHistogram histogram(MeterName meter, @Nullable InstantSource exemplarClock) {
        DurationHistogram histogram = new DurationHistogram(meter, exemplarClock);
        registry.register(histogram);
        return histogram;
    }

    /** Registers gauges that are read anew at each scrape. */
    private void gauges(MeterName meter, Consumer<GaugeWithCallback.Callback> reader) {
        GaugeWithCallback.builder()
                .name(meter.exposedName())
                .help(meter.help())
                .labelNames(labels(meter))
                .callback(reader)
                .register(registry);
    }

    /** The copy holds each backend once, whichever come and go meanwhile. */
    private void ofEachBackend(MeterName meter, ToIntFunction<BackendGauges> value) {
        gauges(
                meter,
                series -> new HashMap<>(backends)
                        .forEach((id, backend) -> series.call(value.applyAsInt(backend.gauges()), id.pool(), id.id())));
    }

    private void ofEachLoop(MeterName meter, ToDoubleFunction<EventLoopGauges> value) {
        gauges(
                meter,
                series -> loops.forEach(
                        (index, loop) -> series.call(value.applyAsDouble(loop), Integer.toString(index))));
    }

    private static String[] labels(MeterName meter) {
        return meter.labels().toArray(String[]::new);
    }
}
