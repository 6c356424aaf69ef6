package io.breakwater.server.listener;

import io.breakwater.health.breaker.CircuitState;

/** Knows the circuits. Safe from any thread. */
@FunctionalInterface
public interface StateSource {

    /** Returns the best state of all circuits, for a response that no route decided. */
    CircuitState bestState(long now);
}
