package io.breakwater.server.balance;

/**
 * A policy over a fixed list of candidates: in which order they are asked. Safe from any thread; allocates nothing while
 * choosing.
 */
public interface Balancer {

    /** What {@link #choose} returns when every candidate refused. */
    int NONE = -1;

    /**
     * Asks candidates until one admits the request; each is asked at least once before all have refused.
     *
     * @param key what a hashing policy hashes; others ignore it
     * @param now a reading of the ticker, in nanoseconds
     * @return the index of the one that admitted, or {@link #NONE}
     */
    int choose(Admission admission, long key, long now);
}
