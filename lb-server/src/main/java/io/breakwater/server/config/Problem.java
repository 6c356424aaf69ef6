package io.breakwater.server.config;

import java.util.Comparator;

/**
 * One thing that is wrong, or unwise, in a configuration: where it stands, what stands there, and what should.
 *
 * @param file the file as the operator named it, or an option such as {@code --set}, or {@code environment variable NAME}
 * @param line counted from 1; 0 where there are none
 * @param key the full path, such as {@code lb.listen.port}
 * @param value as written
 * @param remark {@code expected: …} for a problem, {@code unwise: …} for a warning
 */
public record Problem(String file, int line, String key, String value, String remark) {

    static final Comparator<Problem> FILE_ORDER =
            Comparator.comparing(Problem::file).thenComparingInt(Problem::line);

    /** Returns {@code FILE:LINE: key: value (expected: rule)}, leaving out the parts that are empty. */
    @Override
    public String toString() {
        StringBuilder text = new StringBuilder(file);
        if (line > 0) {
            text.append(':').append(line);
        }
        if (!key.isEmpty()) {
            text.append(": ").append(key);
        }
        return text.append(": ")
                .append(value)
                .append(" (")
                .append(remark)
                .append(')')
                .toString();
    }
}
