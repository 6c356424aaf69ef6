package io.breakwater.metrics.prometheus;

import io.breakwater.metrics.MeterName;
import io.breakwater.metrics.QueueContents;
import io.prometheus.metrics.core.metrics.CounterWithCallback;
import io.prometheus.metrics.core.metrics.GaugeWithCallback;
import io.prometheus.metrics.model.registry.PrometheusRegistry;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.BiConsumer;
import java.util.function.Supplier;
import java.util.function.ToDoubleFunction;

/** The queues of writes: what they hold and count themselves is read at each scrape. */
final class QueueMeters {
    private final Map<String, Supplier<QueueContents>> queues = new ConcurrentHashMap<>();

    void add(String dir, Supplier<QueueContents> contents) {
        queues.put(dir, contents);
    }

    void register(PrometheusRegistry registry) {
        gauge(MeterName.QUEUE_ENTRIES, QueueContents::entries, registry);
        gauge(MeterName.QUEUE_BYTES, QueueContents::bytes, registry);
        gauge(MeterName.QUEUE_OLDEST_AGE, QueueContents::oldestAgeSeconds, registry);
        counter(
                MeterName.QUEUE_ENDED,
                Map.of(
                        "delivered",
                        QueueContents::delivered,
                        "rejected",
                        QueueContents::rejected,
                        "expired",
                        QueueContents::expired,
                        "lost",
                        QueueContents::lost),
                registry);
        counter(
                MeterName.QUEUE_REFUSED,
                Map.of("full", QueueContents::full, "failed", QueueContents::failed),
                registry);
    }

    private void gauge(MeterName meter, ToDoubleFunction<QueueContents> value, PrometheusRegistry registry) {
        GaugeWithCallback.builder()
                .name(meter.exposedName())
                .help(meter.help())
                .labelNames(meter.labels().toArray(String[]::new))
                .callback(series -> ofEach((dir, contents) -> series.call(value.applyAsDouble(contents), dir)))
                .register(registry);
    }

    private void counter(
            MeterName meter, Map<String, ToDoubleFunction<QueueContents>> values, PrometheusRegistry registry) {
        CounterWithCallback.builder()
                .name(meter.exposedName())
                .help(meter.help())
                .labelNames(meter.labels().toArray(String[]::new))
                .callback(series -> ofEach((dir, contents) ->
                        values.forEach((label, value) -> series.call(value.applyAsDouble(contents), dir, label))))
                .register(registry);
    }

    private void ofEach(BiConsumer<String, QueueContents> action) {
        queues.forEach((dir, contents) -> action.accept(dir, contents.get()));
    }
}
