package io.breakwater.server.events;

import io.breakwater.server.config.ReloadResult;
import java.time.Instant;

/** A reload, whoever asked for it. */
public record ReloadEvent(Instant at, ReloadResult result) implements Event {}
