package io.breakwater.server.events;

import io.breakwater.health.breaker.CircuitState;
import java.time.Duration;

/**
 * Makes incidents of the changes of one circuit, which must come in their order. NOT thread safe: used by the thread
 * that tells of events.
 */
final class Outages {
    private final Bus bus;
    private boolean removed;

    /** Whether one goes on, which the next two are about. */
    private boolean ongoing;

    private long incident;
    private long sinceNanos;

    Outages(Bus bus) {
        this.bus = bus;
    }

    void changed(CircuitChange change) {
        CircuitEvent event = change.event();
        if (removed) {
            return; // by a reload, which a request that was under way has outlived
        }
        if (ongoing && event.from() == CircuitState.CLOSED) {
            end(Incident.NOT_REPORTED, change.atNanos());
        }
        if (event.to() == CircuitState.CLOSED) {
            end(event.reason().label(), change.atNanos());
        } else if (event.to() == CircuitState.OPEN && ongoing) {
            boolean reopened = event.from() == CircuitState.HALF_OPEN;
            bus.tellOfIncident(incident, before -> before.openedAgain(event, reopened));
        } else if (event.to() == CircuitState.OPEN) {
            begin(change);
        }
    }

    /** There is no such circuit any more. */
    void removed(long nowNanos) {
        end(Incident.REMOVED, nowNanos);
        removed = true;
    }

    private void begin(CircuitChange trip) {
        ongoing = true;
        sinceNanos = trip.atNanos();
        incident = bus.tellOfIncident(trip.event(), trip.history());
    }

    private void end(String why, long nowNanos) {
        if (ongoing) {
            ongoing = false;
            // A reload reads the ticker beside the loop whose request has opened the circuit.
            Duration lasted = Duration.ofNanos(Math.max(0, nowNanos - sinceNanos));
            bus.tellOfIncident(incident, before -> before.ended(why, lasted));
        }
    }
}
