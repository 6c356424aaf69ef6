package io.breakwater.server.http;

import org.jspecify.annotations.Nullable;

/** Why a head was refused, with the reply that a client gets when it was a request. */
public enum HeadError {
    /** A CR without LF or an LF without CR: RFC 9112 section 2.2. */
    BARE_LINE_END(Reply.BAD_REQUEST, "line not ended by CRLF"),
    /** RFC 9110 section 5.5; in a start line RFC 9112 sections 3 and 4. */
    CONTROL_BYTE(Reply.BAD_REQUEST, "control byte"),
    /** RFC 9112 section 5.2. */
    FOLDED_LINE(Reply.BAD_REQUEST, "folded field line"),
    /** RFC 9112 section 5.1. */
    SPACE_IN_FIELD_NAME(Reply.BAD_REQUEST, "whitespace in or after a field name"),
    /** Not a token and a colon: RFC 9110 section 5.1. */
    INVALID_FIELD_NAME(Reply.BAD_REQUEST, "invalid field name"),
    /** RFC 6585 section 5. */
    FIELDS_TOO_LARGE(Reply.HEADERS_TOO_LARGE, null),
    /** RFC 6585 section 5; connection options count as well as fields. */
    TOO_MANY_FIELDS(Reply.HEADERS_TOO_LARGE, "too many"),

    /** RFC 9112 section 6.3. */
    INVALID_CONTENT_LENGTH(Reply.BAD_REQUEST, "invalid Content-Length"),
    /** RFC 9110 section 8.6; equal values are refused as well. */
    REPEATED_CONTENT_LENGTH(Reply.BAD_REQUEST, "repeated Content-Length"),
    /** RFC 9112 section 6.1. */
    LENGTH_AND_CODING(Reply.BAD_REQUEST, "both Content-Length and Transfer-Encoding"),
    /** RFC 9112 section 6.1. */
    CODING_IN_HTTP_10(Reply.BAD_REQUEST, "Transfer-Encoding in HTTP/1.0"),
    /** RFC 9112 section 6.1: chunked is applied once. */
    REPEATED_CODING(Reply.BAD_REQUEST, "repeated Transfer-Encoding"),
    /** RFC 9112 section 6.3. */
    CHUNKED_NOT_LAST(Reply.BAD_REQUEST, "Transfer-Encoding does not end in chunked"),
    /** RFC 9112 section 6.1. */
    UNKNOWN_CODING(Reply.NOT_IMPLEMENTED, "transfer coding"),
    /** RFC 9110 section 7.6.1. */
    ESSENTIAL_OPTION(Reply.BAD_REQUEST, "Connection names a field that is meant for every recipient"),

    /** RFC 9112 section 3. */
    REQUEST_LINE_TOO_LONG(Reply.URI_TOO_LONG, null),
    /** RFC 9112 section 3. */
    INVALID_REQUEST_LINE(Reply.BAD_REQUEST, "invalid request line"),
    /** RFC 9110 section 2.5. */
    UNKNOWN_VERSION(Reply.VERSION_NOT_SUPPORTED, null),
    /** A gateway is no tunnel: RFC 9110 section 9.3.6. */
    CONNECT(Reply.NOT_IMPLEMENTED, "CONNECT"),
    /** RFC 9112 section 3.2. */
    INVALID_TARGET(Reply.BAD_REQUEST, "invalid request target"),
    /** RFC 3986 section 2.1. */
    INVALID_ESCAPE(Reply.BAD_REQUEST, "invalid percent encoding"),
    /** RFC 3986 sections 3.3 and 7.3: what the route sees and what the backend opens could differ. */
    DOT_SEGMENT(Reply.BAD_REQUEST, "dot segment in the path"),
    /** RFC 9112 section 3.2. */
    MISSING_HOST(Reply.BAD_REQUEST, "missing Host"),
    /** RFC 9112 section 3.2. */
    REPEATED_HOST(Reply.BAD_REQUEST, "repeated Host"),
    /** RFC 9112 section 3.2, RFC 9110 section 4.2. */
    INVALID_HOST(Reply.BAD_REQUEST, "invalid Host"),
    /** RFC 9110 section 7.6.2. */
    INVALID_MAX_FORWARDS(Reply.BAD_REQUEST, "invalid Max-Forwards"),
    /** RFC 9110 section 10.1.1. */
    UNKNOWN_EXPECTATION(Reply.EXPECTATION_FAILED, null),

    /** Responses only: RFC 9112 section 4. */
    STATUS_LINE_TOO_LONG(Reply.BACKEND_UNAVAILABLE, null),
    /** Responses only: RFC 9112 section 4, RFC 9110 section 15. */
    INVALID_STATUS_LINE(Reply.BACKEND_UNAVAILABLE, null),
    /** Responses only: Upgrade is never forwarded, so nobody asked for 101: RFC 9110 section 7.8. */
    UNASKED_UPGRADE(Reply.BACKEND_UNAVAILABLE, null);

    private final Reply reply;
    private final @Nullable String detail;

    HeadError(Reply reply, @Nullable String detail) {
        this.reply = reply;
        this.detail = detail;
    }

    /** What a client gets for such a request. A backend's response is never answered with it. */
    public Reply reply() {
        return reply;
    }

    /** What is wrong, for the reply's body; null where the reply says it all. */
    public @Nullable String detail() {
        return detail;
    }
}
