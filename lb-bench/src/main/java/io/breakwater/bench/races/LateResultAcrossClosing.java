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

/** A failure admitted before the circuit opened comes while the probe closes it: it must not open the new closed state. */
@JCStressTest
@Outcome(id = "CLOSED, 0, 3", expect = ACCEPTABLE, desc = "The probe decided.")
@Outcome(expect = FORBIDDEN, desc = "A result admitted before the transition decided or counted after it.")
@State
public class LateResultAcrossClosing {
    private final Circuit circuit = Circuit.closed(1);
    private final Permit late;
    private final Permit probe;

    public LateResultAcrossClosing() {
        late = circuit.acquire(0);
        circuit.fail();
        probe = circuit.acquire(Circuit.SPAN_NANOS);
    }

    @Actor
    public void probe() {
        Circuit.succeed(probe, Circuit.SPAN_NANOS);
    }

    @Actor
    public void late() {
        Circuit.fail(late, Circuit.SPAN_NANOS);
    }

    @Arbiter
    public void after(LII_Result r) {
        BreakerSnapshot snapshot = circuit.breaker().snapshot(Circuit.SPAN_NANOS);
        r.r1 = snapshot.state();
        r.r2 = snapshot.consecutiveFailures();
        r.r3 = circuit.transitions();
    }
}
