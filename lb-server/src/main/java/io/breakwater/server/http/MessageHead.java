package io.breakwater.server.http;

import static io.breakwater.server.http.Ascii.CR;
import static io.breakwater.server.http.Ascii.LF;

import io.netty.buffer.ByteBuf;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * One strict scan over a message head, line by line as its bytes come (RFC 9112 sections 2 to 6). The bytes are copied
 * once into an array, which is what is scanned and what is written from. NOT thread safe.
 */
abstract sealed class MessageHead permits RequestHead, ResponseHead {
    static final int NO_FIELD = -1;

    private static final int NOT_YET = -1;
    private static final long NO_LENGTH = -1;

    private static final byte[] CLOSE = Ascii.bytes("close");
    private static final byte[] KEEP_ALIVE = Ascii.bytes("keep-alive");
    private static final byte[] CHUNKED = Ascii.bytes("chunked");

    private final HeadLimits limits;
    private final int maxEmptyLines;
    /** Start and end of each connection option that may name a field, in turn. */
    private int[] options = {};

    HeadStore store = HeadStore.NONE;
    private int filled;
    private int lineStart;
    /** Up to here the current line is known to be text. */
    private int scanned;

    private int emptyLines;
    /** Where the first field line starts, or NOT_YET while the start line is not whole. */
    int fieldsStart = NOT_YET;
    /** Where the empty line after the fields starts, or NOT_YET. */
    int fieldsEnd = NOT_YET;

    private int optionCount;
    private boolean optionClose;
    private boolean optionKeepAlive;
    private long length = NO_LENGTH;
    private boolean chunked;
    boolean http11;
    private @Nullable HeadError error;

    /** @param maxEmptyLines how many empty lines before the start line are passed over */
    MessageHead(HeadLimits limits, int maxEmptyLines) {
        this.limits = limits;
        this.maxEmptyLines = maxEmptyLines;
    }

    /** Takes the start line in [start, end); a CR follows. */
    abstract @Nullable HeadError startLine(byte[] bytes, int start, int end);

    /** Returns the number of the field name in [from, to). */
    int nameOf(byte[] bytes, int from, int to) {
        return FieldName.of(bytes, from, to);
    }

    /** Takes a field that only this kind of message acts on; its value is in [start, end). */
    abstract @Nullable HeadError field(int name, byte[] bytes, int start, int end);

    /** Judges the head as a whole. */
    abstract @Nullable HeadError finish();

    /** Whether whitespace between a field's name and its colon is taken away, rather than refused. */
    abstract boolean closesUpNames();

    abstract HeadError startLineTooLong();

    abstract HeadError badStartLine();

    final Scan scanLines(ByteBuf in) {
        if (error != null) {
            return Scan.REFUSED;
        }
        if (fieldsEnd != NOT_YET) {
            return Scan.COMPLETE;
        }
        while (fill(in)) {
            Scan found = advance();
            if (found != Scan.INCOMPLETE) {
                return found;
            }
        }
        return Scan.INCOMPLETE;
    }

    /** Forgets the head, for the next one on this connection. */
    public void reset() {
        HeadStore.giveBack(store);
        store = HeadStore.NONE;
        filled = 0;
        lineStart = 0;
        scanned = 0;
        emptyLines = 0;
        fieldsStart = NOT_YET;
        fieldsEnd = NOT_YET;
        optionCount = 0;
        optionClose = false;
        optionKeepAlive = false;
        length = NO_LENGTH;
        chunked = false;
        http11 = false;
        error = null;
    }

    /** Why, after REFUSED. */
    public final @Nullable HeadError error() {
        return error;
    }

    /** Bytes from the reader index to the first byte after the head. */
    public final int length() {
        return fieldsEnd == NOT_YET ? 0 : fieldsEnd + 2;
    }

    /** Whether any byte of a head (beyond empty lines before it) has been seen since the reset. */
    public final boolean started() {
        return fieldsStart != NOT_YET || (filled > lineStart && store.bytes[lineStart] != CR);
    }

    /** HTTP/1.1 (or a later minor version); false for HTTP/1.0. */
    public final boolean isHttp11() {
        return http11;
    }

    /** Returns the first field of this name, given in lower case, from the given one on, or {@link #NO_FIELD}. */
    final int find(byte[] lowerName, int from) {
        for (int i = from; i < store.count(); i++) {
            if (Ascii.equalsIgnoreCase(store.bytes, store.start(i), store.nameEnd(i), lowerName)) {
                return i;
            }
        }
        return NO_FIELD;
    }

