package io.breakwater.server.listener;

import io.breakwater.health.breaker.CircuitState;
import io.breakwater.metrics.ConnectionRecorder;
import io.breakwater.metrics.RejectionReason;
import io.breakwater.metrics.RouteRecorder;
import io.breakwater.server.accesslog.AccessLog;
import io.breakwater.server.accesslog.LoopLog;
import io.breakwater.server.config.ListenerConfig;
import io.breakwater.server.http.HeadLimits;
import io.breakwater.server.http.Reply;
import io.breakwater.server.http.ResponseFields;
import io.breakwater.server.tls.ListenerSsl;
import io.breakwater.server.trace.IdFields;
import org.jspecify.annotations.Nullable;

/**
 * What all connections of a listener share. Immutable.
 *
 * @param tls what connections speak TLS with; null for plain ones
 * @param fields what is added to responses
 * @param ids which of them requests carry
 * @param states for responses that no route decided
 * @param exchanges has what answers requests
 * @param recorder of downstream connections
 * @param unmatched counts the requests that no route takes, unreadable ones too
 * @param accessLog for those that no exchange sees
 */
public record ListenerContext(
        ListenerConfig config,
        @Nullable ListenerSsl tls,
        ResponseFields fields,
        IdFields ids,
        StateSource states,
        ExchangeFactory exchanges,
        ConnectionRecorder recorder,
        RouteRecorder unmatched,
        AccessLog accessLog) {

    HeadLimits headLimits() {
        return new HeadLimits(
                config.limits().requestLineBytes(),
                config.limits().headersBytes(),
                config.limits().headerCount());
    }

    /**
     * Counts and logs bytes, or a connection, that were answered without an exchange. On that event loop.
     *
     * @param bodyBytes of the reply, as it was written
     */
    void refused(int loop, String peer, Reply reply, long bodyBytes, CircuitState shown, long nanos) {
        RejectionReason reason = reply.rejection();
        if (reason != null) {
            unmatched.rejected(reason);
        }
        unmatched.ended(reply.status(), nanos);
        LoopLog log = accessLog.of(loop);
        if (log.isOn()) {
            log.entry()
                    .request(peer, null, null)
                    .served("none", null, null, 0, null)
                    .answered(reply.status(), reason, shown, null)
                    .took(nanos, 0, bodyBytes);
            log.write();
        }
    }
}
