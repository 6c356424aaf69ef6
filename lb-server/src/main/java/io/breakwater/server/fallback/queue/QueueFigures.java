package io.breakwater.server.fallback.queue;

import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * What a queue holds now, and what came of the others since it was opened.
 *
 * @param pending requests that wait, those that are being written among them
 * @param bytes what these take on disk
 * @param oldestAge how long the first of them has waited, or null if none does
 * @param full requests that were not taken because a limit was reached
 * @param failed requests that were not taken because the disk refused them
 */
public record QueueFigures(
        int pending,
        long bytes,
        @Nullable Duration oldestAge,
        long delivered,
        long rejected,
        long expired,
        long lost,
        long full,
        long failed) {}
