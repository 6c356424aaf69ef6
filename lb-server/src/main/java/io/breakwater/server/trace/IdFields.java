package io.breakwater.server.trace;

import static java.nio.charset.StandardCharsets.US_ASCII;

import java.util.Locale;
import org.jspecify.annotations.Nullable;

/** Which ids the requests of a listener carry, and in which fields. Immutable, safe from any thread. */
public final class IdFields {
    static final IdFields NONE = new IdFields(null, false);

    private final byte @Nullable [] requestIdName;
    private final byte[] requestIdStart;
    private final boolean traceContext;

    /**
     * @param requestIdHeader the field of a request's own id; null if requests have none
     * @param traceContext whether each request has a {@code traceparent}
     */
    public IdFields(@Nullable String requestIdHeader, boolean traceContext) {
        this.requestIdName = requestIdHeader == null
                ? null
                : requestIdHeader.toLowerCase(Locale.ROOT).getBytes(US_ASCII);
        this.requestIdStart = (requestIdHeader == null ? "" : requestIdHeader + ": ").getBytes(US_ASCII);
        this.traceContext = traceContext;
    }

    /** The name of the field of a request's own id in lower case, not to be written to; null if requests have none. */
    @SuppressWarnings("MutableArray") // scanners compare with it, for each field of each request
    public byte @Nullable [] requestIdName() {
        return requestIdName;
    }

    boolean hasRequestId() {
        return requestIdName != null;
    }

    /** The field's name as configured, up to its value; empty if requests have none. */
    byte[] requestIdStart() {
        return requestIdStart;
    }

    boolean traceContext() {
        return traceContext;
    }
}
