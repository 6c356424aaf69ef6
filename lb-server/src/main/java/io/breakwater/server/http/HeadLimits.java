package io.breakwater.server.http;

/**
 * How large a message head may be.
 *
 * @param startLineBytes the request or status line, without its line end
 * @param headersBytes all field lines together, with their line ends
 * @param headerCount field lines
 */
public record HeadLimits(int startLineBytes, int headersBytes, int headerCount) {
    private static final int MAX_BYTES = 16 * 1024 * 1024;

    public HeadLimits {
        check("startLineBytes", startLineBytes);
        check("headersBytes", headersBytes);
        check("headerCount", headerCount);
    }

    private static void check(String name, int value) {
        if (value < 1 || value > MAX_BYTES) {
            throw new IllegalArgumentException(name + ": " + value + " (expected: 1 to " + MAX_BYTES + ")");
        }
    }
}
