package io.breakwater.server.balance;

/**
 * One backend as a balancing policy sees it. Its methods are called from any event loop while others change what they
 * tell; a policy needs no consistent picture.
 */
public interface Candidate {

    /** Returns the configured weight, at least 1. */
    int weight();

    /**
     * Returns the part of its weight that counts now, above 0 and at most 1: less than 1 during its slow start.
     *
     * @param now a reading of the ticker, in nanoseconds
     */
    double share(long now);

    /** Returns how busy it is: requests under way to it, and what its latest failures stand for (see LatencyScore). */
    double load(long now);

    /** Returns what names it to a hashing policy: evenly spread, and the same for as long as its id is (see KeyHash). */
    long identityHash();

    /** Returns the latency that it promises, in nanoseconds, above 0. */
    double expectedLatencyNanos(long now);
}
