package io.breakwater.server.http;

import io.netty.buffer.ByteBuf;

/** The ids that the balancer gives a request which came without such as can go on. On the request's event loop. */
public interface MadeIds {

    /** Whether there is an id of the request: then none that came goes on. */
    boolean hasRequestId();

    /** Whether there is a {@code traceparent}: then neither that nor a {@code tracestate} that came goes on. */
    boolean hasTraceparent();

    /** More than what is appended by {@link #write}, or as much. */
    int maxBytes();

    /** Appends the field lines of those that there are. */
    void write(ByteBuf out);
}
