package io.breakwater.server.accesslog;

import static java.util.Objects.requireNonNull;

import io.breakwater.health.Outcome;
import io.breakwater.health.breaker.CircuitState;
import io.breakwater.metrics.FallbackType;
import io.breakwater.metrics.RejectionReason;
import io.breakwater.server.http.RequestHead;
import io.breakwater.server.trace.RequestIds;
import org.jspecify.annotations.Nullable;

/**
 * What a line says of one request. One object per event loop, filled whole for each line ({@link #request},
 * {@link #served}, {@link #answered} and {@link #took} each time) and read at once. NOT thread safe.
 */
public final class Entry {
    private String client = "";
    private @Nullable RequestHead head;
    private @Nullable RequestIds ids;
    private String route = "";
    private @Nullable String pool;
    private @Nullable String backend;
    private int attempts;
    private @Nullable Outcome outcome;
    private int status;
    private @Nullable RejectionReason rejection;
    private @Nullable CircuitState state;
    private @Nullable FallbackType fallback;
    private long durationNanos;
    private long bytesIn;
    private long bytesOut;

    Entry() {}

    /**
     * Who asked for what.
     *
     * @param peer the address at the other end of the connection
     * @param asked valid until the line is made; null for bytes that were no request
     * @param by which it is found again, valid as long; null for bytes that were no request
     */
    public Entry request(String peer, @Nullable RequestHead asked, @Nullable RequestIds by) {
        client = peer;
        head = asked;
        ids = by;
        return this;
    }

    /**
     * Where the request went.
     *
     * @param toPool null if no route led to one
     * @param toBackend that was asked last; null if none was
     * @param tries how many attempts there were
     * @param lastOutcome of the last one; null if there was none
     */
    public Entry served(
            String byRoute,
            @Nullable String toPool,
            @Nullable String toBackend,
            int tries,
            @Nullable Outcome lastOutcome) {
        route = byRoute;
        pool = toPool;
        backend = toBackend;
        attempts = tries;
        outcome = lastOutcome;
        return this;
    }

    /**
     * What the client got.
     *
     * @param sent the status; 0 when the client left before its response was whole
     * @param why the balancer answered itself; null if it did not
     * @param shown the state that the response told; null if none was told
     * @param by the fallback that answered; null if none did
     */
    public Entry answered(
            int sent, @Nullable RejectionReason why, @Nullable CircuitState shown, @Nullable FallbackType by) {
        status = sent;
        rejection = why;
        state = shown;
        fallback = by;
        return this;
    }

    /**
     * What it took.
     *
     * @param nanos from the received head to the end
     * @param in bytes of the request's body that came, framing included
     * @param out bytes of the response's body that were handed to the connection, framing included
     */
    public Entry took(long nanos, long in, long out) {
        durationNanos = nanos;
        bytesIn = in;
        bytesOut = out;
        return this;
    }

    /** The head and the ids are their connection's, and are not kept. */
    void forget() {
        head = null;
        ids = null;
    }

    boolean isRequest() {
        return head != null;
    }

    RequestHead head() {
        return requireNonNull(head);
    }

    @Nullable
    CharSequence requestId() {
        return ids == null ? null : ids.requestId();
    }

    @Nullable
    CharSequence traceId() {
        return ids == null ? null : ids.traceIdView();
    }

    String client() {
        return client;
    }

    String route() {
        return route;
    }

    @Nullable
    String pool() {
        return pool;
    }

    @Nullable
    String backend() {
        return backend;
    }

    int attempts() {
        return attempts;
    }

    @Nullable
    Outcome outcome() {
        return outcome;
    }

    int status() {
        return status;
    }

    @Nullable
    RejectionReason rejection() {
        return rejection;
    }

    @Nullable
    CircuitState state() {
        return state;
    }

    @Nullable
    FallbackType fallback() {
        return fallback;
    }

    long durationNanos() {
        return durationNanos;
    }

    long bytesIn() {
        return bytesIn;
    }

    long bytesOut() {
        return bytesOut;
    }
}
