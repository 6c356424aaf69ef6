package io.breakwater.server.fuzz;

import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Reads messages by the letter of RFC 9112, as regular expressions over text in ISO 8859-1. Slow, and has nothing in
 * common with the code of the balancer, whose oracle it is: what is not exactly a message is none.
 */
public final class StrictReader {
    private static final String TOKEN = "[!#$%&'*+.^_`|~0-9A-Za-z-]+";
    private static final String TEXT = "[\\t\\x20-\\x7e\\x80-\\xff]*";
    private static final String QUOTED = "\"(?:[\\t\\x20\\x21\\x23-\\x5b\\x5d-\\x7e]|\\\\[\\t\\x20-\\x7e])*+\"";

    /** Section 3; the target's grammar is judged elsewhere. */
    private static final Pattern REQUEST_LINE =
            Pattern.compile("(" + TOKEN + ") ([\\x21-\\x7e\\x80-\\xff]+) HTTP/1\\.([0-9])");
    /** Section 4; the space behind the status may be missing. */
    private static final Pattern STATUS_LINE = Pattern.compile("HTTP/1\\.([0-9]) ([1-5][0-9]{2})(?: " + TEXT + ")?");
    /** Section 5. */
    private static final Pattern FIELD = Pattern.compile("(" + TOKEN + "):(" + TEXT + ")");
    /** Section 5.1: what a proxy has to remove from a response. */
    private static final Pattern SPACED_FIELD = Pattern.compile("(" + TOKEN + ")[ \\t]*:(" + TEXT + ")");
    /** Section 7.1. */
    private static final Pattern CHUNK_LINE = Pattern.compile(
            "([0-9A-Fa-f]+)(?:[ \\t]*;[ \\t]*" + TOKEN + "(?:[ \\t]*=[ \\t]*(?:" + TOKEN + "|" + QUOTED + "))?+)*+");

    private static final Pattern DIGITS = Pattern.compile("0*[0-9]{1,18}");
    private static final String LINE_END = "\r\n";

    /**
     * @param start the first line
     * @param fields each as {@code name: value}, in order
     * @param chunked whether the body came in chunks
     * @param body without framing
     * @param end of the message in the text
     * @param untilClose whether the end of the text is that of the body only if it is that of the connection
     */
    public record Message(
            String start, List<String> fields, boolean chunked, String body, int end, boolean untilClose) {
        /** The values of all fields of this name. */
        public List<String> values(String name) {
            return fields.stream()
                    .filter(field -> field.regionMatches(true, 0, name + ":", 0, name.length() + 1))
                    .map(field -> field.substring(name.length() + 1).strip())
                    .toList();
        }

        /** Of a response. */
        public int status() {
            return Integer.parseInt(start.substring(9, 12));
        }
    }

    private final String text;
    private int at;

    private StrictReader(String text, int from) {
        this.text = text;
        this.at = from;
    }

    /** The request at {@code from}; null where there is none that is whole. */
    public static @Nullable Message request(String text, int from) {
        return new StrictReader(text, from).read(true, "", FIELD);
    }

    /**
     * The response at {@code from}; null where there is none that is whole.
     *
     * @param method of the request
     */
    public static @Nullable Message response(String text, int from, String method) {
        return new StrictReader(text, from).read(false, method, FIELD);
    }

    /** As {@link #response}, to a GET and before a proxy has removed whitespace that stands before colons in its head. */
    public static @Nullable Message responseToProxy(String text, int from) {
        return new StrictReader(text, from).read(false, "GET", SPACED_FIELD);
    }

    private @Nullable Message read(boolean request, String method, Pattern field) {
        while (request && text.startsWith(LINE_END, at)) {
            at += 2; // section 2.2
        }
        String start = line();
        Matcher line = (request ? REQUEST_LINE : STATUS_LINE).matcher(start == null ? "" : start);
        if (start == null || !line.matches()) {
            return null;
        }
        int minor = Integer.parseInt(line.group(request ? 3 : 1));
        List<String> fields = fieldLines(field);
        if (fields == null) {
            return null;
        }
        Message head = new Message(start, fields, false, "", at, false);
        List<String> codings = head.values("Transfer-Encoding");
        List<String> lengths = head.values("Content-Length");
        if (!request && (method.equals("HEAD") || isWithoutContent(head.status()))) {
            return head;
        }
        if (!codings.isEmpty()) {
            boolean clear =
                    codings.size() == 1 && codings.get(0).equalsIgnoreCase("chunked") && lengths.isEmpty() && minor > 0;
            String body = clear ? chunks() : null;
            return body == null ? null : new Message(start, fields, true, body, at, false);
        }
        if (lengths.isEmpty() && !request) {
            return new Message(start, fields, false, text.substring(at), text.length(), true);
        }
        if (lengths.size() > 1
                || !lengths.stream().allMatch(value -> DIGITS.matcher(value).matches())) {
            return null;
        }
        long length = lengths.isEmpty() ? 0 : Long.parseLong(lengths.get(0));
        if (length > text.length() - at) {
            return null;
        }
        int end = at + (int) length;
        return new Message(start, fields, false, text.substring(at, end), end, false);
    }

    private static boolean isWithoutContent(int status) {
        return status < 200 || status == 204 || status == 304;
    }

    /** Up to the next CRLF; null if a bare CR or LF comes before it. */
    private @Nullable String line() {
        int end = text.indexOf(LINE_END, at);
        if (end < 0) {
            return null;
        }
        String line = text.substring(at, end);
        if (line.indexOf('\n') >= 0 || line.indexOf('\r') >= 0) {
            return null;
        }
        at = end + 2;
        return line;
    }

    private @Nullable List<String> fieldLines(Pattern kind) {
        List<String> fields = new ArrayList<>();
        while (true) {
            String line = line();
            if (line == null) {
                return null;
            }
            if (line.isEmpty()) {
                return fields;
            }
            Matcher field = kind.matcher(line);
            if (!field.matches()) {
                return null;
            }
            fields.add(field.group(1) + ": " + trimmed(field.group(2)));
        }
    }

    /** Section 5.5: OWS is spaces and tabs, nothing else. */
    private static String trimmed(String value) {
        return value.replaceAll("^[ \\t]+|[ \\t]+\\z", "");
    }

    private @Nullable String chunks() {
        StringBuilder body = new StringBuilder();
        while (true) {
            String line = line();
            Matcher chunk = CHUNK_LINE.matcher(line == null ? "" : line);
            if (!chunk.matches()) {
                return null;
            }
            String digits = chunk.group(1).replaceFirst("^0+", "");
            if (digits.length() > 7) {
                return null; // no text is as long
            }
            int size = digits.isEmpty() ? 0 : Integer.parseInt(digits, 16);
            if (size == 0) {
                return fieldLines(FIELD) == null ? null : body.toString();
            }
            if (!text.startsWith(LINE_END, at + size)) {
                return null;
            }
            body.append(text, at, at + size);
            at += size + 2;
        }
    }
}
