package io.breakwater.bench.faults;

import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.Locale;

/** What client and replica agree on: each request has a number, and both bodies consist of nothing but that number. */
final class Numbered {

    /** The header field that carries the number. */
    static final String FIELD = "Request-Number";

    /** Large enough that half of it is a piece that a client can meet, small enough for one segment. */
    static final int BODY_BYTES = 1000;

    private static final int HEAD_BYTES_MAX = 16384;

    private Numbered() {}

    /** The body that belongs to a number, in either direction; no two numbers have the same one. */
    static byte[] body(int number) {
        byte[] unit = (number + ";").getBytes(StandardCharsets.US_ASCII);
        byte[] body = new byte[BODY_BYTES];
        for (int i = 0; i < body.length; i++) {
            body[i] = unit[i % unit.length];
        }
        return body;
    }

    /**
     * Reads the head of a message, from its first byte, which the caller has, to the empty line.
     *
     * @throws EOFException if the peer closes inside it
     */
    static String head(int firstByte, InputStream in) throws IOException {
        StringBuilder head = new StringBuilder(512);
        head.append((char) firstByte);
        while (!endsHead(head)) {
            int next = in.read();
            if (next < 0) {
                throw new EOFException("closed inside a head");
            }
            head.append((char) next);
            if (head.length() > HEAD_BYTES_MAX) {
                throw new IOException("a head of more than " + HEAD_BYTES_MAX + " bytes");
            }
        }
        return head.toString();
    }

    private static boolean endsHead(StringBuilder head) {
        int length = head.length();
        return length >= 4
                && head.charAt(length - 1) == '\n'
                && head.charAt(length - 2) == '\r'
                && head.charAt(length - 3) == '\n'
                && head.charAt(length - 4) == '\r';
    }

    /** The value of a field of this head, its name in any case; empty if there is none. */
    static String field(String head, String name) {
        String sought = "\r\n" + name.toLowerCase(Locale.ROOT) + ":";
        int at = head.toLowerCase(Locale.ROOT).indexOf(sought);
        if (at < 0) {
            return "";
        }
        int from = at + sought.length();
        return head.substring(from, head.indexOf("\r\n", from)).strip();
    }
}
