package io.breakwater.bench.balance;

import io.breakwater.health.breaker.BreakerConfig;
import io.breakwater.health.breaker.BreakerListener;
import io.breakwater.health.breaker.CircuitBreaker;
import io.breakwater.server.balance.Candidate;
import io.breakwater.server.balance.KeyHash;
import io.breakwater.server.balance.LatencyScore;
import io.breakwater.server.balance.TypicalLatency;
import io.breakwater.time.Ticker;
import java.util.concurrent.atomic.AtomicInteger;

/** A candidate with what a backend has that a pick looks at: a circuit, requests under way, and a latency score. */
final class Replica implements Candidate {
    final AtomicInteger inFlight;
    final CircuitBreaker breaker;
    private final int weight;
    private final long identityHash;
    private final LatencyScore score;

    /**
     * @param typical of all replicas
     */
    Replica(int number, int weight, int inFlight, long latencyNanos, TypicalLatency typical, Ticker ticker) {
        this.weight = weight;
        this.inFlight = new AtomicInteger(inFlight);
        this.breaker = new CircuitBreaker(BreakerConfig.DEFAULT, ticker, BreakerListener.NONE);
        this.identityHash = KeyHash.of("10.0.0.1:" + number);
        this.score = new LatencyScore(typical);
        score.succeeded(latencyNanos, 0);
    }

    @Override
    public int weight() {
        return weight;
    }

    @Override
    public double share(long now) {
        return 1;
    }

    @Override
    public double load(long now) {
        return score.load(inFlight.get(), now);
    }

    @Override
    public double expectedLatencyNanos(long now) {
        return score.expectedLatencyNanos(now);
    }

    @Override
    public long identityHash() {
        return identityHash;
    }
}
