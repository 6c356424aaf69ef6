package io.breakwater.server;

import static java.util.Objects.requireNonNull;

import io.breakwater.health.BackendId;
import io.breakwater.health.breaker.BreakerListener;
import io.breakwater.health.breaker.CircuitBreaker;
import io.breakwater.health.breaker.CircuitState;
import io.breakwater.metrics.BackendGauges;
import io.breakwater.metrics.BackendRecorder;
import io.breakwater.metrics.ProxyRecorder;
import io.breakwater.metrics.RouteRecorder;
import io.breakwater.metrics.Side;
import io.breakwater.metrics.prometheus.PrometheusMetrics;
import io.breakwater.server.admin.AdminServer;
import io.breakwater.server.balance.RoundRobin;
import io.breakwater.server.cli.Balancer;
import io.breakwater.server.config.BackendConfig;
import io.breakwater.server.config.LbConfig;
import io.breakwater.server.config.PoolConfig;
import io.breakwater.server.config.RouteConfig;
import io.breakwater.server.config.RuntimeConfig;
import io.breakwater.server.connection.AddressBook;
import io.breakwater.server.connection.ConnectionPool;
import io.breakwater.server.events.Events;
import io.breakwater.server.events.WallClock;
import io.breakwater.server.exchange.ExchangeContext;
import io.breakwater.server.exchange.Exchanges;
import io.breakwater.server.exchange.Routing;
import io.breakwater.server.exchange.Routing.Destination;
import io.breakwater.server.http.HeadLimits;
import io.breakwater.server.http.ResponseFields;
import io.breakwater.server.listener.Listener;
import io.breakwater.server.listener.ListenerContext;
import io.breakwater.server.pool.Backend;
import io.breakwater.server.pool.BackendPool;
import io.breakwater.server.route.Route;
import io.breakwater.server.route.RouteTable;
import io.breakwater.server.runtime.EventLoops;
import io.breakwater.server.runtime.EventLoops.Transport;
import io.breakwater.time.Ticker;
import java.io.IOException;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The balancer of one configuration: wires the parts by hand, starts them in order and stops them in reverse. Its
 * methods are called by one thread, which is not an event loop.
 */
public final class LoadBalancer implements Balancer {
    private static final Logger LOG = LoggerFactory.getLogger(LoadBalancer.class);
    /** What a response head from a backend may be; a backend is trusted with more than a client. */
    private static final HeadLimits RESPONSE_LIMITS = new HeadLimits(8 * 1024, 64 * 1024, 200);

    private final LbConfig config;
    private final Ticker ticker;
    private final InstantSource clock;
    private final @Nullable PrometheusMetrics metrics;
    private final ProxyRecorder recorder;
    private final WallClock wallClock;
    private final Events events;
    /** Counted down when the end has come, so that the delay before a drain can be cut short. */
    private final CountDownLatch closing = new CountDownLatch(1);

    private volatile boolean draining;
    private volatile @Nullable Routing routing;
    private @Nullable EventLoops loops;
    private @Nullable AddressBook addresses;
    private List<ConnectionPool> connections = List.of();
    private volatile @Nullable Listener listener;
    private @Nullable AdminServer admin;

    public LoadBalancer(LbConfig config) {
        this(config, Ticker.system(), InstantSource.system());
    }

    /**
     * @param ticker what breakers and timeouts live by
     * @param clock for Date and for what people read
     */
    public LoadBalancer(LbConfig config, Ticker ticker, InstantSource clock) {
        this.config = config;
        this.ticker = ticker;
        this.clock = clock;
        this.metrics = config.metrics().enabled() ? new PrometheusMetrics(version()) : null;
        this.recorder = metrics == null ? ProxyRecorder.NONE : metrics;
        this.wallClock = new WallClock(clock, ticker);
        this.events = new Events(ticker, wallClock);
    }

    /** Returns the version of this build. */
    public static String version() {
        String version = LoadBalancer.class.getPackage().getImplementationVersion();
        return version == null ? "development" : version;
    }

    /** Binds the ports and serves from now on. On an exception nothing is left running. */
    @Override
    public void start() throws IOException {
        events.start();
        if (metrics != null) {
            metrics.start();
        }
        RouteRecorder unmatched = recorder.route("none");
        RouteRecorder health = recorder.route("health");
        Routing wired = wire();
        routing = wired;
        EventLoops running = EventLoops.start(transport(), loopCount(), ticker);
        loops = running;
        try {
            AddressBook book = AddressBook.open(running.loops().get(0).eventLoop(), running.datagramChannel(), ticker);
            addresses = book;
            connections = running.loops().stream()
                    .map(loop -> new ConnectionPool(
                            loop,
                            running.loops().size(),
                            running.channel(),
                            book,
                            RESPONSE_LIMITS,
                            recorder.connections(Side.UPSTREAM)))
                    .toList();
            List<ExchangeContext> exchanges = connections.stream()
                    .map(each -> new ExchangeContext(
                            config.listen(), () -> requireNonNull(routing), each, health, unmatched))
                    .toList();
            Listener opened = new Listener(
                    running,
                    new ListenerContext(
                            config.listen(),
                            new ResponseFields(config.listen().circuitStateHeader(), clock),
                            now -> requireNonNull(routing).bestState(now),
                            new Exchanges(exchanges),
                            recorder.connections(Side.DOWNSTREAM),
                            unmatched));
            opened.start();
            listener = opened;
            admin = startAdmin();
            warmUp(running, book);
        } catch (IOException | RuntimeException e) {
            close();
            throw e;
        }
    }

