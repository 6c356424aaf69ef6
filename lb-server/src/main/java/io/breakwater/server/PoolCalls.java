package io.breakwater.server;

import static java.util.Objects.requireNonNull;

import io.breakwater.health.Outcome.Verdict;
import io.breakwater.server.events.CallHistory;
import io.breakwater.server.events.PastCall;
import io.breakwater.server.pool.PoolCore;
import io.breakwater.server.pool.RecentCalls;
import io.breakwater.server.pool.Replica;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Supplier;
import java.util.stream.LongStream;
import org.jspecify.annotations.Nullable;

/** The latest calls to one backend, beside those to the others in its pool, for the record of an incident. */
final class PoolCalls implements CallHistory {
    /** In a larger pool these many, spread evenly over it, stand for all: {@value}. */
    static final int MOST_PEERS = 16;

    private final PoolCore core;
    private final Supplier<@Nullable Replica> backend;

    /**
     * @param backend there as soon as a circuit of it may open
     */
    PoolCalls(PoolCore core, Supplier<@Nullable Replica> backend) {
        this.core = core;
        this.backend = backend;
    }

    @Override
    public Taken take(long atNanos) {
        Replica tripped = requireNonNull(backend.get());
        RecentCalls.Copy calls = tripped.recentCalls();
        return new Taken() {
            @Override
            public List<PastCall> calls() {
                return calls.read().stream()
                        .map(call -> new PastCall(
                                call.outcome(), Math.max(0, atNanos - call.endedNanos()), call.latencyNanos()))
                        .toList();
            }

            @Override
            public Latency latency() {
                return beside(tripped, latencies(calls, atNanos).toArray(), atNanos);
            }
        };
    }

    private Latency beside(Replica tripped, long[] own, long atNanos) {
        List<Replica> all = core.replicas();
        int asked = Math.min(all.size(), MOST_PEERS + 1);
        List<long[]> peers = new ArrayList<>();
        for (int i = 0; i < asked && peers.size() < MOST_PEERS; i++) {
            Replica peer = all.get((int) ((long) i * all.size() / asked));
            long[] latencies = peer == tripped
                    ? new long[0]
                    : latencies(peer.recentCalls(), atNanos).toArray();
            if (latencies.length > 0) {
                peers.add(latencies);
            }
        }
        long[] ofPeers = peers.stream().flatMapToLong(LongStream::of).toArray();
        return new Latency(median(own), median(ofPeers), peers.size());
    }

    /** Those that say something about the backend, and had ended by then. */
    private static LongStream latencies(RecentCalls.Copy calls, long atNanos) {
        return calls.read().stream()
                .filter(call -> call.outcome().verdict() != Verdict.IGNORED && call.endedNanos() - atNanos <= 0)
                .mapToLong(RecentCalls.Call::latencyNanos);
    }

    /** The lower one where two are in the middle, so that it is the latency of a call. */
    private static @Nullable Long median(long[] latencies) {
        return latencies.length == 0
                ? null
                : (Long) LongStream.of(latencies).sorted().toArray()[(latencies.length - 1) / 2];
    }
}
