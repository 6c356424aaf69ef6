package io.breakwater.server.http;

/** What the Connection field of a response says (RFC 9112 section 9.3). */
public enum ConnectionField {
    /** Nothing: HTTP/1.1 keeps the connection. */
    ABSENT,
    CLOSE,
    /** For an HTTP/1.0 client that asked for it. */
    KEEP_ALIVE
}
