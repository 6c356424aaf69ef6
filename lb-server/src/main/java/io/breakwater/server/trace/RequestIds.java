package io.breakwater.server.trace;

import static java.nio.charset.StandardCharsets.US_ASCII;

import io.breakwater.metrics.TraceContext;
import io.breakwater.server.http.MadeIds;
import io.breakwater.server.http.RequestHead;
import io.netty.buffer.ByteBuf;
import java.util.HexFormat;
import org.jspecify.annotations.Nullable;

/**
 * The ids of the request under way: the client's own where they are valid, else made ones. The same for all of its
 * attempts. Used for request after request; NOT thread safe.
 */
public final class RequestIds implements MadeIds, TraceContext {
    private static final int MAX_REQUEST_ID_LENGTH = 128;

    private static final byte[] TRACEPARENT_START = bytes("traceparent: 00-");
    /**
     * Sampled: that the trace is kept. A 0 would be a decision too: OpenTelemetry's default sampler follows its parent, and
     * a backend that has recorded all its requests so far would record none. Not the flag for random ids of level 2 with it
     * (03): receivers of level 1 that know no such flag refuse the whole field, among them OpenTelemetry for Go.
     */
    private static final byte[] TRACEPARENT_END = bytes("-01\r\n");

    private static final byte[] LINE_END = bytes("\r\n");

    private final IdSource source;
    private final Id128 requestId = new Id128();
    private final Id128 traceId = new Id128();
    private long spanId;
    private @Nullable CharSequence keptRequestId;
    private @Nullable CharSequence keptTraceparent;
    private IdFields fields = IdFields.NONE;

    public RequestIds(IdSource source) {
        this.source = source;
    }

    /**
     * Takes or makes the ids of the next request.
     *
     * @param head valid until the request after that
     * @param carried which ids requests carry
     */
    public void begin(RequestHead head, IdFields carried) {
        fields = carried;
        CharSequence id = head.requestId();
        keptRequestId = id != null && isRequestId(id) ? id : null;
        CharSequence traceparent = head.traceparent();
        keptTraceparent = traceparent != null && Traceparent.isValid(traceparent) ? traceparent : null;
        if (hasRequestId()) {
            source.next(requestId);
        }
        if (hasTraceparent()) {
            source.next(traceId);
            spanId = source.nextSpanId();
        }
    }

    private static boolean isRequestId(CharSequence value) {
        int length = value.length();
        if (length == 0 || length > MAX_REQUEST_ID_LENGTH) {
            return false;
        }
        for (int i = 0; i < length; i++) {
            char c = value.charAt(i);
            if (c <= ' ' || c >= 0x7f) {
                return false;
            }
        }
        return true;
    }

    // ================ what a backend gets ================

    @Override
    public boolean hasRequestId() {
        return fields.hasRequestId() && keptRequestId == null;
    }

    @Override
    public boolean hasTraceparent() {
        return fields.traceContext() && keptTraceparent == null;
    }

    @Override
    public int maxBytes() {
        return fields.requestIdStart().length
                + 2 * Id128.DIGITS
                + Hex.DIGITS
                + LINE_END.length
                + TRACEPARENT_START.length
                + 1
                + TRACEPARENT_END.length;
    }

    @Override
    public void write(ByteBuf out) {
        if (hasRequestId()) {
            out.writeBytes(fields.requestIdStart());
            requestId.write(out);
            out.writeBytes(LINE_END);
        }
        if (hasTraceparent()) {
            out.writeBytes(TRACEPARENT_START);
            traceId.write(out);
            out.writeByte('-');
            Hex.write(out, spanId);
            out.writeBytes(TRACEPARENT_END);
        }
    }

    // ================ what is told of the request ================

    /** The id of the request, as a backend gets it; null for none. A view that is valid until the next request. */
    public @Nullable CharSequence requestId() {
        return hasRequestId() ? requestId : keptRequestId;
    }

    /** The id of its trace, as a backend gets it; null for none. A view that is valid until the next request. */
    public @Nullable CharSequence traceIdView() {
        CharSequence kept = keptTraceparent;
        if (kept != null) {
            traceId.parse(kept, Traceparent.TRACE_ID_START);
            return traceId;
        }
        return hasTraceparent() ? traceId : null;
    }

    /** The trace, for the metrics; null where none is asked for. */
    public @Nullable TraceContext trace() {
        return fields.traceContext() ? this : null;
    }

    @Override
    public String traceId() {
        return String.valueOf(traceIdView());
    }

    @Override
    public String spanId() {
        CharSequence kept = keptTraceparent;
        long id = kept == null ? spanId : Hex.parse(kept, Traceparent.PARENT_ID_START);
        return HexFormat.of().toHexDigits(id);
    }

    private static byte[] bytes(String text) {
        return text.getBytes(US_ASCII);
    }
}
