package io.breakwater.server.pool;

import io.breakwater.server.config.SlowStartConfig;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReferenceFieldUpdater;
import org.jspecify.annotations.Nullable;

/**
 * How much of its weight counts for a backend that has returned: it begins with {@code min-weight} and grows linearly to
 * the whole over {@code duration}. More than half it gets only after {@code min-successes} since its return, so that time
 * alone proves nothing; a failure stops the growth for {@value #FROZEN_SECONDS} s. Requests that began before the return
 * say nothing about it. Safe from any thread, without locks; only a return and a failure make garbage.
 *
 * <pre>
 *   1 ┤                     ╭──────
 *     │                ╭────╯        a failure here
 *  ½  ┤        ╭───────╯  ◄───────── waiting for min-successes
 *     │   ╭────╯
 * min ┼───╯
 *     └───┬─────────────────┬──────
 *      return           + duration
 * </pre>
 */
final class SlowStart {
    private static final long FROZEN_SECONDS = 1;
    private static final long FROZEN_NANOS = TimeUnit.SECONDS.toNanos(FROZEN_SECONDS);
    private static final double HALF = 0.5;

    /** Where all of the weight always counts: one for all backends, so that no request meets one for each of them. */
    private static final SlowStart OFF = new SlowStart(new SlowStartConfig(false, Duration.ofSeconds(1), 1, 0));

    private static final AtomicReferenceFieldUpdater<SlowStart, @Nullable Ramp> RAMP =
            AtomicReferenceFieldUpdater.newUpdater(SlowStart.class, Ramp.class, "ramp");

    private volatile SlowStartConfig config;
    /** Null when all of the weight counts. */
    private volatile @Nullable Ramp ramp;

    private SlowStart(SlowStartConfig config) {
        this.config = config;
    }

    /** Returns one in which all of the weight counts until the backend returns. */
    static SlowStart of(SlowStartConfig config) {
        return config.enabled() ? new SlowStart(config) : OFF;
    }

    /** Returns what goes on by other numbers: what has grown stays grown, and the rest grows by these. */
    SlowStart reconfigured(SlowStartConfig changed) {
        if (this == OFF || !changed.enabled()) {
            return of(changed);
        }
        config = changed;
        return this;
    }

    /** The backend is in rotation again since {@code now}. */
    void returned(long now) {
        if (this != OFF) {
            ramp = new Ramp(now, 0, now, new AtomicInteger());
        }
    }

    /** A request that began at {@code beganNanos} ended well. */
    void succeeded(long beganNanos) {
        Ramp present = ramp;
        if (present != null && present.concerns(beganNanos)) {
            present.successes.incrementAndGet();
        }
    }

    /** A request that began at {@code beganNanos} ended with a failure of the backend. */
    void failed(long beganNanos, long now) {
        Ramp before;
        do {
            before = ramp;
            if (before == null || !before.concerns(beganNanos)) {
                return;
            }
        } while (!RAMP.compareAndSet(this, before, before.frozen(now)));
    }

    /** Returns the part of the weight that counts at {@code now}, above 0 and at most 1. */
    double share(long now) {
        Ramp present = ramp;
        if (present == null) {
            return 1;
        }
        SlowStartConfig settings = config;
        double grown = (double) present.grownNanos(now) / settings.duration().toNanos();
        boolean proven = present.successes.get() >= settings.minSuccesses();
        if (grown >= 1 && proven) {
            RAMP.compareAndSet(this, present, null);
            return 1;
        }
        double least = settings.minWeight();
        double byTime = least + (1 - least) * Math.min(1, grown);
        return proven ? byTime : Math.min(byTime, Math.max(HALF, least));
    }

    /** Returns how far it has come at {@code now}; null when all of the weight counts. */
    @Nullable
    Growth growth(long now) {
        double share = share(now);
        Ramp present = ramp;
        if (share == 1 || present == null) {
            return null;
        }
        SlowStartConfig settings = config;
        return new Growth(
                share,
                present.returnedNanos,
                present.growsFromNanos + settings.duration().toNanos() - present.grewNanos,
                Math.max(0, settings.minSuccesses() - present.successes.get()));
    }

    /**
     * @param returnedNanos when the backend returned
     * @param grewNanos for how long it had grown up to {@code growsFromNanos}
     * @param growsFromNanos since when it grows, which may be to come
     * @param successes since its return; the same object for as long as that was not repeated
     */
    private record Ramp(long returnedNanos, long grewNanos, long growsFromNanos, AtomicInteger successes) {

        boolean concerns(long beganNanos) {
            return beganNanos - returnedNanos >= 0;
        }

        long grownNanos(long now) {
            return grewNanos + Math.max(0, now - growsFromNanos);
        }

        Ramp frozen(long now) {
            long thaw = now + FROZEN_NANOS;
            return new Ramp(
                    returnedNanos,
                    grownNanos(now),
                    growsFromNanos - thaw > 0 ? growsFromNanos : thaw, // readings of several threads are not in order
                    successes);
        }
    }
}
