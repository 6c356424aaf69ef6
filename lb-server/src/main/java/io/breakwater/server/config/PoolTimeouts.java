package io.breakwater.server.config;

import java.time.Duration;

/**
 * {@code timeouts} of a pool: how long its backends are waited for.
 *
 * @param connect until the connection stands
 * @param responseHead from the last request byte written to the response's head
 * @param responseIdle while the backend owes bytes, or takes none of ours
 * @param request from the received head to the response's head, over all attempts; never cuts a body
 */
public record PoolTimeouts(Duration connect, Duration responseHead, Duration responseIdle, Duration request) {

    public PoolTimeouts {
        new Constraints()
                .positive("connect", connect)
                .positive("response-head", responseHead)
                .positive("response-idle", responseIdle)
                .positive("request", request)
                .verify();
    }
}
