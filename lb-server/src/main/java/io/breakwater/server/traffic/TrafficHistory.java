package io.breakwater.server.traffic;

import io.breakwater.time.Scheduler;
import io.breakwater.time.Ticker;
import java.time.Instant;
import java.time.InstantSource;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;

/**
 * Keeps what went to the pools and backends during the last five minutes, so that whoever opens a page sees more than what
 * comes from then on. Requests pay nothing for it: what backends count anyway is read every five seconds. A backend takes
 * about 1.3 KiB whatever its traffic. Safe from any thread.
 */
public final class TrafficHistory {
    private static final long INTERVAL_NANOS = Traffic.INTERVAL.toNanos();
    private static final double NANOS_PER_SECOND = 1e9;

    private final Scheduler scheduler;
    private final Ticker ticker;
    private final InstantSource clock;
    private final Supplier<List<Pool>> pools;

    // These are guarded by this object's lock.
    private Map<String, PoolHistory> histories = Map.of();
    private long readNanos;
    private long dueNanos;
    private Instant at = Instant.EPOCH;

    /**
     * @param ticker the one that the scheduler lives by
     * @param clock the time of day
     * @param pools those of the present configuration
     */
    public TrafficHistory(Scheduler scheduler, Ticker ticker, InstantSource clock, Supplier<List<Pool>> pools) {
        this.scheduler = scheduler;
        this.ticker = ticker;
        this.clock = clock;
        this.pools = pools;
    }

    /** What counts, by pool. */
    public record Pool(String name, List<? extends Attempts> backends) {}

    /** Begins, until the scheduler ends. */
    public synchronized void start() {
        dueNanos = ticker.read();
        sample();
    }

    /**
     * Where this comes so late that whole intervals have passed, as after the process was stopped, what was counted is
     * spread evenly over them: times of older samples stay right.
     */
    private synchronized void sample() {
        long now = ticker.read();
        double seconds = (now - readNanos) / NANOS_PER_SECOND;
        long intervals = 1 + (now - dueNanos) / INTERVAL_NANOS;
        dueNanos += intervals * INTERVAL_NANOS;
        scheduler.schedule(dueNanos, this::sample); // first, so that a sample that fails is not the last
        Map<String, PoolHistory> before = histories;
        Map<String, PoolHistory> after = new LinkedHashMap<>();
        for (Pool pool : pools.get()) {
            PoolHistory known = before.get(pool.name());
            if (known == null) {
                known = new PoolHistory(pool.name(), pool.backends());
            } else {
                known.sample(pool.backends(), seconds, intervals);
            }
            after.put(pool.name(), known);
        }
        histories = after;
        at = clock.instant();
        readNanos = now;
    }

    /** Returns what is known now. */
    public synchronized Traffic read() {
        return new Traffic(
                at, histories.values().stream().map(PoolHistory::read).toList());
    }
}
