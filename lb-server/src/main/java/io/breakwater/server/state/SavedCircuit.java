package io.breakwater.server.state;

import io.breakwater.health.breaker.BreakerSnapshot;
import io.breakwater.health.breaker.CircuitBreaker;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * What is kept of one circuit. Its window is not, nor is a half-open circuit's probe: that has died with the process.
 *
 * @param route the only one whose requests it is for; null if it is for all
 * @param deadlineNanos when an open one is half-open, as a reading of the ticker; means nothing in other standings
 * @param failures in a row so far
 * @param openings how many openings in a row the cooldown has grown by
 */
record SavedCircuit(@Nullable String route, Standing standing, long deadlineNanos, int failures, int openings) {

    /** Where a circuit stands. */
    enum Standing {
        CLOSED,
        OPEN,
        HALF_OPEN,
        /** Opened by hand, until it is reset. */
        TRIPPED;

        private final String label = name().toLowerCase(Locale.ROOT).replace('_', '-');

        /** As the file writes it. */
        String label() {
            return label;
        }
    }

    static SavedCircuit of(@Nullable String route, CircuitBreaker breaker, long now) {
        BreakerSnapshot seen = breaker.snapshot(now);
        Standing standing = switch (seen.state()) {
            case CLOSED -> Standing.CLOSED;
            case OPEN -> seen.tripped() ? Standing.TRIPPED : Standing.OPEN;
            case HALF_OPEN -> Standing.HALF_OPEN;
        };
        long deadlineNanos = standing == Standing.OPEN ? now + seen.remainingNanos() : 0;
        return new SavedCircuit(route, standing, deadlineNanos, seen.consecutiveFailures(), seen.openings());
    }

    /** Whether it is as every circuit begins. */
    boolean isPlain() {
        return standing == Standing.CLOSED && failures == 0 && openings == 0;
    }

    /** What is left of the cooldown of an open one at {@code now}; not positive when it is over. */
    long remainingNanos(long now) {
        return deadlineNanos - now;
    }

    /** The same by a ticker that reads so much more. */
    SavedCircuit movedBy(long nanos) {
        return standing == Standing.OPEN
                ? new SavedCircuit(route, standing, deadlineNanos + nanos, failures, openings)
                : this;
    }

    /** Puts a circuit that is new where this one stood. */
    void restore(CircuitBreaker breaker, long now) {
        switch (standing) {
            case CLOSED -> breaker.restoreClosed(failures, openings, now);
            case TRIPPED -> breaker.restoreTripped(failures, now);
            case HALF_OPEN -> breaker.restoreHalfOpen(failures, openings, now);
            case OPEN -> {
                long remainingNanos = remainingNanos(now);
                if (remainingNanos > 0) {
                    breaker.restoreOpen(remainingNanos, failures, openings, now);
                } else {
                    breaker.restoreHalfOpen(failures, openings, now);
                }
            }
        }
    }
}
