package io.breakwater.server.fallback.queue;

import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * What the status URL of a queued request tells.
 *
 * @param received when it was taken
 * @param attempts how often it was sent and that came to an end; one that a crash interrupted is not among them
 * @param status that of the response, if it was delivered or rejected
 * @param position how many requests of the queue are before it, if it waits
 */
public record QueueStatus(
        String id,
        QueueState state,
        Instant received,
        int attempts,
        @Nullable Integer status,
        @Nullable Long position) {}
