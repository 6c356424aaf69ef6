package io.breakwater.health.breaker;

import static java.util.Objects.requireNonNull;

import io.breakwater.health.Outcome.Verdict;
import io.breakwater.time.Ticker;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.atomic.AtomicReferenceFieldUpdater;
import java.util.function.Consumer;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/**
 * Decides whether a request may go to one backend, from how earlier ones ended. Lock-free; safe to use from any thread;
 * all times are readings of its ticker, in nanoseconds.
 *
 * <p>Everything that it is stands in one immutable {@link State} behind one reference, and what that state means is a
 * function of it and the present time. There is no timer: an open circuit whose cooldown is over reads half-open, a
 * half-open one whose lease ran out reads open since that moment. The first call that could change something after such
 * a moment writes down what has become of the state, and reports it.
 *
 * <p>In {@link BreakerConfig.Mode#OBSERVE} the same machine runs and nobody is refused. Whoever would have been gets a
 * permit without a vote; the others vote as ever. {@link #state} and {@link #snapshot} show the machine,
 * {@link #servingState} and what is asked before a permit is taken show what requests meet: a closed circuit.
 */
/*
 * Races:
 * - The circuit opens once for many failures at a time: each of them sees the threshold reached and tries to replace
 *   the same Closed; one wins, the others find another state and have nothing left to do.
 * - A late result cannot decide: a ClosedPermit carries the Counts of its closed period, a ProbePermit must find its own
 *   lease in the present HalfOpen. Both are compared by identity against what the CAS replaces. A WindowedPermit carries
 *   its window too, for the same reason: a window that a reload began anew holds only calls that were admitted since.
 * - Settings live in the state too, so that no moment in the past is ever judged by settings that came after it.
 * - Whether a trip leaves enough others is no matter of one circuit, so it cannot be part of a step. The guard is asked
 *   before the update and runs it; a guard that looks at others runs it while nobody else of them can open, or two that
 *   fail at the same moment would each see the other closed, and both would go. The step then judges again: a circuit
 *   that was reset or opened by hand while the guard was asked is left alone.
 * - A step may run several times when threads compete, so steps only compute; the listener hears of the step that won.
 */
public final class CircuitBreaker {
    private static final AtomicReferenceFieldUpdater<CircuitBreaker, State> STATE =
            AtomicReferenceFieldUpdater.newUpdater(CircuitBreaker.class, State.class, "present");
    private static final AtomicReferenceFieldUpdater<CircuitBreaker, @Nullable Observations> OBSERVATIONS =
            AtomicReferenceFieldUpdater.newUpdater(CircuitBreaker.class, Observations.class, "observations");
    private static final long NANOS_PER_SECOND = 1_000_000_000;

    private final Ticker ticker;
    private final BreakerListener listener;
    private final TripGuard guard;
    /** What observing has found. Made when it first finds something: most breakers never observe. */
    private volatile @Nullable Observations observations;

    private volatile State present;

    /** A breaker whose trips nobody refuses. */
    public CircuitBreaker(BreakerConfig config, Ticker ticker, BreakerListener listener) {
        this(config, ticker, listener, TripGuard.NONE);
    }

    public CircuitBreaker(BreakerConfig config, Ticker ticker, BreakerListener listener, TripGuard guard) {
        this(config, ticker, listener, guard, ThreadLocalRandom.current().nextLong());
    }

    /**
     * @param seed what the jitter of each cooldown follows from
     */
    CircuitBreaker(BreakerConfig config, Ticker ticker, BreakerListener listener, TripGuard guard, long seed) {
        this.ticker = ticker;
        this.listener = listener;
        this.guard = guard;
        this.present = Closed.anew(config, Entry.first(ticker.read(), seed));
    }

    /** Asks for a permit at {@code now}; null means refused, which does not happen in observe mode. */
    public @Nullable Permit tryAcquire(long now) {
        State seen = present;
        if (seen instanceof Closed closed) {
            return closed.permit(this);
        }
        boolean observes = seen.config().observes();
        Permit permit = seen.refuses(now) ? null : tryProbe(now, observes);
        return permit == null && observes ? wouldReject() : permit;
    }

    /**
     * Asks for a permit now; null means refused, which does not happen in observe mode. Reads the ticker only if the
     * circuit is not closed.
     */
    public @Nullable Permit tryAcquire() {
        State seen = present;
        return seen instanceof Closed closed ? closed.permit(this) : tryAcquire(ticker.read());
    }

    long now() {
        return ticker.read();
    }

    private @Nullable Permit tryProbe(long now, boolean observed) {
        ProbePermit probe = new ProbePermit(this, observed);
        State after = update(now, state -> state.admit(probe, now));
        if (after instanceof Closed closed) {
            return closed.permit(this);
        }
        return after instanceof HalfOpen halfOpen && halfOpen.holds(probe) ? probe : null;
    }

    private Permit wouldReject() {
        Observations found = observations();
        found.wouldReject();
        tell(BreakerListener::wouldReject);
        return new ObservedPermit(found);
    }

