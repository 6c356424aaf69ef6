package io.breakwater.server.pool;

import io.breakwater.metrics.PoolRecorder;
import io.breakwater.server.config.PoolConfig;

/**
 * What the requests of a pool share beyond its backends: how many may be tried again, and the line of those that wait for
 * a slot. There is one for each name of a pool, and it outlives every change of the pool's settings and backends. Safe
 * from any thread.
 */
public final class PoolTraffic {
    private final PoolRecorder recorder;
    private final RetryBudget retryBudget;
    private final WaitingLine line;

    public PoolTraffic(PoolConfig config, PoolRecorder recorder) {
        this.recorder = recorder;
        this.retryBudget = new RetryBudget(config.retries().budget());
        this.line = new WaitingLine(config.concurrency().queue());
    }

    /** Other settings, or other backends: what was counted stays, and those who wait ask again. */
    public void reconfigure(PoolConfig config) {
        retryBudget.reconfigure(config.retries().budget());
        line.limit(config.concurrency().queue());
        line.wakeAll();
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
