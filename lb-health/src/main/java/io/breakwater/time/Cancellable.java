package io.breakwater.time;

/** Something under way that can be given up. */
@FunctionalInterface
public interface Cancellable {

    /** Gives it up; what is over already, or given up before, is left alone. From any thread. */
    void cancel();
}
