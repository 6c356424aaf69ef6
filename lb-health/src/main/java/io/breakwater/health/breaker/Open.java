package io.breakwater.health.breaker;

import java.util.List;

/**
 * Every request is refused until the deadline; from then on this state is half-open to whoever asks, and becomes a
 * {@link HalfOpen} with its first probe. Tripped by hand it has no deadline.
 */
final class Open implements State {
    private final BreakerConfig config;
    private final Entry entry;
    private final int failures;
    private final boolean tripped;
    /** The end of the cooldown; means nothing when tripped. */
    private final long deadlineNanos;

    private Open(BreakerConfig config, Entry entry, int failures, boolean tripped, long deadlineNanos) {
        this.config = config;
        this.entry = entry;
        this.failures = failures;
        this.tripped = tripped;
        this.deadlineNanos = deadlineNanos;
    }

    /** Open for one cooldown from its entry on. */
    static Open forCooldown(BreakerConfig config, Entry entry, int failures) {
        return new Open(config, entry, failures, false, entry.sinceNanos() + config.cooldownNanos());
    }

    /** Open for what is left of a cooldown that began in another life; nothing left reads half-open. */
    static Open forRest(BreakerConfig config, Entry entry, int failures, long remainingNanos) {
        long rest = Math.max(0, Math.min(remainingNanos, config.cooldownNanos()));
        return new Open(config, entry, failures, false, entry.sinceNanos() + rest);
    }

    static Open untilReset(BreakerConfig config, Entry entry, int failures) {
        return new Open(config, entry, failures, true, entry.sinceNanos());
    }

    boolean isTripped() {
        return tripped;
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
        return cooledDown(now) && now - deadlineNanos >= config.cooldownNanos();
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
                ? new Open(changed, entry, failures, tripped, deadlineNanos)
                : new Closed(changed, entry.next(now, Transition.Reason.MANUAL));
    }

    @Override
    public BreakerSnapshot snapshot(long now) {
        return cooledDown(now)
                ? new BreakerSnapshot(
                        CircuitState.HALF_OPEN, entry.generation(), failures, deadlineNanos, 0, false, entry.reason())
                : new BreakerSnapshot(
                        CircuitState.OPEN,
                        entry.generation(),
                        failures,
                        entry.sinceNanos(),
                        remainingNanos(now),
                        tripped,
                        entry.reason());
    }

    private boolean cooledDown(long now) {
        return !tripped && now - deadlineNanos >= 0;
    }

    private long remainingNanos(long now) {
        // A reading may be older than the entry that another thread made; nobody waits longer than one cooldown.
        return tripped ? config.cooldownNanos() : Math.min(deadlineNanos - now, deadlineNanos - entry.sinceNanos());
    }

    private HalfOpen halfOpen() {
        return new HalfOpen(
                config, entry.next(deadlineNanos, Transition.Reason.COOLDOWN_ELAPSED), failures, 0, 0, List.of());
    }
}
