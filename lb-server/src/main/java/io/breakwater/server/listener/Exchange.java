package io.breakwater.server.listener;

import io.breakwater.server.http.Reply;
import io.breakwater.server.http.RequestHead;
import io.netty.buffer.ByteBuf;

/**
 * What becomes of one request. All calls are made on the connection's event loop. An exchange begins with {@link #onRequest}
 * and ends when it calls {@link DownstreamConnection#finish}, {@link DownstreamConnection#reply} or
 * {@link DownstreamConnection#abort}, or when the client is gone or we are; then nothing more is called, for it may serve another
 * connection already.
 */
public interface Exchange {

    /**
     * A request head came. The view stays valid until the exchange ends. A body waits until it is asked for.
     *
     * @param tooLarge it announces a body that is larger than the listener takes
     */
    void onRequest(RequestHead head, boolean tooLarge, long now);

    /** The next {@code length} bytes of {@code in} belong to the request's body, framing included. They are skipped after. */
    void onRequestBody(ByteBuf in, int length);

    /** The request's body is whole. Not called for a request that announced none. */
    void onRequestEnd();

    /** All bytes of the request that are there have been handed over; what was written may be flushed. */
    void onRequestReadComplete();

    /** The rest of the request cannot be taken: its body is malformed or too large. */
    void onRequestRefused(Reply reply, String detail);

    /** The client takes bytes again, or does not any more: see {@link DownstreamConnection#isWritable}. */
    void onDownstreamWritabilityChanged();

    /** The client closed or reset the connection. */
    void onClientGone();

    /** The client has not read a byte of what waits for it for too long. */
    void onClientStalled();

    /** We stop and wait no longer; the connection is closed after this. */
    void onShutdown();
}
