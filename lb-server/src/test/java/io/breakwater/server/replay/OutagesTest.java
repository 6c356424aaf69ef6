package io.breakwater.server.replay;

import static io.breakwater.health.Outcome.CLIENT_ABORTED;
import static io.breakwater.health.Outcome.FAILURE_STATUS;
import static io.breakwater.health.Outcome.SUCCESS;
import static org.assertj.core.api.Assertions.assertThat;

import io.breakwater.health.Outcome;
import io.breakwater.server.replay.Outages.Outage;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class OutagesTest {
    private static final long SECOND = 1_000_000_000;

    private final List<Call> calls = new ArrayList<>();

    private void at(double second, Outcome outcome) {
        long end = Math.round(second * SECOND);
        calls.add(new Call(end - SECOND / 100, end, outcome));
    }

    private static Outage outage(double from, double to) {
        return new Outage(Math.round(from * SECOND), Math.round(to * SECOND));
    }

    @Test
    void fiveFailuresInARowAreOneHoweverFarApart() {
        IntStream.range(0, 4).forEach(i -> at(100 * i, FAILURE_STATUS));
        assertThat(Outages.in(calls)).isEmpty();

        at(350, CLIENT_ABORTED);
        at(400, FAILURE_STATUS);
        assertThat(Outages.in(calls)).containsExactly(outage(0, 400));

        at(401, SUCCESS);
        at(500, FAILURE_STATUS);
        assertThat(Outages.in(calls)).containsExactly(outage(0, 400));
    }

    @Test
    void halfOfFiveCallsWithinTenSecondsIsOne() {
        at(0, SUCCESS);
        at(1, FAILURE_STATUS);
        at(2, SUCCESS);
        at(3, FAILURE_STATUS);
        at(10.1, FAILURE_STATUS);
        assertThat(Outages.in(calls)).as("four calls in ten seconds").isEmpty();

        calls.remove(4);
        at(10, FAILURE_STATUS);
        assertThat(Outages.in(calls)).containsExactly(outage(1, 10));
    }

    @Test
    void lessThanHalfIsNone() {
        IntStream.range(0, 50).forEach(i -> at(i, i % 3 == 0 ? FAILURE_STATUS : SUCCESS));

        assertThat(Outages.in(calls)).isEmpty();
    }

    @Test
    void outagesLessThanTenSecondsApartAreOne() {
        IntStream.range(0, 5).forEach(i -> at(i, FAILURE_STATUS));
        IntStream.range(0, 20).forEach(i -> at(4.1 + i / 10.0, SUCCESS));
        IntStream.range(0, 5).forEach(i -> at(13.9 + i, FAILURE_STATUS));
        assertThat(Outages.in(calls)).containsExactly(outage(0, 17.9));

        IntStream.range(0, 5).forEach(i -> at(27.95 + i, SUCCESS));
        IntStream.range(0, 5).forEach(i -> at(40 + i, FAILURE_STATUS));
        assertThat(Outages.in(calls)).containsExactly(outage(0, 17.9), outage(40, 44));
    }
}
