package io.breakwater.metrics.prometheus;

import com.sun.management.OperatingSystemMXBean;
import io.micrometer.core.instrument.Clock;
import io.micrometer.core.instrument.Meter;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.binder.jvm.ClassLoaderMetrics;
import io.micrometer.core.instrument.binder.jvm.JvmGcMetrics;
import io.micrometer.core.instrument.binder.jvm.JvmInfoMetrics;
import io.micrometer.core.instrument.binder.jvm.JvmMemoryMetrics;
import io.micrometer.core.instrument.binder.jvm.JvmThreadMetrics;
import io.micrometer.core.instrument.binder.system.FileDescriptorMetrics;
import io.micrometer.core.instrument.binder.system.ProcessorMetrics;
import io.micrometer.core.instrument.binder.system.UptimeMetrics;
import io.micrometer.core.instrument.config.MeterFilter;
import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import io.prometheus.metrics.core.metrics.CounterWithCallback;
import io.prometheus.metrics.model.registry.PrometheusRegistry;
import java.lang.management.ManagementFactory;
import org.jspecify.annotations.Nullable;

/**
 * Micrometer's meters of the JVM and the process, but for two names that Prometheus' own linter refuses: the processor
 * time is counted in seconds, under the name that every client library gives it, and the processors are not called
 * {@code _count}, which is kept for histograms.
 *
 * <p>They are made for the first scrape, because to make them takes longer than to make all others: the first request
 * does not wait for what only a scrape shows. Nothing is lost, since a scrape is what every rate begins with. Safe from any
 * thread.
 */
final class RuntimeMeters implements AutoCloseable {
    private static final String PROCESSOR_NANOS = "process.cpu.time";
    private static final String PROCESSORS = "system.cpu.count";

    private final PrometheusRegistry registry;
    private @Nullable Started started;
    private boolean closed;

    RuntimeMeters(PrometheusRegistry registry) {
        this.registry = registry;
    }

    private record Started(MeterRegistry micrometer, JvmGcMetrics garbageCollection) {}

    /** Registers them, unless that is done. */
    synchronized void start() {
        if (started != null || closed) {
            return;
        }
        OperatingSystemMXBean process = ManagementFactory.getPlatformMXBean(OperatingSystemMXBean.class);
        CounterWithCallback.builder()
                .name("process_cpu_seconds_total")
                .help("Processor time that the process has used, in user and kernel mode.")
                .callback(series -> series.call(process.getProcessCpuTime() * 1e-9))
                .register(registry);
        MeterRegistry micrometer = filtered();
        JvmGcMetrics garbageCollection = new JvmGcMetrics();
        new JvmInfoMetrics().bindTo(micrometer);
        new JvmMemoryMetrics().bindTo(micrometer);
        new JvmThreadMetrics().bindTo(micrometer);
        new ClassLoaderMetrics().bindTo(micrometer);
        garbageCollection.bindTo(micrometer);
        new ProcessorMetrics().bindTo(micrometer);
        new FileDescriptorMetrics().bindTo(micrometer);
        new UptimeMetrics().bindTo(micrometer);
        started = new Started(micrometer, garbageCollection);
    }

    /** Returns a Micrometer registry over ours; it filters from the start, as a filter must. */
    private MeterRegistry filtered() {
        MeterRegistry micrometer = new PrometheusMeterRegistry(PrometheusConfig.DEFAULT, registry, Clock.SYSTEM);
        micrometer
                .config()
                .meterFilter(MeterFilter.deny(id -> id.getName().equals(PROCESSOR_NANOS)))
                .meterFilter(new MeterFilter() {
                    @Override
                    public Meter.Id map(Meter.Id id) {
                        return id.getName().equals(PROCESSORS) ? id.withName("system.cpus") : id;
                    }
                });
        return micrometer;
    }

    @Override
    public synchronized void close() {
        closed = true;
        Started made = started;
        if (made != null) {
            made.garbageCollection.close();
            made.micrometer.close();
        }
    }
}
