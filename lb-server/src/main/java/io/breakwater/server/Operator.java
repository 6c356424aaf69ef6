package io.breakwater.server;

import io.breakwater.health.breaker.CircuitBreaker;
import io.breakwater.health.breaker.CircuitState;
import io.breakwater.server.admin.Operations;
import io.breakwater.server.config.ReloadResult;
import io.breakwater.server.events.Events;
import io.breakwater.server.exchange.Routing;
import io.breakwater.server.pool.AdminState;
import io.breakwater.server.pool.Backend;
import io.breakwater.server.pool.Replica;
import io.breakwater.server.pool.ServedPool;
import io.breakwater.time.Ticker;
import java.util.function.Consumer;
import java.util.function.Supplier;

/**
 * Carries out what operators ask for through the admin port. Safe from any thread; actions on backends are done one
 * after another, so that the second of two equal ones finds it done.
 */
final class Operator implements Operations {
    private final Supplier<Routing> routing;
    private final Status status;
    private final Ticker ticker;
    private final AdminStates adminStates;
    private final Supplier<ReloadResult> reload;
    private final Events events;

    /**
     * @param adminStates what a new admin state entails beyond the pool
     * @param reload may block
     */
    Operator(
            Supplier<Routing> routing,
            Status status,
            Ticker ticker,
            AdminStates adminStates,
            Supplier<ReloadResult> reload,
            Events events) {
        this.routing = routing;
        this.status = status;
        this.ticker = ticker;
        this.adminStates = adminStates;
        this.reload = reload;
        this.events = events;
    }

    /** Told of a new admin state, after the pool goes by it. Must not block. */
    @FunctionalInterface
    interface AdminStates {
        void changed(Replica backend, AdminState from, AdminState to);
    }

    @Override
    public ReloadResult reload() {
        return reload.get();
    }

    @Override
    public synchronized Result backend(String poolName, String id, Action action) {
        for (ServedPool pool : routing.get().pools()) {
            if (pool.name().equals(poolName)) {
                for (Replica backend : pool.replicas()) {
                    if (backend.id().id().equals(id)) {
                        Result result = act(pool, backend, action);
                        if (result instanceof Result.Done done && done.changed()) {
                            events.administered(backend.id(), action.label(), done.from(), done.to());
                        }
                        return result;
                    }
                }
                return new Result.Missing("no backend " + id + " in pool " + poolName);
            }
        }
        return new Result.Missing("no pool " + poolName);
    }

    private Result act(ServedPool pool, Replica backend, Action action) {
        return switch (action) {
            case ENABLE -> adminState(pool, backend, AdminState.ENABLED);
            case DRAIN -> adminState(pool, backend, AdminState.DRAINING);
            case DISABLE -> adminState(pool, backend, AdminState.DISABLED);
            case TRIP -> trip(pool, backend);
            case RESET -> reset(pool, backend);
        };
    }

    private Result adminState(ServedPool pool, Replica backend, AdminState wanted) {
        AdminState from = backend.admin();
        if (from != wanted) {
            backend.admin(wanted);
            adminStates.changed(backend, from, wanted);
        }
        return new Result.Done(from.label(), wanted.label(), from != wanted, status.backend(pool, backend));
    }

    /** Opens all its circuits. */
    private Result trip(ServedPool pool, Replica backend) {
        long now = ticker.read();
        if (!backend.breakerConfig().enabled()) {
            return new Result.Refused("the breaker of pool " + pool.name() + " is not enabled");
        }
        return onCircuits(pool, backend, now, breaker -> breaker.trip(now));
    }

    /** Closes all its circuits, with nothing counted, in a new generation. */
    private Result reset(ServedPool pool, Replica backend) {
        long now = ticker.read();
        return onCircuits(pool, backend, now, breaker -> breaker.reset(now));
    }

    private Result onCircuits(ServedPool pool, Replica backend, long now, Consumer<CircuitBreaker> action) {
        CircuitState from = backend.worstState(now);
        boolean changed = false;
        for (Backend circuit : backend.circuits()) {
            CircuitBreaker breaker = circuit.breaker();
            long generation = breaker.snapshot(now).generation();
            action.accept(breaker);
            changed |= breaker.snapshot(now).generation() != generation;
        }
        CircuitState to = backend.worstState(now);
        return new Result.Done(from.label(), to.label(), changed, status.backend(pool, backend));
    }
}
