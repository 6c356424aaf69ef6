package io.breakwater.server.config;

import java.time.Duration;

/**
 * {@code lb.listen.timeouts}: how long a client is waited for.
 *
 * @param requestHead from a request's first byte to the end of its head
 * @param requestBodyIdle between two pieces of a request's body
 * @param keepAliveIdle from a response's end to the next request's first byte
 * @param writeIdle how long a client may refuse to take bytes
 */
public record ListenerTimeouts(
        Duration requestHead, Duration requestBodyIdle, Duration keepAliveIdle, Duration writeIdle) {

    public ListenerTimeouts {
        new Constraints()
                .positive("request-head", requestHead)
                .positive("request-body-idle", requestBodyIdle)
                .positive("keep-alive-idle", keepAliveIdle)
                .positive("write-idle", writeIdle)
                .verify();
    }
}
