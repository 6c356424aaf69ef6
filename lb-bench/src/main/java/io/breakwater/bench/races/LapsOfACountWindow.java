package io.breakwater.bench.races;

import static org.openjdk.jcstress.annotations.Expect.ACCEPTABLE;
import static org.openjdk.jcstress.annotations.Expect.FORBIDDEN;

import io.breakwater.health.breaker.Permit;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.III_Result;

/** Two threads go through a ring of two, two calls each: what is left are two of them, and nothing of what dropped out. */
@JCStressTest
@Outcome(id = "2, 0, 0", expect = ACCEPTABLE, desc = "The successes came last.")
@Outcome(id = "2, 1, 0", expect = ACCEPTABLE, desc = "One of each came last.")
@Outcome(id = "2, 2, 0", expect = ACCEPTABLE, desc = "The failures came last.")
@Outcome(expect = FORBIDDEN, desc = "The totals are not those of the slots.")
@State
public class LapsOfACountWindow {
    private final Circuit circuit = Circuit.counting(2);
    private final Permit failed = circuit.acquire(0);
    private final Permit failedToo = circuit.acquire(0);
    private final Permit succeeded = circuit.acquire(0);
    private final Permit succeededToo = circuit.acquire(0);
    private final Permit after = circuit.acquire(0);
    private final Permit last = circuit.acquire(0);

    @Actor
    public void failures() {
        Circuit.fail(failed, 0);
        Circuit.fail(failedToo, 0);
    }

    @Actor
    public void successes() {
        Circuit.succeed(succeeded, 0);
        Circuit.succeed(succeededToo, 0);
    }

    @Arbiter
    public void after(III_Result r) {
        r.r1 = circuit.window(0).calls();
        r.r2 = circuit.window(0).failures();
        Circuit.succeed(after, 0);
        Circuit.succeed(last, 0);
        r.r3 = circuit.window(0).failures();
    }
}
