package io.breakwater.server.node;

import io.breakwater.health.Outcome;
import io.breakwater.health.breaker.BreakerConfig;
import io.breakwater.health.breaker.BreakerListener;
import io.breakwater.health.breaker.CircuitBreaker;
import io.breakwater.health.breaker.CircuitState;
import io.breakwater.health.breaker.Permit;
import io.breakwater.time.Ticker;
import org.jspecify.annotations.Nullable;

/**
 * One service that the node guards: its breaker, and the failures that were asked for, which include those that came
 * after the circuit had opened. Not thread-safe.
 */
final class Service {
    private final String name;
    private final BreakerConfig config;
    private final CircuitBreaker breaker;
    private long failures;

    Service(String name, BreakerConfig config, Ticker ticker) {
        this.name = name;
        this.config = config;
        this.breaker = new CircuitBreaker(config, ticker, BreakerListener.NONE);
    }

    /** Puts the circuit into a state before a call; only {@code CLOSED} forgets failures. */
    void place(CircuitState state, long now) {
        int failed = (int) Math.min(failures, Integer.MAX_VALUE);
        switch (state) {
            case CLOSED -> {
                breaker.reset(now);
                failures = 0;
            }
            case OPEN -> breaker.restoreOpen(config.cooldown().toNanos(), failed, now);
            case HALF_OPEN -> breaker.restoreOpen(0, failed, now);
        }
    }

    /** Makes a call that fails so many times, or succeeds when that is 0, and returns the reply. */
    String call(long inReplyTo, int failing, long now) {
        Permit permit = breaker.tryAcquire(now);
        if (permit == null) {
            return Reply.refused(inReplyTo, name);
        }
        if (failing == 0) {
            permit.record(Outcome.SUCCESS, 0, now);
            failures = 0;
        } else {
            fail(permit, failing, now);
        }
        return switch (breaker.state(now)) {
            case OPEN -> Reply.opened(inReplyTo, name, failures);
            case CLOSED ->
                permit.isProbe() ? Reply.closed(inReplyTo, name) : Reply.callOk(inReplyTo, name, "closed", failures);
            case HALF_OPEN -> throw new IllegalStateException("half-open after a call of " + name);
        };
    }

    private void fail(Permit first, int times, long now) {
        failures += times;
        @Nullable Permit permit = first;
        for (int i = 0; i < times && permit != null; i++) {
            permit.record(Outcome.FAILURE_STATUS, 0, now);
            permit = i + 1 < times ? breaker.tryAcquire(now) : null;
        }
    }
}
