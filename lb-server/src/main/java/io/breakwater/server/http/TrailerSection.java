package io.breakwater.server.http;

import static io.breakwater.server.http.Ascii.CR;
import static io.breakwater.server.http.Ascii.LF;

import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * The field lines behind the last chunk and the empty line that ends them, byte by byte (RFC 9112 section 7.1.2). They
 * are forwarded as they came, so that none may be there that frames, routes or forwards a message (RFC 9110 section
 * 6.5.1), or that is for one connection only (section 7.6.1). NOT thread safe.
 */
final class TrailerSection {
    private static final int MAX_BYTES = 8 * 1024;
    private static final int MAX_FIELDS = 100;
    /** Room for the names that are usual. */
    private static final int NAME_BYTES = 32;

    private enum State {
        LINE_START,
        NAME,
        VALUE,
        LINE_FEED,
        LAST_LINE_FEED,
        END,
        BROKEN
    }

    private @Nullable MessageHead head;
    private State state = State.LINE_START;
    private @Nullable BodyError error;
    private int bytes;
    private int fields;
    private byte[] name = {};
    private int nameLength;

    /** @param of the head of the message, complete; null for none */
    void start(@Nullable MessageHead of) {
        head = of;
        state = State.LINE_START;
        error = null;
        bytes = 0;
        fields = 0;
    }

    /** Returns whether this byte ended the section. */
    boolean ends(byte b) {
        state = next(b);
        return state == State.END;
    }

    /** Why the section is none, or null. */
    @Nullable
    BodyError error() {
        return error;
    }

    private State next(byte b) {
        return switch (state) {
            case LINE_START -> b == CR ? State.LAST_LINE_FEED : startOfLine(b);
            case NAME -> b == ':' ? endOfName() : nameByte(b);
            case VALUE -> value(b);
            case LINE_FEED -> b == LF ? State.LINE_START : broken(BodyError.BARE_LINE_END);
            case LAST_LINE_FEED -> b == LF ? State.END : broken(BodyError.BARE_LINE_END);
            case END, BROKEN -> throw new IllegalStateException(state.name());
        };
    }

    private State startOfLine(byte b) {
        nameLength = 0;
        return ++fields > MAX_FIELDS ? broken(BodyError.TRAILERS_TOO_LARGE) : nameByte(b);
    }

    private State nameByte(byte b) {
        if (Ascii.tokenLower(b) == 0) {
            return broken(b == LF ? BodyError.BARE_LINE_END : BodyError.INVALID_TRAILER_NAME);
        }
        if (nameLength == name.length) {
            name = Arrays.copyOf(name, Math.max(NAME_BYTES, 2 * nameLength));
        }
        name[nameLength++] = b;
        return counted(State.NAME);
    }

    private State endOfName() {
        int known = FieldName.of(name, 0, nameLength);
        boolean nominated = head != null && head.nominates(name, nameLength);
        return nominated || FieldName.isIn(known, FieldName.NEVER_IN_TRAILERS)
                ? broken(BodyError.FORBIDDEN_TRAILER)
                : counted(State.VALUE);
    }

    private State value(byte b) {
        if (b == CR) {
            return State.LINE_FEED;
        }
        if (Ascii.isText(b)) {
            return counted(State.VALUE);
        }
        return broken(b == LF ? BodyError.BARE_LINE_END : BodyError.CONTROL_BYTE);
    }

    private State counted(State next) {
        return ++bytes > MAX_BYTES ? broken(BodyError.TRAILERS_TOO_LARGE) : next;
    }

    private State broken(BodyError why) {
        error = why;
        return State.BROKEN;
    }
}
