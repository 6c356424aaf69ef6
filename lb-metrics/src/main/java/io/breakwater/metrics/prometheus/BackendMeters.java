package io.breakwater.metrics.prometheus;

import static java.util.Objects.requireNonNull;

import io.breakwater.health.BackendId;
import io.breakwater.health.Outcome;
import io.breakwater.health.breaker.CircuitState;
import io.breakwater.health.breaker.Transition;
import io.breakwater.health.check.CheckResult;
import io.breakwater.metrics.BackendGauges;
import io.breakwater.metrics.BackendRecorder;
import io.breakwater.metrics.DurationBuckets;
import io.prometheus.metrics.core.datapoints.CounterDataPoint;
import io.prometheus.metrics.core.metrics.Counter;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** The series of one backend, until they are removed. */
final class BackendMeters implements BackendRecorder {
    /** The changes of state that can happen, and why; by hand also from a state to itself. */
    static final List<Change> LEGAL_CHANGES = List.of(
            new Change(CircuitState.CLOSED, CircuitState.OPEN, Transition.Reason.CONSECUTIVE_FAILURES),
            new Change(CircuitState.CLOSED, CircuitState.OPEN, Transition.Reason.FAILURE_RATE),
            new Change(CircuitState.CLOSED, CircuitState.OPEN, Transition.Reason.SLOW_CALL_RATE),
            new Change(CircuitState.CLOSED, CircuitState.OPEN, Transition.Reason.MANUAL),
            new Change(CircuitState.CLOSED, CircuitState.OPEN, Transition.Reason.RESTORED),
            new Change(CircuitState.CLOSED, CircuitState.HALF_OPEN, Transition.Reason.RESTORED),
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
    private final Meters meters;
    private final DurationHistogram.Series duration;
    private final CounterDataPoint rejected;
    private final CounterDataPoint wouldReject;
    private final CounterDataPoint tripsRefused;
    private final DurationHistogram.Series checkDuration;
    private final Map<CheckResult, CounterDataPoint> checked = new EnumMap<>(CheckResult.class);
    private final Map<Outcome, CounterDataPoint> byOutcome = new EnumMap<>(Outcome.class);
    private volatile BackendGauges gauges;

    // These two belong to whoever holds the lock of this object.
    private final Map<Change, CounterDataPoint> byChange = new HashMap<>();
    private boolean removed;

    BackendMeters(BackendId id, BackendGauges gauges, Meters meters) {
        this.id = id;
        this.gauges = gauges;
        this.meters = meters;
        duration = meters.durations().labelValues(id.pool(), id.id());
        rejected = meters.rejections().labelValues(id.pool(), id.id());
        wouldReject = meters.virtualRejections().labelValues(id.pool(), id.id());
        tripsRefused = meters.refusedTrips().labelValues(id.pool(), id.id());
        checkDuration = meters.checkDurations().labelValues(id.pool(), id.id());
        for (CheckResult result : CheckResult.values()) {
            checked.put(result, meters.checks().labelValues(id.pool(), id.id(), result.label()));
        }
        for (Outcome outcome : Outcome.values()) {
            byOutcome.put(outcome, meters.requests().labelValues(id.pool(), id.id(), outcome.label()));
        }
        for (Change change : LEGAL_CHANGES) {
            byChange.put(change, meters.transitions().labelValues(labels(change)));
        }
    }

    /** The meters that have series for each backend. */
    record Meters(
            Counter requests,
            DurationHistogram durations,
            Counter transitions,
            Counter rejections,
            Counter virtualRejections,
            Counter refusedTrips,
            Counter checks,
            DurationHistogram checkDurations) {}

    @Override
    public void ended(Outcome outcome, long durationNanos) {
        requireNonNull(byOutcome.get(outcome)).inc();
        duration.observe(durationNanos);
    }

    @Override
    public DurationBuckets durations() {
        return duration;
    }

    @Override
    public void circuitRejected() {
        rejected.inc();
    }

    @Override
    public void circuitWouldReject() {
        wouldReject.inc();
    }

    /** Rare, so a lock costs nothing; it keeps a change that nobody foresaw from making a series after the removal. */
    @Override
    public synchronized void transition(Transition transition) {
        Change change = new Change(transition.from(), transition.to(), transition.reason());
        if (!removed) {
            byChange.computeIfAbsent(change, unforeseen -> meters.transitions().labelValues(labels(unforeseen)))
                    .inc();
        }
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
    synchronized void remove() {
        removed = true;
        byChange.keySet().forEach(change -> meters.transitions().remove(labels(change)));
        byOutcome.keySet().forEach(outcome -> meters.requests().remove(id.pool(), id.id(), outcome.label()));
        checked.keySet().forEach(result -> meters.checks().remove(id.pool(), id.id(), result.label()));
        meters.rejections().remove(id.pool(), id.id());
        meters.virtualRejections().remove(id.pool(), id.id());
        meters.refusedTrips().remove(id.pool(), id.id());
        meters.durations().remove(id.pool(), id.id());
        meters.checkDurations().remove(id.pool(), id.id());
    }

    BackendGauges gauges() {
        return gauges;
    }

    /** The backend's counters go on; what is read at a scrape comes from {@code gauges} from now on. */
    void readFrom(BackendGauges gauges) {
        this.gauges = gauges;
    }

    private String[] labels(Change change) {
        return new String[] {
            id.pool(),
            id.id(),
            change.from().label(),
            change.to().label(),
            change.reason().label()
        };
    }

    /** One kind of change of a circuit's state. */
    record Change(CircuitState from, CircuitState to, Transition.Reason reason) {}
}
