package io.breakwater.server.pool;

import io.breakwater.health.breaker.BreakerSnapshot;
import io.breakwater.health.breaker.CircuitState;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/**
 * Backends whose circuits were not closed, in the order in which their cooldowns end, those tripped by hand last; circuits
 * that only observe are closed to all of this. So nobody need look at circuits whose cooldown is not over: what is due
 * stands at the front. Immutable; safe from any thread.
 */
final class NotClosed {
    private final Backend[] backends;
    /** From when on each circuit reads half-open, in this order; those without an end are left out. */
    private final long[] dueNanos;

    private NotClosed(Backend[] backends, long[] dueNanos) {
        this.backends = backends;
        this.dueNanos = dueNanos;
    }

    /** Those of these backends whose circuits are not closed at {@code now}. */
    static NotClosed of(List<Backend> backends, long now) {
        List<Entry> timed = new ArrayList<>();
        List<Backend> tripped = new ArrayList<>();
        for (Backend one : backends) {
            if (one.breaker().servingState(now) == CircuitState.CLOSED) {
                continue;
            }
            BreakerSnapshot circuit = one.breaker().snapshot(now);
            if (circuit.tripped()) {
                tripped.add(one);
            } else if (circuit.state() != CircuitState.CLOSED) {
                timed.add(new Entry(one, circuit.remainingNanos()));
            }
        }
        timed.sort(Comparator.comparingLong(Entry::remainingNanos));
        Backend[] all = new Backend[timed.size() + tripped.size()];
        long[] due = new long[timed.size()];
        for (int i = 0; i < due.length; i++) {
            all[i] = timed.get(i).backend;
            due[i] = now + timed.get(i).remainingNanos;
        }
        for (int i = due.length; i < all.length; i++) {
            all[i] = tripped.get(i - due.length);
        }
        return new NotClosed(all, due);
    }

    private record Entry(Backend backend, long remainingNanos) {}

    int size() {
        return backends.length;
    }

    Backend get(int index) {
        return backends[index];
    }

    /** Returns how many, from the first on, have their cooldown behind them. */
    int due(long now) {
        int due = 0;
        while (due < dueNanos.length && now - dueNanos[due] >= 0) {
            due++;
        }
        return due;
    }

    /** Returns how many have an end of their cooldown, past or to come; those behind them were tripped by hand. */
    int timed() {
        return dueNanos.length;
    }
}
