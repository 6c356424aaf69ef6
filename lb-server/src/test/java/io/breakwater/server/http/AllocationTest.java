package io.breakwater.server.http;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.management.ThreadMXBean;
import io.breakwater.health.breaker.CircuitState;
import io.breakwater.server.config.RouteConfig;
import io.breakwater.server.route.Route;
import io.breakwater.server.route.RouteTable;
import io.breakwater.server.trace.IdFields;
import io.breakwater.server.trace.IdSource;
import io.breakwater.server.trace.RequestIds;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.lang.management.ManagementFactory;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** The request path makes no garbage: neither scanning, nor routing, nor writing, nor passing over a body. */
class AllocationTest {
    private static final byte[] NOTHING = {};
    private static final int TIMES = 10_000;
    /** For what the virtual machine itself does on this thread meanwhile. */
    private static final long MOST_BYTES = 64 * 1024;

    private static final ThreadMXBean THREADS = (ThreadMXBean) ManagementFactory.getThreadMXBean();

    private final HeadLimits limits = new HeadLimits(8192, 32_768, 100);
    private final IdFields idFields = new IdFields("X-Request-Id", true);
    private final RequestIds ids = new RequestIds(IdSource.seeded());
    private final RequestHead request = new RequestHead(limits, idFields.requestIdName());
    private final ResponseHead response = new ResponseHead(limits);
    private final BodyReader body = new BodyReader();
    private final Forwarding forwarding = new Forwarding("10.0.0.9", "http", false);
    private final Instant now = Instant.parse("2026-11-03T08:49:37Z");
    private final ResponseFields fields = new ResponseFields("X-Circuit-State", InstantSource.fixed(now));
    private final ByteBuf out = Unpooled.buffer(4096);

    private final ByteBuf requestBytes = head(
            "POST /api/resource?q=1 HTTP/1.1",
            "Host: example.com",
            "User-Agent: x",
            "Connection: keep-alive, x-hop",
            "X-Hop: 1",
            "X-Forwarded-For: 1.2.3.4",
            "Transfer-Encoding: chunked");
    private final ByteBuf bodyBytes = RequestHeadTest.buffer("5;a=b\r\nhello\r\n0\r\nX-Trailer: y\r\n\r\n");
    private final ByteBuf responseBytes =
            head("HTTP/1.1 200 OK", "Content-Length: 5", "Connection: keep-alive", "X-Circuit-State: open");

    private final RouteTable<String> routes = new RouteTable<>(List.of(
            new Route<>(route("other", null, "/other", null), "p"),
            new Route<>(route("below", "*.com", "/other", null), "p"),
            new Route<>(route("api", "example.com", null, "/api"), "p")));

    private final ByteBuf tracedBytes = head(
            "POST /api/resource?q=1 HTTP/1.1",
            "Host: example.com",
            "X-Request-Id: r-1",
            "traceparent: 00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
            "tracestate: a=b",
            "Transfer-Encoding: chunked");

    /** The one is given ids, the other has its own. */
    @Test
    void aRequestAndItsResponseMakeNoGarbage() {
        exchange(requestBytes);
        exchange(tracedBytes);
        long before = THREADS.getCurrentThreadAllocatedBytes();
        for (int i = 0; i < TIMES; i++) {
            exchange(requestBytes);
            exchange(tracedBytes);
        }

        assertThat(THREADS.getCurrentThreadAllocatedBytes() - before).isLessThan(MOST_BYTES);
    }

    private void exchange(ByteBuf received) {
        boolean good = request.scan(received) == Scan.COMPLETE;
        ids.begin(request, idFields);
        Route<String> route = routes.match(request.method(), request.host(), request.path());
        out.clear();
        request.writeUpstream(out, forwarding, ids, 0, NOTHING, null);
        body.start(request);
        good &= body.advance(bodyBytes, null) == bodyBytes.readableBytes() && body.complete();
        request.reset();
        good &= response.scan(responseBytes, false) == Scan.COMPLETE;
        out.clear();
        response.writeDownstream(out, fields, CircuitState.CLOSED, ConnectionField.ABSENT, false);
        response.reset();
        if (!good || route == null) {
            throw new AssertionError("the exchange is not what it should be");
        }
    }

    private static ByteBuf head(String... lines) {
        return RequestHeadTest.buffer(String.join("\r\n", lines) + "\r\n\r\n");
    }

    private static RouteConfig route(
            String name, @Nullable String host, @Nullable String path, @Nullable String prefix) {
        return new RouteConfig(name, host, path, prefix, Set.of("POST"), "p", null, false);
    }
}
