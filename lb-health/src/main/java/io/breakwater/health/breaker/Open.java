package io.breakwater.health.breaker;

import org.jspecify.annotations.Nullable;

/**
 * Every request is refused until the deadline; from then on this state is half-open to whoever asks, and becomes a
 * {@link HalfOpen} with its first probe. Tripped by hand it has no deadline.
 */
final class Open implements State {
    private final BreakerConfig config;
    private final Entry entry;
    private final int failures;
    private final boolean tripped;
    /** From its entry on; means nothing when tripped. */
    private final Cooldown cooldown;
    /** What the window held that was judged when this was entered; null if none was. */
    private final @Nullable WindowCounts judged;

    private Open(
            BreakerConfig config,
            Entry entry,
            int failures,
            boolean tripped,
            Cooldown cooldown,
            @Nullable WindowCounts judged) {
        this.config = config;
        this.entry = entry;
        this.failures = failures;
        this.tripped = tripped;
        this.cooldown = cooldown;
        this.judged = judged;
    }

    /** Open for one cooldown from its entry on. */
    static Open forCooldown(
            BreakerConfig config, Entry entry, int failures, Cooldown cooldown, @Nullable WindowCounts judged) {
        return new Open(config, entry, failures, false, cooldown, judged);
    }

    /** Open for what is left of a cooldown that began in another life; nothing left reads half-open. */
    static Open forRest(BreakerConfig config, Entry entry, int failures, int openings, long remainingNanos) {
        return new Open(config, entry, failures, false, Cooldown.rest(config, openings, remainingNanos), null);
    }

    static Open untilReset(BreakerConfig config, Entry entry, int failures) {
        return new Open(config, entry, failures, true, Cooldown.NONE, null);
    }

    boolean isTripped() {
        return tripped;
    }

    @Nullable
    WindowCounts judged() {
        return judged;
    }

    /** How long this lasts in all; 0 when tripped. */
    long lengthNanos() {
        return cooldown.lengthNanos();
    }

    @Override
    public BreakerConfig config() {
        return config;
    }

    @Override
    public Entry entry() {
        return entry;
    }

    @Override
    public int failures() {
        return failures;
    }

    @Override
    public CircuitState kind() {
        return CircuitState.OPEN;
    }

    @Override
    public State settled(long now) {
        return this;
    }

    @Override
    public boolean refuses(long now) {
        return !cooledDown(now);
    }

    @Override
    public CircuitState at(long now) {
        return cooledDown(now) ? CircuitState.HALF_OPEN : CircuitState.OPEN;
    }

    @Override
    public boolean offersProbe(long now) {
        return cooledDown(now);
    }

    @Override
    public boolean isProbeOverdue(long now) {
        return cooledDown(now) && now - deadlineNanos() >= config.cooldownNanos();
    }

    @Override
    public State admit(ProbePermit probe, long now) {
        return cooledDown(now) ? halfOpen().admit(probe, now) : this;
    }

    @Override
    public State tripped(long now) {
        return tripped ? this : State.super.tripped(now);
    }

    @Override
    public State reconfigured(BreakerConfig changed, long now) {
        return changed.enabled()
                ? new Open(changed, entry, failures, tripped, cooldown, judged)
                : Closed.anew(changed, entry.next(now, Transition.Reason.MANUAL));
    }

    @Override
    public long remainingNanos(long now) {
        if (tripped) {
            return config.cooldownNanos();
        }
        // A reading may be older than the entry that another thread made; nobody waits longer than one cooldown.
        return Math.max(0, Math.min(deadlineNanos() - now, cooldown.lengthNanos()));
    }

    @Override
    public BreakerSnapshot snapshot(long now, Observed observed) {
        boolean over = cooledDown(now);
        return new BreakerSnapshot(
                at(now),
                entry.generation(),
                failures,
                over ? deadlineNanos() : entry.sinceNanos(),
                remainingNanos(now),
                tripped,
                entry.reason(),
                config.mode(),
                over ? null : judged,
                !over && judged != null && config.window().judges(judged),
                over ? 0 : cooldown.lengthNanos(),
                cooldown.openings(),
                observed);
    }

    private boolean cooledDown(long now) {
        return !tripped && now - deadlineNanos() >= 0;
    }

    private long deadlineNanos() {
        return entry.sinceNanos() + cooldown.lengthNanos();
    }

    private HalfOpen halfOpen() {
        return HalfOpen.since(
                config, entry.next(deadlineNanos(), Transition.Reason.COOLDOWN_ELAPSED), failures, cooldown);
    }
}
