package io.breakwater.server.events;

/** Something that an operator may want to know of at once. Immutable. */
public sealed interface Event permits CircuitEvent, HealthEvent, Incident, ReloadEvent, AdminEvent {}
