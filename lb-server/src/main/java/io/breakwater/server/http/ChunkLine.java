package io.breakwater.server.http;

import static io.breakwater.server.http.Ascii.CR;
import static io.breakwater.server.http.Ascii.LF;
import static io.breakwater.server.http.Ascii.isWhitespace;

import org.jspecify.annotations.Nullable;

/**
 * The line before a chunk's data: its size and extensions, byte by byte (RFC 9112 sections 7.1 and 7.1.1). Extensions
 * mean nothing here, but where a line ends must be beyond doubt, so that their grammar is kept whole; so must a size,
 * which backends are known to read as 32 bits. NOT thread safe.
 */
final class ChunkLine {
    private static final int MAX_SIZE_DIGITS = 16;
    /** Of all chunks of one message together. */
    private static final int MAX_EXTENSION_BYTES = 4 * 1024;

    private enum State {
        SIZE,
        /** Whitespace behind the size, which only an extension may follow. */
        SPACE,
        EXTENSION,
        NAME,
        NAME_SPACE,
        EQUALS,
        VALUE,
        QUOTED,
        ESCAPED,
        QUOTED_END,
        LINE_FEED,
        END,
        BROKEN
    }

    private State state = State.SIZE;
    private @Nullable BodyError error;
    private int size;
    private int digits;
    private int extensionBytes;

    void startMessage() {
        extensionBytes = 0;
        startLine();
    }

    void startLine() {
        state = State.SIZE;
        error = null;
        size = 0;
        digits = 0;
    }

    /** Returns whether this byte ended the line. */
    boolean ends(byte b) {
        state = next(b);
        return state == State.END;
    }

    /** Why the line is none, or null. */
    @Nullable
    BodyError error() {
        return error;
    }

    int size() {
        return size;
    }

    private State next(byte b) {
        return switch (state) {
            case SIZE -> size(b);
            case LINE_FEED -> b == LF ? State.END : broken(BodyError.BARE_LINE_END);
            case END, BROKEN -> throw new IllegalStateException(state.name());
            default -> ++extensionBytes > MAX_EXTENSION_BYTES ? broken(BodyError.EXTENSIONS_TOO_LARGE) : extension(b);
        };
    }

    private State size(byte b) {
        int digit = Ascii.hexValue(b);
        if (digit < 0) {
            return digits == 0 ? broken(BodyError.INVALID_SIZE) : afterSize(b);
        }
        if (++digits > MAX_SIZE_DIGITS || size > Integer.MAX_VALUE >> 4) {
            return broken(BodyError.INVALID_SIZE);
        }
        size = size << 4 | digit;
        return State.SIZE;
    }

    private State afterSize(byte b) {
        return switch (b) {
            case CR -> State.LINE_FEED;
            case ';' -> State.EXTENSION;
            case ' ', '\t' -> State.SPACE;
            case LF -> broken(BodyError.BARE_LINE_END);
            default -> broken(BodyError.INVALID_SIZE);
        };
    }

    private State extension(byte b) {
        return switch (state) {
            case SPACE -> isWhitespace(b) ? State.SPACE : b == ';' ? State.EXTENSION : invalid(b);
            case EXTENSION -> isWhitespace(b) ? State.EXTENSION : isToken(b) ? State.NAME : invalid(b);
            case NAME -> isToken(b) ? State.NAME : afterName(b);
            case NAME_SPACE -> isWhitespace(b) || b == ';' ? afterName(b) : b == '=' ? State.EQUALS : invalid(b);
            case EQUALS -> isWhitespace(b) ? State.EQUALS : isToken(b) ? State.VALUE : quote(b);
            case VALUE -> isToken(b) ? State.VALUE : afterPart(b);
            case QUOTED -> b == '"' ? State.QUOTED_END : b == '\\' ? State.ESCAPED : quoted(b);
            case ESCAPED -> quoted(b);
            case QUOTED_END -> afterPart(b);
            default -> throw new IllegalStateException(state.name());
        };
    }

    private State afterName(byte b) {
        if (b == '=') {
            return State.EQUALS;
        }
        return isWhitespace(b) ? State.NAME_SPACE : afterPart(b);
    }

    /** What may follow the size, a name or a value. */
    private State afterPart(byte b) {
        return b == CR ? State.LINE_FEED : b == ';' ? State.EXTENSION : invalid(b);
    }

    private State quote(byte b) {
        return b == '"' ? State.QUOTED : invalid(b);
    }

    private State quoted(byte b) {
        return b == '\t' || (b >= ' ' && b < 0x7f) ? State.QUOTED : invalid(b);
    }

    private State invalid(byte b) {
        return broken(b == LF ? BodyError.BARE_LINE_END : BodyError.INVALID_EXTENSION);
    }

    private State broken(BodyError why) {
        error = why;
        return State.BROKEN;
    }

    private static boolean isToken(byte b) {
        return Ascii.tokenLower(b) != 0;
    }
}
