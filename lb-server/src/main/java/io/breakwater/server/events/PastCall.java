package io.breakwater.server.events;

import io.breakwater.health.Outcome;

/**
 * One attempt on a backend, as an incident remembers it.
 *
 * @param agoNanos how long before the incident began it ended
 * @param latencyNanos as the circuit was told
 */
public record PastCall(Outcome outcome, long agoNanos, long latencyNanos) {}
