package io.breakwater.server.fallback.queue;

import java.time.Instant;

/**
 * The proof that a request is on disk.
 *
 * @param id what its status is asked for by: 128 random bits, 22 characters of base64url
 * @param sequence its place in the order of the queue; rises by one
 * @param idempotencyKey what it will be replayed with
 */
public record Receipt(String id, long sequence, Instant received, String idempotencyKey) {}
