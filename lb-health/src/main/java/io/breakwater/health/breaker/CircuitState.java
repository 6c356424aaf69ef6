package io.breakwater.health.breaker;

/** The state of a circuit, by what happens to a request that asks for a permit. */
public enum CircuitState {
    /** Every request is admitted, and its outcome counts. */
    CLOSED("closed"),
    /** Every request is refused until the cooldown is over. */
    OPEN("open"),
    /** Up to the configured number of requests at a time are admitted as probes; all others are refused. */
    HALF_OPEN("half-open");

    private final String label;

    CircuitState(String label) {
        this.label = label;
    }

    /** Returns the state as headers, metrics and the API write it. */
    public String label() {
        return label;
    }
}
