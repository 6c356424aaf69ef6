package io.breakwater.server;

import io.breakwater.health.breaker.CircuitState;
import io.breakwater.health.check.HealthStatus;
import io.breakwater.server.pool.AdminState;
import io.breakwater.server.pool.Backend;
import io.breakwater.server.pool.BackendPool;

/**
 * Which part of a pool's traffic each of its backends is entitled to at one moment: its weight, less while it starts
 * slowly, against those of all that are in rotation with the priority in use. A half-open backend gets probes and no
 * share.
 */
final class Shares {
    private final long now;
    private int priorityInUse = Integer.MAX_VALUE;
    private double weightInUse;

    Shares(BackendPool pool, long now) {
        this.now = now;
        for (Backend backend : pool.backends()) {
            int priority = backend.config().priority();
            if (priority > priorityInUse || !inRotation(backend)) {
                continue;
            }
            if (priority < priorityInUse) {
                priorityInUse = priority;
                weightInUse = 0;
            }
            weightInUse += weight(backend);
        }
    }

    /** Returns the part of one of the pool's backends, 0 to 1. */
    double of(Backend backend) {
        return backend.config().priority() == priorityInUse && inRotation(backend)
                ? Math.min(1, weight(backend) / weightInUse)
                : 0;
    }

    private double weight(Backend backend) {
        return backend.weight() * backend.share(now);
    }

    private boolean inRotation(Backend backend) {
        return backend.adminState() == AdminState.ENABLED
                && (backend.health() != HealthStatus.UNHEALTHY || backend.isSuspect())
                && backend.breaker().state(now) == CircuitState.CLOSED;
    }
}
