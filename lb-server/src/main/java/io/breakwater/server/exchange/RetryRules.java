package io.breakwater.server.exchange;

import io.breakwater.health.Outcome;
import io.breakwater.server.config.RetriesConfig;
import io.breakwater.server.config.RetriesConfig.RetryOn;

/** Which failures a pool's {@code retries.on} means. */
final class RetryRules {
    private RetryRules() {}

    /** Whether another attempt is wanted after one that ended before its response head, in this way. */
    static boolean wants(RetriesConfig retries, Outcome seen) {
        return switch (seen) {
            case CONNECT_FAILED, CONNECT_TIMEOUT, RESOLVE_FAILED, TLS_FAILED ->
                retries.on().contains(RetryOn.CONNECT_FAILURE);
            case CONNECTION_RESET, PROTOCOL_ERROR, TRUNCATED -> retries.on().contains(RetryOn.RESET);
            case RESPONSE_TIMEOUT -> retries.on().contains(RetryOn.TIMEOUT);
            // The client is gone or too slow, or we are at our own limits: another backend would change nothing.
            case CLIENT_ABORTED, CLIENT_TIMEOUT, LOCAL_ERROR, STALE_CONNECTION -> false;
            // A head came; its status decides.
            case SUCCESS, FAILURE_STATUS -> false;
        };
    }

    /** Whether another attempt is wanted instead of a response with this status. */
    static boolean wants(RetriesConfig retries, int status) {
        return retries.statuses().contains(status);
    }
}
