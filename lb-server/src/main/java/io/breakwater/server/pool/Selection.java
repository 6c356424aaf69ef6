package io.breakwater.server.pool;

import io.breakwater.health.breaker.CircuitBreaker;
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
    private static final Backend[] NOBODY = {};

    // ---- the request ----
    private final List<Backend> tried = new ArrayList<>();
    private long hashKey;
    private boolean replayable;

    // ---- the answer ----
    private @Nullable Backend backend;
    private @Nullable Permit permit;
    private Refusal refusal = Refusal.UNAVAILABLE;
    private CircuitState refusedState = CircuitState.OPEN;
    private long retryAfterNanos;

    // ---- while a selection runs ----
    private Backend[] candidates = NOBODY;
    private long now;
    private boolean overloaded;
    private boolean circuitRefused;
    private boolean halfOpenSeen;
    private boolean triedSeen;
    private long leastRemainingNanos;

    /**
     * Begins a request for which nobody was tried yet.
     *
     * @param key what a hashing policy hashes
     * @param canBeReplayed whether another attempt could repeat the request whole, and is still allowed
     */
    public void request(long key, boolean canBeReplayed) {
        clear();
        hashKey = key;
        replayable = canBeReplayed;
    }

    /** The request is over: nothing is referred to any more. */
    public void clear() {
        tried.clear();
        backend = null;
        permit = null;
        candidates = NOBODY;
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

    /**
     * After nobody: the state to show. If circuits refused it is the best of theirs, half-open or open, else the best in
     * the pool.
     */
    public CircuitState refusedState() {
        return refusedState;
    }

    /**
     * After {@link Refusal#OVERLOADED}: whether a slot may be free all the same that another request of the pool could
     * take, because circuits are per route and one has refused this request.
     */
    public boolean isChoosy(BackendPool asked) {
        return asked.route() != null && circuitRefused;
    }

    /** After {@link Refusal#CIRCUIT_OPEN} in state open: the smallest remaining cooldown of those who may serve. */
    public long retryAfterNanos() {
        return retryAfterNanos;
    }

    // ================ for the pool ================

    /** Forgets what was found out; a selection, or another pass of it, begins. */
    void begin(long nowNanos) {
        now = nowNanos;
        backend = null;
        permit = null;
        overloaded = false;
        circuitRefused = false;
        halfOpenSeen = false;
        triedSeen = false;
        leastRemainingNanos = Long.MAX_VALUE;
    }

    long hashKey() {
        return hashKey;
    }

    boolean isReplayable() {
        return replayable;
    }

    boolean hasTried(Backend one) {
        for (int i = 0; i < tried.size(); i++) {
            if (tried.get(i) == one) {
                return true;
            }
        }
        return false;
    }

    /** Sets whom the numbers stand for that the balancer asks. */
    Admission among(Backend[] numbered) {
        candidates = numbered;
        return this;
    }

    /** Asks one of the backends that are balanced. For the balancer, while a selection runs. */
    @Override
    public boolean admit(int candidate) {
        return ask(candidates[candidate]);
    }

    /** Asks one backend, and takes a slot and a permit of it where it has them. */
    boolean ask(Backend one) {
        if (hasTried(one)) {
            triedSeen = true;
            if (one.breaker().servingState(now) != CircuitState.CLOSED) {
                sawOpenCircuit(one, now);
            }
            return false;
        }
        switch (one.ask(now, this)) {
            case ELIGIBLE, SLOW_START, PROTECTED -> {
                return true;
            }
            case OVERLOADED -> {
                if (one.breaker().admits(now)) {
                    overloaded = true;
                } else {
                    sawOpenCircuit(one, now);
                }
            }
            case CIRCUIT_OPEN, HALF_OPEN_BUSY, TRIPPED -> sawOpenCircuit(one, now);
            case UNHEALTHY, DRAINING, DISABLED, LOWER_PRIORITY -> {}
        }
        return false;
    }

    /** The backend asked admits the request. */
    void admitted(Backend by, Permit granted) {
        backend = by;
        permit = granted;
    }

    /**
     * The circuit of this backend refuses the request.
     *
     * @return false if that is not why it cannot have it: it was tried before
     */
    boolean sawOpenCircuit(Backend one, long nowNanos) {
        CircuitBreaker breaker = one.breaker();
        // A circuit that has closed since refused as half-open.
        if (breaker.servingState(nowNanos) == CircuitState.OPEN) {
            leastRemainingNanos = Math.min(leastRemainingNanos, breaker.retryAfterNanos(nowNanos));
        } else {
            halfOpenSeen = true;
        }
        boolean before = hasTried(one);
        triedSeen |= before;
        circuitRefused |= !before;
        return !before;
    }

    /** Nobody admits the request. */
    void refuse(List<Backend> backends, CircuitState bestState) {
        refusal = refusal(backends);
        refusedState =
                refusal != Refusal.CIRCUIT_OPEN ? bestState : halfOpenSeen ? CircuitState.HALF_OPEN : CircuitState.OPEN;
        retryAfterNanos = leastRemainingNanos;
    }

    private Refusal refusal(List<Backend> backends) {
        if (overloaded) {
            return Refusal.OVERLOADED;
        } else if (circuitRefused) {
            return Refusal.CIRCUIT_OPEN;
        } else if (triedSeen) {
            return Refusal.TRIED;
        }
        for (Backend one : backends) {
            if (one.replica().admin() == AdminState.ENABLED) {
                return Refusal.UNHEALTHY;
            }
        }
        return Refusal.UNAVAILABLE;
    }
}
