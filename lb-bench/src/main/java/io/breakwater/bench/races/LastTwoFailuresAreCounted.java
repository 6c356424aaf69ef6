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

/** The second and the third failure in a row come together: none is lost, so the circuit opens. */
@JCStressTest
@Outcome(id = "OPEN, 1", expect = ACCEPTABLE, desc = "Both were counted.")
@Outcome(expect = FORBIDDEN, desc = "A failure was lost, or the circuit opened twice.")
@State
public class LastTwoFailuresAreCounted {
    private final Circuit circuit = Circuit.closed(3);
    private final Permit second;
    private final Permit third;

    public LastTwoFailuresAreCounted() {
        circuit.fail();
        second = circuit.acquire(0);
        third = circuit.acquire(0);
    }

    @Actor
    public void second() {
        Circuit.fail(second, 0);
    }

    @Actor
    public void third() {
        Circuit.fail(third, 0);
    }

    @Arbiter
    public void after(LI_Result r) {
        r.r1 = circuit.state(0);
        r.r2 = circuit.transitions();
    }
}
