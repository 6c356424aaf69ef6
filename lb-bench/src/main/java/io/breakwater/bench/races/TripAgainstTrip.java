package io.breakwater.bench.races;

import static org.openjdk.jcstress.annotations.Expect.ACCEPTABLE;
import static org.openjdk.jcstress.annotations.Expect.FORBIDDEN;

import io.breakwater.health.breaker.BreakerSnapshot;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.LII_Result;

/** Two operators trip the same circuit: it is tripped once. */
@JCStressTest
@Outcome(id = "true, 1, 1", expect = ACCEPTABLE, desc = "One trip.")
@Outcome(expect = FORBIDDEN, desc = "Two trips, or none.")
@State
public class TripAgainstTrip {
    private final Circuit circuit = Circuit.closed(3);

    @Actor
    public void first() {
        circuit.breaker().trip(0);
    }

    @Actor
    public void second() {
        circuit.breaker().trip(0);
    }

    @Arbiter
    public void after(LII_Result r) {
        BreakerSnapshot snapshot = circuit.breaker().snapshot(0);
        r.r1 = snapshot.tripped();
        r.r2 = (int) snapshot.generation();
        r.r3 = circuit.transitions();
    }
}
