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

/** Two callers end the same permit of a closed circuit with a failure: it counts once. */
@JCStressTest
@Outcome(id = "CLOSED, 1, 0", expect = ACCEPTABLE, desc = "One end won.")
@Outcome(expect = FORBIDDEN, desc = "One request counted twice, or not at all.")
@State
public class OnePermitRecordedTwice {
    private final Circuit circuit = Circuit.closed(2);
    private final Permit permit = circuit.acquire(0);

    @Actor
    public void first() {
        Circuit.fail(permit, 0);
    }

    @Actor
    public void second() {
        Circuit.fail(permit, 0);
    }

    @Arbiter
    public void after(LII_Result r) {
        r.r1 = circuit.state(0);
        r.r2 = circuit.breaker().snapshot(0).consecutiveFailures();
        r.r3 = circuit.transitions();
    }
}
