package io.breakwater.server.events;

/**
 * A change of a circuit on its way to the thread that tells of it.
 *
 * @param atNanos when it happened, as a reading of the ticker
 * @param history taken down when the circuit opened; nothing where it did not
 */
record CircuitChange(CircuitEvent event, long atNanos, CallHistory.Taken history) implements Sequencer.Numbered {

    @Override
    public long generation() {
        return event.generation();
    }
}
