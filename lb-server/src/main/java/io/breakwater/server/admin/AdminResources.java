package io.breakwater.server.admin;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.breakwater.metrics.MetricsExposition;
import io.breakwater.server.admin.Access.Exposure;
import io.breakwater.server.admin.Operations.Action;
import io.breakwater.server.admin.Operations.Result;
import io.breakwater.server.config.ReloadResult;
import io.breakwater.server.events.EventFeed;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpMethod;
import io.netty.handler.codec.http.HttpRequest;
import io.netty.handler.codec.http.HttpResponseStatus;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URLDecoder;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.function.Function;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** What the admin port has to offer, by path. */
final class AdminResources {
    private static final Logger LOG = LoggerFactory.getLogger(AdminResources.class);
    private static final byte[] LIVE = "{\"status\":\"live\"}".getBytes(UTF_8);
    private static final String READS = "GET, HEAD";
    private static final String WRITES = "POST";

    private static final Pattern ACTION = Pattern.compile("/api/v1/pools/([^/]+)/backends/([^/]+)/([^/]+)");

    private final StatusView status;
    private final Operations operations;
    private final ReloadQueue reloads;
    private final EventStreams streams;
    private final Map<String, Resource> byPath = new HashMap<>();

    /**
     * @param metrics null when metrics are off
     */
    AdminResources(
            StatusView status,
            Operations operations,
            ReloadQueue reloads,
            @Nullable MetricsExposition metrics,
            EventFeed feed) {
        this.status = status;
        this.operations = operations;
        this.reloads = reloads;
        this.streams = new EventStreams(feed);
        read("/livez", Exposure.ANYONE, asked -> Answer.ok(Answer.JSON, LIVE));
        read("/readyz", Exposure.ANYONE, asked -> readiness());
        if (metrics != null) {
            read("/metrics", Exposure.ANYONE, asked -> scrape(metrics, asked.request()));
        }
        read("/api/v1/pools", Exposure.OPERATOR, asked -> Answer.ok(Answer.JSON, StatusJson.pools(status.pools())));
        read(
                "/api/v1/traffic",
                Exposure.OPERATOR,
                asked -> Answer.ok(Answer.JSON, TrafficJson.traffic(status.traffic())));
        read(
                "/api/v1/config",
                Exposure.OPERATOR,
                asked -> Answer.ok(Answer.JSON, status.configAsJson().getBytes(UTF_8)));
        ExplainResource explain = new ExplainResource(status.explainer());
        read("/api/v1/explain", Exposure.OPERATOR, asked -> explain.answer(asked.query()));
        read(
                "/api/v1/incidents",
                Exposure.OPERATOR,
                asked -> Answer.ok(Answer.JSON, EventJson.incidents(feed.incidents())));
        read("/api/v1/events", Exposure.OPERATOR, asked -> streams.answer(asked.request()));
        StaticFile.all().forEach(file -> read(file.path(), Exposure.BROWSER, asked -> file.answer(asked.request())));
        byPath.put("/api/v1/reload", new Resource(Exposure.WRITE, WRITES, this::reload));
    }

    /** Those who read the events. */
    EventStreams streams() {
        return streams;
    }

    /**
     * One resource.
     *
     * @param exposure to those who use it with one of its methods
     * @param allow its methods
     */
    private record Resource(Exposure exposure, String allow, Endpoint endpoint) {
        boolean allows(HttpMethod method) {
            return allow.equals(WRITES)
                    ? method.equals(HttpMethod.POST)
                    : method.equals(HttpMethod.GET) || method.equals(HttpMethod.HEAD);
        }

        /** Whoever may not use it is not told more than that a resource of the API is there. */
        Exposure exposure(HttpMethod method) {
            return exposure == Exposure.WRITE && !allows(method) ? Exposure.OPERATOR : exposure;
        }
    }

    /**
     * A request that may have what it asks for.
     *
     * @param query without its question mark
     * @param asker for the log
     */
    private record Asked(HttpRequest request, String query, String asker) {}

    @FunctionalInterface
    private interface Endpoint {
        CompletableFuture<Answer> answer(Asked asked);
    }

    private void read(String path, Exposure exposure, Function<Asked, Answer> endpoint) {
        byPath.put(
                path, new Resource(exposure, READS, asked -> CompletableFuture.completedFuture(endpoint.apply(asked))));
    }

