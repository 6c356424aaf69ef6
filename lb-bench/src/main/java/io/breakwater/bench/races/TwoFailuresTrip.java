package io.breakwater.bench.races;

import static org.openjdk.jcstress.annotations.Expect.ACCEPTABLE;
import static org.openjdk.jcstress.annotations.Expect.FORBIDDEN;

import io.breakwater.health.breaker.Permit;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.LI_Result;

/** The third and the fourth failure in a row come together: the circuit opens once. */
@JCStressTest
@Outcome(id = "OPEN, 1", expect = ACCEPTABLE, desc = "One of them opened.")
@Outcome(expect = FORBIDDEN, desc = "A failure was lost, or the circuit opened twice.")
@State
public class TwoFailuresTrip {
    private final Circuit circuit = Circuit.closed(3);
    private final Permit third;
    private final Permit fourth;

    public TwoFailuresTrip() {
        circuit.fail();
        circuit.fail();
        third = circuit.acquire(0);
        fourth = circuit.acquire(0);
    }

    @Actor
    public void third() {
        Circuit.fail(third, 0);
    }

    @Actor
    public void fourth() {
        Circuit.fail(fourth, 0);
    }

    @Arbiter
    public void after(LI_Result r) {
        r.r1 = circuit.state(0);
        r.r2 = circuit.transitions();
    }
}
