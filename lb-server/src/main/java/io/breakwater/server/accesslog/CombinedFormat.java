package io.breakwater.server.accesslog;

import static java.nio.charset.StandardCharsets.US_ASCII;

import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * The combined format of Apache and nginx:
 * {@code address - - [time] "method target version" status bytes "referer" "user agent"}. NOT thread safe: of one event
 * loop.
 */
final class CombinedFormat implements LineFormat {
    /** What nginx writes for a client that left before its response was whole. */
    private static final int CLIENT_CLOSED = 499;

    private static final byte[] REFERER = bytes("referer");
    private static final byte[] USER_AGENT = bytes("user-agent");

    private static final byte[] NO_USERS = bytes(" - - [");
    private static final byte[] REQUEST = bytes("] \"");
    private static final byte[] HTTP_11 = bytes(" HTTP/1.1");
    private static final byte[] HTTP_10 = bytes(" HTTP/1.0");
    private static final byte[] STATUS = bytes("\" ");
    private static final byte[] FIELD = bytes(" \"");
    private static final byte[] NOTHING = bytes("-");
    private static final byte[] QUOTE = bytes("\"");
    private static final byte[] END = bytes("\n");

    private final Timestamps timestamps = new Timestamps(Timestamps.COMMON);

    @Override
    public void write(Entry entry, Instant time, QueryMask mask, Ring line) {
        Text.COMBINED.put(entry.client(), line);
        line.put(NO_USERS);
        line.put(timestamps.second(time));
        line.put(REQUEST);
        if (entry.isRequest()) {
            Text.COMBINED.put(entry.head().method(), line);
            line.put(' ');
            Text.COMBINED.put(entry.head().path(), line);
            mask.putQuery(entry.head().target(), Text.COMBINED, line);
            line.put(entry.head().isHttp11() ? HTTP_11 : HTTP_10);
        } else {
            line.put(NOTHING);
        }
        line.put(STATUS);
        line.putNumber(entry.status() == 0 ? CLIENT_CLOSED : entry.status());
        line.put(' ');
        line.putNumber(entry.bytesOut());
        quoted(entry.isRequest() ? entry.head().value(REFERER) : null, mask, line);
        quoted(entry.isRequest() ? entry.head().value(USER_AGENT) : null, null, line);
        line.put(END);
    }

    private static void quoted(@Nullable CharSequence value, @Nullable QueryMask mask, Ring line) {
        line.put(FIELD);
        if (value == null) {
            line.put(NOTHING);
        } else if (mask == null) {
            Text.COMBINED.put(value, line);
        } else {
            mask.putUrl(value, Text.COMBINED, line);
        }
        line.put(QUOTE);
    }

    private static byte[] bytes(String text) {
        return text.getBytes(US_ASCII);
    }
}
