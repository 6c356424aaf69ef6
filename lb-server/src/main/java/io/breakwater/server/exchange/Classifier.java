package io.breakwater.server.exchange;

import io.breakwater.health.Outcome;
import io.breakwater.server.config.PoolConfig;

/**
 * The one place that says what an attempt's end means for the backend. Connections report what they saw as an
 * {@link Outcome} with the right origin (see {@code server.connection}); what depends on the pool's rules, or on whom we
 * were waiting for, is decided here.
 */
final class Classifier {
    private Classifier() {}

    /** A final response head came. */
    static Outcome ofStatus(int status, PoolConfig config) {
        return config.failureStatuses().contains(status) ? Outcome.FAILURE_STATUS : Outcome.SUCCESS;
    }

    /** A deadline passed while we waited for this. */
    static Outcome ofTimeout(Waiting waiting) {
        return switch (waiting) {
            case CONNECTION -> Outcome.CONNECT_TIMEOUT;
            case CLIENT_BODY -> Outcome.CLIENT_TIMEOUT;
            case REQUEST_TAKEN, RESPONSE_HEAD, RESPONSE_BODY -> Outcome.RESPONSE_TIMEOUT;
            case NOTHING -> Outcome.LOCAL_ERROR;
        };
    }

    /**
     * The client left before a final response head came. One that has waited for the backend for long enough has left
     * because of it; one that we wait for has left by itself.
     *
     * @param waitedNanos for the backend, so far
     */
    static Outcome ofClientGone(Waiting waiting, long waitedNanos, PoolConfig config) {
        long limit = config.abandonedAfter().toNanos();
        boolean abandoned = limit > 0 && waitedNanos >= limit && waiting != Waiting.CLIENT_BODY;
        return abandoned ? Outcome.RESPONSE_TIMEOUT : Outcome.CLIENT_ABORTED;
    }

    /**
     * The connection broke before the response was whole. A backend that hangs up while we wait for the client, or after
     * the client let it wait, has lost patience with that client.
     *
     * @param slowedByClient the client had stopped reading the response for a while
     */
    static Outcome ofBrokenResponse(Outcome seen, Waiting waiting, boolean slowedByClient) {
        boolean hungUp = seen == Outcome.CONNECTION_RESET || seen == Outcome.TRUNCATED;
        return hungUp && (waiting == Waiting.CLIENT_BODY || slowedByClient) ? Outcome.CLIENT_TIMEOUT : seen;
    }
}