    /**
     * Returns the values of all fields of this name as received, joined by a comma (RFC 9110 section 5.3); null when
     * there is none. Allocates; not for every request.
     *
     * @param lowerName the name's bytes in lower case
     */
    public final @Nullable String values(byte[] lowerName) {
        StringBuilder all = null;
        AsciiView value = new AsciiView();
        for (int i = find(lowerName, 0); i != NO_FIELD; i = find(lowerName, i + 1)) {
            all = all == null ? new StringBuilder() : all.append(", ");
            all.append(value.set(store.bytes, store.valueStart(i), store.valueEnd(i)));
        }
        return all == null ? null : all.toString();
    }

    /** Whether there is a field of this name, given as bytes in lower case. */
    public final boolean has(byte[] lowerName) {
        return find(lowerName, 0) != NO_FIELD;
    }

    static byte[] lowerCase(String name) {
        byte[] lower = Ascii.bytes(name);
        for (int i = 0; i < lower.length; i++) {
            lower[i] = Ascii.tokenLower(lower[i]);
        }
        return lower;
    }

    final boolean persistent() {
        return !optionClose && (http11 || optionKeepAlive);
    }

    final boolean chunked() {
        return chunked;
    }

    final boolean hasLength() {
        return length != NO_LENGTH;
    }

    /** The value of Content-Length, 0 without one. */
    final long announcedLength() {
        return Math.max(length, 0);
    }

    final int lineEnd(int field) {
        return field + 1 < store.count() ? store.start(field + 1) : fieldsEnd;
    }

    /** Copies more of the buffer, as much as the array has room for. */
    private boolean fill(ByteBuf in) {
        int available = in.readableBytes() - filled;
        if (available <= 0) {
            return false;
        }
        if (store == HeadStore.NONE) {
            store = HeadStore.take();
        } else if (filled == store.bytes.length) {
            store.growBytes();
        }
        int count = Math.min(available, store.bytes.length - filled);
        in.getBytes(in.readerIndex() + filled, store.bytes, filled, count);
        filled += count;
        return true;
    }

    private Scan advance() {
        byte[] bytes = store.bytes;
        while (lineStart < filled) {
            boolean inFields = fieldsStart != NOT_YET;
            if (bytes[lineStart] == CR) {
                if (lineStart + 1 == filled) {
                    return Scan.INCOMPLETE;
                }
                if (bytes[lineStart + 1] != LF) {
                    return refuse(HeadError.BARE_LINE_END);
                }
                if (inFields) {
                    return end();
                }
                if (++emptyLines > maxEmptyLines) {
                    return refuse(badStartLine());
                }
                lineStart += 2;
                scanned = lineStart;
                continue;
            }
            if (inFields && store.count() == limits.headerCount()) {
                return refuse(HeadError.TOO_MANY_FIELDS);
            }
            int maxEnd = inFields ? fieldsStart + limits.headersBytes() - 2 : lineStart + limits.startLineBytes();
            scanned = Ascii.endOfText(bytes, scanned, Math.min(filled, maxEnd + 1));
            if (scanned > maxEnd) {
                return refuse(inFields ? HeadError.FIELDS_TOO_LARGE : startLineTooLong());
            }
            if (scanned == filled) {
                return Scan.INCOMPLETE;
            }
            if (bytes[scanned] != CR) {
                return refuse(bytes[scanned] == LF ? HeadError.BARE_LINE_END : HeadError.CONTROL_BYTE);
            }
            if (scanned + 1 == filled) {
                return Scan.INCOMPLETE;
            }
            if (bytes[scanned + 1] != LF) {
                return refuse(HeadError.BARE_LINE_END);
            }
            HeadError found = inFields ? fieldLine(bytes, lineStart, scanned) : startLine(bytes, lineStart, scanned);
            if (found != null) {
                return refuse(found);
            }
            scanned += 2;
            lineStart = scanned;
            if (!inFields) {
                fieldsStart = scanned;
            }
        }
        return Scan.INCOMPLETE;
    }

    private Scan end() {
        fieldsEnd = lineStart;
        HeadError found = nominate();
        if (found == null && chunked && hasLength()) {
            found = HeadError.LENGTH_AND_CODING;
        }
        if (found == null) {
            found = finish();
        }
        return found == null ? Scan.COMPLETE : refuse(found);
    }

