package io.breakwater.server.admin;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.breakwater.metrics.MetricsExposition;
import io.breakwater.server.admin.Access.Exposure;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpMethod;
import io.netty.handler.codec.http.HttpRequest;
import io.netty.handler.codec.http.HttpResponseStatus;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.time.InstantSource;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** What the admin port has to offer, by path. */
final class AdminResources {
    private static final byte[] LIVE = "{\"status\":\"live\"}".getBytes(UTF_8);
    private static final String STATIC_FILES_CACHE = "public, max-age=300";

    private final StatusView status;
    private final InstantSource clock;
    private final StatusJson json = new StatusJson();
    private final StatusPage page;
    private final Map<String, Resource> byPath = new HashMap<>();

    /**
     * @param metrics null when metrics are off
     */
    AdminResources(StatusView status, @Nullable MetricsExposition metrics, InstantSource clock) {
        this.status = status;
        this.clock = clock;
        this.page = new StatusPage(metrics != null);
        byPath.put("/livez", new Resource(Exposure.ANYONE, (request, query) -> Answer.ok(Answer.JSON, LIVE)));
        byPath.put("/readyz", new Resource(Exposure.ANYONE, (request, query) -> readiness()));
        if (metrics != null) {
            byPath.put("/metrics", new Resource(Exposure.ANYONE, (request, query) -> scrape(metrics, request)));
        }
        byPath.put(
                "/api/v1/pools",
                new Resource(
                        Exposure.OPERATOR, (request, query) -> Answer.ok(Answer.JSON, json.pools(status.pools()))));
        byPath.put("/", new Resource(Exposure.BROWSER, (request, query) -> page(query)));
        byPath.put("/style.css", file("style.css", "text/css; charset=utf-8"));
        byPath.put("/icon.svg", file("icon.svg", "image/svg+xml"));
    }

    private record Resource(Exposure exposure, Endpoint endpoint) {}

    @FunctionalInterface
    private interface Endpoint {
        Answer get(HttpRequest request, String query);
    }

    /** Answers a request that was received whole and in good order. */
    Answer answer(HttpRequest request, Access access) {
        if (request.headers().getAll(HttpHeaderNames.HOST).size() > 1
                || (request.protocolVersion().isKeepAliveDefault()
                        && !request.headers().contains(HttpHeaderNames.HOST))) {
            // RFC 9112 section 3.2.
            return Answer.error(HttpResponseStatus.BAD_REQUEST, "exactly one Host is needed");
        }
        String target = request.uri();
        int mark = target.indexOf('?');
        Resource resource = byPath.get(mark < 0 ? target : target.substring(0, mark));
        Answer refusal = access.refuse(resource == null ? Exposure.OPERATOR : resource.exposure(), request);
        if (refusal != null) {
            return refusal;
        }
        if (resource == null) {
            return Answer.error(HttpResponseStatus.NOT_FOUND, "not found");
        }
        if (!request.method().equals(HttpMethod.GET) && !request.method().equals(HttpMethod.HEAD)) {
            return Answer.error(HttpResponseStatus.METHOD_NOT_ALLOWED, "method not allowed")
                    .with(HttpHeaderNames.ALLOW, "GET, HEAD");
        }
        return resource.endpoint().get(request, mark < 0 ? "" : target.substring(mark + 1));
    }

    private Answer readiness() {
        String why = status.whyNotReady();
        return new Answer(
                why == null ? HttpResponseStatus.OK : HttpResponseStatus.SERVICE_UNAVAILABLE,
                Answer.JSON,
                json.readiness(why),
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

    private Answer page(String query) {
        return Answer.ok(
                "text/html; charset=utf-8",
                page.render(status.pools(), status.whyNotReady(), clock.instant(), !query.equals("pause")));
    }

    private static Resource file(String name, String contentType) {
        Answer answer =
                Answer.ok(contentType, Resources.read(name)).with(HttpHeaderNames.CACHE_CONTROL, STATIC_FILES_CACHE);
        return new Resource(Exposure.BROWSER, (request, query) -> answer);
    }
}
