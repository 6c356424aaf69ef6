package io.breakwater.health.breaker;

import io.breakwater.health.Outcome.Verdict;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * As many requests at a time as configured are admitted as probes, each with a {@link Lease}; all others are refused.
 * Enough passed probes close the circuit, the first failed one opens it again; with a window, so does a slow one.
 */
final class HalfOpen implements State {
    private final BreakerConfig config;
    private final Entry entry;
    private final int failures;
    /** Of the opening before. */
    private final Cooldown cooldown;

    private final int successes;
    /** The longest undecided waiting for the backend that probes have handed back; the next probe takes it over. */
    private final long spentNanos;

    private final List<Lease> leases;

    private HalfOpen(
            BreakerConfig config,
            Entry entry,
            int failures,
            Cooldown cooldown,
            int successes,
            long spentNanos,
            List<Lease> leases) {
        this.config = config;
        this.entry = entry;
        this.failures = failures;
        this.cooldown = cooldown;
        this.successes = successes;
        this.spentNanos = spentNanos;
        this.leases = leases;
    }

    /** With no probe yet. */
    static HalfOpen since(BreakerConfig config, Entry entry, int failures, Cooldown cooldown) {
        return new HalfOpen(config, entry, failures, cooldown, 0, 0, List.of());
    }

    /** Whether this probe holds a slot; if not, it has no vote. */
    boolean holds(ProbePermit probe) {
        return leaseOf(probe) != null;
    }

    /** The state after the probe began to wait for something else; itself where that changes nothing. */
    State entered(ProbePermit probe, Lease.Phase phase, long now) {
        Lease before = leaseOf(probe);
        if (before == null) {
            return this;
        }
        Lease after = before.enter(phase, now, config.probeTimeoutNanos());
        return after.equals(before) ? this : with(successes, failures, spentNanos, replacedBy(after));
    }

    /** The state after the probe ended like this; itself when it had no slot any more. */
    State ended(ProbePermit probe, Verdict verdict, long latencyNanos, long retryAfterNanos, long now) {
        Lease lease = leaseOf(probe);
        if (lease == null) {
            return this;
        }
        return switch (verdict) {
            case SUCCESS -> succeeded(lease, latencyNanos, retryAfterNanos, now);
            case FAILURE -> reopened(now, Transition.Reason.PROBE_FAILED, retryAfterNanos);
            case IGNORED -> givenBack(lease, now);
        };
    }

    private State succeeded(Lease lease, long latencyNanos, long retryAfterNanos, long atNanos) {
        return config.isSlow(latencyNanos)
                ? reopened(atNanos, Transition.Reason.PROBE_FAILED, retryAfterNanos)
                : passed(lease, atNanos);
    }

    private State passed(Lease lease, long atNanos) {
        return successes + 1 >= config.successesToClose()
                ? Closed.after(cooldown, config, entry.next(atNanos, Transition.Reason.PROBE_SUCCEEDED))
                : with(successes + 1, 0, spentNanos, without(lease));
    }

    private State reopened(long atNanos, Transition.Reason reason, long retryAfterNanos) {
        Entry next = entry.next(atNanos, reason);
        return Open.forCooldown(
                config,
                next,
                Math.max(failures, failures + 1),
                cooldown.next(config, retryAfterNanos, next.draw()),
                null);
    }

    private State givenBack(Lease lease, long atNanos) {
        // The longest, not the sum: probes that waited side by side did not wait one after the other.
        long spent = Math.max(spentNanos, lease.spentNanos(atNanos));
        return with(successes, failures, spent, without(lease)).unlessSpent(atNanos);
    }

    /** Open if a shorter timeout left nothing of the lease to the next probe, else itself. */
    private State unlessSpent(long atNanos) {
        return spentNanos >= config.probeTimeoutNanos() ? reopened(atNanos, Transition.Reason.PROBE_EXPIRED, 0) : this;
    }

    /** The state after the lease ran out. */
    private State expired(Lease lease) {
        long atNanos = lease.endNanos();
        return switch (lease.phase()) {
            case BACKEND -> reopened(atNanos, Transition.Reason.PROBE_EXPIRED, 0);
            case CLIENT -> givenBack(lease, atNanos);
            case BODY -> succeeded(lease, lease.ownNanos(), 0, atNanos);
        };
    }

    @Override
    public State settled(long now) {
        State settled = this;
        while (settled instanceof HalfOpen halfOpen) {
            Lease first = halfOpen.firstEndedBy(now);
            if (first == null) {
                break;
            }
            settled = halfOpen.expired(first);
        }
        return settled;
    }

    @Override
    public boolean refuses(long now) {
        return leases.size() >= config.concurrentProbes() && firstEndedBy(now) == null;
    }

    @Override
    public CircuitState at(long now) {
        return CircuitState.HALF_OPEN;
    }

    @Override
    public boolean offersProbe(long now) {
        return leases.size() < config.concurrentProbes();
    }

    @Override
    public boolean isProbeOverdue(long now) {
        return now - entry.sinceNanos() >= config.cooldownNanos();
    }

    @Override
    public State admit(ProbePermit probe, long now) {
        if (leases.size() >= config.concurrentProbes()) {
            return this;
        }
        List<Lease> more = new ArrayList<>(leases);
        more.add(Lease.begin(probe, spentNanos, now, config.probeTimeoutNanos()));
        return with(successes, failures, spentNanos, List.copyOf(more));
    }

    @Override
    public State reconfigured(BreakerConfig changed, long now) {
        if (!changed.enabled()) {
            return Closed.anew(changed, entry.next(now, Transition.Reason.MANUAL));
        }
        long byNanos = changed.probeTimeoutNanos() - config.probeTimeoutNanos();
        List<Lease> shifted =
                leases.stream().map(lease -> lease.shifted(byNanos, now)).toList();
        return new HalfOpen(changed, entry, failures, cooldown, successes, spentNanos, shifted).unlessSpent(now);
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
        return CircuitState.HALF_OPEN;
    }

    @Override
    public long remainingNanos(long now) {
        return 0;
    }

    @Override
    public BreakerSnapshot snapshot(long now, Observed observed) {
        return new BreakerSnapshot(
                CircuitState.HALF_OPEN,
                entry.generation(),
                failures,
                entry.sinceNanos(),
                0,
                false,
                entry.reason(),
                config.mode(),
                null,
                false,
                0,
                cooldown.openings(),
                observed);
    }

    private HalfOpen with(int successes, int failures, long spentNanos, List<Lease> leases) {
        return new HalfOpen(config, entry, failures, cooldown, successes, spentNanos, leases);
    }

    private @Nullable Lease leaseOf(ProbePermit probe) {
        for (Lease lease : leases) {
            if (lease.probe() == probe) {
                return lease;
            }
        }
        return null;
    }

    private @Nullable Lease firstEndedBy(long now) {
        Lease first = null;
        for (Lease lease : leases) {
            if (lease.endedBy(now) && (first == null || lease.endsBefore(first))) {
                first = lease;
            }
        }
        return first;
    }

    private List<Lease> without(Lease gone) {
        return leases.stream().filter(lease -> lease.probe() != gone.probe()).toList();
    }

    private List<Lease> replacedBy(Lease after) {
        return leases.stream()
                .map(lease -> lease.probe() == after.probe() ? after : lease)
                .toList();
    }
}
