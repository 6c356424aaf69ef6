package io.breakwater.health.breaker;

import java.time.Duration;

/** What settings must keep to. */
final class Rules {
    /** Far below the 292 years that nanoseconds in a long can tell apart, so that deadlines never wrap. */
    private static final Duration LONGEST = Duration.ofDays(365);

    private Rules() {}

    static void atLeast(String key, int value, int least) {
        require(value >= least, key, value, ">= " + least);
    }

    static void rate(String key, double value) {
        require(value > 0 && value <= 1, key, value, "> 0 and <= 1");
    }

    static void span(String key, Duration value) {
        require(
                !value.isNegative() && !value.isZero() && value.compareTo(LONGEST) <= 0,
                key,
                value,
                "> 0s and <= 365d");
    }

    static void require(boolean holds, String key, Object value, String rule) {
        if (!holds) {
            throw new IllegalArgumentException(key + ": " + value + " (expected: " + rule + ")");
        }
    }
}
