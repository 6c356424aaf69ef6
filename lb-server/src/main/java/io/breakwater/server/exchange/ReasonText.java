package io.breakwater.server.exchange;

import io.breakwater.health.BackendId;
import io.breakwater.health.Outcome;
import io.breakwater.health.breaker.CircuitBreaker;
import io.breakwater.metrics.FallbackType;
import io.breakwater.server.http.Reply;
import io.breakwater.server.pool.Backend;
import io.breakwater.server.pool.BackendPool;
import io.breakwater.server.pool.Eligibility;
import java.util.List;

/**
 * The value of the field that tells why the balancer answers itself: codes and names only, at most {@value #MOST_BYTES}
 * bytes of visible ASCII and spaces. No name has other characters, nor any that separates here: see the rules of
 * {@link io.breakwater.server.config.PoolConfig} and {@link io.breakwater.server.config.BackendConfig}.
 *
 * <pre>
 * circuit_open; pool=replicas; r1=circuit_open 4s, r2=draining
 * response_timeout; pool=replicas; backend=r1; attempts=2
 * overloaded; memory=direct
 * </pre>
 */
final class ReasonText {
    static final int MOST_BYTES = 256;
    /** No backend was asked about: the balancer itself has too little memory for a further request. */
    static final String WITHOUT_MEMORY = Reply.OVERLOADED.code() + "; memory=direct";
    /** More are asked by nobody for a reason: a pool may have ten thousand. */
    private static final int MOST_BACKENDS = 8;

    private static final int LONGEST_NAME = 40;
    /** What {@link #replacedBy} and the number of those who are not named take at most. */
    private static final int ROOM_AT_THE_END = 40;

    private ReasonText() {}

    /** Nobody of the pool may serve: what each backend says to that. */
    static String refused(Reply reply, BackendPool pool, long now) {
        StringBuilder text = new StringBuilder(reply.code()).append("; pool=").append(name(pool.name()));
        List<Backend> backends = pool.backends();
        int most = Math.min(backends.size(), MOST_BACKENDS);
        int named = 0;
        while (named < most) {
            String next = said(backends.get(named), now);
            if (text.length() + next.length() > MOST_BYTES - ROOM_AT_THE_END) {
                break;
            }
            text.append(named == 0 ? "; " : ", ").append(next);
            named++;
        }
        int others = backends.size() - named;
        return others == 0
                ? text.toString()
                : text.append(named == 0 ? "; +" : ", +")
                        .append(others)
                        .append(" more")
                        .toString();
    }

    private static String said(Backend backend, long now) {
        Eligibility why = backend.why(now);
        String text = name(backend.id().id()) + "=" + why.label();
        return why == Eligibility.CIRCUIT_OPEN
                ? text + " "
                        + CircuitBreaker.retryAfterSeconds(backend.breaker().retryAfterNanos(now)) + "s"
                : text;
    }

    /** The last attempt has failed. */
    static String failed(Outcome outcome, BackendId backend, int attempts) {
        return outcome.label() + "; pool=" + name(backend.pool()) + "; backend=" + name(backend.id()) + "; attempts="
                + attempts;
    }

    /** Such an error was to be told, and a fallback has answered in its place. */
    static String replacedBy(FallbackType fallback, String reason) {
        return reason + "; fallback=" + fallback.label();
    }

    private static String name(String configured) {
        return configured.length() > LONGEST_NAME ? configured.substring(0, LONGEST_NAME) : configured;
    }
}
