package io.breakwater.server.trace;

/** What a {@code traceparent} field must look like (W3C Trace Context, section 3.2). */
final class Traceparent {
    static final int TRACE_ID_START = 3;
    private static final int TRACE_ID_END = 35;

    static final int PARENT_ID_START = 36;
    private static final int PARENT_ID_END = 52;
    private static final int FLAGS_START = 53;
    private static final int LENGTH = 55;

    private Traceparent() {}

    static boolean isValid(CharSequence value) {
        if (value.length() < LENGTH
                || value.charAt(TRACE_ID_START - 1) != '-'
                || value.charAt(TRACE_ID_END) != '-'
                || value.charAt(PARENT_ID_END) != '-'
                || !isHex(value, 0, TRACE_ID_START - 1)
                || !isHex(value, TRACE_ID_START, TRACE_ID_END)
                || !isHex(value, PARENT_ID_START, PARENT_ID_END)
                || !isHex(value, FLAGS_START, LENGTH)) {
            return false;
        }
        boolean version0 = value.charAt(0) == '0' && value.charAt(1) == '0';
        boolean forbidden = value.charAt(0) == 'f' && value.charAt(1) == 'f';
        // A later version may have more behind a dash; this one has not.
        boolean ends = value.length() == LENGTH || (!version0 && value.charAt(LENGTH) == '-');
        return !forbidden
                && ends
                && !isZero(value, TRACE_ID_START, TRACE_ID_END)
                && !isZero(value, PARENT_ID_START, PARENT_ID_END);
    }

    private static boolean isHex(CharSequence value, int from, int to) {
        for (int i = from; i < to; i++) {
            char c = value.charAt(i);
            if (!(c >= '0' && c <= '9') && !(c >= 'a' && c <= 'f')) {
                return false;
            }
        }
        return true;
    }

    private static boolean isZero(CharSequence value, int from, int to) {
        for (int i = from; i < to; i++) {
            if (value.charAt(i) != '0') {
                return false;
            }
        }
        return true;
    }
}
