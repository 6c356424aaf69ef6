package io.breakwater.server.exchange;

/** Whom an exchange waits for, which says which timeout runs and whose fault it is when it ends. */
enum Waiting {
    /** Nobody whose time we limit: the client reads, and its connection watches that. */
    NOTHING,
    /** {@code timeouts.connect}: the backend's connection. */
    CONNECTION,
    /** {@code listen.timeouts.request-body-idle}: the client's next body bytes. */
    CLIENT_BODY,
    /** {@code timeouts.response-idle}: the backend takes no more of the request. */
    REQUEST_TAKEN,
    /** {@code timeouts.response-head}: the backend has the whole request. */
    RESPONSE_HEAD,
    /** {@code timeouts.response-idle}: the backend's next body bytes. */
    RESPONSE_BODY
}
