package io.breakwater.metrics.prometheus;

import static java.util.Objects.requireNonNull;

import io.breakwater.health.BackendId;
import io.breakwater.health.breaker.CircuitState;
import io.breakwater.metrics.BackendGauges;
import io.breakwater.metrics.BackendRecorder;
import io.breakwater.metrics.ConnectionRecorder;
import io.breakwater.metrics.MeterName;
import io.breakwater.metrics.MetricsExposition;
import io.breakwater.metrics.PoolRecorder;
import io.breakwater.metrics.ProxyRecorder;
import io.breakwater.metrics.RouteRecorder;
import io.breakwater.metrics.Side;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.Meter;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Tags;
import io.prometheus.metrics.core.metrics.Counter;
import io.prometheus.metrics.core.metrics.GaugeWithCallback;
import io.prometheus.metrics.core.metrics.Info;
import io.prometheus.metrics.model.registry.PrometheusRegistry;
import java.io.IOException;
import java.io.OutputStream;
import java.time.Instant;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * The meters of one balancer, in one Prometheus registry. What a request touches was resolved at wiring: counters of
 * the Prometheus client, and histograms and in-flight counts over adders of our own (the client's gauge is one contended
 * word, many times dearer between two event loops). Micrometer, on the same registry, brings the gauges, the JVM and the
 * process. Exemplars are off: there is no span to point to.
 */
public final class PrometheusMetrics implements ProxyRecorder, MetricsExposition, AutoCloseable {
    private static final CircuitState[] CIRCUIT_STATES = CircuitState.values();

    private final PrometheusRegistry registry = new PrometheusRegistry();
    private final MeterRegistry micrometer = RuntimeMeters.over(registry);
    private final RuntimeMeters runtime = new RuntimeMeters(micrometer, registry);
    private final Formats formats = new Formats();
    private final String version;

    private final Counter requests = counter(MeterName.REQUESTS);
    private final DurationHistogram requestDurations = histogram(MeterName.REQUEST_DURATION);
    private final Counter rejections = counter(MeterName.REJECTIONS);
    private final BackendMeters.Meters ofBackends = new BackendMeters.Meters(
            counter(MeterName.BACKEND_REQUESTS),
            histogram(MeterName.BACKEND_REQUEST_DURATION),
            counter(MeterName.CIRCUIT_TRANSITIONS),
            counter(MeterName.CIRCUIT_REJECTED),
            counter(MeterName.CIRCUIT_TRIPS_REFUSED),
            counter(MeterName.HEALTH_CHECKS),
            histogram(MeterName.HEALTH_CHECK_DURATION));
    private final Counter retries = counter(MeterName.RETRIES);
    private final Counter retryBudgetExhausted = counter(MeterName.RETRY_BUDGET_EXHAUSTED);
    private final Counter reloads = counter(MeterName.CONFIG_RELOADS);
    private final Counter accepted = counter(MeterName.CONNECTIONS_ACCEPTED);
    private final Counter received = counter(MeterName.RECEIVED_BYTES);
    private final Counter sent = counter(MeterName.SENT_BYTES);

    private final Map<String, RouteMeters> routes = new ConcurrentHashMap<>();
    private final Map<BackendId, BackendMeters> backends = new ConcurrentHashMap<>();
    private final Map<String, PoolMeters> pools = new ConcurrentHashMap<>();
    private final Map<Side, ConnectionMeters> sides = new EnumMap<>(Side.class);

    /** The gauges of Micrometer that leave with a route or a backend, by what they belong to. */
    private final Map<Object, List<Meter>> removable = new ConcurrentHashMap<>();

    private volatile double configTakenSeconds;

    /**
     * Makes the meters of one balancer.
     *
     * @param version the version of the program, shown by {@code lb_build_info}
     */
    public PrometheusMetrics(String version) {
        this.version = version;
        for (Side side : Side.values()) {
            sides.put(
                    side,
                    new ConnectionMeters(
                            accepted.labelValues(),
                            received.labelValues(side.label()),
                            sent.labelValues(side.label())));
        }
    }

