package io.breakwater.server;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;

import io.breakwater.health.check.HealthSnapshot;
import io.breakwater.metrics.FallbackType;
import io.breakwater.server.admin.Explained;
import io.breakwater.server.admin.Explained.Candidate;
import io.breakwater.server.admin.Explained.Candidates;
import io.breakwater.server.admin.Explained.Malformed;
import io.breakwater.server.admin.Explained.Missing;
import io.breakwater.server.admin.Explainer;
import io.breakwater.server.config.FallbackConfig.On;
import io.breakwater.server.config.ListenerConfig;
import io.breakwater.server.events.WallClock;
import io.breakwater.server.exchange.FallbackChain;
import io.breakwater.server.exchange.Routing;
import io.breakwater.server.exchange.Routing.Destination;
import io.breakwater.server.http.HeadError;
import io.breakwater.server.http.HeadLimits;
import io.breakwater.server.http.RequestHead;
import io.breakwater.server.pool.BackendPool;
import io.breakwater.server.pool.Eligibility;
import io.breakwater.server.pool.Replica;
import io.breakwater.server.pool.ServedPool;
import io.breakwater.server.route.Route;
import io.breakwater.time.Ticker;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Says who may serve a request now: a head is scanned, a route found and the backends asked as for a real one, but
 * nothing is taken. Safe from any thread.
 */
final class Explain implements Explainer {
    private final Supplier<ListenerConfig> listener;
    private final Supplier<Routing> routing;
    private final Function<Replica, @Nullable HealthSnapshot> health;
    private final Ticker ticker;
    private final WallClock clock;

    /**
     * @param health what the checks have found out; null where nobody knows any more
     */
    Explain(
            Supplier<ListenerConfig> listener,
            Supplier<Routing> routing,
            Function<Replica, @Nullable HealthSnapshot> health,
            Ticker ticker,
            WallClock clock) {
        this.listener = listener;
        this.routing = routing;
        this.health = health;
        this.ticker = ticker;
        this.clock = clock;
    }

    @Override
    public Explained pool(String name) {
        long now = ticker.read();
        for (ServedPool pool : routing.get().pools()) {
            if (pool.name().equals(name)) {
                List<Candidate> all = new ArrayList<>();
                for (BackendPool each : pool.scopes()) {
                    all.addAll(candidates(each, true, each.route(), now));
                }
                return new Candidates(name, null, all, null);
            }
        }
        return new Missing("no pool " + name);
    }

    @Override
    public Explained request(String method, @Nullable String host, String target) {
        // What a path has beyond ASCII stands in a request in UTF-8, if it is not percent-encoded.
        if (!isVisible(method, 0x7e) || !isVisible(target, Character.MAX_VALUE) || !isVisible(host, 0x7e)) {
            return new Malformed(
                    "a path with spaces or control characters, or a method or host with others than ASCII's"
                            + " (expected: as it stands in a request, percent-encoded once more)");
        }
        ListenerConfig settings = listener.get();
        RequestHead head = new RequestHead(new HeadLimits(
                settings.limits().requestLineBytes(),
                settings.limits().headersBytes(),
                settings.limits().headerCount()));
        // HTTP/1.0 needs no Host (RFC 9112 section 3.2).
        String fields = host == null ? " HTTP/1.0\r\n" : " HTTP/1.1\r\nHost: " + host + "\r\n";
        ByteBuf bytes = Unpooled.copiedBuffer(method + " " + target + fields + "\r\n", UTF_8);
        try {
            head.scan(bytes);
            HeadError error = head.error();
            if (error != null) {
                return new Malformed(
                        "such a request is answered " + error.reply().status() + ": "
                                + error.reply().error() + (error.detail() == null ? "" : ": " + error.detail()));
            }
            return routed(head, settings.healthPath());
        } finally {
            head.reset();
            bytes.release();
        }
    }

    /** Whether it could be part of a head, up to this character; null could. */
    private static boolean isVisible(@Nullable String text, int last) {
        return text == null || text.chars().allMatch(c -> c > ' ' && c != 0x7f && c <= last);
    }

    private Explained routed(RequestHead head, String healthPath) {
        Routing present = routing.get();
        String path = head.path().toString();
        if (path.equals(healthPath) || present.queuePage(path) != null) {
            return new Missing("no route takes " + path + ": the balancer answers it itself");
        }
        Route<Destination> route = present.table().match(head.method(), head.host(), path);
        if (route == null) {
            String allow = present.table().allow(head.host(), path);
            String named =
                    new String(path.getBytes(ISO_8859_1), UTF_8) + (head.host().isEmpty() ? "" : " of " + head.host());
            return new Missing(
                    allow == null
                            ? "no route takes " + named + ": it is answered 404"
                            : "routes take " + named + " with " + allow + " only: " + head.method()
                                    + " is answered 405");
        }
        Destination to = route.pool();
        FallbackChain chain = to.fallbacks();
        List<String> fallbacks = chain == null
                ? List.of()
                : chain.triedOn(On.UNAVAILABLE).stream()
                        .map(FallbackType::label)
                        .toList();
        return new Candidates(
                to.pool().name(),
                route.name(),
                candidates(to.pool(), head.isIdempotent(), null, ticker.read()),
                fallbacks);
    }

    /**
     * @param told the route that is told with each; null for none
     */
    private List<Candidate> candidates(BackendPool pool, boolean replayable, @Nullable String told, long now) {
        List<Eligibility> said = pool.explain(replayable, now);
        Reasons reasons = new Reasons(pool, said, replayable, clock, now);
        List<Candidate> candidates = new ArrayList<>(said.size());
        for (int i = 0; i < said.size(); i++) {
            Replica replica = pool.backends().get(i).replica();
            candidates.add(reasons.of(i, health.apply(replica), told));
        }
        return candidates;
    }
}
