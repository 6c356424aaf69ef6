package io.breakwater.server.config;

import java.util.List;

/** A set of HTTP statuses, written as {@code ["500-599", "429"]}. Immutable; a question to it costs one bit test. */
public final class StatusRanges {

    static final String RULE = "a status or a range of statuses from 100 to 599, such as 502 or \"500-599\"";

    private static final int FIRST = 100;
    private static final int LAST = 599;

    private final List<String> ranges;
    private final long[] bits = new long[(LAST - FIRST + 64) / 64];

    /**
     * @param ranges each one status, or the first and the last of a range
     * @throws IllegalArgumentException with the rule that a range breaks
     */
    public StatusRanges(List<String> ranges) {
        this.ranges = List.copyOf(ranges);
        for (String range : this.ranges) {
            add(range);
        }
    }

    /** Returns the range as it came if it is one, else throws with the rule. */
    static String checked(String range) {
        new StatusRanges(List.of(range));
        return range;
    }

    private void add(String range) {
        if (!range.matches("[1-5][0-9]{2}(-[1-5][0-9]{2})?")) {
            throw new InvalidValue(RULE);
        }
        int first = Integer.parseInt(range.substring(0, 3));
        int last = range.length() == 3 ? first : Integer.parseInt(range.substring(4));
        if (first > last) {
            throw new InvalidValue("a range whose first status is not above its last, such as \"500-599\"");
        }
        for (int status = first; status <= last; status++) {
            bits[(status - FIRST) >> 6] |= 1L << (status - FIRST);
        }
    }

    public boolean contains(int status) {
        int bit = status - FIRST;
        return bit >= 0 && bit <= LAST - FIRST && (bits[bit >> 6] & (1L << bit)) != 0;
    }

    /** As written. */
    public List<String> ranges() {
        return ranges;
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof StatusRanges that && ranges.equals(that.ranges);
    }

    @Override
    public int hashCode() {
        return ranges.hashCode();
    }

    @Override
    public String toString() {
        return ranges.toString();
    }
}
