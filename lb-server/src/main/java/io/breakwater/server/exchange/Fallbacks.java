package io.breakwater.server.exchange;

import static java.util.Objects.requireNonNull;

import io.breakwater.health.breaker.CircuitState;
import io.breakwater.server.config.FallbackConfig.On;
import io.breakwater.server.fallback.StaleResponses.Aged;
import io.breakwater.server.http.Reply;
import org.jspecify.annotations.Nullable;

/**
 * How far a request has come in its route's chain of fallbacks, and what its client is told if none of them answers. NOT
 * thread safe: belongs to one exchange, which uses it for its requests one after the other.
 *
 * <p>Two steps, so that an attempt which still holds a response is let go of only for something better: {@link #find}
 * looks for the next fallback that has an answer, {@link #answer} lets it answer.
 */
final class Fallbacks {
    private final ProxyExchange exchange;

    private @Nullable FallbackChain chain;
    /** The first that was not looked at yet. */
    private int next;

    private @Nullable Fallback found;
    private @Nullable Aged foundStale;

    private @Nullable Reply error;
    private CircuitState state = CircuitState.OPEN;
    private long retryAfterSeconds;
    private long failedNanos;

    Fallbacks(ProxyExchange exchange) {
        this.exchange = exchange;
    }

    /**
     * A request begins.
     *
     * @param ofRoute null if its route has no fallback
     */
    void begin(@Nullable FallbackChain ofRoute) {
        chain = ofRoute;
        next = 0;
        error = null;
    }

    /** The request is over: nothing is referred to any more. */
    void end() {
        chain = null;
        found = null;
        foundStale = null;
    }

    /** Whether there are any for this case. Once the chain is entered, all that follows leads on in it. */
    boolean areFor(On what) {
        FallbackChain present = chain;
        return present != null && (error != null || present.isFor(what));
    }

    /**
     * Nobody answered the request. The client will be told of the last attempt that was made, or, where none was made
     * at all, why the route's own pool did not serve.
     */
    void failed(On what, Reply reply, CircuitState shown, long retryAfter, long now) {
        if (error == null || what == On.FAILURE) {
            failedNanos = now;
            error = reply;
            state = shown;
            retryAfterSeconds = retryAfter;
        }
    }

    /** Looks for the next fallback that has an answer. A pool has then given its permit, or a place in its line. */
    boolean find(long now) {
        FallbackChain present = requireNonNull(chain);
        while (next < present.size()) {
            Fallback candidate = present.get(next++);
            if (hasAnswer(candidate, now)) {
                found = candidate;
                return true;
            }
        }
        return false;
    }

    private boolean hasAnswer(Fallback candidate, long now) {
        if (candidate instanceof Fallback.Stale stale) {
            foundStale = stale.responses()
                    .find(exchange.request(), exchange.downstream().forwarding(), now);
            return foundStale != null;
        } else if (candidate instanceof Fallback.Pool other) {
            return exchange.isTakenElsewhere(other.to(), now);
        } else if (candidate instanceof Fallback.Queue queue) {
            return exchange.isQueueable(queue);
        }
        return true;
    }

    /** Lets the one that was found answer. Nothing of an attempt is left. */
    void answer(long now) {
        Fallback answering = requireNonNull(found);
        Aged stale = foundStale;
        found = null;
        foundStale = null;
        if (answering instanceof Fallback.Pool other) {
            exchange.goElsewhere(other.to(), now);
        } else if (answering instanceof Fallback.Static fixed) {
            exchange.give(fixed.response(), null, answering.type());
        } else if (answering instanceof Fallback.Queue queue) {
            exchange.queue(queue, now);
        } else {
            exchange.give(
                    requireNonNull(stale).response(), requireNonNull(stale).ageSeconds(), answering.type());
        }
    }

    /** What the client is told if nothing answers. */
    Reply error() {
        return requireNonNull(error);
    }

    /** The state that goes with it. */
    CircuitState state() {
        return state;
    }

    long retryAfterSeconds() {
        return retryAfterSeconds;
    }

    /** When it came to that. */
    long failedNanos() {
        return failedNanos;
    }
}
