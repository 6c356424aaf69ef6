package io.breakwater.health.breaker;

import io.breakwater.health.Outcome.Verdict;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The rules of the breaker, written to be obviously right and nothing else: one thread, mutable, and alive. Time passes
 * tick by tick; each lets every stopwatch run on and acts at once on what it shows. Nothing is computed from a distance,
 * which is what the breaker does, and nothing is kept that can be counted anew: a window is the list of all its calls.
 */
final class BreakerModel {
    /** One admitted request. */
    static final class Request {
        /** What the breaker does with it, whatever it says. */
        final CircuitState admittedIn;

        /** What it says. */
        final CircuitState shown;

        final boolean observedOnly;
        final int era;
        final int windowEra;
        boolean voteless;
        char waitingFor = 'b';
        long inherited;
        long undecided;
        long streamed;

        Request(CircuitState admittedIn, CircuitState shown, boolean observedOnly, int era, int windowEra) {
            this.admittedIn = admittedIn;
            this.shown = shown;
            this.observedOnly = observedOnly;
            this.era = era;
            this.windowEra = windowEra;
        }
    }

    private record Call(long atNanos, boolean failed, boolean slow) {}

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

    long wouldReject;
    long wouldRejectSucceeded;
    long wouldRejectFailed;
    long savedNanos;

    /** What the window held when its calls, or a row, opened the circuit. */
    @Nullable
    WindowCounts judged;

    private final long tickNanos;
    private final long seed;
    private int era;
    private final List<Call> calls = new ArrayList<>();
    private long windowSince;
    private int windowEra;
    private int openings;
    private long length;
    private int proofs;
    private int proofsNeeded;
    private int successes;
    private long handedBack;
    private final List<Request> probes = new ArrayList<>();

    BreakerModel(BreakerConfig config, long origin, long tickNanos, long seed) {
        this.config = config;
        this.now = origin;
        this.since = origin;
        this.windowSince = origin;
        this.tickNanos = tickNanos;
        this.seed = seed;
    }

    void advance(long ticks) {
        for (long i = 0; i < ticks; i++) {
            tick();
        }
    }

    private void tick() {
        now += tickNanos;
        if (state == CircuitState.OPEN && !tripped) {
            cooldownLeft -= tickNanos;
            coolDown();
        }
        for (Request probe : probes) {
            switch (probe.waitingFor) {
                case 'b' -> probe.undecided += tickNanos;
                case 's' -> probe.streamed += tickNanos;
                default -> {}
            }
        }
        actOnStopwatches();
    }

    private void coolDown() {
        if (cooldownLeft <= 0) {
            state = CircuitState.HALF_OPEN;
            since = now + cooldownLeft;
            waitingForFirstProbe = true;
        }
    }

    private void actOnStopwatches() {
        long timeout = config.probeTimeout().toNanos();
        for (Request probe : List.copyOf(probes)) {
            if (probe.waitingFor == 'b' && probe.undecided >= timeout) {
                open(Transition.Reason.PROBE_EXPIRED, failures + 1, 0, null);
                return;
            }
        }
        for (Request probe : List.copyOf(probes)) {
            if (!probes.contains(probe)) {
                return;
            }
            if (probe.waitingFor == 's' && probe.undecided + probe.streamed >= timeout) {
                passUnlessSlow(probe, probe.undecided - probe.inherited, 0);
            }
        }
    }

    boolean observes() {
        return config.mode() == BreakerConfig.Mode.OBSERVE;
    }

    boolean offersProbe() {
        return state == CircuitState.HALF_OPEN && probes.size() < config.concurrentProbes();
    }

