package io.breakwater.metrics.prometheus;

import io.breakwater.metrics.PoolRecorder;
import io.prometheus.metrics.core.datapoints.CounterDataPoint;
import io.prometheus.metrics.core.metrics.Counter;

/** The series of one pool. */
final class PoolMeters implements PoolRecorder {
    private final CounterDataPoint succeeded;
    private final CounterDataPoint failed;
    private final CounterDataPoint exhausted;

    PoolMeters(String pool, Counter retries, Counter exhaustions) {
        succeeded = retries.labelValues(pool, "success");
        failed = retries.labelValues(pool, "failure");
        exhausted = exhaustions.labelValues(pool);
    }

    @Override
    public void retried(boolean success) {
        (success ? succeeded : failed).inc();
    }

    @Override
    public void retryBudgetExhausted() {
        exhausted.inc();
    }
}
