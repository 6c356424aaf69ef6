package io.breakwater.server.http;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;

/** The byte classes of RFC 9110 section 5.6 and RFC 9112 section 2, as tables. */
final class Ascii {
    static final byte CR = '\r';
    static final byte LF = '\n';

    private static final VarHandle LONGS = MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);
    private static final long HIGH_BITS = 0x8080808080808080L;
    private static final long SPACES = 0x2020202020202020L;
    private static final long DELETES = 0x7f7f7f7f7f7f7f7fL;
    private static final long ONES = 0x0101010101010101L;

    private static final byte[] TOKEN_LOWER = tokenLower();
    private static final byte[] HEX = hex();

    private Ascii() {}

    static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.ISO_8859_1);
    }

    /** Returns the byte in lower case if it may stand in a token (RFC 9110 section 5.6.2), else 0. */
    static byte tokenLower(byte b) {
        return TOKEN_LOWER[b & 0xff];
    }

    /** Returns the value of a hexadecimal digit, or -1. */
    static int hexValue(byte b) {
        return HEX[b & 0xff];
    }

    static boolean isDigit(byte b) {
        return b >= '0' && b <= '9';
    }

    static boolean isWhitespace(byte b) {
        return b == ' ' || b == '\t';
    }

    /** Whether the byte may stand within a field value: HTAB, SP, VCHAR, obs-text (RFC 9110 section 5.5). */
    static boolean isText(byte b) {
        return b >= ' ' ? b != 0x7f : b < 0 || b == '\t';
    }

    /** Returns the index of the first byte in [from, to) that is no text, or {@code to}. Eight bytes at a time. */
    static int endOfText(byte[] bytes, int from, int to) {
        int i = from;
        for (int last = to - Long.BYTES; i <= last; i += Long.BYTES) {
            long word = (long) LONGS.get(bytes, i);
            long control = (word - SPACES) & ~word;
            long noDelete = word ^ DELETES;
            long delete = (noDelete - ONES) & ~noDelete;
            if (((control | delete) & HIGH_BITS) != 0) {
                break;
            }
        }
        while (i < to && isText(bytes[i])) {
            i++;
        }
        return i;
    }

    /** Returns the index of the first such byte in [from, to), or {@code to}. */
    static int indexOf(byte[] bytes, char wanted, int from, int to) {
        int i = from;
        while (i < to && bytes[i] != wanted) {
            i++;
        }
        return i;
    }

    /** Whether the bytes are this word in any case; {@code lower} is in lower case. */
    static boolean equalsIgnoreCase(byte[] bytes, int from, int to, byte[] lower) {
        if (to - from != lower.length) {
            return false;
        }
        for (int i = 0; i < lower.length; i++) {
            if (TOKEN_LOWER[bytes[from + i] & 0xff] != lower[i]) {
                return false;
            }
        }
        return true;
    }

    /** Whether both stretches are the same but for the case of letters; they consist of what may stand in a token. */
    static boolean sameToken(byte[] bytes, int from, byte[] others, int otherFrom, int length) {
        for (int i = 0; i < length; i++) {
            if (tokenLower(bytes[from + i]) != tokenLower(others[otherFrom + i])) {
                return false;
            }
        }
        return true;
    }

    private static byte[] tokenLower() {
        byte[] table = new byte[256];
        for (char c = 'a'; c <= 'z'; c++) {
            table[c] = (byte) c;
            table[c - 'a' + 'A'] = (byte) c;
        }
        for (char c = '0'; c <= '9'; c++) {
            table[c] = (byte) c;
        }
        for (byte b : bytes("!#$%&'*+-.^_`|~")) {
            table[b] = b;
        }
        return table;
    }

    private static byte[] hex() {
        byte[] table = new byte[256];
        for (int i = 0; i < table.length; i++) {
            table[i] = (byte) (i < 128 ? Character.digit((char) i, 16) : -1);
        }
        return table;
    }
}
