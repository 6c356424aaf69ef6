package io.breakwater.server.pool;

import io.breakwater.metrics.PoolRecorder;
import io.breakwater.server.config.PoolConfig;
import io.breakwater.server.config.RetriesConfig.Budget;
import java.time.Duration;

/**
 * What the requests of a pool share beyond its backends: how many may be tried again, and the line of those that wait for
 * a slot. There is one for each name of a pool, and it outlives every change of the pool's settings and backends. Safe
 * from any thread.
 */
public final class PoolTraffic {
    private final PoolRecorder recorder;
    private final RetryBudget retryBudget;
    private final WaitingLine line;

    PoolTraffic(PoolRecorder recorder) {
        this.recorder = recorder;
        this.retryBudget = new RetryBudget(new Budget(0, 0, Duration.ofSeconds(10)));
        this.line = new WaitingLine(0);
    }

    /** Goes by these settings from now on; what was counted stays. */
    void configure(PoolConfig config) {
        retryBudget.reconfigure(config.retries().budget());
        line.limit(config.concurrency().queue());
    }

    /** Counts its retries. */
    public PoolRecorder recorder() {
        return recorder;
    }

    public RetryBudget retryBudget() {
        return retryBudget;
    }

    /** The requests that wait for a slot. */
    public WaitingLine line() {
        return line;
    }
}