    private Scan refuse(HeadError why) {
        error = why;
        return Scan.REFUSED;
    }

    /** Takes the field line in [start, end); a CR follows, which is neither of a name nor whitespace. */
    private @Nullable HeadError fieldLine(byte[] bytes, int start, int end) {
        if (Ascii.isWhitespace(bytes[start])) {
            return HeadError.FOLDED_LINE;
        }
        int nameEnd = start;
        while (Ascii.tokenLower(bytes[nameEnd]) != 0) {
            nameEnd++;
        }
        if ((nameEnd == start || bytes[nameEnd] != ':') && !(closesUpNames() && closeUp(bytes, nameEnd))) {
            return Ascii.isWhitespace(bytes[nameEnd]) ? HeadError.SPACE_IN_FIELD_NAME : HeadError.INVALID_FIELD_NAME;
        }
        int valueStart = skipWhitespace(bytes, nameEnd + 1, end);
        int valueEnd = trimEnd(bytes, valueStart, end);
        int name = nameOf(bytes, start, nameEnd);
        store.add(start, nameEnd, valueStart, valueEnd, name);
        return switch (name) {
            case FieldName.OTHER -> null;
            case FieldName.CONNECTION -> connection(bytes, valueStart, valueEnd);
            case FieldName.CONTENT_LENGTH -> contentLength(bytes, valueStart, valueEnd);
            case FieldName.TRANSFER_ENCODING -> transferEncoding(bytes, valueStart, valueEnd);
            default -> field(name, bytes, valueStart, valueEnd);
        };
    }

    /**
     * Moves whitespace that stands between a name and its colon behind the colon, where it is none of the value's. The
     * array is ours, and its other offsets stay. Returns false, having done nothing, where it is not followed by a colon.
     */
    private static boolean closeUp(byte[] bytes, int nameEnd) {
        int colon = nameEnd;
        while (Ascii.isWhitespace(bytes[colon])) { // a CR is none
            colon++;
        }
        if (colon == nameEnd || bytes[colon] != ':') {
            return false;
        }
        bytes[nameEnd] = ':';
        Arrays.fill(bytes, nameEnd + 1, colon + 1, (byte) ' ');
        return true;
    }

    /** RFC 9112 section 6.2: digits and nothing else; a list, even of equal numbers, is refused. */
    private @Nullable HeadError contentLength(byte[] bytes, int start, int end) {
        if (hasLength()) {
            return HeadError.REPEATED_CONTENT_LENGTH;
        }
        length = parseDigits(bytes, start, end);
        return length < 0 ? HeadError.INVALID_CONTENT_LENGTH : null;
    }

    /** Returns the number, or -1 if there is anything but digits or too many of them. */
    static long parseDigits(byte[] bytes, int start, int end) {
        if (start == end) {
            return -1;
        }
        long value = 0;
        for (int i = start; i < end; i++) {
            int digit = bytes[i] - '0';
            if (digit < 0 || digit > 9 || value > (Long.MAX_VALUE - digit) / 10) {
                return -1;
            }
            value = value * 10 + digit;
        }
        return value;
    }

    /** RFC 9112 sections 6.1 and 6.3: the only coding taken is chunked, once. */
    private @Nullable HeadError transferEncoding(byte[] bytes, int start, int end) {
        if (!http11) {
            return HeadError.CODING_IN_HTTP_10;
        }
        if (chunked) {
            return HeadError.REPEATED_CODING;
        }
        if (Ascii.equalsIgnoreCase(bytes, start, end, CHUNKED)) {
            chunked = true;
            return null;
        }
        return refusedCoding(bytes, start, end);
    }

    private static HeadError refusedCoding(byte[] bytes, int start, int end) {
        boolean seenChunked = false;
        int at = start;
        boolean last = false;
        while (at <= end) {
            int elementEnd = Ascii.indexOf(bytes, ',', at, end);
            last = Ascii.equalsIgnoreCase(
                    bytes, skipWhitespace(bytes, at, elementEnd), trimEnd(bytes, at, elementEnd), CHUNKED);
            if (last && seenChunked) {
                return HeadError.REPEATED_CODING;
            }
            seenChunked |= last;
            at = elementEnd + 1;
        }
        return last ? HeadError.UNKNOWN_CODING : HeadError.CHUNKED_NOT_LAST;
    }

