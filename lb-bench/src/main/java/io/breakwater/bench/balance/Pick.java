package io.breakwater.bench.balance;

import io.breakwater.health.Outcome;
import io.breakwater.health.breaker.Permit;
import io.breakwater.server.balance.Admission;
import io.breakwater.server.balance.Balancer;
import io.breakwater.server.balance.ConsistentHash;
import io.breakwater.server.balance.LeastRequest;
import io.breakwater.server.balance.PeakEwma;
import io.breakwater.server.balance.Policy;
import io.breakwater.server.balance.Random;
import io.breakwater.server.balance.RoundRobin;
import io.breakwater.server.balance.TypicalLatency;
import io.breakwater.time.Ticker;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;

/**
 * One choice among candidates that can all serve, each with 0 to 3 requests under way: alone ({@code pick}), and with a
 * permit of the candidate's circuit and a request more and less under way ({@code pickAndPermit}). Time moves on by a
 * microsecond per choice, so that scores decay.
 */
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@State(Scope.Benchmark)
@Warmup(iterations = 2, time = 500, timeUnit = TimeUnit.MILLISECONDS)
@Measurement(iterations = 3, time = 500, timeUnit = TimeUnit.MILLISECONDS)
@Fork(1)
public class Pick {
    @Param({"round-robin", "least-request", "peak-ewma", "random", "hash"})
    String policy = "";

    @Param({"10", "1000", "10000"})
    int candidates;

    /** All 1; 1 to 100 at random; or one of 1000 among ones of 1. */
    @Param({"equal", "unequal", "skewed"})
    String weights = "";

    private final List<Replica> replicas = new ArrayList<>();
    private int underWay;
    private Policy chosen = new RoundRobin();
    private Balancer balancer = (admission, key, now) -> Balancer.NONE;

    @Setup
    public void build() {
        SplittableRandom random = new SplittableRandom(1);
        TypicalLatency typical = new TypicalLatency();
        for (int i = 0; i < candidates; i++) {
            int busy = random.nextInt(4);
            underWay += busy;
            replicas.add(new Replica(
                    i, weight(i, random), busy, random.nextLong(1_000_000, 10_000_000), typical, Ticker.system()));
        }
        chosen = policy();
        balancer = chosen.over(replicas);
    }

    private int weight(int number, SplittableRandom random) {
        return switch (weights) {
            case "equal" -> 1;
            case "unequal" -> random.nextInt(1, 101);
            case "skewed" -> number == 0 ? 1_000 : 1;
            default -> throw new IllegalArgumentException("weights: " + weights);
        };
    }

    private Policy policy() {
        return switch (policy) {
            case "round-robin" -> new RoundRobin();
            case "least-request" -> new LeastRequest();
            case "peak-ewma" -> new PeakEwma();
            case "random" -> new Random();
            case "hash" -> new ConsistentHash(() -> underWay);
            default -> throw new IllegalArgumentException("policy: " + policy);
        };
    }

    @Benchmark
    public int pick(Client client) {
        return balancer.choose(client.anybody, client.nextKey(), client.nextTime());
    }

    @Benchmark
    public int pickAndPermit(Client client) {
        int choice = balancer.choose(client, client.nextKey(), client.nextTime());
        client.end(choice);
        return choice;
    }

    /** What changing the set of candidates costs, once per change and not per request. */
    @Benchmark
    @OutputTimeUnit(TimeUnit.MICROSECONDS)
    public Balancer rebuild() {
        return chosen.over(replicas);
    }

    /** Admits every request: with a permit, as a pool does. */
    @State(Scope.Thread)
    public static class Client implements Admission {
        private static final long MICROSECOND = 1_000;

        final Admission anybody = candidate -> true;
        private final SplittableRandom keys = new SplittableRandom(2);
        private List<Replica> replicas = List.of();
        private long now;

        @Nullable
        Permit permit;

        @Setup
        public void know(Pick pick) {
            replicas = pick.replicas;
        }

        long nextKey() {
            return keys.nextLong();
        }

        long nextTime() {
            now += MICROSECOND;
            return now;
        }

        @Override
        public boolean admit(int candidate) {
            Replica replica = replicas.get(candidate);
            permit = replica.breaker.tryAcquire(now);
            if (permit == null) {
                return false;
            }
            replica.inFlight.incrementAndGet();
            return true;
        }

        void end(int choice) {
            Permit taken = permit;
            if (taken == null) {
                throw new IllegalStateException("nobody admitted the request");
            }
            replicas.get(choice).inFlight.decrementAndGet();
            taken.record(Outcome.SUCCESS, MICROSECOND);
        }
    }
}
