package io.breakwater.bench.races;

import static org.openjdk.jcstress.annotations.Expect.ACCEPTABLE;
import static org.openjdk.jcstress.annotations.Expect.FORBIDDEN;

import io.breakwater.health.breaker.BreakerSnapshot;
import io.breakwater.health.breaker.Permit;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.LII_Result;

/** The third failure in a row comes while the circuit is reset: before it opens, after it counts for nothing. */
@JCStressTest
@Outcome(id = "CLOSED, 0, 1", expect = ACCEPTABLE, desc = "The failure came late and has no vote.")
@Outcome(id = "CLOSED, 0, 2", expect = ACCEPTABLE, desc = "The failure opened, the reset closed.")
@Outcome(expect = FORBIDDEN, desc = "A result admitted before the reset decided or counted after it.")
@State
public class LateFailureAcrossReset {
    private final Circuit circuit = Circuit.closed(3);
    private final Permit late;

    public LateFailureAcrossReset() {
        late = circuit.acquire(0);
        circuit.fail();
        circuit.fail();
    }

    @Actor
    public void failure() {
        Circuit.fail(late, 1);
    }

    @Actor
    public void reset() {
        circuit.breaker().reset(1);
    }

    @Arbiter
    public void after(LII_Result r) {
        BreakerSnapshot snapshot = circuit.breaker().snapshot(1);
        r.r1 = snapshot.state();
        r.r2 = snapshot.consecutiveFailures();
        r.r3 = circuit.transitions();
    }
}