    /** Returns what a request meets at {@code now}: {@link #state}, but always closed in observe mode. */
    public CircuitState servingState(long now) {
        State seen = present;
        return seen.config().observes() ? CircuitState.CLOSED : state(now);
    }

    private Observations observations() {
        if (observations == null) {
            OBSERVATIONS.compareAndSet(this, null, new Observations());
        }
        return requireNonNull(observations);
    }

    /** Returns the state of the machine at {@code now}. */
    public CircuitState state(long now) {
        State seen = present;
        return seen instanceof Closed ? CircuitState.CLOSED : seen.settled(now).at(now);
    }

    /** Returns the state of the machine now. */
    public CircuitState state() {
        return state(ticker.read());
    }

    /** Writes down, and reports, what time has made of the state by {@code now}; nothing where it has made nothing of it. */
    public void settle(long now) {
        update(now, state -> state);
    }

    /** Returns whether somebody who asked for a permit at {@code now} would get one; takes none. */
    public boolean admits(long now) {
        State seen = present;
        if (isPlain(seen)) {
            return true;
        }
        // A probe that passed by the end of its lease has closed the circuit, though nobody has written it down yet.
        State settled = seen.settled(now);
        return settled instanceof Closed || settled.offersProbe(now);
    }

    /** Returns whether the circuit was opened by hand and has not been reset. */
    public boolean isTripped() {
        return present instanceof Open open && open.isTripped();
    }

    /**
     * Returns whether the circuit is half-open at {@code now} and has a free slot for a probe; never in observe mode,
     * where requests are admitted alike.
     */
    public boolean offersProbe(long now) {
        State seen = present;
        return !isPlain(seen) && seen.settled(now).offersProbe(now);
    }

    /**
     * Returns whether the circuit has been half-open for a whole configured cooldown, or longer, without closing or
     * opening. However long the cooldown in force has grown, no backend waits longer than that for a better probe. Never
     * in observe mode.
     */
    public boolean isProbeOverdue(long now) {
        State seen = present;
        return !isPlain(seen) && seen.settled(now).isProbeOverdue(now);
    }

    /** Whether every request meets a closed circuit, for whatever reason. */
    private static boolean isPlain(State seen) {
        return seen instanceof Closed || seen.config().observes();
    }

    /**
     * Returns what is left of the open state at {@code now}, 0 when not open. A circuit tripped by hand has no deadline:
     * it answers with the configured cooldown.
     */
    public long retryAfterNanos(long now) {
        return present.settled(now).remainingNanos(now);
    }

    /** Returns a waiting time as {@code Retry-After} writes it (RFC 9110 10.2.3): whole seconds, rounded up, at least 1. */
    public static long retryAfterSeconds(long nanos) {
        return nanos <= NANOS_PER_SECOND ? 1 : (nanos - 1) / NANOS_PER_SECOND + 1;
    }

    public BreakerSnapshot snapshot(long now) {
        Observations found = observations;
        return present.settled(now).snapshot(now, found == null ? Observed.NOTHING : found.figures());
    }

    /** As {@link #snapshot(long)}, now. */
    public BreakerSnapshot snapshot() {
        return snapshot(ticker.read());
    }

    /** As {@link #trip(long)}, now. */
    public void trip() {
        trip(ticker.read());
    }

    /** As {@link #reset(long)}, now. */
    public void reset() {
        reset(ticker.read());
    }

    /** As {@link #reconfigure(BreakerConfig, long)}, from now on. */
    public void reconfigure(BreakerConfig config) {
        reconfigure(config, ticker.read());
    }

    /**
     * Opens the circuit by hand, without a deadline, until {@link #reset}. A circuit tripped before stays as it is; a
     * breaker that is not enabled cannot be tripped.
     */
    public void trip(long now) {
        update(now, state -> state.tripped(now));
    }

    /** Closes the circuit by hand, with nothing counted; also a closed one then begins a new generation. */
    public void reset(long now) {
        update(now, state -> state.reset(now));
    }

    /** As {@link #restoreOpen(long, int, int, long)}, the first opening of a row. */
    public void restoreOpen(long remainingNanos, int failures, long now) {
        restoreOpen(remainingNanos, failures, 1, now);
    }

    /**
     * Opens the circuit as it stood elsewhere, before a restart for one. A breaker that is not enabled stays closed.
     *
     * @param remainingNanos what is left of the cooldown, held within 0 and a whole one; with 0 the circuit reads half-open
     *     at once
     * @param failures failures in a row so far
     * @param openings how many openings in a row the cooldown has grown by
     */
    public void restoreOpen(long remainingNanos, int failures, int openings, long now) {
        update(now, state -> state.restoredOpen(remainingNanos, failures, openings, now));
    }

    /** As {@link #restoreOpen(long, int, int, long)}, of a circuit whose cooldown is over. */
    public void restoreHalfOpen(int failures, int openings, long now) {
        update(now, state -> state.restoredHalfOpen(failures, openings, now));
    }

