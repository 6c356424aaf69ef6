package io.breakwater.server.accesslog;

/** How received bytes, as characters of one byte each, are put into a line so that no reader breaks it elsewhere. */
enum Text {
    /**
     * What stands in a JSON string (RFC 8259 section 7). UTF-8 is passed on as it came; what is none is given byte by byte
     * as {@code \}{@code u00XX}. Escaped beside what JSON demands are the characters at which some readers end a line.
     */
    JSON {
        @Override
        int putOne(CharSequence text, int at, int end, Ring line) {
            char c = text.charAt(at);
            if (c == '"' || c == '\\') {
                line.put('\\');
                line.put(c);
            } else if (c >= ' ' && c < 0x7f) {
                line.put(c);
            } else {
                int length = c < 0x80 ? 0 : utf8Length(text, at, end);
                if (length > 0) {
                    putUtf8(text, at, length, line);
                    return length;
                }
                escaped(c, line);
            }
            return 1;
        }
    },

    /** What stands between quotes in the combined format: all that is not plain is {@code \xXX}, as nginx writes it. */
    COMBINED {
        @Override
        int putOne(CharSequence text, int at, int end, Ring line) {
            char c = text.charAt(at);
            if (c >= ' ' && c < 0x7f && c != '"' && c != '\\') {
                line.put(c);
            } else {
                line.put('\\');
                line.put('x');
                hex(c, line);
            }
            return 1;
        }
    };

    private static final String HEX = "0123456789ABCDEF";
    private static final int FIRST_AFTER_C1 = 0xa0;
    private static final int LINE_SEPARATOR = 0x2028;
    private static final int PARAGRAPH_SEPARATOR = 0x2029;

    /** Puts the character at {@code at}, and those after it that belong to it; returns how many these were in all. */
    abstract int putOne(CharSequence text, int at, int end, Ring line);

    final void put(CharSequence text, Ring line) {
        put(text, 0, text.length(), line);
    }

    /** Puts the characters in [from, to). */
    final void put(CharSequence text, int from, int to, Ring line) {
        int at = from;
        while (at < to) {
            at += putOne(text, at, to, line);
        }
    }

    /** Returns how many bytes the character takes that begins here, or 0 if this is not UTF-8 (RFC 3629 section 4). */
    private static int utf8Length(CharSequence text, int at, int end) {
        char lead = text.charAt(at);
        if (lead >= 0xc2 && lead < 0xe0) {
            return isTail(text, at + 1, end) ? 2 : 0;
        }
        if (lead >= 0xe0 && lead < 0xf0) {
            boolean tails = isTail(text, at + 1, end) && isTail(text, at + 2, end);
            return tails && !isOverlongOrSurrogate(lead, text.charAt(at + 1)) ? 3 : 0;
        }
        if (lead >= 0xf0 && lead < 0xf5) {
            boolean tails = isTail(text, at + 1, end) && isTail(text, at + 2, end) && isTail(text, at + 3, end);
            return tails && !isOverlongOrBeyond(lead, text.charAt(at + 1)) ? 4 : 0;
        }
        return 0;
    }

    private static boolean isTail(CharSequence text, int at, int end) {
        return at < end && (text.charAt(at) & 0xc0) == 0x80;
    }

    private static boolean isOverlongOrSurrogate(char lead, char second) {
        return (lead == 0xe0 && second < 0xa0) || (lead == 0xed && second >= 0xa0);
    }

    private static boolean isOverlongOrBeyond(char lead, char second) {
        return (lead == 0xf0 && second < 0x90) || (lead == 0xf4 && second >= 0x90);
    }

    private static void putUtf8(CharSequence text, int at, int length, Ring line) {
        int codePoint = codePoint(text, at, length);
        if (codePoint < FIRST_AFTER_C1 || codePoint == LINE_SEPARATOR || codePoint == PARAGRAPH_SEPARATOR) {
            escaped((char) codePoint, line);
            return;
        }
        for (int i = 0; i < length; i++) {
            line.put(text.charAt(at + i));
        }
    }

    /** Returns the code point of a character of two or three bytes; of one of four something above all of those. */
    private static int codePoint(CharSequence text, int at, int length) {
        return switch (length) {
            case 2 -> (text.charAt(at) & 0x1f) << 6 | (text.charAt(at + 1) & 0x3f);
            case 3 -> (text.charAt(at) & 0x0f) << 12 | (text.charAt(at + 1) & 0x3f) << 6 | (text.charAt(at + 2) & 0x3f);
            default -> Character.MAX_CODE_POINT;
        };
    }

    /** Puts a UTF-16 code unit as JSON escapes it. */
    static void escaped(char c, Ring line) {
        line.put('\\');
        line.put('u');
        hex(c >> 8, line);
        hex(c, line);
    }

    private static void hex(int lowByte, Ring line) {
        line.put(HEX.charAt(lowByte >> 4 & 0xf));
        line.put(HEX.charAt(lowByte & 0xf));
    }
}
