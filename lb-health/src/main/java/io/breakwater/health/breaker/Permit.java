package io.breakwater.health.breaker;

import io.breakwater.health.Outcome;

/**
 * The leave to send one request to one backend, with the state that gave it. It ends once, by {@link #record} or
 * {@link #release}; later ends do nothing. Safe to use from any thread, though its owner is one event loop.
 *
 * <p>All times are readings of the breaker's ticker.
 */
public interface Permit {

    /**
     * Returns the state that admitted the request: closed, or half-open for a probe. Always closed where the breaker
     * only observed.
     */
    CircuitState admittedIn();

    /** Returns whether this request is a probe, which must use a fresh connection and holds a leased slot. */
    default boolean isProbe() {
        return admittedIn() == CircuitState.HALF_OPEN;
    }

    /** The balancer now waits for the client (its body), not for the backend: a probe's lease stands still. */
    void waitingForClient(long now);

    /** The balancer waits for the backend again: a probe's lease runs on. */
    void waitingForBackend(long now);

    /** A final response head came whose status is no failure; a lease that ends from now on has passed. */
    void headReceived(long now);

    /**
     * Ends the permit with what happened.
     *
     * @param latencyNanos from dispatch to the response head
     * @param now the present reading
     */
    default void record(Outcome outcome, long latencyNanos, long now) {
        record(outcome, latencyNanos, 0, now);
    }

    /**
     * Ends the permit with what happened. If that opens the circuit it stays open for at least as long as the backend
     * asked for, within the longest cooldown.
     *
     * @param latencyNanos from dispatch to the response head
     * @param retryAfterNanos the response's {@code Retry-After}; 0 for none
     * @param now the present reading
     */
    void record(Outcome outcome, long latencyNanos, long retryAfterNanos, long now);

    /**
     * Ends the permit with what happened, now. Reads the ticker only where the outcome's time matters: a success of a
     * closed circuit needs none, unless its window goes by time.
     *
     * @param latencyNanos from dispatch to the response head
     */
    void record(Outcome outcome, long latencyNanos);

    /** Ends the permit without an outcome: the request was not sent, or its client left. */
    void release(long now);
}
