package io.breakwater.bench.races;

import static org.openjdk.jcstress.annotations.Expect.ACCEPTABLE;
import static org.openjdk.jcstress.annotations.Expect.FORBIDDEN;

import io.breakwater.health.breaker.Permit;
import io.breakwater.health.breaker.WindowConfig;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.LLLL_Result;

/** After two successes two failures come together; the second one of them makes half of four. The circuit opens once. */
@JCStressTest
@Outcome(id = "OPEN, 1, 4, 2", expect = ACCEPTABLE, desc = "The second of them opened, and saw both.")
@Outcome(expect = FORBIDDEN, desc = "A failure was lost, or the circuit opened twice.")
@State
public class TwoCallsReachTheRateOfACountWindow {
    private final Circuit circuit = Circuit.windowed(WindowConfig.Type.COUNT, 4, 4);
    private final Permit third;
    private final Permit fourth;

    public TwoCallsReachTheRateOfACountWindow() {
        Circuit.succeed(circuit.acquire(0), 0);
        Circuit.succeed(circuit.acquire(0), 0);
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
    public void after(LLLL_Result r) {
        r.r1 = circuit.state(0);
        r.r2 = circuit.transitions();
        r.r3 = circuit.window(0).calls();
        r.r4 = circuit.window(0).failures();
    }
}
