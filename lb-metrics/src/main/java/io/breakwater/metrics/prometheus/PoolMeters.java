package io.breakwater.metrics.prometheus;

import io.breakwater.metrics.PoolRecorder;
import io.prometheus.metrics.core.datapoints.CounterDataPoint;
import io.prometheus.metrics.core.metrics.Counter;

/** The series of one pool, until they are removed. */
final class PoolMeters implements PoolRecorder {
    private static final String SUCCESS = "success";
    private static final String FAILURE = "failure";

    private final CounterDataPoint succeeded;
    private final CounterDataPoint failed;
    private final CounterDataPoint exhausted;
    private final Runnable removal;

    PoolMeters(String pool, Counter retries, Counter exhaustions) {
        succeeded = retries.labelValues(pool, SUCCESS);
        failed = retries.labelValues(pool, FAILURE);
        exhausted = exhaustions.labelValues(pool);
        removal = () -> {
            retries.remove(pool, SUCCESS);
            retries.remove(pool, FAILURE);
            exhaustions.remove(pool);
        };
    }

    @Override
    public void retried(boolean success) {
        (success ? succeeded : failed).inc();
    }

    @Override
    public void retryBudgetExhausted() {
        exhausted.inc();
    }

    /** Takes the series out of the exposition; what is still reported afterwards is counted nowhere. */
    void remove() {
        removal.run();
    }
}
