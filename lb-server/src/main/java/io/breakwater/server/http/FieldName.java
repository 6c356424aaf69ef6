package io.breakwater.server.http;

import java.util.Arrays;

/** The field names that a proxy acts on, as small numbers: each is a bit in a mask of what is cut. */
final class FieldName {
    static final int OTHER = 0;
    static final int HOST = 1;
    static final int CONTENT_LENGTH = 2;
    static final int TRANSFER_ENCODING = 3;
    static final int CONNECTION = 4;
    static final int EXPECT = 5;
    static final int TRAILER = 6;
    static final int VIA = 7;
    static final int DATE = 8;
    static final int MAX_FORWARDS = 9;
    static final int X_FORWARDED_FOR = 10;
    static final int X_FORWARDED_PROTO = 11;
    static final int X_FORWARDED_HOST = 12;
    /** Forwarded, and every other X-Forwarded-… field. */
    static final int FORWARDED = 13;
    /** Keep-Alive, Proxy-Connection, TE, Upgrade, and those of authentication with a proxy (RFC 9110 sections 7.6.1, 11.7). */
    static final int HOP_BY_HOP = 14;
    /** Named by a connection option (RFC 9110 section 7.6.1). */
    static final int NOMINATED = 15;
    /** X-Breakwater-Fallback, which only the balancer may say. */
    static final int FALLBACK = 16;

    /** The ids of a trace (W3C Trace Context, section 3.2). */
    static final int TRACEPARENT = 17;
    /** What else tracers say of a trace; means nothing without its traceparent (W3C Trace Context, section 3.3). */
    static final int TRACESTATE = 18;
    /** The id of the request; its name is configured. */
    static final int REQUEST_ID = 19;

    /** What never crosses the balancer. Transfer-Encoding is written anew where the message is chunked. */
    static final int CONNECTION_SPECIFIC = 1 << CONNECTION | 1 << TRANSFER_ENCODING | 1 << HOP_BY_HOP | 1 << NOMINATED;

    /** What is meant for every recipient, so that no connection option may name it (RFC 9110 section 7.6.1). */
    static final int ESSENTIAL = 1 << HOST | 1 << CONTENT_LENGTH | 1 << EXPECT | 1 << MAX_FORWARDS;

    /** What must not stand in a trailer section, which is forwarded as it came (RFC 9110 section 6.5.1). */
    static final int NEVER_IN_TRAILERS = 1 << HOST
            | 1 << CONTENT_LENGTH
            | 1 << TRANSFER_ENCODING
            | 1 << CONNECTION
            | 1 << EXPECT
            | 1 << TRAILER
            | 1 << MAX_FORWARDS
            | 1 << X_FORWARDED_FOR
            | 1 << X_FORWARDED_PROTO
            | 1 << X_FORWARDED_HOST
            | 1 << FORWARDED
            | 1 << HOP_BY_HOP;

    private static final Known[][] BY_LENGTH = byLength(
            new Known("te", HOP_BY_HOP),
            new Known("via", VIA),
            new Known("host", HOST),
            new Known("date", DATE),
            new Known("expect", EXPECT),
            new Known("trailer", TRAILER),
            new Known("upgrade", HOP_BY_HOP),
            new Known("forwarded", FORWARDED),
            new Known("connection", CONNECTION),
            new Known("tracestate", TRACESTATE),
            new Known("traceparent", TRACEPARENT),
            new Known("keep-alive", HOP_BY_HOP),
            new Known("max-forwards", MAX_FORWARDS),
            new Known("content-length", CONTENT_LENGTH),
            new Known("x-forwarded-for", X_FORWARDED_FOR),
            new Known("x-forwarded-host", X_FORWARDED_HOST),
            new Known("x-forwarded-proto", X_FORWARDED_PROTO),
            new Known("proxy-connection", HOP_BY_HOP),
            new Known("transfer-encoding", TRANSFER_ENCODING),
            new Known("proxy-authenticate", HOP_BY_HOP),
            new Known("proxy-authorization", HOP_BY_HOP),
            new Known("x-breakwater-fallback", FALLBACK),
            new Known("proxy-authentication-info", HOP_BY_HOP));

    private static final byte[] X_FORWARDED = Ascii.bytes("x-forwarded-");

    private FieldName() {}

    static boolean isIn(int name, int mask) {
        return (1 << name & mask) != 0;
    }

    /** Returns the number of the name in [from, to), which is a token. */
    static int of(byte[] bytes, int from, int to) {
        int length = to - from;
        if (length < BY_LENGTH.length) {
            for (Known known : BY_LENGTH[length]) {
                if (Ascii.equalsIgnoreCase(bytes, from, to, known.lower)) {
                    return known.number;
                }
            }
        }
        return isForwardedVariant(bytes, from, to) ? FORWARDED : OTHER;
    }

    /**
     * Whether the name starts as X-Forwarded-… does. An underscore counts as a hyphen, since CGI and its heirs show
     * both to an application under one name.
     */
    private static boolean isForwardedVariant(byte[] bytes, int from, int to) {
        if (to - from < X_FORWARDED.length) {
            return false;
        }
        for (int i = 0; i < X_FORWARDED.length; i++) {
            byte lower = Ascii.tokenLower(bytes[from + i]);
            if ((lower == '_' ? '-' : lower) != X_FORWARDED[i]) {
                return false;
            }
        }
        return true;
    }

    private static Known[][] byLength(Known... names) {
        int max = 0;
        for (Known known : names) {
            max = Math.max(max, known.lower.length);
        }
        Known[][] table = new Known[max + 1][];
        for (int length = 0; length <= max; length++) {
            int wanted = length;
            table[length] = Arrays.stream(names)
                    .filter(known -> known.lower.length == wanted)
                    .toArray(Known[]::new);
        }
        return table;
    }

    private static final class Known {
        private final byte[] lower;
        private final int number;

        private Known(String lower, int number) {
            this.lower = Ascii.bytes(lower);
            this.number = number;
        }
    }
}
