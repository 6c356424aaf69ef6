package io.breakwater.server.events;

import java.util.List;

/**
 * What happened, for those who want to read it: the latest events, in the order in which they were told, and the latest
 * incidents. Safe to use from any thread.
 */
public interface EventFeed {
    /** Of all kinds together. */
    int EVENTS_KEPT = 256;

    /** Of all circuits together. */
    int INCIDENTS_KEPT = 100;

    /**
     * An event of the feed.
     *
     * @param id one more than that of the event before
     */
    record Entry(long id, Event event) {}

    /**
     * Returns the number of the latest event, and before the first one the number before it. It begins with the time of
     * the start in milliseconds, so that a number of an earlier run of this process is none of this one.
     */
    long latest();

    /** Returns the events behind this number that are kept, the oldest first; at most {@value #EVENTS_KEPT}. */
    List<Entry> after(long id);

    /**
     * Has a listener called after each event, on the thread that tells of it. It must not block.
     *
     * @return what ends that
     */
    Runnable onEvent(Runnable listener);

    /** Returns the latest incidents, the newest first; at most {@value #INCIDENTS_KEPT}. */
    List<Incident> incidents();
}
