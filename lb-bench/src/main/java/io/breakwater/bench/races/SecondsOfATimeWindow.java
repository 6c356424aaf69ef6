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
 * A call in the last nanosecond of the first second, one in the next and one in the second after that: none is lost,
 * none counts twice, and each leaves the window with a second in which it may have counted.
 */
@JCStressTest
@Outcome(
        id = "4, 3, 2, 1",
        expect = ACCEPTABLE,
        desc = "Each in its own second: 4 calls, of which 2, 1 and 1 drop out.")
@Outcome(id = "4, 3, 3, 1", expect = ACCEPTABLE, desc = "The first or the second came when the next second had begun.")
@Outcome(id = "4, 3, 3, 2", expect = ACCEPTABLE, desc = "One came when the last second had begun.")
@Outcome(id = "4, 3, 2, 2", expect = ACCEPTABLE, desc = "The second came when the last second had begun.")
@Outcome(id = "4, 3, 3, 3", expect = ACCEPTABLE, desc = "Both came when the last second had begun.")
@Outcome(expect = FORBIDDEN, desc = "A call was lost, or counted twice.")
@State
public class SecondsOfATimeWindow {
    private static final long SECOND = 1_000_000_000;

    private final Circuit circuit = Circuit.windowed(WindowConfig.Type.TIME, 3, 100);
    private final Permit first = circuit.acquire(0);
    private final Permit second = circuit.acquire(0);
    private final Permit third = circuit.acquire(0);

    public SecondsOfATimeWindow() {
        Circuit.succeed(circuit.acquire(0), 0);
    }

    @Actor
    public void first() {
        Circuit.fail(first, SECOND - 1);
    }

    @Actor
    public void second() {
        Circuit.fail(second, SECOND);
    }

    @Actor
    public void third() {
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
