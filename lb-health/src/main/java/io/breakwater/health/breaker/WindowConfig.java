package io.breakwater.health.breaker;

import java.time.Duration;

/**
 * The window over the latest outcomes of a closed circuit, and the rates in it that open the circuit. Judged after every
 * call, successes too, once {@code minimumCalls} are in it.
 *
 * @param type what it holds; with {@link Type#NONE} the other settings mean nothing
 * @param calls how many outcomes a {@link Type#COUNT} window holds; at most {@link #MOST_CALLS}
 * @param duration how long a {@link Type#TIME} window reaches back; whole seconds
 * @param minimumCalls below so many calls in the window nothing is judged; in a count window at most {@code calls}
 * @param failureRate failures per call, above 0 and at most 1, from which on the circuit opens
 * @param slowCallRate slow calls per call, above 0 and at most 1, from which on the circuit opens; slow failures count
 * @param slowCallDuration a call is slow if its response head took longer than this
 */
public record WindowConfig(
        Type type,
        int calls,
        Duration duration,
        int minimumCalls,
        double failureRate,
        double slowCallRate,
        Duration slowCallDuration) {

    /** The most calls that a {@link Type#COUNT} window holds: {@value}, which take 400 kB a backend. */
    public static final int MOST_CALLS = 100_000;

    private static final Duration LONGEST = Duration.ofDays(1);

    /** No window; what it would be by default if it had a type: 100 calls or 10 s, 20 at least, 50 %, 100 % above 3 s. */
    public static final WindowConfig NONE =
            new WindowConfig(Type.NONE, 100, Duration.ofSeconds(10), 20, 0.5, 1, Duration.ofSeconds(3));

    /** What a window holds. */
    public enum Type {
        /** Nothing: only failures in a row open the circuit. */
        NONE,
        /** The latest calls, so many. */
        COUNT,
        /** The calls of the latest seconds. */
        TIME
    }

    public WindowConfig {
        Rules.require(calls >= 1 && calls <= MOST_CALLS, "window.calls", calls, ">= 1 and <= " + MOST_CALLS);
        Rules.require(
                duration.compareTo(Duration.ofSeconds(1)) >= 0
                        && duration.compareTo(LONGEST) <= 0
                        && duration.equals(Duration.ofSeconds(duration.toSeconds())),
                "window.duration",
                duration,
                "whole seconds, from 1s to 24h");
        Rules.atLeast("window.minimum-calls", minimumCalls, 1);
        Rules.require(
                type != Type.COUNT || minimumCalls <= calls, "window.minimum-calls", minimumCalls, "<= window.calls");
        Rules.rate("window.failure-rate", failureRate);
        Rules.rate("window.slow-call-rate", slowCallRate);
        Rules.span("window.slow-call-duration", slowCallDuration);
    }

    /** Returns whether what a window of these settings holds means the same under those: they are of one type and size. */
    public boolean isShapedAs(WindowConfig other) {
        return type == other.type
                && switch (type) {
                    case NONE -> true;
                    case COUNT -> calls == other.calls;
                    case TIME -> duration.equals(other.duration);
                };
    }

    /** Returns whether a window with these counts holds enough calls to be judged; below that its rates say nothing. */
    public boolean judges(WindowCounts counts) {
        return counts.calls() >= minimumCalls;
    }
}
