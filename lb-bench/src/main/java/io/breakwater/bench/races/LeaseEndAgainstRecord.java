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

/** The probe succeeds in the last nanosecond of its lease while another request comes in the next one. */
@JCStressTest
@Outcome(id = "CLOSED, 1, 3", expect = ACCEPTABLE, desc = "The success came first, and the request was admitted.")
@Outcome(id = "OPEN, 0, 3", expect = ACCEPTABLE, desc = "The lease ended first, and the success has no vote.")
@Outcome(expect = FORBIDDEN, desc = "Both decided, or what the request met was not what became of the circuit.")
@State
public class LeaseEndAgainstRecord {
    private static final long LEASE_END = 2 * Circuit.SPAN_NANOS;

    private final Circuit circuit = Circuit.halfOpen();
    private final Permit probe = circuit.acquire(Circuit.SPAN_NANOS);

    @Actor
    public void success() {
        Circuit.succeed(probe, LEASE_END - 1);
    }

    @Actor
    public void request(LII_Result r) {
        r.r2 = circuit.tryAcquire(LEASE_END);
    }

    @Arbiter
    public void after(LII_Result r) {
        r.r1 = circuit.state(LEASE_END);
        r.r3 = circuit.transitions();
    }
}
