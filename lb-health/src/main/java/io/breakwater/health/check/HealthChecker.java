package io.breakwater.health.check;

import io.breakwater.time.Cancellable;
import io.breakwater.time.Scheduler;
import io.breakwater.time.Ticker;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * Checks one backend time after time, and says what the results make of it. Safe from any thread; reading the
 * {@link #snapshot} takes no lock.
 *
 * <p>There is one check at a time at most: the next one is planned when the last one has ended. A probe that tells nothing
 * within the timeout is given up, so no check can hang. When checks begin is the matter of {@link Stagger}.
 */
public final class HealthChecker {
    private final Ticker ticker;
    private final Scheduler scheduler;
    private final Stagger stagger;
    private final double phase;
    private final HealthListener listener;
    private final Object lock = new Object();

    // Guarded by the lock.
    private final RiseAndFall counts = new RiseAndFall();
    private HealthCheckConfig config;
    private Probe probe;
    private boolean started;
    /** The check that is planned or under way; null while none is to be made. */
    private @Nullable Check current;
    /** When {@link #current} was planned to begin, before jitter. */
    private long plannedNanos;
    /** When the check before it was planned to begin; means nothing while {@link #isFirst}. */
    private long previousNanos;

    private boolean isFirst;

    private HealthSnapshot.@Nullable Check last;
    private long sequence;
    private long sinceNanos;

    private volatile HealthSnapshot snapshot;

    /**
     * A checker that has not been started yet.
     *
     * @param scheduler lives by {@code ticker}
     * @param stagger shared with all other checkers
     */
    public HealthChecker(
            HealthCheckConfig config,
            Probe probe,
            Ticker ticker,
            Scheduler scheduler,
            Stagger stagger,
            HealthListener listener) {
        this.config = config;
        this.probe = probe;
        this.ticker = ticker;
        this.scheduler = scheduler;
        this.stagger = stagger;
        this.phase = stagger.nextPhase();
        this.listener = listener;
        this.sinceNanos = ticker.read();
        this.snapshot = seen();
    }

    /** What is known now. */
    public HealthSnapshot snapshot() {
        return snapshot;
    }

    /**
     * Begins to check, with the first check at once, if checks are configured. The backend is unknown from now on: what
     * was known when checks were stopped is too old to count, so that {@code initial} holds again.
     */
    public void start() {
        start(HealthStatus.UNKNOWN, false);
    }

    /**
     * As {@link #start()}, of a backend of which something is known all the same: checks have found it out a moment ago, in
     * a process before this one. It holds until the next rise or fall.
     *
     * @param known healthy or unhealthy; unknown if nothing is
     * @param timeoutsOnly see {@link HealthSnapshot#timeoutsOnly}
     */
    public void start(HealthStatus known, boolean timeoutsOnly) {
        HealthChange change;
        synchronized (lock) {
            if (started) {
                return;
            }
            started = true;
            change = config.enabled() ? begin(known, timeoutsOnly) : null;
        }
        report(change);
    }

    /** Makes no more checks, and gives up the one under way; the backend is unchecked from now on. */
    public void stop() {
        HealthChange change;
        synchronized (lock) {
            started = false;
            change = end();
        }
        report(change);
    }

    /**
     * Takes new settings. The status, the row of results and the time of the next check stay, as far as they mean the
     * same: a changed threshold is judged with the next result, a changed interval counts from the beginning of the last
     * check, a changed timeout is for the next check. Switching checks off or on is like stopping or starting them.
     */
    public void reconfigure(HealthCheckConfig next) {
        HealthChange change;
        synchronized (lock) {
            change = take(next, probe);
        }
        report(change);
    }

    /**
     * Takes new settings and another probe. If that asks something else than the one before, the status stays, but the row
     * of results begins anew, and the next check is made at once.
     */
    public void reconfigure(HealthCheckConfig next, Probe nextProbe) {
        HealthChange change;
        synchronized (lock) {
            change = take(next, nextProbe);
        }
        report(change);
    }

    private @Nullable HealthChange take(HealthCheckConfig next, Probe nextProbe) {
        HealthCheckConfig before = config;
        long intervalBefore = intervalNanos();
        boolean sameProbe = probe.equals(nextProbe);
        config = next;
        probe = nextProbe;
        if (!started || !next.enabled()) {
            return end();
        }
        if (!before.enabled()) {
            return begin(HealthStatus.UNKNOWN, false);
        }
        if (!sameProbe) {
            drop();
            counts.forgetRow();
            planFirst();
        } else if (intervalNanos() != intervalBefore && !isFirst && current != null && !current.begun) {
            drop();
            plan(ticker.read());
        }
        snapshot = seen();
        return null;
    }

    private @Nullable HealthChange begin(HealthStatus known, boolean timeoutsOnly) {
        last = null;
        HealthChange change = enter(known, timeoutsOnly);
        planFirst();
        return change;
    }

    private @Nullable HealthChange end() {
        drop();
        return enter(HealthStatus.UNCHECKED, false);
    }

    /** Enters a status that no check has brought. */
    private @Nullable HealthChange enter(HealthStatus status, boolean timeoutsOnly) {
        HealthStatus before = counts.status();
        counts.restart(status, timeoutsOnly);
        return changed(before, 0, null, ticker.read());
    }

    private @Nullable HealthChange changed(HealthStatus before, int run, @Nullable ProbeResult cause, long nowNanos) {
        boolean entered = counts.status() != before;
        boolean notSlowOnly = snapshot.timeoutsOnly() && !counts.timeoutsOnly();
        if (entered) {
            sinceNanos = nowNanos;
        }
        HealthChange change = null;
        if (entered || notSlowOnly) {
            sequence++;
            change = new HealthChange(sequence, nowNanos, before, counts.status(), run, counts.timeoutsOnly(), cause);
        }
        snapshot = seen();
        return change;
    }

    private HealthSnapshot seen() {
        return new HealthSnapshot(
                counts.status(),
                countsAsHealthy(),
                counts.timeoutsOnly(),
                sinceNanos,
                sequence,
                counts.passes(),
                counts.failures(),
                last);
    }

    private boolean countsAsHealthy() {
        return switch (counts.status()) {
            case UNCHECKED, HEALTHY -> true;
            case UNHEALTHY -> false;
            case UNKNOWN -> config.initial() == HealthStatus.HEALTHY;
        };
    }

    private long intervalNanos() {
        Duration interval = countsAsHealthy() ? config.interval() : config.unhealthyInterval();
        return interval.toNanos();
    }

    private void planFirst() {
        isFirst = true;
        plannedNanos = stagger.first(ticker.read(), intervalNanos());
        planFor(plannedNanos);
    }

    /** Plans the check after the one of {@link #previousNanos}. */
    private void plan(long nowNanos) {
        long interval = intervalNanos();
        isFirst = false;
        plannedNanos = stagger.next(phase, previousNanos, nowNanos, interval);
        planFor(stagger.jittered(plannedNanos, interval, config.jitter()));
    }

    private void planFor(long atNanos) {
        Check check = new Check();
        current = check;
        check.timer = scheduler.schedule(atNanos, check::begin);
    }

    private void drop() {
        Check dropped = current;
        current = null;
        if (dropped != null) {
            dropped.drop();
        }
    }

    /** Takes in the end of the current check. */
    private @Nullable HealthChange count(ProbeResult result, long beganNanos, long nowNanos) {
        last = new HealthSnapshot.Check(result, nowNanos, nowNanos - beganNanos);
        HealthStatus before = counts.status();
        counts.record(result.result(), config);
        int run = Math.max(counts.passes(), counts.failures()); // one of them is 0
        return changed(before, run, result, nowNanos);
    }

    private void planAfter(long nowNanos) {
        previousNanos = plannedNanos;
        plan(nowNanos);
    }

    private void report(@Nullable HealthChange change) {
        if (change != null) {
            tell(() -> listener.onChange(change));
        }
    }

    private static void tell(Runnable report) {
        try {
            report.run();
        } catch (RuntimeException e) {
            // What is reported has happened, and checking must go on. There is no logger here.
            Thread thread = Thread.currentThread();
            thread.getUncaughtExceptionHandler().uncaughtException(thread, e);
        }
    }

    /**
     * One check, from being planned to its end. It is over as soon as it is not {@link #current} any more; what it is told
     * after that counts for nothing. Its fields are guarded by the lock.
     */
    private final class Check implements Probe.Callback {
        /** Runs {@link #begin}, and once that is done {@link #expire}. */
        private @Nullable Cancellable timer;

        private Probe.@Nullable Attempt attempt;
        private boolean begun;
        private boolean dropped;
        private long beganNanos;

        void begin() {
            Probe asked;
            long deadlineNanos;
            synchronized (lock) {
                if (current != this) {
                    return;
                }
                asked = probe;
                begun = true;
                beganNanos = ticker.read();
                deadlineNanos = beganNanos + config.timeout().toNanos();
                timer = scheduler.schedule(deadlineNanos, this::expire);
            }
            Probe.Attempt made;
            try {
                made = asked.start(deadlineNanos, this);
            } catch (RuntimeException e) {
                onLocalError(e.toString());
                return;
            }
            synchronized (lock) {
                if (!dropped) {
                    attempt = made;
                    return;
                }
            }
            made.cancel(); // given up while it was being made
        }

        private void expire() {
            Probe.Attempt late;
            synchronized (lock) {
                late = attempt;
            }
            String missing = late == null ? "result" : late.awaits();
            if (ended(ProbeResult.timeout("no " + missing + " in time")) && late != null) {
                late.cancel();
            }
        }

        @Override
        public void onResult(ProbeResult result) {
            ended(result);
        }

        /** Returns whether this was the check's end. */
        private boolean ended(ProbeResult result) {
            HealthChange change;
            long durationNanos;
            synchronized (lock) {
                if (current != this) {
                    return false;
                }
                long now = ticker.read();
                durationNanos = now - beganNanos;
                cancelTimer();
                change = count(result, beganNanos, now);
                planAfter(now);
            }
            tell(() -> listener.onChecked(result, durationNanos));
            report(change);
            return true;
        }

        @Override
        public void onLocalError(String detail) {
            synchronized (lock) {
                if (current != this) {
                    return;
                }
                cancelTimer();
                planAfter(ticker.read());
            }
            tell(() -> listener.onLocalError(detail));
        }

        /** It is not current any more. */
        void drop() {
            dropped = true;
            cancelTimer();
            if (attempt != null) {
                attempt.cancel();
            }
        }

        private void cancelTimer() {
            if (timer != null) {
                timer.cancel();
            }
        }
    }
}
