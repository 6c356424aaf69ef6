package io.breakwater.server.pool;

import io.breakwater.health.breaker.CircuitState;
import io.breakwater.health.breaker.Permit;
import io.breakwater.server.balance.Admission;
import org.jspecify.annotations.Nullable;

/**
 * The answer of {@link BackendPool#select}: a backend with its permit, or why nobody may serve. Reused from request to
 * request. NOT thread safe: belongs to one exchange.
 */
public final class Selection implements Admission {
    private @Nullable BackendPool pool;
    private @Nullable Backend backend;
    private @Nullable Permit permit;
    private long now;
    private CircuitState refusedState = CircuitState.OPEN;
    private long retryAfterNanos;

    void begin(BackendPool asked, long nowNanos) {
        pool = asked;
        now = nowNanos;
        backend = null;
        permit = null;
    }

    /** Asks one backend of the pool for a permit. For the balancer, while a selection runs. */
    @Override
    public boolean admit(int candidate) {
        BackendPool asked = pool;
        if (asked == null) {
            throw new IllegalStateException("no selection is running");
        }
        Backend one = asked.backends().get(candidate);
        Permit granted = one.breaker().tryAcquire(now);
        if (granted == null) {
            return false;
        }
        backend = one;
        permit = granted;
        one.attemptStarted();
        return true;
    }

    /** Every circuit refused: says so to the meters, and finds the state to show and when to come again. */
    void refuse() {
        BackendPool asked = pool;
        if (asked == null) {
            throw new IllegalStateException("no selection is running");
        }
        // A circuit that closed after it refused refused as half-open, so this starts from there and not from closed.
        refusedState = CircuitState.OPEN;
        retryAfterNanos = Long.MAX_VALUE;
        for (Backend one : asked.backends()) {
            one.circuitRejected();
            CircuitState state = one.breaker().state(now);
            if (state == CircuitState.OPEN) {
                retryAfterNanos = Math.min(retryAfterNanos, one.breaker().retryAfterNanos(now));
            } else {
                refusedState = CircuitState.HALF_OPEN;
            }
        }
    }

    /** The backend to send to, or null when every one refused. */
    public @Nullable Backend backend() {
        return backend;
    }

    /** The leave to send; set whenever {@link #backend} is. */
    public Permit permit() {
        Permit granted = permit;
        if (granted == null) {
            throw new IllegalStateException("nobody admitted the request");
        }
        return granted;
    }

    /** After a refusal: the best state of the pool, open or half-open. */
    public CircuitState refusedState() {
        return refusedState;
    }

    /** After a refusal in state open: the smallest remaining cooldown in the pool. */
    public long retryAfterNanos() {
        return retryAfterNanos;
    }
}
