package io.breakwater.server.http;

import io.netty.buffer.ByteBuf;

/** Decimal digits into a buffer, without a string between. */
final class Numbers {
    private Numbers() {}

    /** Appends a number that is not negative. */
    static void write(ByteBuf out, long value) {
        long unit = 1;
        while (value / unit >= 10) {
            unit *= 10;
        }
        for (; unit > 0; unit /= 10) {
            out.writeByte((int) ('0' + value / unit % 10));
        }
    }
}