    /** A busy admin port must not keep traffic away, unless somebody asked for just that port. */
    private @Nullable AdminServer startAdmin() throws IOException {
        AdminServer server = new AdminServer(
                config.admin(),
                new Status(this::whyNotReady, () -> requireNonNull(routing), events, ticker, wallClock),
                metrics,
                clock);
        try {
            server.start();
            return server;
        } catch (IOException e) {
            if (config.admin().portSetExplicitly()) {
                throw e;
            }
            LOG.warn("running without an admin port: {}: {}", e.getMessage(), String.valueOf(e.getCause()));
            return null;
        }
    }

    private @Nullable String whyNotReady() {
        if (draining) {
            return "draining";
        }
        return listener == null ? "starting" : null;
    }

    private Routing wire() {
        Map<String, BackendPool> pools = new LinkedHashMap<>();
        config.pools().forEach((name, pool) -> pools.put(name, pool(pool)));
        List<Route<Destination>> routes = new ArrayList<>();
        for (RouteConfig route : config.routes()) {
            routes.add(new Route<>(
                    route, new Destination(requireNonNull(pools.get(route.pool())), recorder.route(route.name()))));
        }
        return new Routing(new RouteTable<>(routes), List.copyOf(pools.values()));
    }

    private BackendPool pool(PoolConfig pool) {
        List<Backend> backends =
                pool.backends().stream().map(backend -> backend(pool, backend)).toList();
        return new BackendPool(pool, backends, new RoundRobin());
    }

    private Backend backend(PoolConfig pool, BackendConfig backend) {
        BackendId id = new BackendId(pool.name(), backend.id());
        AtomicInteger inFlight = new AtomicInteger();
        // The meters of a backend read its circuit, and the circuit reports to the meters.
        Gauges gauges = new Gauges(inFlight, ticker);
        BackendRecorder counts = recorder.backend(id, gauges);
        BreakerListener journal = events.circuit(id, () -> pool.breaker().cooldown());
        CircuitBreaker breaker = new CircuitBreaker(pool.breaker(), ticker, transition -> {
            counts.transition(transition);
            journal.onTransition(transition);
        });
        gauges.breaker = breaker;
        return new Backend(id, backend, breaker, counts, inFlight);
    }

    private void warmUp(EventLoops running, AddressBook book) {
        for (PoolConfig pool : config.pools().values()) {
            for (BackendConfig backend : pool.backends()) {
                book.warmUp(running.loops().get(0).eventLoop(), backend.host(), backend.port(), (found, failure) -> {
                    if (!found) {
                        LOG.warn(
                                "{}/{}: {} has no address yet{}",
                                pool.name(),
                                backend.id(),
                                backend.host(),
                                failure == null ? "" : ": " + failure.getMessage());
                    }
                });
            }
        }
    }

    private Transport transport() {
        RuntimeConfig.Transport wanted = config.runtime().transport();
        Transport transport = wanted == RuntimeConfig.Transport.AUTO ? Transport.NIO : Transport.valueOf(wanted.name());
        if (!transport.isAvailable()) {
            throw new IllegalStateException(
                    "lb.runtime.transport: %s (expected: one whose native library is there; nio always is)"
                            .formatted(wanted));
        }
        return transport;
    }

    private int loopCount() {
        int configured = config.runtime().eventLoops();
        return configured == 0 ? Runtime.getRuntime().availableProcessors() : configured;
    }

    /** The port that clients connect to. */
    @Override
    public int port() {
        return requireNonNull(listener).port();
    }

    /** The port of the admin API, or empty when there is none. */
    @Override
    public OptionalInt adminPort() {
        AdminServer server = admin;
        return server == null ? OptionalInt.empty() : OptionalInt.of(server.port());
    }

    /**
     * Is not ready from now on, goes on accepting for the configured delay, then stops accepting and waits for what is
     * under way, up to the configured time.
     *
     * @return how many requests had to be cut off when the time was over
     */
    @Override
    public int drain() throws InterruptedException {
        Listener open = listener;
        if (open == null) {
            return 0;
        }
        draining = true;
        closing.await(config.shutdown().delay().toNanos(), TimeUnit.NANOSECONDS);
        open.drain();
        return open.awaitDrained(config.shutdown().drain()) ? 0 : open.cut();
    }

    @Override
    public void close() {
        closing.countDown();
        Listener open = listener;
        if (open != null) {
            open.cut();
            listener = null;
        }
        EventLoops running = loops;
        if (running != null) {
            for (int i = 0; i < connections.size(); i++) {
                running.loops()
                        .get(i)
                        .eventLoop()
                        .submit(connections.get(i)::close)
                        .awaitUninterruptibly();
            }
            if (addresses != null) {
                addresses.close();
            }
            running.close();
            loops = null;
        }
        if (admin != null) {
            admin.close();
        }
        if (metrics != null) {
            metrics.close();
        }
        events.close();
    }

    /** What the gauges of one backend read. */
    private static final class Gauges implements BackendGauges {
        private final AtomicInteger inFlight;
        private final Ticker ticker;
        private volatile @Nullable CircuitBreaker breaker;

        Gauges(AtomicInteger inFlight, Ticker ticker) {
            this.inFlight = inFlight;
            this.ticker = ticker;
        }

        @Override
        public int inFlight() {
            return inFlight.get();
        }

        @Override
        public CircuitState circuitState() {
            CircuitBreaker present = breaker;
            return present == null ? CircuitState.CLOSED : present.state(ticker.read());
        }

        @Override
        public boolean up() {
            return circuitState() != CircuitState.OPEN;
        }

        @Override
        public boolean healthy() {
            return true;
        }
    }
}
