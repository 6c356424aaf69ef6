package io.breakwater.health.breaker;

/**
 * Asked before outcomes open a closed circuit; may keep it closed. A circuit that is opened by hand, or opens again
 * because a probe failed, asks nobody. A breaker that only observes asks as one that enforces, though its trip takes
 * nobody away: what it shows is what enforcing would do.
 */
@FunctionalInterface
public interface TripGuard {

    /** A guard that lets every circuit open. */
    TripGuard NONE = Runnable::run;

    /**
     * A circuit is about to open. Called on the thread that reports the outcome, which may be any; must not block for
     * long.
     *
     * @param opening opens the circuit, if nobody else has changed it meanwhile, and tells the listener. Run before this
     *     method returns, or not at all. Then the circuit stays closed, and the next outcome by which it should be open asks again
     */
    void onTrip(Runnable opening);
}
