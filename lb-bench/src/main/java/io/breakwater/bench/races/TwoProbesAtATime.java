package io.breakwater.bench.races;

import static org.openjdk.jcstress.annotations.Expect.ACCEPTABLE;
import static org.openjdk.jcstress.annotations.Expect.FORBIDDEN;

import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.III_Result;

/** Two requests meet a circuit whose cooldown is over: one of them becomes the probe, and half-open begins once. */
@JCStressTest
@Outcome(id = "1, 0, 2", expect = ACCEPTABLE, desc = "The first is the probe.")
@Outcome(id = "0, 1, 2", expect = ACCEPTABLE, desc = "The second is the probe.")
@Outcome(expect = FORBIDDEN, desc = "Two probes, none, or half-open reported twice.")
@State
public class TwoProbesAtATime {
    private final Circuit circuit = Circuit.halfOpen();

    @Actor
    public void first(III_Result r) {
        r.r1 = circuit.tryAcquire(Circuit.SPAN_NANOS);
    }

    @Actor
    public void second(III_Result r) {
        r.r2 = circuit.tryAcquire(Circuit.SPAN_NANOS);
    }

    @Arbiter
    public void after(III_Result r) {
        r.r3 = circuit.transitions();
    }
}
