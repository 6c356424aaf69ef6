package io.breakwater.server.http;

/** Why a chunked body was refused. */
public enum BodyError {
    /** No hexadecimal digits, or 2 GiB and more: RFC 9112 section 7.1. */
    INVALID_SIZE,
    /** RFC 9112 section 7.1.1; refused too are bytes beyond ASCII, and whitespace behind a value. */
    INVALID_EXTENSION,
    /** No CRLF behind the data: RFC 9112 section 7.1. */
    DATA_TOO_LONG,
    /** RFC 9112 sections 2.2 and 7.1. */
    BARE_LINE_END,
    /** In a trailer: RFC 9110 section 5.5. */
    CONTROL_BYTE,
    /** More than 4 KiB in one message: RFC 9112 section 7.1.1. */
    EXTENSIONS_TOO_LARGE,
    /** Not a token and a colon: RFC 9110 section 5.1. */
    INVALID_TRAILER_NAME,
    /** A field of framing, routing or forwarding, or one that Connection names: RFC 9110 sections 6.5.1 and 7.6.1. */
    FORBIDDEN_TRAILER,
    /** More than 100, or more than 8 KiB: RFC 6585 section 5. */
    TRAILERS_TOO_LARGE
}
