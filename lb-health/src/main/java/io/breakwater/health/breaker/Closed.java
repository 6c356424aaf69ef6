package io.breakwater.health.breaker;

/** Every request is admitted; its outcome goes into the counts, whose verdict opens the circuit. */
final class Closed implements State {
    private final BreakerConfig config;
    private final Entry entry;
    private final Counts counts;

    Closed(BreakerConfig config, Entry entry) {
        this(config, entry, new Counts());
    }

    private Closed(BreakerConfig config, Entry entry, Counts counts) {
        this.config = config;
        this.entry = entry;
        this.counts = counts;
    }

    Counts counts() {
        return counts;
    }

    /** The state after a failure that was the {@code failures}th in a row: itself, or open. */
    State failed(int failures, long now) {
        return opensAfter(failures)
                ? Open.forCooldown(config, entry.next(now, Transition.Reason.CONSECUTIVE_FAILURES), failures)
                : this;
    }

    /** Whether so many failures in a row are too many. */
    boolean opensAfter(int failures) {
        return config.enabled() && config.consecutiveFailures() > 0 && failures >= config.consecutiveFailures();
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
        return counts.consecutiveFailures();
    }

    @Override
    public CircuitState kind() {
        return CircuitState.CLOSED;
    }

    @Override
    public State settled(long now) {
        return this;
    }

    @Override
    public boolean refuses(long now) {
        return false;
    }

    @Override
    public CircuitState at(long now) {
        return CircuitState.CLOSED;
    }

    @Override
    public boolean offersProbe(long now) {
        return false;
    }

    @Override
    public boolean isProbeOverdue(long now) {
        return false;
    }

    @Override
    public State admit(ProbePermit probe, long now) {
        return this;
    }

    @Override
    public State reconfigured(BreakerConfig changed, long now) {
        return new Closed(changed, entry, counts);
    }

    @Override
    public BreakerSnapshot snapshot(long now) {
        return new BreakerSnapshot(
                CircuitState.CLOSED, entry.generation(), failures(), entry.sinceNanos(), 0, false, entry.reason());
    }
}
