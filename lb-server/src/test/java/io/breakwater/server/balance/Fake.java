package io.breakwater.server.balance;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;

/** A candidate that tells what a test sets. Idle, past its slow start and as quick as all others until then. */
final class Fake implements Candidate {
    final AtomicInteger inFlight = new AtomicInteger();
    volatile double share = 1;
    volatile double latencyNanos = 1_000_000;
    private final int weight;
    private final long identityHash;

    Fake(int weight, String id) {
        this.weight = weight;
        this.identityHash = KeyHash.of(id);
    }

    /** Returns one for each weight; their ids are {@code backend-0} and so on. */
    static List<Fake> of(int... weights) {
        List<Fake> fakes = new ArrayList<>();
        for (int weight : weights) {
            fakes.add(new Fake(weight, "backend-" + fakes.size()));
        }
        return fakes;
    }

    static List<Fake> equal(int count) {
        int[] weights = new int[count];
        Arrays.fill(weights, 1);
        return of(weights);
    }

    @Override
    public int weight() {
        return weight;
    }

    @Override
    public double share(long now) {
        return share;
    }

    @Override
    public double load(long now) {
        return inFlight.get();
    }

    @Override
    public double expectedLatencyNanos(long now) {
        return latencyNanos;
    }

    @Override
    public long identityHash() {
        return identityHash;
    }
}
