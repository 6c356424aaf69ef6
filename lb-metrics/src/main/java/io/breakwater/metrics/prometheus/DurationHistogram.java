package io.breakwater.metrics.prometheus;

import io.breakwater.metrics.DurationBuckets;
import io.breakwater.metrics.MeterName;
import io.breakwater.metrics.TraceContext;
import io.prometheus.metrics.model.registry.Collector;
import io.prometheus.metrics.model.registry.MetricType;
import io.prometheus.metrics.model.snapshots.ClassicHistogramBuckets;
import io.prometheus.metrics.model.snapshots.Exemplars;
import io.prometheus.metrics.model.snapshots.HistogramSnapshot;
import io.prometheus.metrics.model.snapshots.HistogramSnapshot.HistogramDataPointSnapshot;
import io.prometheus.metrics.model.snapshots.Labels;
import io.prometheus.metrics.model.snapshots.MetricFamilyDescriptor;
import io.prometheus.metrics.model.snapshots.MetricMetadata;
import io.prometheus.metrics.model.snapshots.MetricSnapshot;
import java.time.InstantSource;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.DoubleAdder;
import java.util.concurrent.atomic.LongAdder;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * A classic histogram of durations, over adders. The Prometheus client's own allocates on each observation until the
 * compiler can prove that it need not, and makes requests wait for one another while a scrape reads it; this one does
 * neither, at half the cost. In return the sum of a scrape may lack an observation that its count has.
 */
final class DurationHistogram implements Collector {
    /** In seconds: from the answer of a cache nearby to the longest request that is let be by default. */
    private static final double[] BOUNDS = {
        .001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10, 30, Double.POSITIVE_INFINITY
    };

    private static final long[] BOUNDS_NANOS = Arrays.stream(BOUNDS)
            .mapToLong(seconds -> Math.round(seconds * 1e9))
            .toArray();

    private final MeterName meter;
    private final MetricMetadata metadata;
    private final @Nullable InstantSource exemplarClock;
    private final Map<Labels, Series> series = new ConcurrentHashMap<>();

    /**
     * @param exemplarClock dates the exemplars; null for a histogram that has none
     */
    DurationHistogram(MeterName meter, @Nullable InstantSource exemplarClock) {
        this.meter = meter;
        this.exemplarClock = exemplarClock;
        metadata = new MetricMetadata(meter.exposedName(), meter.help());
    }

    /** Returns the series with these values of the meter's labels. */
    Series labelValues(String... values) {
        return series.computeIfAbsent(Labels.of(meter.labels(), List.of(values)), labels -> new Series(exemplarClock));
    }

    /** Takes the series with these values out of the exposition; who holds it may go on, unseen. */
    void remove(String... values) {
        series.remove(Labels.of(meter.labels(), List.of(values)));
    }

    @Override
    public MetricSnapshot collect() {
        return new HistogramSnapshot(
                metadata,
                series.entrySet().stream()
                        .map(entry -> entry.getValue().read(entry.getKey()))
                        .toList());
    }

    @Override
    public MetricFamilyDescriptor getMetricFamilyDescriptor() {
        return MetricFamilyDescriptor.of(MetricType.HISTOGRAM, metadata, meter.labels());
    }

    /** The durations with one set of label values. */
    static final class Series implements DurationBuckets {
        private final LongAdder[] buckets =
                Stream.generate(LongAdder::new).limit(BOUNDS.length).toArray(LongAdder[]::new);

        /** Not a long: ten thousand requests at a time would overflow it in eleven days. */
        private final DoubleAdder sumNanos = new DoubleAdder();

        private final @Nullable BucketExemplars exemplars;

        private Series(@Nullable InstantSource exemplarClock) {
            exemplars = exemplarClock == null ? null : new BucketExemplars(BOUNDS.length, exemplarClock);
        }

        void observe(long durationNanos) {
            observe(durationNanos, null);
        }

        void observe(long durationNanos, @Nullable TraceContext trace) {
            int bucket = 0;
            while (durationNanos > BOUNDS_NANOS[bucket]) {
                bucket++;
            }
            buckets[bucket].increment();
            sumNanos.add((double) durationNanos);
            if (trace != null && exemplars != null) {
                exemplars.offer(bucket, durationNanos, trace);
            }
        }

        @Override
        public int buckets() {
            return BOUNDS.length;
        }

        @Override
        public double upperBoundSeconds(int bucket) {
            return BOUNDS[bucket];
        }

        @Override
        public long count(int bucket) {
            return buckets[bucket].sum();
        }

        private HistogramDataPointSnapshot read(Labels labels) {
            long[] counts = Arrays.stream(buckets).mapToLong(LongAdder::sum).toArray();
            return new HistogramDataPointSnapshot(
                    ClassicHistogramBuckets.of(BOUNDS, counts),
                    sumNanos.sum() * 1e-9,
                    labels,
                    exemplars == null ? Exemplars.EMPTY : exemplars.show(),
                    0);
        }
    }
}
