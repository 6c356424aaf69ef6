package io.breakwater.server.config;

import io.breakwater.server.config.InvalidSettings.Violation;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/** Gathers what is wrong with the values of one record, so that its constructor can refuse them all in one go. */
final class Constraints {

    /** No timeout of a proxy is longer than a day; a longer one is a mistyped unit. */
    static final Duration LONGEST = Duration.ofDays(1);

    private final List<Violation> violations = new ArrayList<>();

    Constraints require(boolean holds, String key, Object value, String rule) {
        if (!holds) {
            violations.add(new Violation(key, String.valueOf(value), rule));
        }
        return this;
    }

    Constraints range(String key, long value, long min, long max) {
        return require(value >= min && value <= max, key, value, min + ".." + max);
    }

    Constraints sizeInBytes(String key, long bytes, long min, long max) {
        return require(
                bytes >= min && bytes <= max, key, bytes, "a size from " + Units.size(min) + " to " + Units.size(max));
    }

    /** From 1 ms to a day. */
    Constraints positive(String key, Duration value) {
        return require(
                value.compareTo(Duration.ofMillis(1)) >= 0 && value.compareTo(LONGEST) <= 0,
                key,
                Units.duration(value),
                "a duration from 1ms to 24h");
    }

    /** From nothing to a day. */
    Constraints notNegative(String key, Duration value) {
        return require(
                !value.isNegative() && value.compareTo(LONGEST) <= 0,
                key,
                Units.duration(value),
                "a duration from 0s to 24h");
    }

    /** @throws InvalidSettings if any rule did not hold */
    void verify() {
        if (!violations.isEmpty()) {
            throw new InvalidSettings(violations);
        }
    }
}
