package io.breakwater.server.trace;

import io.netty.buffer.ByteBuf;

/** Numbers as lower-case hexadecimal digits. */
final class Hex {
    /** The digits of a {@code long}. */
    static final int DIGITS = 16;

    private static final long NIBBLES = 0x0f0f0f0f0f0f0f0fL;
    private static final long SIXES = 0x0606060606060606L;
    private static final long ONES = 0x0101010101010101L;
    private static final long ZEROS = 0x3030303030303030L;
    /** From the character behind 9 to the letter a. */
    private static final int TO_LETTERS = 'a' - '9' - 1;

    private Hex() {}

    /** Appends 16 digits. */
    static void write(ByteBuf out, long value) {
        out.writeLong(digits((int) (value >>> 32)));
        out.writeLong(digits((int) value));
    }

    /** Returns the characters of eight digits, the first in the highest byte: all eight at once. */
    private static long digits(int value) {
        long spread = Integer.toUnsignedLong(value);
        spread = (spread | spread << 16) & 0x0000ffff0000ffffL;
        spread = (spread | spread << 8) & 0x00ff00ff00ff00ffL;
        spread = (spread | spread << 4) & NIBBLES;
        // 10 and more reach 16 when 6 is added, and so have a bit there.
        long letters = (spread + SIXES) >>> 4 & ONES;
        return spread + ZEROS + letters * TO_LETTERS;
    }

    /** Returns the number of 16 digits. */
    static long parse(CharSequence digits, int start) {
        return Long.parseUnsignedLong(digits, start, start + DIGITS, 16);
    }
}
