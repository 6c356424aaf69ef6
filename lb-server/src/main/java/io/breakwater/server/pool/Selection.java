package io.breakwater.server.pool;

import io.breakwater.health.breaker.CircuitState;
import io.breakwater.health.breaker.Permit;
import io.breakwater.server.balance.Admission;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * One request as a pool sees it, and the answer of {@link BackendPool#select}: a backend with its permit, or why nobody
 * may serve. Reused from request to request. NOT thread safe: belongs to one exchange.
 */
public final class Selection implements Admission {
    private final List<Backend> tried = new ArrayList<>();
    private long hashKey;
    private boolean replayable;

    private @Nullable BackendPool pool;
    private @Nullable Backend backend;
    private @Nullable Permit permit;
    private long now;
    private Refusal refusal = Refusal.UNAVAILABLE;
    private CircuitState refusedState = CircuitState.OPEN;
    private long retryAfterNanos;

    /**
     * Begins a request for which nobody was tried yet.
     *
     * @param key what a hashing policy hashes
     * @param canBeReplayed whether another attempt could repeat the request whole, and is still allowed
     */
    public void request(long key, boolean canBeReplayed) {
        tried.clear();
        hashKey = key;
        replayable = canBeReplayed;
        backend = null;
        permit = null;
    }

    /** Whether another attempt could repeat the request whole, and is still allowed. May change before each attempt. */
    public void replayable(boolean canBeReplayed) {
        replayable = canBeReplayed;
    }

    /** The backend of the last selection has failed: it is never chosen again for this request. */
    public void tried() {
        Backend failed = backend;
        if (failed == null) {
            throw new IllegalStateException("nobody admitted the request");
        }
        tried.add(failed);
    }

    void begin(BackendPool asked, long nowNanos) {
        pool = asked;
        now = nowNanos;
        backend = null;
        permit = null;
    }

    long hashKey() {
        return hashKey;
    }

    boolean isReplayable() {
        return replayable;
    }

    /** Asks one backend of the pool for a permit. For the balancer, while a selection runs. */
    @Override
    public boolean admit(int candidate) {
        BackendPool asked = pool;
        if (asked == null) {
            throw new IllegalStateException("no selection is running");
        }
        Backend one = asked.backends().get(candidate);
        Permit granted = tried.contains(one) ? null : one.breaker().tryAcquire(now);
        if (granted == null) {
            return false;
        }
        backend = one;
        permit = granted;
        one.attemptStarted();
        return true;
    }

    /** Every circuit refused: finds the state to show and when to come again. */
    void refuse() {
        BackendPool asked = pool;
        if (asked == null) {
            throw new IllegalStateException("no selection is running");
        }
        // A circuit that closed after it refused refused as half-open, so this starts from there and not from closed.
        refusal = tried.containsAll(asked.backends()) ? Refusal.TRIED : Refusal.CIRCUIT_OPEN;
        refusedState = CircuitState.OPEN;
        retryAfterNanos = Long.MAX_VALUE;
        for (Backend one : asked.backends()) {
            CircuitState state = one.breaker().state(now);
            if (state == CircuitState.OPEN) {
                retryAfterNanos = Math.min(retryAfterNanos, one.breaker().retryAfterNanos(now));
            } else {
                refusedState = CircuitState.HALF_OPEN;
            }
        }
    }

    /** The backend to send to, or null when nobody may serve. */
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

    /** After nobody: why. */
    public Refusal refusal() {
        return refusal;
    }

    /** After nobody: the state to show. */
    public CircuitState refusedState() {
        return refusedState;
    }

    /** After a refusal in state open: the smallest remaining cooldown in the pool. */
    public long retryAfterNanos() {
        return retryAfterNanos;
    }
}
