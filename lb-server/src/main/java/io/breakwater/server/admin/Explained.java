package io.breakwater.server.admin;

import java.time.Instant;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** What can be said of who may serve requests of one kind now. */
public sealed interface Explained {

    /**
     * The backends that might.
     *
     * @param route that takes the request; null where a pool was asked for
     * @param candidates in the order of the configuration, each once, or once for each route that has circuits of its own
     * @param fallbacks what is tried in this order if nobody is eligible; null where a pool was asked for
     */
    record Candidates(
            String pool,
            @Nullable String route,
            List<Candidate> candidates,
            @Nullable List<String> fallbacks) implements Explained {

        public Candidates {
            candidates = List.copyOf(candidates);
            fallbacks = fallbacks == null ? null : List.copyOf(fallbacks);
        }
    }

    /**
     * One backend.
     *
     * @param route the only one that this is true of; null if it is true of all
     * @param code what stands in the way of a request, or what is special about sending it there
     * @param reason the same as a sentence or two, with its figures
     * @param since when that began; null where that is not known
     * @param until when that ends, if nothing happens; null where nobody can know
     */
    record Candidate(
            String id,
            @Nullable String route,
            boolean eligible,
            String code,
            String reason,
            @Nullable Instant since,
            @Nullable Instant until) {}

    /** There is no such pool, or no route takes such a request. */
    record Missing(String what) implements Explained {}

    /** It is no request that could be sent. */
    record Malformed(String why) implements Explained {}
}
