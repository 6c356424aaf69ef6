package io.breakwater.server.config;

import java.time.Duration;

/**
 * {@code concurrency} of a pool: how much is sent to a backend at the same time.
 *
 * @param maxPerBackend requests under way to one backend
 * @param adaptive find a lower limit for each backend from its latency; {@code maxPerBackend} stays the highest
 * @param queue requests of the pool that wait for a slot; 0 for none
 * @param queueTimeout how long one waits
 */
public record ConcurrencyConfig(int maxPerBackend, boolean adaptive, int queue, Duration queueTimeout) {

    public ConcurrencyConfig {
        new Constraints()
                .range("max-per-backend", maxPerBackend, 1, 1_000_000)
                .range("queue", queue, 0, 1_000_000)
                .positive("queue-timeout", queueTimeout)
                .verify();
    }
}
