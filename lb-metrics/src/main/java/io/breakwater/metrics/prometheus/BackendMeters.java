package io.breakwater.metrics.prometheus;

import static java.util.Objects.requireNonNull;

import io.breakwater.health.BackendId;
import io.breakwater.health.Outcome;
import io.breakwater.health.breaker.CircuitState;
import io.breakwater.health.breaker.Transition;
import io.breakwater.metrics.BackendGauges;
import io.breakwater.metrics.BackendRecorder;
import io.prometheus.metrics.core.datapoints.CounterDataPoint;
import io.prometheus.metrics.core.metrics.Counter;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;

/** The series of one backend. */
final class BackendMeters implements BackendRecorder {
    /** The changes of state that can happen, and why; by hand also from a state to itself. */
    static final List<Change> LEGAL_CHANGES = List.of(
            new Change(CircuitState.CLOSED, CircuitState.OPEN, Transition.Reason.CONSECUTIVE_FAILURES),
            new Change(CircuitState.CLOSED, CircuitState.OPEN, Transition.Reason.MANUAL),
            new Change(CircuitState.CLOSED, CircuitState.OPEN, Transition.Reason.RESTORED),
            new Change(CircuitState.CLOSED, CircuitState.CLOSED, Transition.Reason.MANUAL),
            new Change(CircuitState.OPEN, CircuitState.HALF_OPEN, Transition.Reason.COOLDOWN_ELAPSED),
            new Change(CircuitState.OPEN, CircuitState.CLOSED, Transition.Reason.MANUAL),
            new Change(CircuitState.OPEN, CircuitState.OPEN, Transition.Reason.MANUAL),
            new Change(CircuitState.HALF_OPEN, CircuitState.CLOSED, Transition.Reason.PROBE_SUCCEEDED),
            new Change(CircuitState.HALF_OPEN, CircuitState.CLOSED, Transition.Reason.MANUAL),
            new Change(CircuitState.HALF_OPEN, CircuitState.OPEN, Transition.Reason.PROBE_FAILED),
            new Change(CircuitState.HALF_OPEN, CircuitState.OPEN, Transition.Reason.PROBE_EXPIRED),
            new Change(CircuitState.HALF_OPEN, CircuitState.OPEN, Transition.Reason.MANUAL));

    private final BackendId id;
    private final DurationHistogram.Series duration;
    private final CounterDataPoint rejected;
    private final Map<Outcome, CounterDataPoint> byOutcome = new EnumMap<>(Outcome.class);
    private final Counter transitions;
    private volatile BackendGauges gauges;

    BackendMeters(
            BackendId id,
            BackendGauges gauges,
            Counter requests,
            DurationHistogram durations,
            Counter transitions,
            Counter rejections) {
        this.id = id;
        this.gauges = gauges;
        this.transitions = transitions;
        duration = durations.labelValues(id.pool(), id.id());
        rejected = rejections.labelValues(id.pool(), id.id());
        for (Outcome outcome : Outcome.values()) {
            byOutcome.put(outcome, requests.labelValues(id.pool(), id.id(), outcome.label()));
        }
        for (Change change : LEGAL_CHANGES) {
            counter(change.from(), change.to(), change.reason());
        }
    }

    @Override
    public void ended(Outcome outcome, long durationNanos) {
        requireNonNull(byOutcome.get(outcome)).inc();
        duration.observe(durationNanos);
    }

    @Override
    public void circuitRejected() {
        rejected.inc();
    }

    @Override
    public void transition(Transition transition) {
        counter(transition.from(), transition.to(), transition.reason()).inc();
    }

    BackendId id() {
        return id;
    }

    BackendGauges gauges() {
        return gauges;
    }

    /** The backend's counters go on; what is read at a scrape comes from {@code gauges} from now on. */
    void readFrom(BackendGauges gauges) {
        this.gauges = gauges;
    }

    private CounterDataPoint counter(CircuitState from, CircuitState to, Transition.Reason reason) {
        return transitions.labelValues(id.pool(), id.id(), from.label(), to.label(), reason.label());
    }

    /** One kind of change of a circuit's state. */
    record Change(CircuitState from, CircuitState to, Transition.Reason reason) {}
}
