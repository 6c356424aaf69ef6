package io.breakwater.server.accesslog;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.util.List;

/** The query parameters whose values no log may hold. Immutable. */
final class QueryMask {
    private static final byte[] STARS = {'*', '*', '*'};

    private final List<byte[]> names;

    /**
     * @param names as a form decodes them
     */
    QueryMask(List<String> names) {
        this.names = names.stream().map(name -> name.getBytes(UTF_8)).toList();
    }

    /** Puts a URL from its query on, {@code *}{@code **} in the place of each value that must not be seen. */
    void putQuery(CharSequence url, Text how, Ring line) {
        int start = indexOf(url, '?', 0, url.length());
        if (names.isEmpty()) {
            how.put(url, start, url.length(), line);
            return;
        }
        int at = start;
        while (at < url.length()) {
            int end = indexOf(url, '&', at + 1, url.length());
            int equals = indexOf(url, '=', at + 1, end);
            if (equals < end && isMasked(url, at + 1, equals)) {
                how.put(url, at, equals + 1, line);
                line.put(STARS);
            } else {
                how.put(url, at, end, line);
            }
            at = end;
        }
    }

    /** Puts a whole URL so. */
    void putUrl(CharSequence url, Text how, Ring line) {
        how.put(url, 0, indexOf(url, '?', 0, url.length()), line);
        putQuery(url, how, line);
    }

    private boolean isMasked(CharSequence url, int from, int to) {
        for (int i = 0; i < names.size(); i++) {
            if (isName(names.get(i), url, from, to)) {
                return true;
            }
        }
        return false;
    }

    /** Compares as the backend will: {@code %74oken} is {@code token} too. */
    private static boolean isName(byte[] name, CharSequence url, int from, int to) {
        int at = from;
        for (byte b : name) {
            if (at >= to) {
                return false;
            }
            int c = url.charAt(at++);
            if (c == '%' && at + 2 <= to) {
                int high = Character.digit(url.charAt(at), 16);
                int low = Character.digit(url.charAt(at + 1), 16);
                if (high >= 0 && low >= 0) {
                    c = high << 4 | low;
                    at += 2;
                }
            } else if (c == '+') {
                c = ' ';
            }
            if (c != (b & 0xff)) {
                return false;
            }
        }
        return at == to;
    }

    /** Returns where the character first stands in [from, to), or {@code to}. */
    private static int indexOf(CharSequence text, char wanted, int from, int to) {
        int at = from;
        while (at < to && text.charAt(at) != wanted) {
            at++;
        }
        return at;
    }
}
