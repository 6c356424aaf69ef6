package io.breakwater.bench.load;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Locale;

/**
 * Finds where a response ends (RFC 9112, section 6.3), from bytes as they come, and makes no garbage. Of the head it reads the
 * status and the three fields that matter for that; everything else it skips. NOT thread safe.
 */
final class ResponseParser {

    private enum Part {
        STATUS_LINE,
        FIELDS,
        BODY,
        BODY_UNTIL_CLOSE,
        CHUNK_SIZE,
        CHUNK,
        TRAILERS
    }

    private static final int MOST_LINE_BYTES = 64 * 1024;
    private static final byte[] CONTENT_LENGTH = "content-length:".getBytes(StandardCharsets.US_ASCII);
    private static final byte[] TRANSFER_ENCODING = "transfer-encoding:".getBytes(StandardCharsets.US_ASCII);
    private static final byte[] CONNECTION = "connection:".getBytes(StandardCharsets.US_ASCII);
    private static final int CRLF_BYTES = 2;

    private final boolean answersHead;
    private byte[] line = new byte[256];
    private int lineBytes;
    private Part part = Part.STATUS_LINE;
    private int status;
    private boolean persistent;
    private boolean hasLength;
    private boolean chunked;
    private long left;

    /** @param answersHead whether the responses are to HEAD and so have no body, whatever their fields say */
    ResponseParser(boolean answersHead) {
        this.answersHead = answersHead;
    }

    /** Begins a response. */
    void reset() {
        part = Part.STATUS_LINE;
        lineBytes = 0;
    }

    int status() {
        return status;
    }

    /** Whether the connection may be used again after a whole response. */
    boolean persistent() {
        return persistent;
    }

    /** Whether a response is whole when the connection closes here. */
    boolean endsByClose() {
        return part == Part.BODY_UNTIL_CLOSE;
    }

    /**
     * Reads on, at most to the end of the response.
     *
     * @return whether the response is whole
     * @throws IOException if this is no HTTP/1.1
     */
    boolean parse(ByteBuffer in) throws IOException {
        while (in.hasRemaining()) {
            switch (part) {
                case BODY, CHUNK -> {
                    int skipped = (int) Math.min(left, in.remaining());
                    in.position(in.position() + skipped);
                    left -= skipped;
                    if (left == 0) {
                        if (part == Part.BODY) {
                            return true;
                        }
                        part = Part.CHUNK_SIZE;
                    }
                }
                case BODY_UNTIL_CLOSE -> in.position(in.limit());
                case STATUS_LINE, FIELDS, CHUNK_SIZE, TRAILERS -> {
                    if (readLine(in) && endLine()) {
                        return true;
                    }
                }
            }
        }
        return false;
    }

    /** Whether the line is whole; it is kept without its end. */
    private boolean readLine(ByteBuffer in) throws IOException {
        int end = in.limit();
        for (int i = in.position(); i < end; i++) {
            byte next = in.get(i);
            if (next == '\n') {
                in.position(i + 1);
                if (lineBytes > 0 && line[lineBytes - 1] == '\r') {
                    lineBytes--;
                }
                return true;
            }
            if (lineBytes == line.length) {
                if (lineBytes == MOST_LINE_BYTES) {
                    throw new IOException("malformed response");
                }
                line = Arrays.copyOf(line, lineBytes * 2);
            }
            line[lineBytes++] = next;
        }
        in.position(end);
        return false;
    }

    /** Whether the response ends with this line. */
    private boolean endLine() throws IOException {
        boolean empty = lineBytes == 0;
        boolean whole = false;
        switch (part) {
            case STATUS_LINE -> statusLine();
            case FIELDS -> {
                if (empty) {
                    whole = endHead();
                } else {
                    field();
                }
            }
            case CHUNK_SIZE -> {
                long size = number(0, 16);
                left = size + CRLF_BYTES;
                part = size == 0 ? Part.TRAILERS : Part.CHUNK;
            }
            default -> whole = empty;
        }
        lineBytes = 0;
        return whole;
    }

    private void statusLine() throws IOException {
        if (lineBytes < 12 || line[0] != 'H' || line[4] != '/' || line[8] != ' ') {
            throw new IOException("malformed response");
        }
        status = (int) number(9, 10);
        if (status < 100 || status > 999) {
            throw new IOException("malformed response");
        }
        persistent = line[7] == '1';
        hasLength = false;
        chunked = false;
        left = 0;
        part = Part.FIELDS;
    }

    private void field() throws IOException {
        if (begins(CONTENT_LENGTH)) {
            left = number(CONTENT_LENGTH.length, 10);
            hasLength = true;
        } else if (begins(TRANSFER_ENCODING)) {
            chunked = value(TRANSFER_ENCODING.length).endsWith("chunked");
        } else if (begins(CONNECTION)) {
            String value = value(CONNECTION.length);
            persistent = !value.contains("close") && (persistent || value.contains("keep-alive"));
        }
    }

    private boolean endHead() {
        if (status < 200) {
            part = Part.STATUS_LINE;
            return false;
        }
        if (answersHead || status == 204 || status == 304 || (!chunked && hasLength && left == 0)) {
            return true;
        }
        if (!chunked && !hasLength) {
            persistent = false;
            part = Part.BODY_UNTIL_CLOSE;
        } else {
            part = chunked ? Part.CHUNK_SIZE : Part.BODY;
        }
        return false;
    }

    private boolean begins(byte[] lowerCase) {
        if (lineBytes < lowerCase.length) {
            return false;
        }
        for (int i = 0; i < lowerCase.length; i++) {
            byte next = line[i];
            if ((next >= 'A' && next <= 'Z' ? next + ('a' - 'A') : next) != lowerCase[i]) {
                return false;
            }
        }
        return true;
    }

    private String value(int from) {
        return new String(line, from, lineBytes - from, StandardCharsets.ISO_8859_1)
                .strip()
                .toLowerCase(Locale.ROOT);
    }

    /** The number that stands there, behind spaces; what follows it is not looked at. */
    private long number(int from, int radix) throws IOException {
        int i = from;
        while (i < lineBytes && line[i] == ' ') {
            i++;
        }
        int digits = i;
        long number = 0;
        for (int digit; i < lineBytes && (digit = Character.digit(line[i], radix)) >= 0; i++) {
            number = number * radix + digit;
        }
        if (i == digits || i - digits > 15) {
            throw new IOException("malformed response");
        }
        return number;
    }
}
