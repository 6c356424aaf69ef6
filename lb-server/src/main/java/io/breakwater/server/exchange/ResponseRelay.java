package io.breakwater.server.exchange;

import io.breakwater.health.breaker.CircuitState;
import io.breakwater.metrics.FallbackType;
import io.breakwater.server.http.BodyFraming;
import io.breakwater.server.http.ConnectionField;
import io.breakwater.server.http.RequestHead;
import io.breakwater.server.http.ResponseHead;
import io.breakwater.server.listener.DownstreamConnection;
import io.netty.buffer.ByteBuf;
import org.jspecify.annotations.Nullable;

/**
 * The way of a backend's response to the client. From {@link #begin} on the response is the client's, and no other can
 * take its place. NOT thread safe: belongs to one exchange.
 */
final class ResponseRelay {
    /** A body part up to this size is copied behind the head, so that both leave in one buffer and one system call. */
    private static final int MOST_COPIED_BYTES = 8 * 1024;

    private static final int HEAD_ROOM_BYTES = 512;

    private final ProxyExchange exchange;
    private @Nullable ByteBuf out;
    private boolean begun;
    private boolean keep;
    private boolean resetToEnd;

    ResponseRelay(ProxyExchange exchange) {
        this.exchange = exchange;
    }

    /** A request begins that has no response yet. */
    void reset() {
        begun = false;
    }

    /** Whether a final response head is on its way to the client. */
    boolean isBegun() {
        return begun;
    }

    /** Passes an interim response (1xx) on. */
    void interim(ResponseHead head) {
        DownstreamConnection downstream = exchange.downstream();
        ByteBuf interim = downstream.alloc().buffer(head.length() + HEAD_ROOM_BYTES);
        head.writeDownstream(interim, downstream.fields(), null, ConnectionField.ABSENT, false);
        downstream.write(interim);
        downstream.flush();
    }

    /**
     * Writes the response's head, and keeps it back for the first bytes of the body.
     *
     * @param state that admitted the attempt
     * @param by the fallback that it comes from; null for none
     * @return whether the body must come without its chunk framing: the client speaks HTTP/1.0
     */
    boolean begin(ResponseHead head, RequestHead asked, CircuitState state, @Nullable FallbackType by) {
        DownstreamConnection downstream = exchange.downstream();
        boolean unframe = head.framing() == BodyFraming.CHUNKED && !asked.isHttp11();
        boolean endsWithConnection = head.framing() == BodyFraming.CLOSE || unframe;
        // An early answer leaves a request behind whose rest nobody reads: such a connection is not kept.
        keep = !endsWithConnection && downstream.isRequestComplete() && downstream.canKeep();
        resetToEnd = endsWithConnection;
        begun = true;
        ByteBuf bytes = downstream.alloc().buffer(head.length() + HEAD_ROOM_BYTES + copiedBytes(head));
        head.writeDownstream(bytes, downstream.fields(), state, downstream.connectionField(keep), unframe, by);
        out = bytes;
        return unframe;
    }

    private static int copiedBytes(ResponseHead head) {
        return switch (head.framing()) {
            case NONE -> 0;
            case LENGTH -> (int) Math.min(head.contentLength(), MOST_COPIED_BYTES);
            case CHUNKED, CLOSE -> MOST_COPIED_BYTES / 4;
        };
    }

    /** Passes the next {@code length} bytes of the body on. */
    void body(ByteBuf in, int length) {
        ByteBuf head = out;
        if (head != null && length <= head.writableBytes()) {
            head.writeBytes(in, in.readerIndex(), length);
        } else {
            writeOut();
            exchange.downstream().write(in.retainedSlice(in.readerIndex(), length));
        }
    }

    /** Writes what was kept back. */
    void writeOut() {
        ByteBuf bytes = out;
        if (bytes != null) {
            out = null;
            exchange.downstream().write(bytes);
        }
    }

    /** Whether the client's connection stays, as the head said. */
    boolean keepsConnection() {
        return keep;
    }

    /** Whether only a reset tells the client that the response is not whole. */
    boolean mustResetToCut() {
        return resetToEnd;
    }

    /** Throws away what was kept back. */
    void release() {
        ByteBuf bytes = out;
        if (bytes != null) {
            out = null;
            bytes.release();
        }
    }
}