    private @Nullable HeadError connection(byte[] bytes, int start, int end) {
        int at = start;
        while (at < end) {
            int elementEnd = Ascii.indexOf(bytes, ',', at, end);
            int from = skipWhitespace(bytes, at, elementEnd);
            int to = trimEnd(bytes, from, elementEnd);
            if (Ascii.equalsIgnoreCase(bytes, from, to, CLOSE)) {
                optionClose = true;
            } else if (Ascii.equalsIgnoreCase(bytes, from, to, KEEP_ALIVE)) {
                optionKeepAlive = true;
            } else if (from < to && !addOption(from, to)) {
                return HeadError.TOO_MANY_FIELDS;
            }
            at = elementEnd + 1;
        }
        return null;
    }

    /** As many options as fields are more than anybody has use for: the cost of looking each up stays bounded. */
    private boolean addOption(int from, int to) {
        if (optionCount == limits.headerCount()) {
            return false;
        }
        if (2 * optionCount == options.length) {
            options = Arrays.copyOf(options, Math.max(8, 2 * options.length));
        }
        options[2 * optionCount] = from;
        options[2 * optionCount + 1] = to;
        optionCount++;
        return true;
    }

    /** Marks the fields that a connection option names (RFC 9110 section 7.6.1). */
    private @Nullable HeadError nominate() {
        for (int option = 0; option < optionCount; option++) {
            int from = options[2 * option];
            int to = options[2 * option + 1];
            for (int i = 0; i < store.count(); i++) {
                int start = store.start(i);
                boolean same = to - from == store.nameEnd(i) - start
                        && Ascii.sameToken(store.bytes, from, store.bytes, start, to - from);
                if (same) {
                    HeadError found = nominated(i);
                    if (found != null) {
                        return found;
                    }
                }
            }
        }
        return null;
    }

    private @Nullable HeadError nominated(int field) {
        int name = store.name(field);
        if (FieldName.isIn(name, FieldName.ESSENTIAL)) {
            return nominatedEssential();
        }
        store.rename(field, FieldName.NOMINATED);
        return null;
    }

    /** What is said to an option that names one of {@link FieldName#ESSENTIAL}; null ignores the option. */
    abstract @Nullable HeadError nominatedEssential();

    /** Whether a connection option names this field, in whatever case; of a head that is complete. */
    final boolean nominates(byte[] name, int length) {
        for (int option = 0; option < optionCount; option++) {
            int from = options[2 * option];
            int to = options[2 * option + 1];
            if (to - from == length && Ascii.sameToken(store.bytes, from, name, 0, length)) {
                return true;
            }
        }
        return false;
    }

    final boolean has(int name) {
        for (int i = 0; i < store.count(); i++) {
            if (store.name(i) == name) {
                return true;
            }
        }
        return false;
    }

    static boolean isVersion(byte[] b, int at) {
        return b[at] == 'H'
                && b[at + 1] == 'T'
                && b[at + 2] == 'T'
                && b[at + 3] == 'P'
                && b[at + 4] == '/'
                && Ascii.isDigit(b[at + 5])
                && b[at + 6] == '.'
                && Ascii.isDigit(b[at + 7]);
    }

    static int skipWhitespace(byte[] bytes, int from, int end) {
        int i = from;
        while (i < end && Ascii.isWhitespace(bytes[i])) {
            i++;
        }
        return i;
    }

    static int trimEnd(byte[] bytes, int from, int end) {
        int i = end;
        while (i > from && Ascii.isWhitespace(bytes[i - 1])) {
            i--;
        }
        return i;
    }

    /** Appends the head from {@code from} to the end of its fields without those in the mask, in as few copies as can be. */
    final void writeKept(ByteBuf out, int from, int cutMask) {
        int kept = from;
        for (int i = 0; i < store.count(); i++) {
            if (FieldName.isIn(store.name(i), cutMask)) {
                writeSpan(out, kept, store.start(i));
                kept = lineEnd(i);
            }
        }
        writeSpan(out, kept, fieldsEnd);
    }

    /** Appends [from, to) of the head. */
    final void writeSpan(ByteBuf out, int from, int to) {
        if (to > from) {
            out.writeBytes(store.bytes, from, to - from);
        }
    }
}
