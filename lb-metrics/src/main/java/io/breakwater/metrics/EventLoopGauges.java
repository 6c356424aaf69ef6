package io.breakwater.metrics;

/** What is read off an event loop at each scrape, on the thread that scrapes. Must not block. */
public interface EventLoopGauges {

    /** Returns the longest that the loop was late for a task within the last minute. */
    long lagNanos();

    /** Returns how many tasks wait for the loop, those whose time has not come left out. */
    int pendingTasks();
}
