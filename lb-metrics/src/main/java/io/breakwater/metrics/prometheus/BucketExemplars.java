package io.breakwater.metrics.prometheus;

import io.breakwater.metrics.TraceContext;
import io.prometheus.metrics.model.snapshots.Exemplar;
import io.prometheus.metrics.model.snapshots.Exemplars;
import java.time.InstantSource;
import java.util.concurrent.atomic.AtomicReferenceArray;
import org.jspecify.annotations.Nullable;

/**
 * The exemplars of one series of a histogram: of each bucket the first request that fell into it after the latest scrape,
 * or the one shown before. So there is at most one for a bucket and a scrape, whatever the traffic, and a request pays no
 * more than a plain read to learn that its bucket has one; it need not even know the time. Safe from any thread.
 */
final class BucketExemplars {
    private final InstantSource clock;
    /** Since the latest scrape. Null where one is wanted. */
    private final AtomicReferenceArray<@Nullable Exemplar> taken;

    private final AtomicReferenceArray<@Nullable Exemplar> shown;

    /**
     * @param clock the time of day
     */
    BucketExemplars(int buckets, InstantSource clock) {
        this.clock = clock;
        this.taken = new AtomicReferenceArray<>(buckets);
        this.shown = new AtomicReferenceArray<>(buckets);
    }

    /** A request fell into a bucket. */
    void offer(int bucket, long durationNanos, TraceContext trace) {
        if (taken.getPlain(bucket) == null) {
            taken.setRelease(
                    bucket,
                    Exemplar.builder()
                            .value(durationNanos / 1e9) // divided, so that it is not above a bound that it equals
                            .traceId(trace.traceId())
                            .spanId(trace.spanId())
                            .timestampMillis(clock.millis())
                            .build());
        }
    }

    /** Returns them for a scrape. */
    Exemplars show() {
        Exemplars.Builder all = Exemplars.builder();
        for (int bucket = 0; bucket < taken.length(); bucket++) {
            Exemplar fresh = taken.getAndSet(bucket, null);
            if (fresh != null) {
                shown.set(bucket, fresh);
            }
            Exemplar present = shown.get(bucket);
            if (present != null) {
                all.exemplar(present);
            }
        }
        return all.build();
    }
}
