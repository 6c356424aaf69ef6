package io.breakwater.server.fallback.queue;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;

/** Text whose characters each stand for one byte, and how it is stored: its length in four bytes, then itself. */
final class Bytes {
    private Bytes() {}

    static void check(String what, String text) {
        for (int i = 0; i < text.length(); i++) {
            if (text.charAt(i) > 0xFF) {
                throw new IllegalArgumentException(
                        "%s: U+%04X at %d (expected: characters that stand for one byte each)"
                                .formatted(what, (int) text.charAt(i), i));
            }
        }
    }

    static long size(String text) {
        return (long) Integer.BYTES + text.length();
    }

    static void put(ByteBuffer buffer, String text) {
        buffer.putInt(text.length()).put(text.getBytes(StandardCharsets.ISO_8859_1));
    }

    static String get(ByteBuffer buffer) {
        return new String(getArray(buffer), StandardCharsets.ISO_8859_1);
    }

    static byte[] getArray(ByteBuffer buffer) {
        byte[] bytes = new byte[buffer.getInt()];
        buffer.get(bytes);
        return bytes;
    }
}
