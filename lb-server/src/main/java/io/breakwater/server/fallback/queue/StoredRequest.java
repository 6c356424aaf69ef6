package io.breakwater.server.fallback.queue;

import java.time.Instant;

/**
 * A request whose turn has come.
 *
 * @param sequence its place in the order of the queue
 * @param attempts how often it was sent in vain before
 */
public record StoredRequest(String id, long sequence, Instant received, int attempts, QueuedRequest request) {}
