package io.breakwater.server.connection;

import io.breakwater.health.Outcome;
import io.breakwater.server.http.ResponseHead;
import io.netty.buffer.ByteBuf;

/**
 * Who asked for an upstream connection, and is told what comes of it. All calls are made on the event loop of the
 * connection, none after {@link UpstreamConnection#release}, {@link UpstreamConnection#discard} or
 * {@link Connecting#cancel}.
 */
public interface ResponseSink {

    /** A fresh connection is there. */
    void onConnected(UpstreamConnection connection);

    /**
     * No connection could be made.
     *
     * @param outcome whose fault it is
     */
    void onConnectFailed(Outcome outcome, Throwable cause);

    /** A response head came, interim ones (1xx) too; it can be written on until this returns. */
    void onResponseHead(ResponseHead head);

    /** The next {@code length} bytes of {@code in} belong to the body. They need not be consumed: they are skipped. */
    void onResponseBody(ByteBuf in, int length);

    /** The response is whole. */
    void onResponseEnd();

    /** The bytes that were there have been read; what was written may be flushed. */
    void onResponseReadComplete();

    /**
     * The response will not be whole, and the connection is closed.
     *
     * @param untouched not one byte of a response had come
     */
    void onResponseFailed(Outcome outcome, boolean untouched);

    /** The connection takes bytes again, or does not any more: see {@link UpstreamConnection#isWritable}. */
    void onUpstreamWritabilityChanged();
}
