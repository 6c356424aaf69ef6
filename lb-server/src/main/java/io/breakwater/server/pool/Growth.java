package io.breakwater.server.pool;

/**
 * How far a backend that has returned has come towards its whole weight, at one moment.
 *
 * @param share the part of its weight that counts, above 0 and below 1
 * @param sinceNanos when it returned
 * @param grownNanos when time alone has given it all of its weight, if nothing fails until then; may be past
 * @param missingSuccesses that it needs besides to have more than half
 */
public record Growth(double share, long sinceNanos, long grownNanos, int missingSuccesses) {}
