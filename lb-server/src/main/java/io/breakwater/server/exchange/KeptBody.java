package io.breakwater.server.exchange;

import io.breakwater.server.connection.UpstreamConnection;
import io.breakwater.server.http.BodyFraming;
import io.breakwater.server.http.BodyReader;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.Unpooled;
import java.util.ArrayList;
import java.util.List;

/**
 * The bytes of a request's body as they came, framing included, for as long as the request may have to go out again: a
 * copy, so that what it holds is what it counts. NOT thread safe: belongs to one exchange, which uses it for its requests
 * one after the other.
 */
final class KeptBody {
    /** Pieces of one size, which are filled and never grown: what has been written from one stays where it is. */
    private static final int PIECE_BYTES = 8 * 1024;

    private final List<ByteBuf> pieces = new ArrayList<>(0);
    private long limitBytes;
    private long bytes;
    private boolean whole = true;

    /**
     * A request begins.
     *
     * @param mostBytes a longer body is not kept; 0 keeps none
     */
    void begin(long mostBytes) {
        limitBytes = mostBytes;
        bytes = 0;
        whole = true;
    }

    /** The next {@code length} bytes came. Once they are too many, nothing is kept any more. */
    void add(ByteBufAllocator alloc, ByteBuf in, int length) {
        if (!whole) {
            return;
        }
        if (bytes + length > limitBytes) {
            whole = false;
            release();
            return;
        }
        int at = in.readerIndex();
        int end = at + length;
        while (at < end) {
            ByteBuf piece = pieceWithRoom(alloc);
            int count = Math.min(end - at, piece.writableBytes());
            piece.writeBytes(in, at, count);
            at += count;
            bytes += count;
        }
    }

    private ByteBuf pieceWithRoom(ByteBufAllocator alloc) {
        if (!pieces.isEmpty()) {
            ByteBuf last = pieces.get(pieces.size() - 1);
            if (last.isWritable()) {
                return last;
            }
        }
        int size = (int) Math.min(PIECE_BYTES, limitBytes - bytes);
        ByteBuf piece = alloc.buffer(size, size);
        pieces.add(piece);
        return piece;
    }

    /** Whether a body of this length would be kept. */
    boolean keeps(long length) {
        return length <= limitBytes;
    }

    /** Whether everything that came so far can go out again; so it is when nothing came. */
    boolean isWhole() {
        return whole;
    }

    /** Returns a copy of what came so far, without its framing. */
    byte[] content(BodyFraming framing, long contentLength) {
        ByteBuf data = Unpooled.buffer((int) bytes);
        BodyReader reader = new BodyReader();
        reader.start(framing, contentLength);
        for (int i = 0; i < pieces.size(); i++) {
            reader.advance(pieces.get(i), data);
        }
        return ByteBufUtil.getBytes(data);
    }

    /** Writes what came so far. */
    void writeTo(UpstreamConnection connection) {
        for (int i = 0; i < pieces.size(); i++) {
            connection.write(pieces.get(i).retainedSlice());
        }
    }

    /** The request will not go out again: nothing is kept from now on. */
    void release() {
        limitBytes = 0;
        for (int i = 0; i < pieces.size(); i++) {
            pieces.get(i).release();
        }
        pieces.clear();
    }
}
