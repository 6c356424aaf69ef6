package io.breakwater.server.pool;

import io.breakwater.health.breaker.CircuitBreaker;
import io.breakwater.health.breaker.CircuitState;
import io.breakwater.server.config.PoolConfig;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The backends that serve the same requests behind the same circuits, by one configuration. Safe from any thread. An
 * exchange keeps the pool that it began with; a retry after a reload still meets the backends of the newest configuration.
 */
public final class BackendPool {
    private final CircuitScope scope;
    private final PoolConfig config;
    private final List<Backend> backends;

    BackendPool(CircuitScope scope, PoolConfig config, List<Backend> backends) {
        this.scope = scope;
        this.config = config;
        this.backends = backends;
    }

    public String name() {
        return config.name();
    }

    public PoolConfig config() {
        return config;
    }

    /** The only route whose requests select here; null if all do. */
    public @Nullable String route() {
        return scope.route();
    }

    /** In the order of the configuration. */
    public List<Backend> backends() {
        return backends;
    }

    /** What its requests share beyond the backends: the budget of retries, and the line of those that wait. */
    public PoolTraffic traffic() {
        return scope.traffic();
    }

    /**
     * Picks a backend and takes its slot and its permit, or finds out why nobody may serve; the answer is in
     * {@code selection}.
     *
     * <p>Priority by priority a half-open circuit is offered the request first, so that no policy can starve a backend of
     * the probe that it needs to come back, then the policy chooses among closed ones; a lower priority serves only when
     * the one above has nobody who admits. A lost race for a slot moves on. A probe that fails costs the client nothing
     * if the request can be repeated elsewhere, so while the pool retries only such requests are offered, until a circuit
     * has waited for one cooldown; then any is, as it is when nobody else would serve.
     *
     * @param now what every breaker decides by
     */
    public void select(Selection selection, long now) {
        Rotation asked = scope.rotation();
        selection.begin(now);
        boolean admitted = asked.admit(selection, now);
        boolean current = admitted || scope.isCurrent(asked);
        if (!current) { // nobody is refused on the word of a rotation that is out of date
            asked = scope.rotation();
            current = scope.isCurrent(asked);
            selection.begin(now);
            admitted = current ? asked.admit(selection, now) : asked.askEverybody(selection);
        }
        if (!admitted) {
            if (current) {
                asked.tellOfOpenCircuits(selection, now);
            }
            selection.refuse(asked.backends(), bestState(now));
        }
    }

    /**
     * The request is now answered with the refusal that {@link #select} found: counts it at each backend that refused by
     * its circuit. A skip in favour of another backend is no rejection.
     */
    public void refused(Selection selection) {
        if (selection.refusal() == Refusal.CIRCUIT_OPEN) {
            scope.rotation().countRejections(selection);
        }
    }

    /** Returns the state of the pool's best circuit: closed before half-open before open. */
    public CircuitState bestState(long now) {
        Rotation seen = scope.rotation();
        if (scope.isCurrent(seen)) {
            return seen.bestState(now);
        }
        CircuitState best = CircuitState.OPEN;
        for (int i = 0; i < backends.size() && best != CircuitState.CLOSED; i++) {
            best = better(best, backends.get(i).breaker().servingState(now));
        }
        return best;
    }

    /** Returns the state that leaves more hope: closed before half-open before open. */
    public static CircuitState better(CircuitState one, CircuitState other) {
        return rank(one) <= rank(other) ? one : other;
    }

    /** Returns the state that leaves less hope: open before half-open before closed. */
    public static CircuitState worse(CircuitState one, CircuitState other) {
        return rank(one) >= rank(other) ? one : other;
    }

    private static int rank(CircuitState state) {
        return switch (state) {
            case CLOSED -> 0;
            case HALF_OPEN -> 1;
            case OPEN -> 2;
        };
    }

    /**
     * Returns what each backend would say to a request now, by the code that {@link #select} asks; nothing is taken.
     *
     * @param replayable whether another attempt could repeat the request whole
     * @return in the order of {@link #backends}
     */
    public List<Eligibility> explain(boolean replayable, long now) {
        List<Eligibility> said = new ArrayList<>(backends.size());
        int inUse = Integer.MAX_VALUE;
        for (Backend one : backends) {
            Eligibility why = one.why(now);
            said.add(why);
            if (why.isEligible() && one.breaker().servingState(now) == CircuitState.CLOSED) {
                inUse = Math.min(inUse, one.config().priority());
            }
        }
        boolean entitled = config.retries().max() == 0 || replayable;
        for (int i = 0; i < said.size(); i++) {
            if (said.get(i).isEligible() && isPassedOver(backends.get(i), inUse, entitled, now)) {
                said.set(i, Eligibility.LOWER_PRIORITY);
            }
        }
        return said;
    }

    /**
     * Whether somebody with a closed circuit serves before a backend that could.
     *
     * @param inUse the priority that serves; the largest number if none does
     * @param entitled whether this kind of request is offered to every half-open circuit
     */
    private static boolean isPassedOver(Backend one, int inUse, boolean entitled, long now) {
        CircuitBreaker breaker = one.breaker();
        boolean offered = entitled || !breaker.offersProbe(now) || breaker.isProbeOverdue(now);
        return one.config().priority() > inUse || (!offered && inUse != Integer.MAX_VALUE);
    }

    /**
     * Returns the part of the pool's traffic, 0 to 1, that each backend is entitled to now: by weight and slow start among
     * those of its priority with closed circuits, if that priority is the one in use. Half-open ones get single requests
     * and are entitled to nothing.
     *
     * @return in the order of {@link #backends}
     */
    public double[] shares(long now) {
        double[] shares = new double[backends.size()];
        int inUse = Integer.MAX_VALUE;
        for (Backend one : backends) {
            if (isServing(one, now)) {
                inUse = Math.min(inUse, one.config().priority());
            }
        }
        double sum = 0;
        for (int i = 0; i < shares.length; i++) {
            Backend one = backends.get(i);
            if (isServing(one, now) && one.config().priority() == inUse) {
                shares[i] = one.weight() * one.share(now);
                sum += shares[i];
            }
        }
        for (int i = 0; i < shares.length && sum > 0; i++) {
            shares[i] /= sum;
        }
        return shares;
    }

    private static boolean isServing(Backend one, long now) {
        return one.isInRotation() && one.breaker().servingState(now) == CircuitState.CLOSED;
    }
}
