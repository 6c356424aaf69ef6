package io.breakwater.server.http;

import static io.breakwater.server.http.Ascii.bytes;

import io.breakwater.health.breaker.CircuitState;
import io.breakwater.metrics.FallbackType;
import io.netty.buffer.ByteBuf;
import io.netty.handler.codec.http.HttpResponseStatus;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** A whole response as bytes, of a fallback above all, to be given as often as it is asked for. Immutable, safe from any thread. */
public final class StoredResponse {
    private static final byte[] LENGTH_NAME = bytes("Content-Length: ");
    private static final byte[] AGE_NAME = bytes("Age: ");
    private static final byte[] LINE_END = bytes("\r\n");

    private final int status;
    private final byte[] head;
    private final boolean dated;
    private final byte[] body;

    private StoredResponse(int status, byte[] head, boolean dated, byte[] body) {
        this.status = status;
        this.head = head;
        this.dated = dated;
        this.body = body;
    }

    /**
     * A response of our own, which has the Date of the moment in which it is given.
     *
     * @param fields further ones, by name
     * @param contentType what the body is
     * @param body not written to any more; empty for 204 and 304
     */
    public static StoredResponse own(int status, Map<String, String> fields, String contentType, byte[] body) {
        StringBuilder head = new StringBuilder("HTTP/1.1 ")
                .append(HttpResponseStatus.valueOf(status))
                .append("\r\n");
        fields.forEach(
                (name, value) -> head.append(name).append(": ").append(value).append("\r\n"));
        if (body.length > 0) {
            head.append("Content-Type: ").append(contentType).append("\r\n");
        }
        return new StoredResponse(status, bytes(head.toString()), false, body);
    }

    /**
     * A backend's response, which keeps its Date.
     *
     * @param head as {@link ResponseHead#stored} returns it
     * @param body without its framing, not written to any more
     */
    public static StoredResponse received(int status, byte[] head, byte[] body) {
        return new StoredResponse(status, head, true, body);
    }

    public int status() {
        return status;
    }

    /** Not to be written to. */
    public byte[] body() {
        return body;
    }

    /** The bytes that it takes in memory, a little more than it is long. */
    public int weight() {
        return head.length + body.length + 64;
    }

    /**
     * Appends the head.
     *
     * @param by the fallback whose answer it is; null if it is no fallback's
     * @param reason the value of the reason field, where there is one; null for none
     * @param state the value of the circuit state field
     */
    public void writeHead(
            ByteBuf out,
            ResponseFields fields,
            @Nullable FallbackType by,
            @Nullable String reason,
            CircuitState state,
            ConnectionField connection) {
        out.writeBytes(head);
        writeEnd(out, fields, by, reason, state, connection);
    }

    /**
     * Appends the head of a response from a cache.
     *
     * @param ageSeconds the time since the origin made it (RFC 9111 section 5.1)
     */
    public void writeHead(
            ByteBuf out,
            ResponseFields fields,
            @Nullable FallbackType by,
            @Nullable String reason,
            CircuitState state,
            ConnectionField connection,
            long ageSeconds) {
        out.writeBytes(head);
        out.writeBytes(AGE_NAME);
        Numbers.write(out, ageSeconds);
        out.writeBytes(LINE_END);
        writeEnd(out, fields, by, reason, state, connection);
    }

    private void writeEnd(
            ByteBuf out,
            ResponseFields fields,
            @Nullable FallbackType by,
            @Nullable String reason,
            CircuitState state,
            ConnectionField connection) {
        if (status != 204 && status != 304) {
            out.writeBytes(LENGTH_NAME);
            Numbers.write(out, body.length);
            out.writeBytes(LINE_END);
        }
        if (!dated) {
            fields.writeDate(out);
        }
        if (by != null) {
            FallbackField.write(out, by);
        }
        if (reason != null) {
            fields.writeReason(out, reason);
        }
        fields.writeEnd(out, state, connection);
    }
}
