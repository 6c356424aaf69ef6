package io.breakwater.server.admin;

import io.netty.handler.codec.http.HttpResponseStatus;
import io.netty.handler.codec.http.QueryStringDecoder;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** {@code /api/v1/explain}: reads what is asked for, and writes what is said of it. */
final class ExplainResource {
    private static final String RULE = "pool=NAME, or path=/x with method and host if wanted";
    private static final Set<String> OF_REQUEST = Set.of("path", "method", "host");
    private static final int MOST_PARAMETERS = 8;

    private final Explainer explainer;

    ExplainResource(Explainer explainer) {
        this.explainer = explainer;
    }

    /**
     * @param query without its question mark; a plus is a plus
     */
    Answer answer(String query) {
        Map<String, List<String>> asked;
        try {
            asked = QueryStringDecoder.builder()
                    .hasPath(false)
                    .semicolonIsNormalChar(true)
                    .htmlQueryDecoding(false)
                    .maxParams(MOST_PARAMETERS)
                    .build(query)
                    .parameters();
        } catch (IllegalArgumentException e) {
            return Answer.error(HttpResponseStatus.BAD_REQUEST, "invalid percent encoding in the query");
        }
        boolean ofPool = asked.keySet().equals(Set.of("pool"));
        boolean ofRequest = asked.containsKey("path") && OF_REQUEST.containsAll(asked.keySet());
        boolean repeated = asked.values().stream().anyMatch(values -> values.size() > 1);
        if (repeated || !(ofPool || ofRequest)) {
            return Answer.error(HttpResponseStatus.BAD_REQUEST, "query: " + query + " (expected: " + RULE + ")");
        }
        String pool = value(asked, "pool");
        String path = value(asked, "path");
        String method = value(asked, "method");
        return answer(
                path == null
                        ? explainer.pool(String.valueOf(pool))
                        : explainer.request(method == null ? "GET" : method, value(asked, "host"), path));
    }

    private static @Nullable String value(Map<String, List<String>> asked, String name) {
        List<String> values = asked.get(name);
        return values == null ? null : values.get(0);
    }

    private Answer answer(Explained said) {
        if (said instanceof Explained.Candidates candidates) {
            return Answer.ok(Answer.JSON, ExplainedJson.of(candidates));
        }
        return said instanceof Explained.Missing missing
                ? Answer.error(HttpResponseStatus.NOT_FOUND, missing.what())
                : Answer.error(HttpResponseStatus.BAD_REQUEST, ((Explained.Malformed) said).why());
    }
}
