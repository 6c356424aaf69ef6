package io.breakwater.server.exchange;

import io.breakwater.server.config.Cidr;
import io.breakwater.server.connection.ConnectionPool;
import io.breakwater.server.exchange.Routing.Destination;
import io.breakwater.server.fallback.queue.QueuedRequest;
import io.breakwater.server.fallback.queue.SendResult;
import io.breakwater.server.fallback.queue.Sender;
import io.breakwater.server.fallback.queue.StoredRequest;
import io.breakwater.server.http.ResponseFields;
import io.breakwater.server.route.Route;
import io.breakwater.server.runtime.Loop;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Sends queued requests to the pools of their routes, as the present configuration has them. Safe from any thread: each
 * request is sent on an event loop, those of one route on the same, so that connections are kept between them.
 */
public final class Replays implements Sender {
    private static final Logger LOG = LoggerFactory.getLogger(Replays.class);

    private final List<Upstream> upstreams;
    private final Supplier<Routing> routing;
    private final Supplier<List<Cidr>> trustedProxies;
    private final ResponseFields fields;
    /** The routes that were missed, each told of once. */
    private final Set<String> missed = ConcurrentHashMap.newKeySet();

    /** An event loop and its connections. */
    public record Upstream(Loop loop, ConnectionPool connections) {}

    /**
     * @param routing the present one
     * @param trustedProxies the present ones, by which a hashing balancer knows clients
     * @param fields know the time that a backend's Retry-After is measured by
     */
    public Replays(
            List<Upstream> upstreams,
            Supplier<Routing> routing,
            Supplier<List<Cidr>> trustedProxies,
            ResponseFields fields) {
        this.upstreams = List.copyOf(upstreams);
        this.routing = routing;
        this.trustedProxies = trustedProxies;
        this.fields = fields;
    }

    /** A request whose route is gone waits, as for a pool that cannot serve: the route may come back. */
    @Override
    public CompletionStage<SendResult> send(StoredRequest stored) {
        QueuedRequest request = stored.request();
        Route<Destination> route = routing.get().routes().get(request.route());
        if (route == null) {
            if (missed.add(request.route())) {
                LOG.warn(
                        "route {} is gone, and queued requests wait for it until they are too old (expected: a route of that name)",
                        request.route());
            }
            return CompletableFuture.completedFuture(SendResult.unavailable());
        }
        missed.remove(request.route());
        CompletableFuture<SendResult> result = new CompletableFuture<>();
        Upstream on = upstreams.get(Math.floorMod(request.route().hashCode(), upstreams.size()));
        on.loop().eventLoop().execute(() -> {
            try {
                Replay replay = new Replay(on.loop(), on.connections(), fields, route, request, result);
                replay.begin(route.pool().hash().ofStored(replay.head(), trustedProxies.get()));
            } catch (RuntimeException e) {
                result.completeExceptionally(e);
            }
        });
        return result;
    }
}
