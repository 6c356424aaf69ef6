package io.breakwater.health.breaker;

/**
 * What a breaker is, as one value: its kind, its deadlines and its settings never change. Only {@link Closed} refers to
 * something that counts. What a state means at a given time is a pure function of it and that time, so no timer is
 * needed and none can be lost; every method here is free of side effects and may be called by losers of a race.
 */
sealed interface State permits Closed, Open, HalfOpen {

    BreakerConfig config();

    Entry entry();

    /** Failures in a row. */
    int failures();

    /** The state by its file, whatever the time: an open circuit whose cooldown is over is still {@code OPEN} here. */
    CircuitState kind();

    /** What the leases that ended by {@code now} have made of this state; this state itself when none has ended. */
    State settled(long now);

    /** Whether a request is refused at {@code now} although nothing remains to be settled; never allocates. */
    boolean refuses(long now);

    /** The state that a reader sees at {@code now}. Asked of a settled state; never allocates, nor do the next two. */
    CircuitState at(long now);

    /** Whether this is half-open at {@code now} with a free slot. Asked of a settled state. */
    boolean offersProbe(long now);

    /** Whether this has been half-open for a cooldown at {@code now}. Asked of a settled state. */
    boolean isProbeOverdue(long now);

    /** The state with this probe admitted, or itself when it takes none. Asked of a settled state. */
    State admit(ProbePermit probe, long now);

    /** The state under other settings. Asked of a settled state. */
    State reconfigured(BreakerConfig config, long now);

    /** What is left of the cooldown at {@code now}; 0 when not open. Asked of a settled state. */
    long remainingNanos(long now);

    /** What a reader sees at {@code now}. Asked of a settled state. */
    BreakerSnapshot snapshot(long now, Observed observed);

    /** Opened by hand, until it is reset; itself when that was done before. */
    default State tripped(long now) {
        return config().enabled()
                ? Open.untilReset(config(), entry().next(now, Transition.Reason.MANUAL), failures())
                : this;
    }

    /** Open for the rest of a cooldown that began elsewhere, the last of so many openings in a row. */
    default State restoredOpen(long remainingNanos, int failures, int openings, long now) {
        return config().enabled()
                ? Open.forRest(
                        config(), entry().next(now, Transition.Reason.RESTORED), failures, openings, remainingNanos)
                : this;
    }

    /** Half-open after so many openings elsewhere, with no probe yet. */
    default State restoredHalfOpen(int failures, int openings, long now) {
        return config().enabled()
                ? HalfOpen.since(
                        config(),
                        entry().next(now, Transition.Reason.RESTORED),
                        failures,
                        Cooldown.past(config(), Math.max(1, openings)))
                : this;
    }

    /** Opened elsewhere by hand, until it is reset. */
    default State restoredTripped(int failures, long now) {
        return config().enabled()
                ? Open.untilReset(config(), entry().next(now, Transition.Reason.RESTORED), failures)
                : this;
    }

    /** With what was counted elsewhere. Of a state other than closed nothing changes. */
    default State restoredClosed(int failures, int openings) {
        return this;
    }

    /** Closed by hand, with nothing counted. */
    default State reset(long now) {
        return Closed.anew(config(), entry().next(now, Transition.Reason.MANUAL));
    }
}
