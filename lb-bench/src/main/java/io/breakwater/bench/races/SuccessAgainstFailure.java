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

/** Two callers end the same permit of a closed circuit, one with a success: one wins, and a third end comes too late. */
@JCStressTest
@Outcome(id = "CLOSED, 0", expect = ACCEPTABLE, desc = "The success won.")
@Outcome(id = "OPEN, 1", expect = ACCEPTABLE, desc = "The failure won.")
@Outcome(expect = FORBIDDEN, desc = "Both counted, or the permit could be ended again.")
@State
public class SuccessAgainstFailure {
    private final Circuit circuit = Circuit.closed(1);
    private final Permit permit = circuit.acquire(0);

    @Actor
    public void success() {
        Circuit.succeed(permit, 0);
    }

    @Actor
    public void failure() {
        Circuit.fail(permit, 0);
    }

    @Arbiter
    public void after(LI_Result r) {
        int transitions = circuit.transitions();
        Circuit.fail(permit, 0);
        r.r1 = circuit.state(0);
        r.r2 = transitions;
    }
}
