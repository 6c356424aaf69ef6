package io.breakwater.server.http;

/** How the end of a message's body is found (RFC 9112 section 6.3). */
public enum BodyFraming {
    /** There is no body. */
    NONE,
    /** Content-Length. */
    LENGTH,
    /** Transfer-Encoding: chunked. */
    CHUNKED,
    /** Responses only: the body ends where the connection does. */
    CLOSE
}
