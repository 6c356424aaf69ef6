package io.breakwater.server.fuzz;

/** Something that takes bytes from strangers, with what must hold whatever they are. */
@FunctionalInterface
public interface FuzzTarget {
    /** Throws when something does not hold. The same bytes always come to the same. */
    void check(byte[] input) throws Throwable;
}
