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
import org.openjdk.jcstress.infra.results.IIII_Result;

/**
 * While one call comes in the last nanosecond of the first second, two others move the window on, by one second each:
 * none is lost, none counts twice, and each leaves the window with the second in which it counted.
 */
@JCStressTest
@Outcome(id = "4, 3, 2, 1", expect = ACCEPTABLE, desc = "Each counted in its own second.")
@Outcome(id = "4, 3, 3, 1", expect = ACCEPTABLE, desc = "The late one came when the next second had begun.")
@Outcome(id = "4, 3, 3, 2", expect = ACCEPTABLE, desc = "The late one came when the second after that had begun.")
@Outcome(expect = FORBIDDEN, desc = "A call was lost, or counted twice.")
@State
public class SecondsOfATimeWindow {
    private static final long SECOND = 1_000_000_000;

    private final Circuit circuit = Circuit.windowed(WindowConfig.Type.TIME, 3, 100);
    private final Permit late = circuit.acquire(0);
    private final Permit second = circuit.acquire(0);
    private final Permit third = circuit.acquire(0);

    public SecondsOfATimeWindow() {
        Circuit.succeed(circuit.acquire(0), 0);
    }

    @Actor
    public void late() {
        Circuit.fail(late, SECOND - 1);
    }

    @Actor
    public void seconds() {
        Circuit.fail(second, SECOND);
        Circuit.fail(third, 2 * SECOND);
    }

    @Arbiter
    public void after(IIII_Result r) {
        r.r1 = circuit.window(2 * SECOND).calls();
        r.r2 = circuit.window(2 * SECOND).failures();
        r.r3 = circuit.window(3 * SECOND).calls();
        r.r4 = circuit.window(4 * SECOND).calls();
    }
}
