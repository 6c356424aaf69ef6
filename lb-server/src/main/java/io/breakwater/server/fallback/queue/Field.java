package io.breakwater.server.fallback.queue;

import java.nio.charset.StandardCharsets;

/**
 * One field line of a request. Each character stands for one byte (ISO-8859-1), so that the bytes come out as they came in.
 *
 * @param name as received, in any case
 * @param value without the white space around it
 */
public record Field(String name, String value) {
    public Field {
        Bytes.check("field name", name);
        Bytes.check("field value", value);
        if (name.isEmpty()) {
            throw new IllegalArgumentException("field name: empty (expected: at least one character)");
        }
    }

    /** Returns the field of these bytes, which are copied. */
    public static Field of(byte[] name, byte[] value) {
        return new Field(new String(name, StandardCharsets.ISO_8859_1), new String(value, StandardCharsets.ISO_8859_1));
    }
}
