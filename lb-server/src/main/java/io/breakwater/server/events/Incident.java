package io.breakwater.server.events;

import io.breakwater.health.breaker.Transition.Reason;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The outage of one backend as its circuit saw it, from the trip until the circuit closes or is not there any more. As it
 * goes on, a newer record of the same number takes its place.
 *
 * @param id counts up with each trip
 * @param observed nobody was refused because of it: the circuit only observed
 * @param reason of the trip
 * @param figures what the trip was decided by, such as {@code 3 in a row}, for people; null unless outcomes did
 * @param decision what was decided, the last time that the circuit opened in it, in a sentence
 * @param reopenings how many times the circuit opened again without having closed
 * @param ending null as long as it goes on
 * @param calls the backend's latest calls before the trip, on whichever route, the oldest first
 */
public record Incident(
        long id,
        CircuitId circuit,
        Instant startedAt,
        boolean observed,
        Reason reason,
        @Nullable String figures,
        String decision,
        int reopenings,
        @Nullable Ending ending,
        List<PastCall> calls,
        CallHistory.Latency latency)
        implements Event {

    /** The backend, or the route that its circuit was for, is not configured any more. */
    static final String REMOVED = "removed";

    /** The change that closed the circuit was not reported in time. */
    static final String NOT_REPORTED = "not_reported";

    public Incident {
        calls = List.copyOf(calls);
    }

    /**
     * How an incident ended.
     *
     * @param reason the label of the transition's reason, {@value #REMOVED} or {@value #NOT_REPORTED}
     */
    public record Ending(Instant at, String reason, Duration lasted) {}

    static Incident begun(long id, CircuitEvent trip, CallHistory.Taken history) {
        return new Incident(
                id,
                trip.circuit(),
                trip.at(),
                trip.observed(),
                trip.reason(),
                trip.figures(),
                trip.decision(),
                0,
                null,
                history.calls(),
                history.latency());
    }

    /** The circuit has opened again, or for another time. */
    Incident openedAgain(CircuitEvent opening, boolean reopened) {
        return with(opening.decision(), reopened ? reopenings + 1 : reopenings, null);
    }

    Incident ended(String why, Duration lasted) {
        return with(decision, reopenings, new Ending(startedAt.plus(lasted), why, lasted));
    }

    private Incident with(String nextDecision, int nextReopenings, @Nullable Ending nextEnding) {
        return new Incident(
                id,
                circuit,
                startedAt,
                observed,
                reason,
                figures,
                nextDecision,
                nextReopenings,
                nextEnding,
                calls,
                latency);
    }
}
