package io.breakwater.server.exchange;

import io.breakwater.health.breaker.CircuitState;
import io.breakwater.metrics.FallbackType;
import io.breakwater.server.http.StoredResponse;
import io.breakwater.server.listener.DownstreamConnection;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import org.jspecify.annotations.Nullable;

/**
 * The way of a stored response to the client, as fast as that reads: what waits for it is bounded, however long the
 * response is. NOT thread safe: belongs to one exchange.
 */
final class StoredRelay {
    private static final int PIECE_BYTES = 32 * 1024;
    private static final int HEAD_ROOM_BYTES = 512;
    /** Up to this size the body leaves in one buffer with the head. */
    private static final int MOST_COPIED_BYTES = 8 * 1024;

    private final ProxyExchange exchange;
    private byte @Nullable [] body;
    private int at;
    private boolean writing;
    private boolean keep;

    StoredRelay(ProxyExchange exchange) {
        this.exchange = exchange;
    }

    /**
     * Begins with the head.
     *
     * @param ageSeconds null for a response that has none
     * @param by the fallback whose answer it is; null if it is no fallback's
     * @param reason why it is given, for the field that tells it; null for none
     * @param headOnly the request was HEAD
     */
    void begin(
            StoredResponse response,
            @Nullable Long ageSeconds,
            @Nullable FallbackType by,
            @Nullable String reason,
            CircuitState state,
            boolean headOnly) {
        DownstreamConnection downstream = exchange.downstream();
        keep = downstream.canKeep();
        byte[] content = response.body();
        boolean copied = !headOnly && content.length <= MOST_COPIED_BYTES;
        ByteBuf out = downstream.alloc().buffer(HEAD_ROOM_BYTES + (copied ? content.length : 0));
        if (ageSeconds == null) {
            response.writeHead(out, downstream.fields(), by, reason, state, downstream.connectionField(keep));
        } else {
            response.writeHead(
                    out, downstream.fields(), by, reason, state, downstream.connectionField(keep), ageSeconds);
        }
        if (copied) {
            out.writeBytes(content);
        }
        body = content;
        at = headOnly || copied ? content.length : 0;
        downstream.write(out);
    }

    /** Whether a response is on its way that is not written whole yet. */
    boolean isUnderWay() {
        return body != null;
    }

    /** Writes as much as the client takes; true when that was the rest. */
    boolean writeOn() {
        byte[] content = body;
        if (content == null || writing) {
            return false; // a flush tells of room that this loop sees by itself
        }
        writing = true;
        DownstreamConnection downstream = exchange.downstream();
        while (at < content.length && downstream.isWritable()) {
            int count = Math.min(PIECE_BYTES, content.length - at);
            downstream.write(Unpooled.wrappedBuffer(content, at, count));
            at += count;
            downstream.flush();
        }
        writing = false;
        if (at < content.length || body == null) {
            return false;
        }
        body = null;
        return true;
    }

    /** Whether the client's connection stays, as the head said. */
    boolean keepsConnection() {
        return keep;
    }

    /** Nothing more is written. */
    void stop() {
        body = null;
    }
}
