package io.breakwater.health;

import java.util.Locale;

/**
 * How an attempt on a backend ended: where the cause lay, and what it says about the backend. One classifier makes
 * these; the breaker, the metrics and the access log only read them.
 */
public enum Outcome {
    /** A whole response came that does not count as a failure. */
    SUCCESS(Origin.UPSTREAM, Verdict.SUCCESS),
    /** A response came whose status counts as a failure. */
    FAILURE_STATUS(Origin.UPSTREAM, Verdict.FAILURE),
    /** The connection was refused, or the backend could not be reached. */
    CONNECT_FAILED(Origin.UPSTREAM, Verdict.FAILURE),
    /** The connection was not made in time. */
    CONNECT_TIMEOUT(Origin.UPSTREAM, Verdict.FAILURE),
    /** The backend's name has no address. */
    RESOLVE_FAILED(Origin.UPSTREAM, Verdict.FAILURE),
    /** The TLS handshake with the backend failed. */
    TLS_FAILED(Origin.UPSTREAM, Verdict.FAILURE),
    /** The response, or the next part of it, did not come in time. */
    RESPONSE_TIMEOUT(Origin.UPSTREAM, Verdict.FAILURE),
    /** The backend closed or reset the connection before the response head was whole. */
    CONNECTION_RESET(Origin.UPSTREAM, Verdict.FAILURE),
    /** What came was not HTTP. */
    PROTOCOL_ERROR(Origin.UPSTREAM, Verdict.FAILURE),
    /** The response ended before its announced length. */
    TRUNCATED(Origin.UPSTREAM, Verdict.FAILURE),
    /** A reused connection had been closed by the backend while it was idle; the request went out again on a fresh one. */
    STALE_CONNECTION(Origin.UPSTREAM, Verdict.IGNORED),
    /** The client left before the response was whole. */
    CLIENT_ABORTED(Origin.CLIENT, Verdict.IGNORED),
    /** The client did not send its body, or did not read the response, in time. */
    CLIENT_TIMEOUT(Origin.CLIENT, Verdict.IGNORED),
    /** This process could not do it: out of file descriptors, ports or buffers, or shutting down. */
    LOCAL_ERROR(Origin.LOCAL, Verdict.IGNORED);

    /** Where the cause of an outcome lay. */
    public enum Origin {
        UPSTREAM,
        LOCAL,
        CLIENT
    }

    /** What an outcome says about the backend. */
    public enum Verdict {
        SUCCESS,
        FAILURE,
        /** Nothing: it is counted in statistics and decides nothing. */
        IGNORED
    }

    private final Origin origin;
    private final Verdict verdict;
    private final String label;

    Outcome(Origin origin, Verdict verdict) {
        this.origin = origin;
        this.verdict = verdict;
        this.label = name().toLowerCase(Locale.ROOT);
    }

    public Origin origin() {
        return origin;
    }

    public Verdict verdict() {
        return verdict;
    }

    /** Returns the value of the metric label {@code outcome}. */
    public String label() {
        return label;
    }
}
