package io.breakwater.server.balance;

import java.util.List;

/**
 * How requests are spread: makes a balancer for each list of candidates. One object serves a pool for as long as its
 * {@code balance} stays the same, so that what should outlive a change of the candidates (a cursor) can live here. Safe
 * from any thread.
 */
public interface Policy {

    /** Returns a balancer over these candidates, which it numbers from 0; the list is not empty and does not change. */
    Balancer over(List<? extends Candidate> candidates);
}
