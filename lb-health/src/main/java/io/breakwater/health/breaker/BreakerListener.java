package io.breakwater.health.breaker;

/**
 * Told of what a breaker did, after it is done, on the thread that did it; several threads may call at the same time
 * and in another order than the transitions happened ({@link Transition#generation()} gives the order). Must not block.
 */
@FunctionalInterface
public interface BreakerListener {

    /** A listener that does nothing. */
    BreakerListener NONE = transition -> {};

    void onTransition(Transition transition);

    /** A request was let through that would have been refused, had the breaker enforced what it found out. */
    default void wouldReject() {}
}
