package io.breakwater.server.events;

import java.util.List;
import java.util.NavigableMap;
import java.util.TreeMap;

/** The latest changes of one circuit, by generation whatever the order of their coming. Safe to use from any thread. */
final class Journal {
    private final NavigableMap<Long, CircuitEvent> latest = new TreeMap<>();

    synchronized void add(CircuitEvent event) {
        latest.put(event.generation(), event);
        if (latest.size() > Events.TRANSITIONS_KEPT) {
            latest.pollFirstEntry();
        }
    }

    /** Returns the changes, the oldest first. */
    synchronized List<CircuitEvent> read() {
        return List.copyOf(latest.values());
    }
}
