package io.breakwater.server.http;

import static io.breakwater.server.http.Ascii.CR;
import static io.breakwater.server.http.Ascii.LF;

import io.netty.buffer.ByteBuf;
import org.jspecify.annotations.Nullable;

/**
 * Finds where a body ends in the bytes as they come (RFC 9112 sections 6 and 7.1). Chunk framing is verified byte by
 * byte; chunk data is passed over by its length. One per direction, reused; NOT thread safe.
 */
public final class BodyReader {
    public static final int MALFORMED = -1;

    private enum State {
        LENGTH,
        UNTIL_CLOSE,
        CHUNK_LINE,
        CHUNK_DATA,
        CHUNK_CR,
        CHUNK_LF,
        TRAILERS,
        COMPLETE,
        BROKEN
    }

    private final ChunkLine line = new ChunkLine();
    private final TrailerSection trailers = new TrailerSection();
    private State state = State.COMPLETE;
    private @Nullable BodyError error;
    /** Of the body, or of a chunk. */
    private long remaining;

    private long dataBytes;

    /** Begins the body of this request. */
    public void start(RequestHead head) {
        start(head.framing(), head.contentLength(), head);
    }

    /** Begins the body of this response. */
    public void start(ResponseHead head) {
        start(head.framing(), head.contentLength(), head);
    }

    /** Begins a body whose head is not at hand: one that was verified before. */
    public void start(BodyFraming framing, long contentLength) {
        start(framing, contentLength, null);
    }

    private void start(BodyFraming framing, long contentLength, @Nullable MessageHead head) {
        remaining = contentLength;
        error = null;
        dataBytes = 0;
        line.startMessage();
        trailers.start(head);
        state = switch (framing) {
            case NONE -> State.COMPLETE;
            case LENGTH -> contentLength == 0 ? State.COMPLETE : State.LENGTH;
            case CHUNKED -> State.CHUNK_LINE;
            case CLOSE -> State.UNTIL_CLOSE;
        };
    }

    /**
     * Looks at the readable bytes and returns how many of them belong to this body, framing included; does not move the
     * reader index. Chunk framing, extensions and trailers are verified (RFC 9112 section 7.1).
     *
     * @param data if not null, the body's bytes without framing are appended to it
     * @return the count, or {@link #MALFORMED}
     */
    public int advance(ByteBuf in, @Nullable ByteBuf data) {
        int start = in.readerIndex();
        int end = in.writerIndex();
        int at = start;
        while (at < end && state != State.COMPLETE && state != State.BROKEN) {
            if (state == State.LENGTH || state == State.CHUNK_DATA) {
                int count = (int) Math.min(remaining, end - at);
                take(in, at, count, data);
                at += count;
                remaining -= count;
                if (remaining == 0) {
                    state = state == State.LENGTH ? State.COMPLETE : State.CHUNK_CR;
                }
            } else if (state == State.UNTIL_CLOSE) {
                take(in, at, end - at, data);
                at = end;
            } else {
                state = next(in.getByte(at++));
            }
        }
        return state == State.BROKEN ? MALFORMED : at - start;
    }

    /** Why, after {@link #MALFORMED}. */
    public @Nullable BodyError error() {
        return error;
    }

    /** Whether the last byte of the body has been seen. */
    public boolean complete() {
        return state == State.COMPLETE;
    }

    /** Bytes of body data seen so far, without framing. */
    public long dataBytes() {
        return dataBytes;
    }

    /** Whether the connection's end is this body's end, so that an orderly close completes it. */
    public boolean endsWithConnection() {
        return state == State.UNTIL_CLOSE;
    }

    private void take(ByteBuf in, int at, int count, @Nullable ByteBuf data) {
        dataBytes += count;
        if (data != null) {
            data.writeBytes(in, at, count);
        }
    }

    /** Returns the state after one byte of chunk framing. */
    private State next(byte b) {
        return switch (state) {
            case CHUNK_LINE -> line.ends(b) ? endOfLine() : unlessBroken(line.error());
            case CHUNK_CR -> b == CR ? State.CHUNK_LF : broken(BodyError.DATA_TOO_LONG);
            case CHUNK_LF -> b == LF ? startOfLine() : broken(BodyError.BARE_LINE_END);
            case TRAILERS -> trailers.ends(b) ? State.COMPLETE : unlessBroken(trailers.error());
            default -> throw new IllegalStateException(state.name());
        };
    }

    private State startOfLine() {
        line.startLine();
        return State.CHUNK_LINE;
    }

    private State endOfLine() {
        remaining = line.size();
        return remaining == 0 ? State.TRAILERS : State.CHUNK_DATA;
    }

    private State unlessBroken(@Nullable BodyError why) {
        return why == null ? state : broken(why);
    }

    private State broken(BodyError why) {
        error = why;
        return State.BROKEN;
    }
}
