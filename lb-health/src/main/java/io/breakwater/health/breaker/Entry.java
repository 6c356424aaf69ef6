package io.breakwater.health.breaker;

import org.jspecify.annotations.Nullable;

/**
 * How a state came to be.
 *
 * @param generation the number of the state; one more than that of the state before
 * @param sinceNanos when it was entered
 * @param reason why; null for the state that a breaker begins with
 * @param seed of the chances that the breaker takes
 */
record Entry(long generation, long sinceNanos, Transition.@Nullable Reason reason, long seed) {

    static Entry first(long now, long seed) {
        return new Entry(0, now, null, seed);
    }

    Entry next(long atNanos, Transition.Reason why) {
        return new Entry(generation + 1, atNanos, why, seed);
    }

    /**
     * The chance that goes with this state, from 0 to below 1. A lapse is worked out again by everybody who looks before
     * somebody writes it down, and they must all see the same; so it is not drawn but follows from seed and generation.
     */
    double draw() {
        // The output function of SplitMix64 (Steele, Lea, Flood 2014), of which 53 bits make a double.
        long bits = seed + generation * 0x9E3779B97F4A7C15L;
        bits = (bits ^ (bits >>> 30)) * 0xBF58476D1CE4E5B9L;
        bits = (bits ^ (bits >>> 27)) * 0x94D049BB133111EBL;
        return ((bits ^ (bits >>> 31)) >>> 11) * 0x1p-53;
    }
}
