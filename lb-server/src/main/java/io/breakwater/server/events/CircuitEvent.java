package io.breakwater.server.events;

import io.breakwater.health.breaker.BreakerConfig;
import io.breakwater.health.breaker.CircuitState;
import io.breakwater.health.breaker.Transition;
import io.breakwater.health.breaker.Transition.Reason;
import io.breakwater.health.breaker.WindowConfig;
import io.breakwater.health.breaker.WindowCounts;
import java.math.BigDecimal;
import java.math.RoundingMode;
import java.time.Duration;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * A change of a circuit, with the time of day.
 *
 * @param generation the number of the state entered
 * @param figures what opened the circuit, such as {@code 3 in a row}, for people; null unless outcomes did
 * @param cooldown how long the circuit stays open; zero if it does not, or has no deadline
 * @param observed nobody is refused because of it: the circuit only observes
 */
public record CircuitEvent(
        CircuitId circuit,
        long generation,
        Instant at,
        CircuitState from,
        CircuitState to,
        Reason reason,
        @Nullable String figures,
        Duration cooldown,
        boolean observed)
        implements Event, Sequencer.Numbered {

    /** @param config what the circuit goes by */
    static CircuitEvent of(CircuitId circuit, Transition transition, Instant at, BreakerConfig config) {
        return new CircuitEvent(
                circuit,
                transition.generation(),
                at,
                transition.from(),
                transition.to(),
                transition.reason(),
                figures(transition, config.window()),
                Duration.ofNanos(transition.cooldownNanos()),
                config.mode() == BreakerConfig.Mode.OBSERVE);
    }

    private static @Nullable String figures(Transition transition, WindowConfig rules) {
        if (transition.to() != CircuitState.OPEN
                || transition.reason() == Reason.MANUAL
                || transition.reason() == Reason.RESTORED) {
            return null;
        }
        WindowCounts held = transition.window();
        if (held != null && transition.reason() == Reason.FAILURE_RATE) {
            return held.failures() + " of " + held.calls() + " calls failed, "
                    + comparison(held.failureRate(), rules.failureRate());
        } else if (held != null && transition.reason() == Reason.SLOW_CALL_RATE) {
            return held.slowCalls() + " of " + held.calls() + " calls took longer than "
                    + shortly(rules.slowCallDuration()) + ", "
                    + comparison(held.slowCallRate(), rules.slowCallRate());
        }
        return transition.failures() + " in a row";
    }

    /** The circuit has opened because the rate is not below the threshold, and what is rounded alike says so too. */
    private static String comparison(double rate, double threshold) {
        return percent(rate) + " >= " + percent(threshold);
    }

    private static String percent(double ratio) {
        return BigDecimal.valueOf(ratio)
                        .movePointRight(2)
                        .setScale(2, RoundingMode.HALF_UP)
                        .stripTrailingZeros()
                        .toPlainString()
                + " %";
    }

    /** Returns the line of the log: who, from, to, why, with the figures, and for how long. */
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
        if (figures != null) {
            line.append(": ").append(figures);
        }
        line.append(')');
        if (to == CircuitState.OPEN) {
            line.append(cooldown.isZero() ? ", until reset" : ", cooldown " + shortly(cooldown));
        }
        return line.append(observedOnly()).toString();
    }

    /** Returns what was decided about a circuit that has opened, in a sentence. */
    String decision() {
        return "opened " + (cooldown.isZero() ? "until reset" : "for " + shortly(cooldown)) + observedOnly();
    }

    private String observedOnly() {
        return observed ? ", observed only" : "";
    }

    private static String shortly(Duration duration) {
        return duration.toMillisPart() == 0 ? duration.toSeconds() + "s" : duration.toMillis() + "ms";
    }
}
