package io.breakwater.bench.races;

import static org.openjdk.jcstress.annotations.Expect.ACCEPTABLE;
import static org.openjdk.jcstress.annotations.Expect.FORBIDDEN;

import io.breakwater.health.breaker.Permit;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.LII_Result;

/** A probe is released while its failure is recorded: one end wins, and the slot is given back at most once. */
@JCStressTest
@Outcome(id = "HALF_OPEN, 1, 2", expect = ACCEPTABLE, desc = "The release won; one slot is free.")
@Outcome(id = "OPEN, 0, 3", expect = ACCEPTABLE, desc = "The failure won.")
@Outcome(expect = FORBIDDEN, desc = "Both ends counted, none did, or a slot too many.")
@State
public class ReleaseAgainstRecord {
    private final Circuit circuit = Circuit.halfOpen();
    private final Permit probe = circuit.acquire(Circuit.SPAN_NANOS);

    @Actor
    public void release() {
        probe.release(Circuit.SPAN_NANOS);
    }

    @Actor
    public void failure() {
        Circuit.fail(probe, Circuit.SPAN_NANOS);
    }

    @Arbiter
    public void after(LII_Result r) {
        r.r1 = circuit.state(Circuit.SPAN_NANOS);
        r.r2 = circuit.tryAcquire(Circuit.SPAN_NANOS) + circuit.tryAcquire(Circuit.SPAN_NANOS);
        r.r3 = circuit.transitions();
    }
}
