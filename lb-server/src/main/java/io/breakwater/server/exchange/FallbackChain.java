package io.breakwater.server.exchange;

import io.breakwater.metrics.FallbackType;
import io.breakwater.server.config.FallbackConfig.On;
import io.breakwater.server.fallback.StaleResponses;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * What a route does when its own pool does not answer. Immutable, shared by all loops: an exchange keeps the chain that
 * it began with.
 */
public final class FallbackChain {
    private final Set<On> on;
    private final List<Fallback> fallbacks;
    private final @Nullable StaleResponses stale;
    private final long queueBytes;

    /**
     * @param on when they are tried
     * @param fallbacks in the order in which they are tried
     */
    public FallbackChain(Set<On> on, List<Fallback> fallbacks) {
        this.on = Set.copyOf(on);
        this.fallbacks = List.copyOf(fallbacks);
        this.stale = fallbacks.stream()
                .filter(Fallback.Stale.class::isInstance)
                .map(each -> ((Fallback.Stale) each).responses())
                .findFirst()
                .orElse(null);
        this.queueBytes = fallbacks.stream()
                .filter(Fallback.Queue.class::isInstance)
                .mapToLong(each -> ((Fallback.Queue) each).maxEntryBytes())
                .max()
                .orElse(0);
    }

    /** Returns what is tried in this case, in this order; nothing if the chain is not for it. */
    public List<FallbackType> triedOn(On what) {
        return isFor(what) ? fallbacks.stream().map(Fallback::type).toList() : List.of();
    }

    /** Whether the chain is for this case. */
    boolean isFor(On what) {
        return on.contains(what);
    }

    int size() {
        return fallbacks.size();
    }

    Fallback get(int index) {
        return fallbacks.get(index);
    }

    /** Where good responses are kept; null for nowhere. */
    @Nullable
    StaleResponses stale() {
        return stale;
    }

    /** The longest body that a queue of the chain takes; 0 if it has none. */
    long queueBytes() {
        return queueBytes;
    }
}