    @Nullable
    Request tryAcquire() {
        if (state == CircuitState.CLOSED) {
            return new Request(CircuitState.CLOSED, CircuitState.CLOSED, false, era, windowed() ? windowEra : -1);
        }
        if (!offersProbe()) {
            if (!observes()) {
                return null;
            }
            wouldReject++;
            return new Request(CircuitState.OPEN, CircuitState.CLOSED, true, era, -1);
        }
        if (waitingForFirstProbe) {
            long halfOpenSince = since;
            enter(CircuitState.HALF_OPEN, Transition.Reason.COOLDOWN_ELAPSED, failures);
            since = halfOpenSince;
            Transition last = happened.remove(happened.size() - 1);
            happened.add(new Transition(
                    last.generation(), halfOpenSince, CircuitState.OPEN, last.to(), last.reason(), last.failures()));
        }
        CircuitState shown = observes() ? CircuitState.CLOSED : CircuitState.HALF_OPEN;
        Request probe = new Request(CircuitState.HALF_OPEN, shown, false, era, -1);
        probe.inherited = handedBack;
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

    void end(Request request, Verdict verdict, long latencyNanos, long retryAfterNanos) {
        if (request.voteless) {
            return;
        }
        request.voteless = true;
        if (request.observedOnly) {
            wouldRejectSucceeded += verdict == Verdict.SUCCESS ? 1 : 0;
            wouldRejectFailed += verdict == Verdict.FAILURE ? 1 : 0;
            savedNanos += verdict == Verdict.FAILURE ? latencyNanos : 0;
            return;
        }
        if (request.era != era) {
            return;
        }
        if (request.admittedIn == CircuitState.CLOSED) {
            if (verdict != Verdict.IGNORED) {
                endWhenClosed(request, verdict == Verdict.FAILURE, latencyNanos, retryAfterNanos);
            }
        } else if (probes.contains(request)) {
            switch (verdict) {
                case SUCCESS -> passUnlessSlow(request, latencyNanos, retryAfterNanos);
                case FAILURE -> open(Transition.Reason.PROBE_FAILED, failures + 1, retryAfterNanos, null);
                case IGNORED -> giveBack(request);
            }
        }
    }

    private void endWhenClosed(Request request, boolean failed, long latencyNanos, long retryAfterNanos) {
        boolean counted = windowed() && request.windowEra == windowEra;
        boolean slow = counted && isSlow(latencyNanos);
        failures = failed ? failures + 1 : 0;
        proofs += failed || slow ? 0 : 1;
        if (counted) {
            calls.add(new Call(now, failed, slow));
        }
        WindowCounts held = counted ? window() : null;
        if (!config.enabled()) {
            return;
        }
        WindowConfig limits = config.window();
        if (config.consecutiveFailures() > 0 && failures >= config.consecutiveFailures()) {
            open(Transition.Reason.CONSECUTIVE_FAILURES, failures, retryAfterNanos, held);
        } else if (held != null && held.calls() >= limits.minimumCalls()) {
            if (held.failures() / (double) held.calls() >= limits.failureRate()) {
                open(Transition.Reason.FAILURE_RATE, failures, retryAfterNanos, held);
            } else if (held.slowCalls() / (double) held.calls() >= limits.slowCallRate()) {
                open(Transition.Reason.SLOW_CALL_RATE, failures, retryAfterNanos, held);
            }
        }
    }

    private boolean windowed() {
        return config.window().type() != WindowConfig.Type.NONE;
    }

    private boolean isSlow(long latencyNanos) {
        return windowed() && latencyNanos > config.window().slowCallDuration().toNanos();
    }

    /** What the window holds now, counted one by one. */
    @Nullable
    WindowCounts window() {
        List<Call> in = switch (config.window().type()) {
            case NONE -> null;
            case COUNT ->
                calls.subList(Math.max(0, calls.size() - config.window().calls()), calls.size());
            case TIME ->
                calls.stream()
                        .filter(call -> second(now) - second(call.atNanos)
                                < config.window().duration().toSeconds())
                        .toList();
        };
        return in == null
                ? null
                : new WindowCounts(
                        in.size(), (int) in.stream().filter(Call::failed).count(), (int)
                                in.stream().filter(Call::slow).count());
    }

    private long second(long atNanos) {
        return (atNanos - windowSince) / 1_000_000_000;
    }

    private void startWindow() {
        calls.clear();
        windowSince = now;
        windowEra++;
    }

    private void giveBack(Request probe) {
        probes.remove(probe);
        handedBack = Math.max(handedBack, probe.undecided);
        openIfNothingIsLeft();
    }

    private void openIfNothingIsLeft() {
        if (handedBack >= config.probeTimeout().toNanos()) {
            open(Transition.Reason.PROBE_EXPIRED, failures + 1, 0, null);
        }
    }

    private void passUnlessSlow(Request probe, long latencyNanos, long retryAfterNanos) {
        if (isSlow(latencyNanos)) {
            open(Transition.Reason.PROBE_FAILED, failures + 1, retryAfterNanos, null);
        } else {
            pass(probe);
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
            openings = 0;
        }
    }

    void restoreOpen(long remaining, int failuresThen) {
        if (config.enabled()) {
            openings = 1;
            long whole = config.cooldown().toNanos();
            double jitter = config.cooldownJitter();
            length = Math.min(
                    remaining, Math.min(longest(), jitter == 0 ? whole : Math.max(1, (long) (whole * (1 + jitter)))));
            enter(CircuitState.OPEN, Transition.Reason.RESTORED, failuresThen);
            coolDown();
        }
    }

    void reset() {
        openings = 0;
        enter(CircuitState.CLOSED, Transition.Reason.MANUAL, 0);
    }

    void reconfigure(BreakerConfig changed) {
        WindowConfig before = config.window();
        WindowConfig after = changed.window();
        config = changed;
        if (before.type() != after.type()
                || (before.type() == WindowConfig.Type.COUNT && before.calls() != after.calls())
                || (before.type() == WindowConfig.Type.TIME
                        && !before.duration().equals(after.duration()))) {
            startWindow();
        }
        if (!config.enabled() && state != CircuitState.CLOSED) {
            reset();
        } else if (state == CircuitState.HALF_OPEN
                && handedBack >= config.probeTimeout().toNanos()) {
            open(Transition.Reason.PROBE_EXPIRED, failures + 1, 0, null);
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

    /** Openings in a row; none any more once the backend has proven itself. */
    int openings() {
        return state == CircuitState.CLOSED && isProven() ? 0 : openings;
    }

    private boolean isProven() {
        return proofs >= proofsNeeded && now - since >= length;
    }

    private long longest() {
        return Math.max(config.cooldown().toNanos(), config.cooldownMax().toNanos());
    }

    /** Opens for a cooldown. */
    private void open(
            Transition.Reason reason, int failuresThen, long retryAfterNanos, @Nullable WindowCounts figures) {
        openings = openings() + 1;
        double grown = config.cooldown().toNanos();
        for (int i = 1; i < openings; i++) {
            grown = Math.min((double) longest(), grown * config.cooldownMultiplier());
        }
        long jittered = (long) grown;
        if (config.cooldownJitter() > 0) {
            double draw = new Entry(happened.size() + 1L, 0, null, seed).draw();
            jittered = Math.max(1, (long) (jittered * (1 + config.cooldownJitter() * (2 * draw - 1))));
        }
        length = Math.min(longest(), Math.max(jittered, retryAfterNanos));
        enter(CircuitState.OPEN, reason, failuresThen, figures);
    }

    private void enter(CircuitState next, Transition.Reason reason, int failuresThen) {
        enter(next, reason, failuresThen, null);
    }

    private void enter(CircuitState next, Transition.Reason reason, int failuresThen, @Nullable WindowCounts figures) {
        judged = figures;
        CircuitState last = happened.isEmpty()
                ? CircuitState.CLOSED
                : happened.get(happened.size() - 1).to();
        boolean cools = next == CircuitState.OPEN && reason != Transition.Reason.MANUAL;
        happened.add(new Transition(
                happened.size() + 1L, now, last, next, reason, failuresThen, judged, cools ? length : 0));
        state = next;
        since = now;
        failures = failuresThen;
        tripped = false;
        waitingForFirstProbe = false;
        cooldownLeft = length;
        if (next == CircuitState.CLOSED) {
            proofs = 0;
            proofsNeeded = windowed() ? Math.max(10, config.window().minimumCalls()) : 10;
            if (config.cooldownMultiplier() == 1) {
                openings = 0;
            }
            startWindow();
        }
        era++;
        successes = 0;
        handedBack = 0;
        probes.clear();
    }
}
