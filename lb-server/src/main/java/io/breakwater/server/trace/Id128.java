package io.breakwater.server.trace;

import io.netty.buffer.ByteBuf;
import java.util.HexFormat;
import java.util.Objects;

/** An id of 128 bits, read as 32 lower-case hexadecimal digits. Reused for id after id; NOT thread safe. */
final class Id128 implements CharSequence {
    static final int DIGITS = 2 * Hex.DIGITS;

    private long high;
    private long low;

    void set(long newHigh, long newLow) {
        high = newHigh;
        low = newLow;
    }

    /** Takes 32 digits from {@code start}. */
    void parse(CharSequence digits, int start) {
        set(Hex.parse(digits, start), Hex.parse(digits, start + Hex.DIGITS));
    }

    /** Appends the digits. */
    void write(ByteBuf out) {
        Hex.write(out, high);
        Hex.write(out, low);
    }

    @Override
    public int length() {
        return DIGITS;
    }

    @Override
    public char charAt(int index) {
        Objects.checkIndex(index, DIGITS);
        long half = index < Hex.DIGITS ? high : low;
        int shift = 4 * (Hex.DIGITS - 1 - index % Hex.DIGITS);
        return Character.forDigit((int) (half >>> shift) & 0xf, 16);
    }

    @Override
    public CharSequence subSequence(int from, int to) {
        return toString().substring(from, to);
    }

    @Override
    public String toString() {
        HexFormat hex = HexFormat.of();
        return hex.toHexDigits(high) + hex.toHexDigits(low);
    }
}
