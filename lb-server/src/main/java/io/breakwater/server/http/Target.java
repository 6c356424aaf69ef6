package io.breakwater.server.http;

import io.netty.util.NetUtil;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/** The grammar of request targets and of Host (RFC 9112 section 3.2, RFC 3986). */
final class Target {
    private static final byte BAD = 0;
    private static final byte PLAIN = 1;
    private static final byte DOT = 2;
    private static final byte PERCENT = 3;
    private static final byte SLASH = 4;
    private static final byte SEMICOLON = 5;
    private static final byte QUESTION_MARK = 6;
    /** Stands in a query only: some take it for a slash. */
    private static final byte BACKSLASH = 7;

    private static final byte[] CLASS = classes();
    private static final boolean[] IN_REG_NAME = inRegName();
    private static final int MAX_PORT = 65535;

    private Target() {}

    /** Returns where the path in [start, end) ends: at the query's question mark, or at {@code end}. */
    static int pathEnd(byte[] bytes, int start, int end) {
        return Ascii.indexOf(bytes, '?', start, end);
    }

    /**
     * Judges a path: the characters of RFC 3986, and those that clients send unescaped, bytes beyond ASCII too; valid
     * escapes; no dot segments, neither plain nor escaped, nor hidden behind an escaped slash or a parameter, whose semicolon may be escaped as well; no NUL.
     */
    static @Nullable HeadError checkPath(byte[] bytes, int start, int end) {
        int dots = 0;
        boolean onlyDots = true;
        for (int i = start; i < end; i++) {
            byte kind = CLASS[bytes[i] & 0xff];
            if (kind == PERCENT) {
                int value = escaped(bytes, i, end);
                if (value <= 0) {
                    return value < 0 ? HeadError.INVALID_ESCAPE : HeadError.INVALID_TARGET;
                }
                i += 2;
                kind = escapedKind(value);
            }
            switch (kind) {
                case PLAIN -> onlyDots = false;
                case DOT -> dots++;
                case SLASH, SEMICOLON -> {
                    if (onlyDots && isDotSegment(dots)) {
                        return HeadError.DOT_SEGMENT;
                    }
                    dots = 0;
                    onlyDots = kind == SLASH;
                }
                default -> {
                    return HeadError.INVALID_TARGET;
                }
            }
        }
        return onlyDots && isDotSegment(dots) ? HeadError.DOT_SEGMENT : null;
    }

    /** Judges a query with its question mark: it is passed on byte for byte, so that only its characters matter. */
    static @Nullable HeadError checkQuery(byte[] bytes, int start, int end) {
        for (int i = start; i < end; i++) {
            if (CLASS[bytes[i] & 0xff] == BAD) {
                return HeadError.INVALID_TARGET;
            }
        }
        return null;
    }

    /** Whether [start, end) is {@code uri-host [ ":" port ]} with a host that is not empty, and so without userinfo. */
    static boolean isAuthority(byte[] bytes, int start, int end) {
        int hostEnd =
                start < end && bytes[start] == '[' ? ipLiteralEnd(bytes, start, end) : regNameEnd(bytes, start, end);
        if (hostEnd <= start) {
            return false;
        }
        return hostEnd == end || (bytes[hostEnd] == ':' && isPort(bytes, hostEnd + 1, end));
    }

    /** What an escaped character is for a backend that reads escapes before it takes the path apart. */
    private static byte escapedKind(int value) {
        return switch (value) {
            case '/', '\\' -> SLASH;
            case '.' -> DOT;
            case ';' -> SEMICOLON;
            default -> PLAIN;
        };
    }

    private static boolean isDotSegment(int dots) {
        return dots == 1 || dots == 2;
    }

    private static int escaped(byte[] bytes, int percent, int end) {
        if (percent + 2 >= end) {
            return -1;
        }
        int high = Ascii.hexValue(bytes[percent + 1]);
        int low = Ascii.hexValue(bytes[percent + 2]);
        return high < 0 || low < 0 ? -1 : high << 4 | low;
    }

    private static int regNameEnd(byte[] bytes, int start, int end) {
        int i = start;
        while (i < end && bytes[i] != ':') {
            if (bytes[i] == '%') {
                if (escaped(bytes, i, end) <= 0) {
                    return -1;
                }
                i += 3;
            } else if (IN_REG_NAME[bytes[i] & 0xff]) {
                i++;
            } else {
                return -1;
            }
        }
        return i;
    }

    /** RFC 3986 section 3.2.2, without IPvFuture: there is none. */
    private static int ipLiteralEnd(byte[] bytes, int start, int end) {
        int i = start + 1;
        while (i < end && (Ascii.hexValue(bytes[i]) >= 0 || bytes[i] == ':' || bytes[i] == '.')) {
            i++;
        }
        if (i == end || bytes[i] != ']') {
            return -1;
        }
        return NetUtil.isValidIpV6Address(
                        new AsciiView().set(bytes, start + 1, i).toString())
                ? i + 1
                : -1;
    }

    private static boolean isPort(byte[] bytes, int start, int end) {
        return start == end || isInRange(MessageHead.parseDigits(bytes, start, end));
    }

    private static boolean isInRange(long port) {
        return port >= 0 && port <= MAX_PORT;
    }

    /** A fragment is never sent (RFC 9112 section 3.2): a {@code #} would be read by some as the end of the target. */
    private static byte[] classes() {
        byte[] table = new byte[256];
        Arrays.fill(table, '!', '~' + 1, PLAIN);
        Arrays.fill(table, 0x80, 0x100, PLAIN);
        table['#'] = BAD;
        table['.'] = DOT;
        table['%'] = PERCENT;
        table['/'] = SLASH;
        table[';'] = SEMICOLON;
        table['?'] = QUESTION_MARK;
        table['\\'] = BACKSLASH;
        return table;
    }

    private static boolean[] inRegName() {
        boolean[] table = new boolean[256];
        for (char c = 'a'; c <= 'z'; c++) {
            table[c] = true;
            table[c - 'a' + 'A'] = true;
        }
        for (char c = '0'; c <= '9'; c++) {
            table[c] = true;
        }
        for (byte b : Ascii.bytes("-._~!$&'()*+,;=")) {
            table[b] = true;
        }
        return table;
    }
}
