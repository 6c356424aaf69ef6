package io.breakwater.time;

/**
 * A source of monotonic time: nanoseconds since some fixed but arbitrary point, which may lie in the future, so that
 * readings may be negative. Readings are compared by subtraction only, {@code now - deadline >= 0}, which stays right
 * when the value wraps around. Safe to call from any thread.
 */
@FunctionalInterface
public interface Ticker {

    /** Returns the present reading, in nanoseconds. */
    long read();

    /** Returns the ticker of this process; the one place where the product reads the monotonic clock. */
    static Ticker system() {
        return SystemTicker.INSTANCE;
    }
}
