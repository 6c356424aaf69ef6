package io.breakwater.server.fallback;

import io.breakwater.server.http.BodyFraming;
import io.breakwater.server.http.BodyReader;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.util.Arrays;
import java.util.function.Consumer;

/**
 * The copy of one response's body that is made while it goes to the client, in an array of its own. It is kept once the
 * body is {@link #complete}; one that is dropped before leaves nothing behind. NOT thread safe: belongs to one exchange.
 */
public final class StaleCopy {
    private static final int FIRST_BYTES = 4 * 1024;
    /** Room that is made at once for what is only announced. */
    private static final int MOST_FIRST_BYTES = 64 * 1024;

    private final boolean framed;
    private final long mostBytes;
    private final Consumer<byte[]> keeper;
    private byte[] bytes;
    private int count;
    private boolean tooLong;

    /**
     * @param framed the bytes come with chunk framing
     * @param length of the body, 0 if nobody knows
     * @param mostBytes a longer body is not kept, framing included
     * @param keeper takes the body, without framing
     */
    StaleCopy(boolean framed, long length, long mostBytes, Consumer<byte[]> keeper) {
        this.framed = framed;
        this.mostBytes = mostBytes;
        this.keeper = keeper;
        this.bytes = new byte[(int) Math.min(length, MOST_FIRST_BYTES)];
    }

    /** The next {@code length} bytes of the body came. */
    public void add(ByteBuf in, int length) {
        if (tooLong) {
            return;
        }
        if (count + length > mostBytes) {
            tooLong = true;
            bytes = new byte[0];
            return;
        }
        if (count + length > bytes.length) {
            long room = Math.max(Math.max(FIRST_BYTES, count + length), 2L * bytes.length);
            bytes = Arrays.copyOf(bytes, (int) Math.min(room, mostBytes));
        }
        in.getBytes(in.readerIndex(), bytes, count, length);
        count += length;
    }

    /** The response came to its end as its framing says. */
    public void complete() {
        if (!tooLong) {
            keeper.accept(framed ? withoutFraming() : exactly(bytes, count));
        }
    }

    private byte[] withoutFraming() {
        byte[] data = new byte[count];
        ByteBuf out = Unpooled.wrappedBuffer(data).clear();
        BodyReader reader = new BodyReader();
        reader.start(BodyFraming.CHUNKED, 0);
        reader.advance(Unpooled.wrappedBuffer(bytes, 0, count), out);
        return exactly(data, out.readableBytes());
    }

    private static byte[] exactly(byte[] bytes, int length) {
        return bytes.length == length ? bytes : Arrays.copyOf(bytes, length);
    }
}