    /**
     * Answers a request that was received whole and in good order, at once or later. The request is not looked at any
     * more once this returns.
     *
     * @param asker who is logged with what is changed
     */
    CompletableFuture<Answer> answer(HttpRequest request, Access access, String asker) {
        if (request.headers().getAll(HttpHeaderNames.HOST).size() > 1
                || (request.protocolVersion().isKeepAliveDefault()
                        && !request.headers().contains(HttpHeaderNames.HOST))) {
            // RFC 9112 section 3.2.
            return now(Answer.error(HttpResponseStatus.BAD_REQUEST, "exactly one Host is needed"));
        }
        String target = request.uri();
        int mark = target.indexOf('?');
        String path = mark < 0 ? target : target.substring(0, mark);
        Resource resource = resource(path);
        Answer refusal =
                access.refuse(resource == null ? Exposure.OPERATOR : resource.exposure(request.method()), request);
        if (refusal != null) {
            return now(refusal);
        }
        if (resource == null) {
            return now(notFound(path));
        }
        if (!resource.allows(request.method())) {
            return now(Answer.error(HttpResponseStatus.METHOD_NOT_ALLOWED, "method not allowed")
                    .with(HttpHeaderNames.ALLOW, resource.allow()));
        }
        String query = mark < 0 ? "" : target.substring(mark + 1);
        return resource.endpoint().answer(new Asked(request, query, asker));
    }

    private @Nullable Resource resource(String path) {
        Resource fixed = byPath.get(path);
        if (fixed != null) {
            return fixed;
        }
        Matcher parts = ACTION.matcher(path);
        Action action = parts.matches() ? Action.of(parts.group(3)) : null;
        return action == null
                ? null
                : new Resource(
                        Exposure.WRITE, WRITES, asked -> now(act(parts.group(1), parts.group(2), action, asked)));
    }

    private static Answer notFound(String path) {
        Matcher parts = ACTION.matcher(path);
        return Answer.error(
                HttpResponseStatus.NOT_FOUND,
                parts.matches()
                        ? "action: " + parts.group(3) + " (expected: enable, drain, disable, trip or reset)"
                        : "not found");
    }

    private static CompletableFuture<Answer> now(Answer answer) {
        return CompletableFuture.completedFuture(answer);
    }

    /** The names as they stand in the path, percent-encoded. */
    private Answer act(String encodedPool, String encodedId, Action action, Asked asked) {
        String pool;
        String id;
        try {
            pool = decoded(encodedPool);
            id = decoded(encodedId);
        } catch (IllegalArgumentException e) {
            return Answer.error(HttpResponseStatus.BAD_REQUEST, "invalid percent encoding in the path");
        }
        Result result = operations.backend(pool, id, action);
        if (result instanceof Result.Done done) {
            if (done.changed()) {
                LOG.info("{} {}/{}: {} -> {} (by {})", action.label(), pool, id, done.from(), done.to(), asked.asker());
            }
            return Answer.ok(Answer.JSON, StatusJson.backend(done.backend()));
        }
        return result instanceof Result.Refused refused
                ? Answer.error(HttpResponseStatus.CONFLICT, refused.why())
                : Answer.error(HttpResponseStatus.NOT_FOUND, ((Result.Missing) result).what());
    }

    /** RFC 3986 section 2.1; a plus is a plus in a path. */
    private static String decoded(String segment) {
        return URLDecoder.decode(segment.replace("+", "%2B"), UTF_8);
    }

    private CompletableFuture<Answer> reload(Asked asked) {
        CompletableFuture<ReloadResult> reload = reloads.reload();
        if (reload == null) {
            return now(Answer.error(HttpResponseStatus.SERVICE_UNAVAILABLE, "too many reloads wait")
                    .with(HttpHeaderNames.RETRY_AFTER, "1"));
        }
        return reload.thenApply(result -> {
            result.logTo(LOG, "by " + asked.asker());
            return new Answer(statusOf(result), Answer.JSON, StatusJson.reload(result), Map.of());
        });
    }

    private static HttpResponseStatus statusOf(ReloadResult result) {
        if (result instanceof ReloadResult.Success) {
            return HttpResponseStatus.OK;
        }
        return result instanceof ReloadResult.Refused
                ? HttpResponseStatus.UNPROCESSABLE_ENTITY
                : HttpResponseStatus.CONFLICT;
    }

    private Answer readiness() {
        String why = status.whyNotReady();
        return new Answer(
                why == null ? HttpResponseStatus.OK : HttpResponseStatus.SERVICE_UNAVAILABLE,
                Answer.JSON,
                StatusJson.readiness(why),
                Map.of());
    }

    private static Answer scrape(MetricsExposition metrics, HttpRequest request) {
        String contentType =
                metrics.contentType(String.join(",", request.headers().getAll(HttpHeaderNames.ACCEPT)));
        ByteArrayOutputStream out = new ByteArrayOutputStream(32 * 1024);
        try {
            metrics.write(out, contentType);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return Answer.ok(contentType, out.toByteArray()).with(HttpHeaderNames.VARY, "Accept");
    }
}
