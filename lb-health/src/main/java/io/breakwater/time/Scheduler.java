package io.breakwater.time;

/**
 * Runs tasks when their time has come, one at a time on one thread of its own, never inside the call that hands them
 * over. Safe to call from any thread. A task that throws disturbs no other.
 */
public interface Scheduler {

    /**
     * Runs the task once, never before its time and soon after it. Tasks of the same time run in no particular order.
     *
     * @param atNanos a reading of the ticker that the scheduler lives by; one that is over means as soon as possible
     * @return what takes the task back: once {@code cancel} has returned, a task that has not begun does not begin
     */
    Cancellable schedule(long atNanos, Runnable task);
}
