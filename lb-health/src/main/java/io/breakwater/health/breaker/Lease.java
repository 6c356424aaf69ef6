package io.breakwater.health.breaker;

import java.util.concurrent.TimeUnit;

/**
 * The hold of one probe on a slot of half-open. It runs, stands still and ends as what is waited for changes; it always
 * has an end, so that a probe which never reports cannot keep its slot. While the client is waited for that end is far
 * away: whoever waits for a client bounds that by a timeout of its own, and a slot given to another probe meanwhile puts
 * two requests at a time on a half-open backend.
 *
 * @param probe who holds it
 * @param phase what is waited for, and so what the end of the lease means
 * @param inheritedNanos what earlier probes of the same half-open had spent when it began
 * @param spentNanos undecided waiting for the backend before this phase, by earlier probes of the same half-open too
 * @param beganNanos when the phase began
 * @param endNanos when the lease ends if nothing happens before
 */
record Lease(ProbePermit probe, Phase phase, long inheritedNanos, long spentNanos, long beganNanos, long endNanos) {

    /** Longer than all but the largest and the slowest uploads take. */
    static final long LONGEST_CLIENT_WAIT_NANOS = TimeUnit.MINUTES.toNanos(1);

    enum Phase {
        /** The response head: the lease runs, and its end is a failed probe. */
        BACKEND,
        /** The client's body: the lease stands still; a stretch of {@link #LONGEST_CLIENT_WAIT_NANOS} gives the slot back. */
        CLIENT,
        /** The rest of a good response: the lease runs, and its end is a passed probe. */
        BODY
    }

    /** The lease of a probe that takes over what others have spent before it. */
    static Lease begin(ProbePermit probe, long spentNanos, long now, long timeoutNanos) {
        return in(Phase.BACKEND, probe, spentNanos, spentNanos, now, timeoutNanos);
    }

    private static Lease in(
            Phase phase, ProbePermit probe, long inheritedNanos, long spentNanos, long now, long timeoutNanos) {
        long left = phase == Phase.CLIENT ? LONGEST_CLIENT_WAIT_NANOS : Math.max(0, timeoutNanos - spentNanos);
        return new Lease(probe, phase, inheritedNanos, spentNanos, now, now + left);
    }

    /** Undecided waiting for the backend up to {@code now}; waiting for the rest of a good response is none. */
    long spentNanos(long now) {
        // Callers read the clock before they come here, so a later reading may have come first.
        return phase == Phase.BACKEND ? spentNanos + Math.max(0, now - beganNanos) : spentNanos;
    }

    /** How long this probe has waited for the backend before this phase. */
    long ownNanos() {
        return spentNanos - inheritedNanos;
    }

    /** The lease from {@code now} on; itself where that changes nothing. After a good head nothing stops it. */
    Lease enter(Phase next, long now, long timeoutNanos) {
        return phase == next || phase == Phase.BODY
                ? this
                : in(next, probe, inheritedNanos, spentNanos(now), now, timeoutNanos);
    }

    /** The lease after the timeout was changed at {@code now}; it cannot have ended before that. */
    Lease shifted(long byNanos, long now) {
        if (phase == Phase.CLIENT) {
            return this;
        }
        long end = endNanos + byNanos;
        return new Lease(probe, phase, inheritedNanos, spentNanos, beganNanos, end - now < 0 ? now : end);
    }

    boolean endedBy(long now) {
        return now - endNanos >= 0;
    }

    /** Whether this lease ends before that one; at the same time a failed probe comes first. */
    boolean endsBefore(Lease other) {
        long earlier = other.endNanos - endNanos;
        return earlier > 0 || (earlier == 0 && phase == Phase.BACKEND && other.phase != Phase.BACKEND);
    }
}