    /** Registers what has a value without a request: the connections, the build, the JVM and the process. */
    public void start() {
        sides.forEach((side, meters) -> gauge(MeterName.CONNECTIONS, meters::open, side.label()));
        for (String result : List.of("success", "failure")) {
            reloads.labelValues(result);
        }
        gauge(MeterName.CONFIG_LAST_RELOAD_SUCCESS, () -> configTakenSeconds);
        Info.builder()
                .name(MeterName.BUILD_INFO.exposedName())
                .help(MeterName.BUILD_INFO.help())
                .labelNames(labels(MeterName.BUILD_INFO))
                .register(registry)
                .addLabelValues(version);
        // Not one gauge per state: the states of a scrape come from one reading, so that exactly one of them is 1.
        GaugeWithCallback.builder()
                .name(MeterName.CIRCUIT_STATE.exposedName())
                .help(MeterName.CIRCUIT_STATE.help())
                .labelNames(labels(MeterName.CIRCUIT_STATE))
                .callback(series -> backends.values().forEach(backend -> {
                    CircuitState present = backend.gauges().circuitState();
                    for (CircuitState state : CIRCUIT_STATES) {
                        series.call(
                                state == present ? 1 : 0,
                                backend.id().pool(),
                                backend.id().id(),
                                state.label());
                    }
                }))
                .register(registry);
        runtime.start();
    }

    @Override
    public RouteRecorder route(String route) {
        return routes.computeIfAbsent(route, name -> {
            RouteMeters meters = new RouteMeters(name, requests, requestDurations, rejections);
            removable.put(name, List.of(gauge(MeterName.REQUESTS_IN_FLIGHT, meters::inFlight, name)));
            return meters;
        });
    }

    @Override
    public void forgetRoute(String route) {
        RouteMeters gone = routes.remove(route);
        if (gone != null) {
            removeGauges(route);
            gone.remove();
        }
    }

    @Override
    public BackendRecorder backend(BackendId id, BackendGauges gauges) {
        BackendMeters present = backends.computeIfAbsent(id, added -> {
            BackendMeters meters = new BackendMeters(added, gauges, ofBackends);
            String pool = added.pool();
            String backend = added.id();
            removable.put(
                    added,
                    List.of(
                            gauge(
                                    MeterName.BACKEND_IN_FLIGHT,
                                    () -> meters.gauges().inFlight(),
                                    pool,
                                    backend),
                            gauge(MeterName.BACKEND_UP, () -> meters.gauges().up() ? 1 : 0, pool, backend),
                            gauge(
                                    MeterName.BACKEND_HEALTHY,
                                    () -> meters.gauges().healthy() ? 1 : 0,
                                    pool,
                                    backend)));
            return meters;
        });
        present.readFrom(gauges);
        return present;
    }

    @Override
    public void forget(BackendId id) {
        BackendMeters gone = backends.remove(id);
        if (gone != null) {
            removeGauges(id);
            gone.remove();
        }
    }

    private void removeGauges(Object owner) {
        requireNonNull(removable.remove(owner)).forEach(micrometer::remove);
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
    public ConnectionRecorder connections(Side side) {
        return requireNonNull(sides.get(side));
    }

    @Override
    public String contentType(@Nullable String accept) {
        return formats.contentType(accept);
    }

    @Override
    public void write(OutputStream out, String contentType) throws IOException {
        formats.write(out, contentType, registry.scrape());
    }

    @Override
    public void close() {
        runtime.close();
        micrometer.close();
    }

    private Counter counter(MeterName meter) {
        Counter.Builder builder =
                Counter.builder().name(meter.exposedName()).help(meter.help()).labelNames(labels(meter));
        builder.withoutExemplars();
        return builder.register(registry);
    }

    private DurationHistogram histogram(MeterName meter) {
        DurationHistogram histogram = new DurationHistogram(meter);
        registry.register(histogram);
        return histogram;
    }

    private Gauge gauge(MeterName meter, Supplier<Number> value, String... labelValues) {
        Tags tags = Tags.empty();
        for (int i = 0; i < labelValues.length; i++) {
            tags = tags.and(meter.labels().get(i), labelValues[i]);
        }
        return Gauge.builder(meter.exposedName(), value)
                .description(meter.help())
                .tags(tags)
                .register(micrometer);
    }

    private static String[] labels(MeterName meter) {
        return meter.labels().toArray(String[]::new);
    }
}
