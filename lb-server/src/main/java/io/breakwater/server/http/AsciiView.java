package io.breakwater.server.http;

import java.nio.charset.StandardCharsets;

/** A span of received bytes as characters, reused for span after span. NOT thread safe. */
final class AsciiView implements CharSequence {
    private byte[] bytes = HeadStore.NONE.bytes;
    private int start;
    private int length;

    AsciiView set(byte[] bytes, int start, int end) {
        this.bytes = bytes;
        this.start = start;
        this.length = end - start;
        return this;
    }

    @Override
    public int length() {
        return length;
    }

    @Override
    public char charAt(int index) {
        if (index < 0 || index >= length) {
            throw new IndexOutOfBoundsException(index);
        }
        return (char) (bytes[start + index] & 0xff);
    }

    @Override
    public CharSequence subSequence(int from, int to) {
        return toString().substring(from, to);
    }

    @Override
    public String toString() {
        return new String(bytes, start, length, StandardCharsets.ISO_8859_1);
    }
}
