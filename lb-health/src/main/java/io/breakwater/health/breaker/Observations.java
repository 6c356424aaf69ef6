package io.breakwater.health.breaker;

import io.breakwater.health.Outcome.Verdict;
import java.util.concurrent.atomic.LongAdder;

/** Counts what a breaker that only observes would have refused. Safe to use from any thread. */
final class Observations {
    private final LongAdder wouldReject = new LongAdder();
    private final LongAdder succeeded = new LongAdder();
    private final LongAdder failed = new LongAdder();
    private final LongAdder savedNanos = new LongAdder();

    void wouldReject() {
        wouldReject.increment();
    }

    void ended(Verdict verdict, long latencyNanos) {
        switch (verdict) {
            case SUCCESS -> succeeded.increment();
            case FAILURE -> {
                failed.increment();
                savedNanos.add(latencyNanos);
            }
            case IGNORED -> {}
        }
    }

    Observed figures() {
        return new Observed(wouldReject.sum(), succeeded.sum(), failed.sum(), savedNanos.sum());
    }
}
