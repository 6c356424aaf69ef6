package io.breakwater.health.breaker;

import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * One change of a circuit's state. By hand it may lead from a state to the same one: tripping an open circuit takes its
 * deadline away, resetting a closed one empties its counts.
 *
 * @param generation the number of the state entered; rises by one with each transition of a breaker
 * @param atNanos when it happened, as a reading of the breaker's ticker; a change that time brought about (the cooldown
 *     elapsed, a lease ended) is reported later than that, by the next call that could change something
 * @param from the state left
 * @param to the state entered
 * @param reason why
 * @param failures failures in a row, this one included; 0 when the state entered is closed
 * @param window what the window held that was judged when outcomes opened a closed circuit, whichever rule did; else, and
 *     without a window, null
 * @param cooldownNanos how long the circuit stays open unless somebody interferes; 0 when the state entered is not open,
 *     or has no deadline
 */
public record Transition(
        long generation,
        long atNanos,
        CircuitState from,
        CircuitState to,
        Reason reason,
        int failures,
        @Nullable WindowCounts window,
        long cooldownNanos) {

    /** A transition that no window decided and that begins no cooldown. */
    public Transition(long generation, long atNanos, CircuitState from, CircuitState to, Reason reason, int failures) {
        this(generation, atNanos, from, to, reason, failures, null, 0);
    }

    /** Why a circuit changed its state. */
    public enum Reason {
        CONSECUTIVE_FAILURES,
        FAILURE_RATE,
        SLOW_CALL_RATE,
        COOLDOWN_ELAPSED,
        PROBE_SUCCEEDED,
        PROBE_FAILED,
        PROBE_EXPIRED,
        MANUAL,
        RESTORED;

        private final String label = name().toLowerCase(Locale.ROOT);

        /** Returns the value of the metric label {@code reason}. */
        public String label() {
            return label;
        }
    }
}
