package io.breakwater.metrics;

import io.breakwater.health.breaker.CircuitState;

/** What is read off a backend at each scrape, on the thread that scrapes. Must not block. */
public interface BackendGauges {

    /** Returns the attempts that have not ended. */
    int inFlight();

    /** Returns the state of the circuit now: an open one whose cooldown is over is half-open. */
    CircuitState circuitState();

    /** Returns whether the backend is in rotation; half-open is. */
    boolean up();

    /** Returns false while health checks say that the backend does not work. */
    boolean healthy();
}
