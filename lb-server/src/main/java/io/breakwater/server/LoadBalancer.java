package io.breakwater.server;

import static java.util.Objects.requireNonNull;

import io.breakwater.metrics.ProxyRecorder;
import io.breakwater.metrics.RouteRecorder;
import io.breakwater.metrics.Side;
import io.breakwater.metrics.prometheus.PrometheusMetrics;
import io.breakwater.server.accesslog.AccessLog;
import io.breakwater.server.admin.AdminServer;
import io.breakwater.server.cli.RunningBalancer;
import io.breakwater.server.config.ConfigChanges;
import io.breakwater.server.config.ConfigProblems;
import io.breakwater.server.config.ConfigSource;
import io.breakwater.server.config.LbConfig;
import io.breakwater.server.config.ListenerConfig;
import io.breakwater.server.config.ListenerTls;
import io.breakwater.server.config.LoadedConfig;
import io.breakwater.server.config.Problem;
import io.breakwater.server.config.ReloadResult;
import io.breakwater.server.config.RuntimeConfig;
import io.breakwater.server.connection.AddressBook;
import io.breakwater.server.connection.ConnectionPool;
import io.breakwater.server.events.Events;
import io.breakwater.server.events.WallClock;
import io.breakwater.server.exchange.ExchangeContext;
import io.breakwater.server.exchange.Exchanges;
import io.breakwater.server.exchange.Replays;
import io.breakwater.server.http.HeadLimits;
import io.breakwater.server.http.ResponseFields;
import io.breakwater.server.listener.ListenerContext;
import io.breakwater.server.listener.Listeners;
import io.breakwater.server.pool.AdminState;
import io.breakwater.server.pool.Replica;
import io.breakwater.server.probe.HealthChecks;
import io.breakwater.server.runtime.DirectMemory;
import io.breakwater.server.runtime.EventLoops;
import io.breakwater.server.runtime.EventLoops.Transport;
import io.breakwater.server.runtime.Housekeeping;
import io.breakwater.server.runtime.Loop;
import io.breakwater.server.state.SavedState;
import io.breakwater.server.state.StateKeeper;
import io.breakwater.server.tls.ListenerSsl;
import io.breakwater.server.trace.IdFields;
import io.breakwater.server.trace.IdSource;
import io.breakwater.server.traffic.TrafficHistory;
import io.breakwater.time.Ticker;
import java.io.IOException;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The balancer: wires the parts by hand, starts them in order and stops them in reverse. Its methods are called by one
 * thread, which is not an event loop; {@link #reload} by any other.
 */
public final class LoadBalancer implements RunningBalancer {
    private static final Logger LOG = LoggerFactory.getLogger(LoadBalancer.class);
    private static final int MOST_CHANGES_TOLD = 100;
    /** What a response head from a backend may be: more bytes than a client's, and as many fields as HAProxy and Envoy take. */
    private static final HeadLimits RESPONSE_LIMITS = new HeadLimits(8 * 1024, 64 * 1024, 100);

    private final @Nullable ConfigSource source;
    private final Ticker ticker;
    private final InstantSource clock;
    private final @Nullable PrometheusMetrics metrics;
    private final ProxyRecorder recorder;
    private final WallClock wallClock;
    private final Events events;
    /** Counted down when the end has come, so that the delay before a drain can be cut short. */
    private final CountDownLatch closing = new CountDownLatch(1);

    /** Held while one configuration takes the place of another, and by the end, after which none does. */
    private final Object reloading = new Object();

    private volatile LbConfig config;
    private volatile boolean draining;
    private boolean ended;
    private @Nullable Housekeeping housekeeping;
    private volatile @Nullable Topology topology;
    private @Nullable EventLoops loops;
    private @Nullable AddressBook addresses;
    private @Nullable Queues queues;
    private @Nullable StateKeeper states;
    private List<ConnectionPool> connections = List.of();
    private volatile @Nullable AccessLog accessLog;
    private @Nullable Exchanges exchanges;
    private volatile @Nullable Listeners listeners;
    /** What each listener has, by its key; of who starts, then of who reloads. */
    private Map<String, ListenerContext> listening = Map.of();

    private @Nullable AdminServer admin;

    /**
     * @param source where a reload reads the configuration again; null if it came from no file
     */
    public LoadBalancer(LbConfig config, @Nullable ConfigSource source) {
        this(config, source, Ticker.system(), InstantSource.system());
    }

    /** A balancer that cannot be reloaded. */
    public LoadBalancer(LbConfig config, Ticker ticker, InstantSource clock) {
        this(config, null, ticker, clock);
    }

    /**
     * @param ticker what breakers and timeouts live by
     * @param clock for Date and for what people read
     */
    public LoadBalancer(LbConfig config, @Nullable ConfigSource source, Ticker ticker, InstantSource clock) {
        this.config = config;
        this.source = source;
        this.ticker = ticker;
        this.clock = clock;
        this.metrics = config.metrics().enabled() ? new PrometheusMetrics(version(), clock) : null;
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
        recorder.configTaken(clock.instant());
        RouteRecorder unmatched = recorder.route("none");
        RouteRecorder health = recorder.route("health");
        EventLoops running = EventLoops.start(transport(), loopCount(), ticker);
        loops = running;
        try {
            if (metrics != null) {
                RuntimeReport.start(running.loops(), ticker, metrics);
            }
            AddressBook book = AddressBook.open(running.loops().get(0).eventLoop(), running.datagramChannel(), ticker);
            addresses = book;
            Housekeeping keeper = Housekeeping.start(transport(), ticker);
            housekeeping = keeper;
            DirectMemory memory = DirectMemory.ofConnections(ticker);
            memory.start(keeper);
            StateKeeper kept =
                    config.state().isOn() ? StateKeeper.open(config.state().file(), ticker, clock) : null;
            states = kept;
            Queues opened = new Queues(keeper, ticker, clock, recorder);
            queues = opened;
            Topology wired = new Topology(
                    ticker,
                    recorder,
                    events,
                    new HealthChecks(
                            keeper,
                            book,
                            ticker,
                            () -> ThreadLocalRandom.current().nextLong()),
                    keeper.loop().eventLoop(),
                    opened,
                    kept == null ? () -> {} : kept::wake);
            topology = wired;
            warmUp(wired.apply(config, kept == null ? SavedState.NONE : kept.found())
                    .added());
            TrafficHistory traffic = new TrafficHistory(keeper, ticker, clock, wired::attempts);
            traffic.start();
            connections = running.loops().stream()
                    .map(loop -> new ConnectionPool(
                            loop,
                            running.loops().size(),
                            running.channel(),
                            book,
                            RESPONSE_LIMITS,
                            recorder.connections(Side.UPSTREAM)))
                    .toList();
            AccessLog log = new AccessLog(running.loops().size(), clock, recorder::logDropped);
            accessLog = log;
            log.start(config.accessLog());
            List<ExchangeContext> contexts = new ArrayList<>();
            for (ConnectionPool each : connections) {
                contexts.add(new ExchangeContext(
                        wired::routing, each, health, unmatched, log.of(contexts.size()), IdSource.seeded(), memory));
            }
            exchanges = new Exchanges(contexts);
            listening = listenerContexts(config);
            Listeners bound = new Listeners(running, listening);
            bound.start();
            listeners = bound;
            config.listeners().keySet().forEach(this::tellAddress);
            admin = startAdmin(wired, traffic);
            opened.start(replays(running, wired));
            if (kept != null) {
                kept.start(keeper, wired::saved);
            }
        } catch (IOException | RuntimeException e) {
            close();
            throw e;
        }
    }

    private Replays replays(EventLoops running, Topology wired) {
        List<Replays.Upstream> upstreams = new ArrayList<>();
        for (int i = 0; i < connections.size(); i++) {
            upstreams.add(new Replays.Upstream(running.loops().get(i), connections.get(i)));
        }
        return new Replays(upstreams, wired::routing, () -> config.listen().trustedProxies(), fields(config.listen()));
    }

    private ResponseFields fields(ListenerConfig listen) {
        return new ResponseFields(listen.circuitStateHeader(), listen.reasonHeader(), clock);
    }

    /** By their keys; reads the files of those that speak TLS. */
    private Map<String, ListenerContext> listenerContexts(LbConfig of) throws IOException {
        Map<String, ListenerContext> made = new LinkedHashMap<>();
        for (Map.Entry<String, ListenerConfig> each : of.listenersByKey().entrySet()) {
            ListenerContext before = listening.get(each.getKey());
            ListenerTls wanted = each.getValue().tls();
            made.put(
                    each.getKey(),
                    listenerContext(each.getValue(), ListenerSsl.of(wanted, before == null ? null : before.tls())));
        }
        return made;
    }

    /** What a reload finds in the files of listeners, of which the configuration's text may say nothing new. */
    private List<String> otherCertificates(Map<String, ListenerContext> next) {
        List<String> changes = new ArrayList<>();
        next.forEach((key, context) -> {
            if (context.tls() != requireNonNull(listening.get(key)).tls()) {
                changes.add(key + ".tls: " + (context.tls() == null ? "off" : "other certificates"));
            }
        });
        return changes;
    }

    private ListenerContext listenerContext(ListenerConfig listen, @Nullable ListenerSsl tls) {
        return new ListenerContext(
                listen,
                tls,
                fields(listen),
                new IdFields(listen.requestIdHeader(), listen.traceContext()),
                now -> topology().routing().bestState(now),
                requireNonNull(exchanges),
                recorder.connections(Side.DOWNSTREAM),
                recorder.route("none"),
                requireNonNull(accessLog));
    }

    /** A busy admin port must not keep traffic away, unless somebody asked for just that port. */
    private @Nullable AdminServer startAdmin(Topology wired, TrafficHistory traffic) throws IOException {
        Readiness readiness = new Readiness(() -> listeners != null, wired::isChecked, () -> draining);
        Explain explain = new Explain(() -> config.listen(), wired::routing, wired::health, ticker, wallClock);
        Status status =
                new Status(readiness, () -> config, wired::routing, traffic::read, events, ticker, wallClock, explain);
        Operator operator = new Operator(wired::routing, status, ticker, this::adminStateChanged, this::reload, events);
        AdminServer server = new AdminServer(config.admin(), status, operator, metrics, clock, events.feed());
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

    private Topology topology() {
        return requireNonNull(topology);
    }

    /** Looks up the addresses of these backends, so that the first request need not wait for that. */
    private void warmUp(List<Replica> backends) {
        for (Replica backend : backends) {
            String host = backend.config().host();
            requireNonNull(addresses)
                    .warmUp(
                            requireNonNull(loops).loops().get(0).eventLoop(),
                            host,
                            backend.config().port(),
                            (found, failure) -> {
                                if (!found) {
                                    LOG.warn(
                                            "{}: {} has no address yet{}",
                                            backend.id(),
                                            host,
                                            failure == null ? "" : ": " + failure.getMessage());
                                }
                            });
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
        return requireNonNull(listeners).port(LbConfig.LISTEN);
    }

    /** The port of a further listener, by its name. */
    public int port(String name) {
        return requireNonNull(listeners).port(LbConfig.LISTENERS + name);
    }

    private void tellAddress(String name) {
        ListenerConfig further = requireNonNull(config.listeners().get(name));
        LOG.info(
                "listener {} ready on {}:{}{}",
                name,
                further.host(),
                port(name),
                further.tls().isOn() ? " (TLS)" : "");
    }

    /** The port of the admin API, or empty when there is none. */
    @Override
    public OptionalInt adminPort() {
        AdminServer server = admin;
        return server == null ? OptionalInt.empty() : OptionalInt.of(server.port());
    }

    @Override
    public ReloadResult reload() {
        if (source == null) {
            return ReloadResult.Unavailable.NO_FILE;
        }
        synchronized (reloading) {
            if (draining || ended || listeners == null) {
                return new ReloadResult.Unavailable("the balancer is starting or stopping");
            }
            ReloadResult result = reload(source);
            recorder.configReloaded(result instanceof ReloadResult.Success, clock.instant());
            events.reloaded(result);
            return result;
        }
    }

    /** All of it is checked before any of it is applied. */
    private ReloadResult reload(ConfigSource from) {
        LoadedConfig loaded;
        try {
            loaded = from.load();
        } catch (ConfigProblems e) {
            return ReloadResult.Refused.of(e);
        }
        ConfigChanges changes = ConfigChanges.between(config, loaded.config());
        if (!changes.needingRestart().isEmpty()) {
            return new ReloadResult.Refused(changes.refusals());
        }
        Map<String, ListenerContext> next;
        Topology.Applied applied;
        try {
            next = listenerContexts(loaded.config());
            applied = topology().apply(loaded.config());
        } catch (IOException e) {
            return new ReloadResult.Refused(List.of(String.valueOf(e.getMessage())));
        }
        config = loaded.config();
        requireNonNull(accessLog).reconfigure(config.accessLog());
        List<String> replaced = otherCertificates(next);
        listening = next;
        requireNonNull(listeners).reconfigure(next);
        warmUp(applied.added());
        applied.rekeyed().forEach(each -> onEachLoop(pool -> pool.closeIdle(each)));
        applied.removed().forEach(gone -> onEachLoop(pool -> pool.forget(gone)));
        List<String> told = new ArrayList<>(replaced);
        told.addAll(changes.summary(MOST_CHANGES_TOLD));
        applied.rekeyed().stream()
                .map(each -> "pool " + each.id().pool() + ": TLS to its backends by other settings or files")
                .distinct()
                .forEach(told::add);
        return new ReloadResult.Success(
                told, loaded.warnings().stream().map(Problem::toString).toList());
    }

    @Override
    public void reopenLogs() {
        AccessLog log = accessLog;
        if (log != null) {
            log.reopen();
        }
    }

    private void adminStateChanged(Replica backend, AdminState from, AdminState to) {
        topology().adminStateChanged(backend, to);
        if (to == AdminState.DISABLED) {
            onEachLoop(pool -> pool.closeIdle(backend));
        }
    }

    /** The upstream connections of a loop are its own matter. */
    private void onEachLoop(Consumer<ConnectionPool> action) {
        List<Loop> all = requireNonNull(loops).loops();
        for (int i = 0; i < connections.size(); i++) {
            ConnectionPool pool = connections.get(i);
            all.get(i).eventLoop().execute(() -> action.accept(pool));
        }
    }

    /**
     * Is not ready from now on, goes on accepting for the configured delay, then stops accepting and waits for what is
     * under way, up to the configured time.
     *
     * @return how many requests had to be cut off when the time was over
     */
    @Override
    public int drain() throws InterruptedException {
        Listeners open = listeners;
        if (open == null) {
            return 0;
        }
        synchronized (reloading) {
            draining = true;
        }
        closing.await(config.shutdown().delay().toNanos(), TimeUnit.NANOSECONDS);
        open.drain();
        return open.awaitDrained(config.shutdown().drain()) ? 0 : open.cut();
    }

    @Override
    public void close() {
        closing.countDown();
        synchronized (reloading) {
            ended = true;
        }
        if (admin != null) {
            admin.close(); // first: what it does to a backend needs the loops
        }
        if (states != null) {
            states.close(); // before the checks: without them nothing is known of health
        }
        Topology wired = topology;
        if (wired != null) {
            wired.close();
        }
        Listeners open = listeners;
        if (open != null) {
            open.cut();
            listeners = null;
        }
        if (queues != null) {
            queues.close(); // before the loops: what is being sent may end
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
        if (accessLog != null) {
            accessLog.close(); // once no loop logs any more
        }
        if (housekeeping != null) {
            housekeeping.close();
        }
        if (metrics != null) {
            metrics.close();
        }
        events.close();
    }
}
