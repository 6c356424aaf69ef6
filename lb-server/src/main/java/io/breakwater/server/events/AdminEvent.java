package io.breakwater.server.events;

import io.breakwater.health.BackendId;
import java.time.Instant;

/**
 * An operator has changed something about a backend.
 *
 * @param action such as {@code drain}
 * @param from what was before: the admin state, or the state of the circuit
 * @param to what is now
 */
public record AdminEvent(Instant at, BackendId backend, String action, String from, String to) implements Event {}
