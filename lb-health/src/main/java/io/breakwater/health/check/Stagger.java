package io.breakwater.health.check;

import java.util.HashMap;
import java.util.Map;
import java.util.random.RandomGenerator;

/**
 * Spreads the checks of many backends over time, so that ten thousand of them never make a herd. All checkers of a
 * process share one. Safe from any thread.
 *
 * <p>Three rules:
 * <ol>
 *   <li>First checks that are wanted at the same moment begin one twenty-thousandth of the interval apart: those of a few
 *       backends really at once, those of ten thousand over half an interval.
 *   <li>Each checker has a phase, a point in the interval at which it checks time after time. Multiples of the golden
 *       ratio's fraction fill a circle evenly however many there are (the three-distance theorem), so that the phases of
 *       checkers made one after the other are spread over the whole interval, for every length of interval.
 *   <li>Jitter moves each check to and fro around its phase and is never added up, and an interval is counted from the
 *       planned beginning, not from the end of a check. So neither chance nor slow answers make checks drift together;
 *       and a checker that changes its interval, because its backend fell or rose along with a thousand others, goes to
 *       the phase that it has in the new interval.
 * </ol>
 */
public final class Stagger {
    /** How many first checks fit into one interval; more than that begin a second layer. */
    static final int FIRST_CHECKS_PER_INTERVAL = 20_000;

    /** The fraction of the golden ratio, in units of 2^-64. */
    private static final long GOLDEN_FRACTION = 0x9E37_79B9_7F4A_7C15L;

    private final long originNanos;
    private final RandomGenerator random;
    /** By the length of the interval: when the next first check may begin. */
    private final Map<Long, Long> nextFirst = new HashMap<>();

    private long phases;

    /**
     * @param originNanos a reading of the checkers' ticker, from which phases are counted
     * @param random for jitter; may be called from any thread
     */
    public Stagger(long originNanos, RandomGenerator random) {
        this.originNanos = originNanos;
        this.random = random;
    }

    /** Returns the phase of a new checker, as a fraction of the interval. */
    synchronized double nextPhase() {
        long fraction = phases++ * GOLDEN_FRACTION;
        return (fraction >>> 11) * 0x1.0p-53;
    }

    /** Returns when a first check that is wanted now begins. */
    synchronized long first(long nowNanos, long intervalNanos) {
        nextFirst.values().removeIf(free -> nowNanos - free >= 0);
        Long free = nextFirst.get(intervalNanos);
        long begin = free == null || free - nowNanos >= intervalNanos ? nowNanos : free;
        nextFirst.put(intervalNanos, begin + Math.max(1, intervalNanos / FIRST_CHECKS_PER_INTERVAL));
        return begin;
    }

    /**
     * Returns the planned beginning of the check after the one that was planned for {@code plannedNanos}: one interval
     * later for a checker in its phase; for one that is not, because it has just begun or had another interval, as soon as
     * it is in phase again but not before half an interval; not in the past in any case.
     */
    long next(double phase, long plannedNanos, long nowNanos, long intervalNanos) {
        long earliest = plannedNanos + (intervalNanos + 1) / 2;
        if (nowNanos - earliest > 0) {
            earliest = nowNanos;
        }
        long phaseNanos = (long) (phase * intervalNanos);
        return earliest
                + Math.floorMod(phaseNanos - Math.floorMod(earliest - originNanos, intervalNanos), intervalNanos);
    }

    /**
     * Moves a planned beginning by at most half of {@code jitter} intervals either way, so that the time between two
     * checks is off by at most {@code jitter} intervals.
     */
    long jittered(long plannedNanos, long intervalNanos, double jitter) {
        return plannedNanos + (long) ((random.nextDouble() - 0.5) * jitter * intervalNanos);
    }
}
