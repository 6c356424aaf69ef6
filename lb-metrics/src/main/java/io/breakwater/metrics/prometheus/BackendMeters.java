package io.breakwater.metrics.prometheus;

import static java.util.Objects.requireNonNull;

import io.breakwater.health.BackendId;
import io.breakwater.health.Outcome;
import io.breakwater.health.breaker.CircuitState;
import io.breakwater.health.breaker.Transition;
import io.breakwater.health.check.CheckResult;
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
    private final CounterDataPoint tripsRefused;
    private final DurationHistogram.Series checkDuration;
    private final Map<CheckResult, CounterDataPoint> checked = new EnumMap<>(CheckResult.class);
    private final Map<Outcome, CounterDataPoint> byOutcome = new EnumMap<>(Outcome.class);
    private final Counter transitions;
    private final Runnable removal;
    private volatile BackendGauges gauges;

    BackendMeters(
            BackendId id,
            BackendGauges gauges,
            Counter requests,
            DurationHistogram durations,
            Counter transitions,
            Counter rejections,
            Counter refusedTrips,
            Counter checks,
            DurationHistogram checkDurations) {
        removal = () -> {
            for (Counter counter : List.of(requests, transitions, rejections, refusedTrips, checks)) {
                counter.removeIf(labels -> isOwn(id, labels));
            }
            durations.removeIf(labels -> isOwn(id, labels));
            checkDurations.removeIf(labels -> isOwn(id, labels));
        };
        this.id = id;
        this.gauges = gauges;
        this.transitions = transitions;
        duration = durations.labelValues(id.pool(), id.id());
        rejected = rejections.labelValues(id.pool(), id.id());
        tripsRefused = refusedTrips.labelValues(id.pool(), id.id());
        checkDuration = checkDurations.labelValues(id.pool(), id.id());
        for (CheckResult result : CheckResult.values()) {
            checked.put(result, checks.labelValues(id.pool(), id.id(), result.label()));
        }
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

    @Override
    public void tripRefused() {
        tripsRefused.inc();
    }

    @Override
    public void healthChecked(CheckResult result, long durationNanos) {
        requireNonNull(checked.get(result)).inc();
        checkDuration.observe(durationNanos);
    }

    /** Takes the series out of the exposition; what is still reported afterwards is counted nowhere. */
    void remove() {
        removal.run();
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

    /** Every meter of a backend has its pool and its id as its first labels. */
    private static boolean isOwn(BackendId id, List<String> labels) {
        return labels.get(0).equals(id.pool()) && labels.get(1).equals(id.id());
    }

    private CounterDataPoint counter(CircuitState from, CircuitState to, Transition.Reason reason) {
        return transitions.labelValues(id.pool(), id.id(), from.label(), to.label(), reason.label());
    }

    /** One kind of change of a circuit's state. */
    record Change(CircuitState from, CircuitState to, Transition.Reason reason) {}
}
