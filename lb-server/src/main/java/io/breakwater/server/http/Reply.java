package io.breakwater.server.http;

import static io.breakwater.server.http.Ascii.bytes;

import io.breakwater.health.breaker.CircuitState;
import io.breakwater.metrics.RejectionReason;
import io.netty.buffer.ByteBuf;
import io.netty.handler.codec.http.HttpResponseStatus;
import java.nio.charset.StandardCharsets;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/** A response that the balancer makes itself: one row of docs/responses.md. Its body is {@code {"error": "…"}}. */
public enum Reply {
    BAD_REQUEST(400, "bad request", RejectionReason.BAD_REQUEST),
    NO_ROUTE(404, "not found", RejectionReason.NO_ROUTE),
    NO_SUCH_REQUEST(404, "no such request", null),
    METHOD_NOT_ALLOWED(405, "method not allowed", RejectionReason.METHOD_NOT_ALLOWED),
    REQUEST_TIMEOUT(408, "request timeout", RejectionReason.TIMEOUT),
    CONTENT_TOO_LARGE(413, "content too large", RejectionReason.TOO_LARGE),
    URI_TOO_LONG(414, "request target too long", RejectionReason.TOO_LARGE),
    EXPECTATION_FAILED(417, "expectation failed", RejectionReason.BAD_REQUEST),
    HEADERS_TOO_LARGE(431, "request header fields too large", RejectionReason.TOO_LARGE),
    NOT_IMPLEMENTED(501, "not implemented", RejectionReason.BAD_REQUEST),
    BACKEND_UNAVAILABLE(502, "backend unavailable", null),
    OVERLOADED(503, "overloaded", RejectionReason.OVERLOADED),
    CIRCUIT_OPEN(503, "circuit open", RejectionReason.CIRCUIT_OPEN),
    NO_HEALTHY_BACKEND(503, "no healthy backend", RejectionReason.UNHEALTHY),
    NO_BACKEND(503, "no backend available", RejectionReason.UNAVAILABLE),
    TOO_MANY_CONNECTIONS(503, "too many connections", RejectionReason.CONNECTION_LIMIT),
    BACKEND_TIMEOUT(504, "backend timeout", null),
    VERSION_NOT_SUPPORTED(505, "http version not supported", RejectionReason.BAD_REQUEST);

    private static final String JSON = "application/json";
    private static final byte[] RETRY_AFTER_NAME = bytes("Retry-After: ");
    private static final byte[] ALLOW_NAME = bytes("Allow: ");
    private static final byte[] LINE_END = bytes("\r\n");

    private final int status;
    private final String error;
    private final @Nullable RejectionReason rejection;
    private final String code;

    @SuppressWarnings("ImmutableEnumChecker") // never written, never handed out
    private final byte[] head;

    @SuppressWarnings("ImmutableEnumChecker") // never written, never handed out
    private final byte[] body;

    Reply(int status, String error, @Nullable RejectionReason rejection) {
        this.status = status;
        this.error = error;
        this.rejection = rejection;
        this.code = rejection == null ? name().toLowerCase(Locale.ROOT) : rejection.label();
        this.body = body(error);
        this.head = head(status, JSON, body.length);
    }

    public int status() {
        return status;
    }

    public String error() {
        return error;
    }

    /**
     * Returns how many bytes the body has that {@link #write} writes.
     *
     * @param detail as there
     */
    public int bodyBytes(@Nullable String detail) {
        return detail == null ? body.length : body(error + ": " + detail).length;
    }

    /** The reason that {@code lb_rejections_total} counts, or null where a backend was asked and failed, or nothing was. */
    public @Nullable RejectionReason rejection() {
        return rejection;
    }

    /** What the reason field begins with, unless the outcome of an attempt says more: the label of {@link #rejection}, or its own name. */
    public String code() {
        return code;
    }

    /** As the longer one, where {@link #code} is all that is known of the reason. */
    public void write(
            ByteBuf out,
            ResponseFields fields,
            @Nullable CircuitState state,
            long retryAfterSeconds,
            ConnectionField connection,
            @Nullable String detail,
            @Nullable String allow,
            boolean headOnly) {
        write(out, fields, state, retryAfterSeconds, connection, detail, allow, null, headOnly);
    }

    /**
     * Appends the whole response to {@code out}.
     *
     * @param state the value of the circuit state field, null for none
     * @param retryAfterSeconds 0 for none
     * @param detail what is wrong with the request, put behind the error's words; null for none
     * @param allow the value of Allow (405), null for none
     * @param reason the value of the reason field, where there is one; null for {@link #code}
     * @param headOnly the request was HEAD: the body is left out, its length is not
     */
    public void write(
            ByteBuf out,
            ResponseFields fields,
            @Nullable CircuitState state,
            long retryAfterSeconds,
            ConnectionField connection,
            @Nullable String detail,
            @Nullable String allow,
            @Nullable String reason,
            boolean headOnly) {
        byte[] ownBody = detail == null ? body : body(error + ": " + detail);
        out.writeBytes(detail == null ? head : head(status, JSON, ownBody.length));
        fields.writeDate(out);
        if (retryAfterSeconds > 0) {
            out.writeBytes(RETRY_AFTER_NAME);
            Numbers.write(out, retryAfterSeconds);
            out.writeBytes(LINE_END);
        }
        if (allow != null) {
            out.writeBytes(ALLOW_NAME);
            out.writeBytes(bytes(allow));
            out.writeBytes(LINE_END);
        }
        fields.writeReason(out, reason == null ? code : reason);
        fields.writeEnd(out, state, connection);
        if (!headOnly) {
            out.writeBytes(ownBody);
        }
    }

    /**
     * Appends a whole response that is no error: the answer of {@code /health}, a static fallback.
     *
     * @param state the value of the circuit state field, null for none
     * @param headOnly the request was HEAD: the body is left out, its length is not
     */
    public static void writeContent(
            ByteBuf out,
            ResponseFields fields,
            @Nullable CircuitState state,
            int status,
            String contentType,
            byte[] body,
            ConnectionField connection,
            boolean headOnly) {
        out.writeBytes(head(status, contentType, body.length));
        fields.writeDate(out);
        fields.writeEnd(out, state, connection);
        if (!headOnly) {
            out.writeBytes(body);
        }
    }

    private static byte[] head(int status, String contentType, int length) {
        return bytes("HTTP/1.1 " + HttpResponseStatus.valueOf(status) + "\r\nContent-Type: " + contentType
                + "\r\nContent-Length: " + length + "\r\n");
    }

    private static byte[] body(String error) {
        StringBuilder json = new StringBuilder("{\"error\": \"");
        for (int i = 0; i < error.length(); i++) {
            char c = error.charAt(i);
            if (c == '"' || c == '\\') {
                json.append('\\').append(c);
            } else if (c < ' ') {
                json.append(String.format("\\u%04x", (int) c));
            } else {
                json.append(c);
            }
        }
        return json.append("\"}").toString().getBytes(StandardCharsets.UTF_8);
    }
}
