package io.breakwater.server.events;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.UnaryOperator;

/** Keeps what is told, and calls those who listen. One thread tells; read from any. */
final class Bus implements EventFeed {
    private final List<Runnable> listeners = new CopyOnWriteArrayList<>();
    private final ConcurrentSkipListMap<Long, Incident> incidents = new ConcurrentSkipListMap<>();

    // With the lock of this object.
    private final Deque<Entry> kept = new ArrayDeque<>();
    private long latest;

    // The teller's own.
    private long latestIncident;

    /**
     * @param origin the number before that of the first event
     */
    Bus(long origin) {
        this.latest = origin;
    }

    void tell(Event event) {
        keep(event);
        listeners.forEach(Runnable::run);
    }

    private synchronized void keep(Event event) {
        latest++;
        kept.addLast(new Entry(latest, event));
        if (kept.size() > EVENTS_KEPT) {
            kept.removeFirst();
        }
    }

    /** Tells of a new incident, and returns its number. */
    long tellOfIncident(CircuitEvent trip, CallHistory.Taken history) {
        Incident begun = Incident.begun(++latestIncident, trip, history);
        if (incidents.size() == INCIDENTS_KEPT) {
            incidents.pollFirstEntry();
        }
        incidents.put(begun.id(), begun);
        tell(begun);
        return begun.id();
    }

    /** Tells of how an incident goes on, unless newer ones have taken its place. */
    void tellOfIncident(long id, UnaryOperator<Incident> change) {
        Incident after = incidents.computeIfPresent(id, (same, before) -> change.apply(before));
        if (after != null) {
            tell(after);
        }
    }

    @Override
    public synchronized long latest() {
        return latest;
    }

    @Override
    public synchronized List<Entry> after(long id) {
        return kept.stream().filter(entry -> entry.id() > id).toList();
    }

    @Override
    public Runnable onEvent(Runnable listener) {
        listeners.add(listener);
        return () -> listeners.remove(listener);
    }

    @Override
    public List<Incident> incidents() {
        return List.copyOf(incidents.descendingMap().values());
    }
}
