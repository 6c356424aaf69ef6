package io.breakwater.server.http;

import io.netty.buffer.ByteBuf;

/** Of a balancer that gives requests no ids. */
final class NoIds implements MadeIds {

    @Override
    public boolean hasRequestId() {
        return false;
    }

    @Override
    public boolean hasTraceparent() {
        return false;
    }

    @Override
    public int maxBytes() {
        return 0;
    }

    @Override
    public void write(ByteBuf out) {}
}
