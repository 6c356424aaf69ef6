package io.breakwater.server.fallback.queue;

import java.time.Duration;

/**
 * How much a queue holds. A request beyond {@code maxCount} or {@code maxBytes} is not taken; one that has waited for
 * {@code maxAge} is not replayed any more.
 *
 * @param maxCount the requests that may wait
 * @param maxBytes the bytes that they may take on disk; finished ones beside them take up to a sixteenth of it more, at
 *     least 1 MiB and at most 64 MiB, until their segment goes
 * @param maxAge since it was received, by the wall clock
 */
public record QueueLimits(int maxCount, long maxBytes, Duration maxAge) {
    public QueueLimits {
        if (maxCount < 1) {
            throw new IllegalArgumentException("max-count: " + maxCount + " (expected: >= 1)");
        }
        if (maxBytes < 1) {
            throw new IllegalArgumentException("max-bytes: " + maxBytes + " (expected: >= 1)");
        }
        if (maxAge.isNegative() || maxAge.isZero() || maxAge.compareTo(Duration.ofDays(365)) > 0) {
            throw new IllegalArgumentException("max-age: " + maxAge + " (expected: > 0s and <= 365d)");
        }
    }
}
