package io.breakwater.metrics;

/**
 * What a queue of writes holds, and what came of the others since it was opened.
 *
 * @param entries requests that wait
 * @param bytes what these take on disk
 * @param oldestAgeSeconds how long the first of them has waited; 0 if none does
 * @param full requests that were not taken because a limit was reached
 * @param failed requests that were not taken because the disk refused them
 */
public record QueueContents(
        int entries,
        long bytes,
        double oldestAgeSeconds,
        long delivered,
        long rejected,
        long expired,
        long lost,
        long full,
        long failed) {}
