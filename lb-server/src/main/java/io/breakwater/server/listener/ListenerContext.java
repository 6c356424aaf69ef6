package io.breakwater.server.listener;

import io.breakwater.metrics.ConnectionRecorder;
import io.breakwater.metrics.RouteRecorder;
import io.breakwater.server.config.ListenerConfig;
import io.breakwater.server.http.HeadLimits;
import io.breakwater.server.http.ResponseFields;

/**
 * What all connections of a listener share. Immutable.
 *
 * @param fields what is added to responses
 * @param states for responses that no route decided
 * @param exchanges makes what answers requests
 * @param recorder of downstream connections
 * @param unmatched counts the requests that no route takes, unreadable ones too
 */
public record ListenerContext(
        ListenerConfig config,
        ResponseFields fields,
        StateSource states,
        ExchangeFactory exchanges,
        ConnectionRecorder recorder,
        RouteRecorder unmatched) {

    HeadLimits headLimits() {
        return new HeadLimits(
                config.limits().requestLineBytes(),
                config.limits().headersBytes(),
                config.limits().headerCount());
    }
}
