package io.breakwater.server.config;

/**
 * {@code lb.listen.limits}: what a client may send.
 *
 * @param requestLineBytes method, target and version
 * @param headersBytes all header lines together, and what may be read ahead of a running exchange
 * @param bodyBytes 0 means no limit
 * @param minBodyRate bytes per second below which a client's body is too slow; 0 means no limit
 */
public record LimitsConfig(int requestLineBytes, int headersBytes, int headerCount, long bodyBytes, long minBodyRate) {

    private static final int SMALLEST = 256;
    private static final int LARGEST = 1 << 20;

    public LimitsConfig {
        new Constraints()
                .sizeInBytes("request-line", requestLineBytes, SMALLEST, LARGEST)
                .sizeInBytes("headers", headersBytes, SMALLEST, LARGEST)
                .range("header-count", headerCount, 1, 10_000)
                .require(bodyBytes >= 0, "body", bodyBytes, "a size, or 0 for no limit")
                .require(minBodyRate >= 0, "min-body-rate", minBodyRate, "a size, or 0 for no limit")
                .verify();
    }
}