    /** Opens the circuit until {@link #reset}, as it was opened by hand elsewhere. A breaker that is not enabled stays closed. */
    public void restoreTripped(int failures, long now) {
        update(now, state -> state.restoredTripped(failures, now));
    }

    /**
     * Gives a closed circuit what was counted elsewhere, its window apart. That is no transition, and opens nothing: the
     * next failure is judged.
     *
     * @param failures failures in a row so far
     * @param openings how many openings in a row the next cooldown continues, 0 for none; the backend has all of its
     *     proving before it
     */
    public void restoreClosed(int failures, int openings, long now) {
        update(now, state -> state.restoredClosed(failures, openings));
    }

    /**
     * Applies other settings from {@code now} on. The state, its deadline and what was counted stay: a threshold lowered
     * below the count trips with the next failure, a rate lowered below the present one with the next call. Only the
     * window of a closed circuit is empty afterwards if it is of another type or size, and calls that were under way then
     * are not in it. Switched off, a circuit that is not closed closes ({@code manual}).
     */
    public void reconfigure(BreakerConfig config, long now) {
        update(now, state -> state.reconfigured(config, now));
    }

    /** Counts a failure of a request that was admitted while {@code counts} were those of the closed circuit. */
    void failedWhenClosed(Counts counts, long retryAfterNanos, long now) {
        int failures = counts.failed();
        if (present instanceof Closed closed && closed.counts() == counts && closed.opensAfter(failures)) {
            guard.onTrip(() -> open(counts, null, failures, null, retryAfterNanos, now));
        }
    }

    /**
     * Counts the end of a request that was admitted while {@code counts} and {@code window} were those of the closed
     * circuit.
     *
     * @param timed whether {@code now} is the present reading; if not, the ticker is read where that matters
     */
    void endedWhenClosed(
            Counts counts,
            Window window,
            boolean failed,
            long latencyNanos,
            long retryAfterNanos,
            long now,
            boolean timed) {
        if (!(present instanceof Closed closed) || closed.counts() != counts) {
            return;
        }
        boolean counted = closed.window() == window;
        boolean slow = counted && closed.rates().isSlow(latencyNanos);
        int failures = 0;
        if (failed) {
            failures = counts.failed();
        } else if (!counts.isClean()) {
            counts.succeeded(!slow);
        }
        boolean inRow = closed.opensAfter(failures);
        WindowCounts held = counted ? window.add(failed, slow, now, closed.rates(), inRow) : null;
        if ((inRow || held != null) && closed.verdict(failures, held) != null) {
            int row = failures;
            long at = timed ? now : ticker.read();
            guard.onTrip(() -> open(counts, window, row, held, retryAfterNanos, at));
        }
    }

    private void open(
            Counts counts,
            @Nullable Window window,
            int failures,
            @Nullable WindowCounts held,
            long retryAfterNanos,
            long now) {
        update(
                now,
                state -> state instanceof Closed closed && closed.counts() == counts
                        ? closed.judged(failures, closed.window() == window ? held : null, retryAfterNanos, now)
                        : state);
    }

    void probeEntered(ProbePermit probe, Lease.Phase phase, long now) {
        update(now, state -> state instanceof HalfOpen halfOpen ? halfOpen.entered(probe, phase, now) : state);
    }

    void probeEnded(ProbePermit probe, Verdict verdict, long latencyNanos, long retryAfterNanos, long now) {
        update(
                now,
                state -> state instanceof HalfOpen halfOpen
                        ? halfOpen.ended(probe, verdict, latencyNanos, retryAfterNanos, now)
                        : state);
    }

    /**
     * Installs what the step makes of the state settled at {@code now}, reports the transitions, and returns the state
     * installed. The step must be pure, and returns its argument to change nothing.
     */
    private State update(long now, UnaryOperator<State> step) {
        State before;
        State settled;
        State after;
        do {
            before = present;
            settled = before.settled(now);
            after = step.apply(settled);
        } while (after != before && !STATE.compareAndSet(this, before, after));
        report(before, settled);
        report(settled, after);
        return after;
    }

    private void report(State before, State after) {
        Entry entry = after.entry();
        Transition.Reason reason = entry.reason();
        if (entry.generation() == before.entry().generation() || reason == null) {
            return;
        }
        int failures = after.kind() == CircuitState.CLOSED ? 0 : after.failures();
        Open open = after instanceof Open opened ? opened : null;
        Transition transition = new Transition(
                entry.generation(),
                entry.sinceNanos(),
                before.kind(),
                after.kind(),
                reason,
                failures,
                open == null ? null : open.judged(),
                open == null ? 0 : open.lengthNanos());
        tell(to -> to.onTransition(transition));
    }

    private void tell(Consumer<BreakerListener> news) {
        try {
            news.accept(listener);
        } catch (RuntimeException e) {
            // It has happened, and the request that caused it must go on. There is no logger here.
            Thread thread = Thread.currentThread();
            thread.getUncaughtExceptionHandler().uncaughtException(thread, e);
        }
    }
}
