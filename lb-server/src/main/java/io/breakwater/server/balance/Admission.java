package io.breakwater.server.balance;

/** Whether a candidate takes the request now. Asking may take a permit, so a candidate that says yes is the choice. */
@FunctionalInterface
public interface Admission {

    /** Asks the candidate with this index. */
    boolean admit(int candidate);
}
