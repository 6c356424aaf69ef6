package io.breakwater.server.http;

import static io.breakwater.server.http.Ascii.bytes;

import io.breakwater.metrics.FallbackType;
import io.netty.buffer.ByteBuf;

/** The field that tells that, and which, fallback a response comes from. */
final class FallbackField {
    private static final String NAME = "X-Breakwater-Fallback: ";

    private static final byte[] STATIC = line(FallbackType.STATIC);
    private static final byte[] STALE = line(FallbackType.STALE);
    private static final byte[] POOL = line(FallbackType.POOL);
    private static final byte[] QUEUE = line(FallbackType.QUEUE);

    /** More than what {@link #write} appends. */
    static final int MAX_BYTES = NAME.length() + 10;

    private FallbackField() {}

    static void write(ByteBuf out, FallbackType by) {
        out.writeBytes(
                switch (by) {
                    case STATIC -> STATIC;
                    case STALE -> STALE;
                    case POOL -> POOL;
                    case QUEUE -> QUEUE;
                });
    }

    private static byte[] line(FallbackType by) {
        return bytes(NAME + by.label() + "\r\n");
    }
}
