package io.breakwater.server.replay;

import io.breakwater.health.breaker.BreakerConfig;
import io.breakwater.server.replay.CircuitReplay.Replayed;
import io.breakwater.server.replay.CircuitReplay.Tally;
import io.breakwater.server.replay.Outages.Outage;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;

/** The recorded circuits of one pool, which are ruled by the same settings. Immutable. */
final class PoolReplay {
    /** A call is slow that took so many times as long as half of the pool's calls, and this at least. */
    static final int SLOW_FACTOR = 10;

    static final long LEAST_SLOW_NANOS = TimeUnit.MILLISECONDS.toNanos(100);

    private final Map<CircuitKey, List<Call>> calls;
    private final Map<CircuitKey, List<Outage>> outages = new TreeMap<>();
    private final long slowNanos;

    PoolReplay(Map<CircuitKey, List<Call>> calls) {
        this.calls = calls;
        calls.forEach((key, each) -> outages.put(key, Outages.in(each)));
        this.slowNanos = Math.max(LEAST_SLOW_NANOS, SLOW_FACTOR * median(calls));
    }

    private static long median(Map<CircuitKey, List<Call>> calls) {
        long[] durations = calls.values().stream()
                .flatMap(List::stream)
                .filter(Call::succeeded)
                .mapToLong(Call::nanos)
                .sorted()
                .toArray();
        return durations.length == 0 ? 0 : durations[durations.length / 2];
    }

    Map<CircuitKey, List<Call>> calls() {
        return calls;
    }

    List<Outage> outages(CircuitKey key) {
        return outages.getOrDefault(key, List.of());
    }

    long slowNanos() {
        return slowNanos;
    }

    Replayed replay(CircuitKey key, BreakerConfig config) {
        return CircuitReplay.run(calls.getOrDefault(key, List.of()), config, slowNanos);
    }

    List<Outage> missed(CircuitKey key, Replayed replayed) {
        return outages(key).stream()
                .filter(each -> replayed.staysClosed(each.fromNanos(), each.toNanos()))
                .toList();
    }

    /** Replays all of the pool with these settings. */
    Figures figures(BreakerConfig config) {
        Tally all = new Tally(slowNanos);
        long trips = 0;
        long missed = 0;
        long found = 0;
        for (CircuitKey key : calls.keySet()) {
            Replayed replayed = replay(key, config);
            all.add(replayed.tally());
            trips += replayed.trips();
            missed += missed(key, replayed).size();
            found += outages(key).size();
        }
        return new Figures(all, trips, found, missed);
    }

    /**
     * What settings come to over all circuits of the pool.
     *
     * @param trips from closed to open
     */
    record Figures(Tally tally, long trips, long outages, long missedOutages) {
        private static final double WORTH_OF_A_SLOW_CALL = 0.5;

        /** What it says and why stands in docs/replay.md. */
        double score() {
            return tally.rejectedFailed() + WORTH_OF_A_SLOW_CALL * tally.rejectedSlow() - tally.rejectedQuick();
        }
    }
}
