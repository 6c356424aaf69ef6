package io.breakwater.server.events;

import io.breakwater.health.breaker.CircuitState;
import io.breakwater.health.breaker.Transition;
import java.time.Duration;
import java.time.Instant;

/**
 * A change of a circuit, with the time of day.
 *
 * @param generation the number of the state entered
 * @param failures failures in a row when it happened
 * @param cooldown how long the circuit stays open once it is
 */
public record CircuitEvent(
        CircuitId circuit,
        long generation,
        Instant at,
        CircuitState from,
        CircuitState to,
        Transition.Reason reason,
        int failures,
        Duration cooldown) {

    static CircuitEvent of(CircuitId circuit, Transition transition, Instant at, Duration cooldown) {
        return new CircuitEvent(
                circuit,
                transition.generation(),
                at,
                transition.from(),
                transition.to(),
                transition.reason(),
                transition.failures(),
                cooldown);
    }

    /** Returns the line of the log: who, from, to, why, with the count, and for how long. */
    @Override
    public String toString() {
        StringBuilder line = new StringBuilder("circuit ")
                .append(circuit)
                .append(": ")
                .append(from.label())
                .append(" -> ")
                .append(to.label())
                .append(" (")
                .append(reason.label());
        if (to == CircuitState.OPEN && reason == Transition.Reason.MANUAL) {
            return line.append("), until reset").toString();
        }
        if (to == CircuitState.OPEN) {
            line.append(": ").append(failures).append(" in a row), cooldown ").append(shortly(cooldown));
            return line.toString();
        }
        return line.append(')').toString();
    }

    private static String shortly(Duration duration) {
        return duration.toMillisPart() == 0 ? duration.toSeconds() + "s" : duration.toMillis() + "ms";
    }
}
