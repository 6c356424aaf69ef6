package io.breakwater.health.breaker;

import io.breakwater.health.Outcome.Verdict;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The rules of the breaker, written to be obviously right and nothing else: one thread, mutable, and alive. Time passes
 * one nanosecond after the other; each lets every stopwatch tick and acts at once on what it shows. Nothing is computed
 * from a distance, which is what the breaker does.
 */
final class BreakerModel {
    /** One admitted request. */
    static final class Request {
        final CircuitState admittedIn;
        final int era;
        boolean voteless;
        char waitingFor = 'b';
        long undecided;
        long streamed;

        Request(CircuitState admittedIn, int era) {
            this.admittedIn = admittedIn;
            this.era = era;
        }
    }

    BreakerConfig config;
    long now;
    CircuitState state = CircuitState.CLOSED;
    boolean tripped;
    int failures;
    long since;
    long cooldownLeft;
    /** Transitions so far, those included that the breaker reports with a later call. */
    final List<Transition> happened = new ArrayList<>();

    /** The cooldown is over, and no probe was admitted yet. */
    boolean waitingForFirstProbe;

    private int era;
    private int successes;
    private long handedBack;
    private final List<Request> probes = new ArrayList<>();

    BreakerModel(BreakerConfig config, long origin) {
        this.config = config;
        this.now = origin;
        this.since = origin;
    }

    void advance(long nanos) {
        for (long i = 0; i < nanos; i++) {
            tick();
        }
    }

    private void tick() {
        now++;
        if (state == CircuitState.OPEN && !tripped) {
            cooldownLeft--;
            coolDown();
        }
        for (Request probe : probes) {
            switch (probe.waitingFor) {
                case 'b' -> probe.undecided++;
                case 's' -> probe.streamed++;
                default -> {}
            }
        }
        actOnStopwatches();
    }

    private void coolDown() {
        if (cooldownLeft == 0) {
            state = CircuitState.HALF_OPEN;
            since = now;
            waitingForFirstProbe = true;
        }
    }

    private void actOnStopwatches() {
        long timeout = config.probeTimeout().toNanos();
        for (Request probe : List.copyOf(probes)) {
            if (probe.waitingFor == 'b' && probe.undecided >= timeout) {
                enter(CircuitState.OPEN, Transition.Reason.PROBE_EXPIRED, failures + 1);
                return;
            }
        }
        for (Request probe : List.copyOf(probes)) {
            if (!probes.contains(probe)) {
                return;
            }
            if (probe.waitingFor == 's' && probe.undecided + probe.streamed >= timeout) {
                pass(probe);
            }
        }
    }

    @Nullable
    Request tryAcquire() {
        if (state == CircuitState.CLOSED) {
            return new Request(CircuitState.CLOSED, era);
        }
        if (state == CircuitState.OPEN || probes.size() >= config.concurrentProbes()) {
            return null;
        }
        if (waitingForFirstProbe) {
            long halfOpenSince = since;
            enter(CircuitState.HALF_OPEN, Transition.Reason.COOLDOWN_ELAPSED, failures);
            since = halfOpenSince;
            Transition last = happened.remove(happened.size() - 1);
            happened.add(new Transition(
                    last.generation(), halfOpenSince, CircuitState.OPEN, last.to(), last.reason(), last.failures()));
        }
        Request probe = new Request(CircuitState.HALF_OPEN, era);
        probe.undecided = handedBack;
        probes.add(probe);
        return probe;
    }

    void waitingForClient(Request request) {
        if (probes.contains(request) && request.waitingFor == 'b') {
            request.waitingFor = 'c';
        }
    }

    void waitingForBackend(Request request) {
        if (probes.contains(request) && request.waitingFor == 'c') {
            request.waitingFor = 'b';
            actOnStopwatches();
        }
    }

    void headReceived(Request request) {
        if (probes.contains(request)) {
            request.waitingFor = 's';
            actOnStopwatches();
        }
    }

    void end(Request request, Verdict verdict) {
        if (request.voteless) {
            return;
        }
        request.voteless = true;
        if (request.era != era) {
            return;
        }
        if (request.admittedIn == CircuitState.CLOSED) {
            endWhenClosed(verdict);
        } else if (probes.contains(request)) {
            switch (verdict) {
                case SUCCESS -> pass(request);
                case FAILURE -> enter(CircuitState.OPEN, Transition.Reason.PROBE_FAILED, failures + 1);
                case IGNORED -> giveBack(request);
            }
        }
    }

    private void endWhenClosed(Verdict verdict) {
        if (verdict == Verdict.SUCCESS) {
            failures = 0;
        } else if (verdict == Verdict.FAILURE) {
            failures++;
            if (config.enabled() && config.consecutiveFailures() > 0 && failures >= config.consecutiveFailures()) {
                enter(CircuitState.OPEN, Transition.Reason.CONSECUTIVE_FAILURES, failures);
            }
        }
    }

    private void giveBack(Request probe) {
        probes.remove(probe);
        handedBack = Math.max(handedBack, probe.undecided);
        openIfNothingIsLeft();
    }

    private void openIfNothingIsLeft() {
        if (handedBack >= config.probeTimeout().toNanos()) {
            enter(CircuitState.OPEN, Transition.Reason.PROBE_EXPIRED, failures + 1);
        }
    }

    private void pass(Request probe) {
        probes.remove(probe);
        failures = 0;
        successes++;
        if (successes >= config.successesToClose()) {
            enter(CircuitState.CLOSED, Transition.Reason.PROBE_SUCCEEDED, 0);
        }
    }

    void trip() {
        if (config.enabled() && !(state == CircuitState.OPEN && tripped)) {
            enter(CircuitState.OPEN, Transition.Reason.MANUAL, failures);
            tripped = true;
        }
    }

    void restoreOpen(long remaining, int failuresThen) {
        if (config.enabled()) {
            enter(CircuitState.OPEN, Transition.Reason.RESTORED, failuresThen);
            cooldownLeft = Math.min(remaining, cooldownLeft);
            coolDown();
        }
    }

    void reset() {
        enter(CircuitState.CLOSED, Transition.Reason.MANUAL, 0);
    }

    void reconfigure(BreakerConfig changed) {
        config = changed;
        if (!config.enabled() && state != CircuitState.CLOSED) {
            reset();
        } else if (state == CircuitState.HALF_OPEN
                && handedBack >= config.probeTimeout().toNanos()) {
            enter(CircuitState.OPEN, Transition.Reason.PROBE_EXPIRED, failures + 1);
        } else {
            actOnStopwatches();
        }
    }

    long retryAfterNanos() {
        if (state != CircuitState.OPEN) {
            return 0;
        }
        return tripped ? config.cooldown().toNanos() : cooldownLeft;
    }

    private void enter(CircuitState next, Transition.Reason reason, int failuresThen) {
        CircuitState last = happened.isEmpty()
                ? CircuitState.CLOSED
                : happened.get(happened.size() - 1).to();
        happened.add(new Transition(happened.size() + 1L, now, last, next, reason, failuresThen));
        state = next;
        since = now;
        failures = failuresThen;
        tripped = false;
        waitingForFirstProbe = false;
        cooldownLeft = config.cooldown().toNanos();
        era++;
        successes = 0;
        handedBack = 0;
        probes.clear();
    }
}
