package io.breakwater.health.breaker;

import org.jspecify.annotations.Nullable;

/** Every request is admitted; its outcome goes into the counts and the window, whose verdict opens the circuit. */
final class Closed implements State {
    /** So many successes, at least, prove that a backend is healthy: {@value}. */
    private static final int FEWEST_PROOFS = 10;

    private final BreakerConfig config;
    private final Entry entry;
    /** What opened it before, if the next cooldown is to grow from that. */
    private final Cooldown cooldown;

    private final Counts counts;
    private final @Nullable Window window;
    private final Rates rates;

    private Closed(BreakerConfig config, Entry entry, Cooldown cooldown, Counts counts, @Nullable Window window) {
        this.config = config;
        this.entry = entry;
        this.cooldown = cooldown;
        this.counts = counts;
        this.window = window;
        this.rates = new Rates(config.window());
    }

    /** Closed with nothing counted, and no openings that matter. */
    static Closed anew(BreakerConfig config, Entry entry) {
        return resumed(Cooldown.NONE, 0, config, entry);
    }

    /** Closed with nothing counted, after an opening whose row ends only when the backend has proven itself. */
    static Closed after(Cooldown cooldown, BreakerConfig config, Entry entry) {
        return resumed(cooldown, 0, config, entry);
    }

    /** Closed with so many failures in a row, after an opening whose row goes on, if there was any. */
    static Closed resumed(Cooldown cooldown, int failures, BreakerConfig config, Entry entry) {
        int proofs = config.grows() && cooldown.openings() > 0 ? proofs(config) : 0;
        return new Closed(
                config,
                entry,
                proofs == 0 ? Cooldown.NONE : cooldown,
                new Counts(failures, proofs),
                Window.of(config.window(), entry.sinceNanos()));
    }

    /** So many successes prove a backend healthy. */
    private static int proofs(BreakerConfig config) {
        boolean windowed = config.window().type() != WindowConfig.Type.NONE;
        return windowed ? Math.max(FEWEST_PROOFS, config.window().minimumCalls()) : FEWEST_PROOFS;
    }

    ClosedPermit permit(CircuitBreaker breaker) {
        return window == null ? new ClosedPermit(breaker, counts) : new WindowedPermit(breaker, counts, window);
    }

    Counts counts() {
        return counts;
    }

    @Nullable
    Window window() {
        return window;
    }

    Rates rates() {
        return rates;
    }

    /** Whether so many failures in a row are too many. */
    boolean opensAfter(int failures) {
        return config.enabled() && config.consecutiveFailures() > 0 && failures >= config.consecutiveFailures();
    }

    /**
     * Why a call opens the circuit after which there were so many failures in a row, and this in the window; null if it
     * does not.
     */
    Transition.@Nullable Reason verdict(int failures, @Nullable WindowCounts held) {
        if (opensAfter(failures)) {
            return Transition.Reason.CONSECUTIVE_FAILURES;
        }
        return config.enabled() && held != null ? rates.reason(held) : null;
    }

    /** The state after such a call: itself, or open. */
    State judged(int failures, @Nullable WindowCounts held, long retryAfterNanos, long now) {
        Transition.Reason reason = verdict(failures, held);
        if (reason == null) {
            return this;
        }
        Entry next = entry.next(now, reason);
        return Open.forCooldown(config, next, failures, row(now).next(config, retryAfterNanos, next.draw()), held);
    }

    /** The openings in a row that the next one continues: none if the backend has proven itself since. */
    private Cooldown row(long now) {
        boolean proven = counts.isProven() && now - entry.sinceNanos() >= cooldown.lengthNanos();
        return proven ? Cooldown.NONE : cooldown;
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
    public long remainingNanos(long now) {
        return 0;
    }

    @Override
    public State admit(ProbePermit probe, long now) {
        return this;
    }

    @Override
    public State restoredClosed(int failures, int openings) {
        return resumed(Cooldown.past(config, openings), failures, config, entry);
    }

    @Override
    public State reconfigured(BreakerConfig changed, long now) {
        Window next = config.window().isShapedAs(changed.window()) ? window : Window.of(changed.window(), now);
        return new Closed(changed, entry, cooldown, counts, next);
    }

    @Override
    public BreakerSnapshot snapshot(long now, Observed observed) {
        WindowCounts held = window == null ? null : window.counts(now);
        return new BreakerSnapshot(
                CircuitState.CLOSED,
                entry.generation(),
                failures(),
                entry.sinceNanos(),
                0,
                false,
                entry.reason(),
                config.mode(),
                held,
                held != null && config.window().judges(held),
                0,
                row(now).openings(),
                observed);
    }
}
