package io.breakwater.bench.balance;

import io.breakwater.health.BackendId;
import io.breakwater.health.Outcome;
import io.breakwater.health.breaker.BreakerListener;
import io.breakwater.health.breaker.CircuitState;
import io.breakwater.health.breaker.Permit;
import io.breakwater.metrics.BackendGauges;
import io.breakwater.metrics.ProxyRecorder;
import io.breakwater.server.config.BackendConfig;
import io.breakwater.server.config.ConfigLoader;
import io.breakwater.server.config.ConfigProblems;
import io.breakwater.server.config.PoolConfig;
import io.breakwater.server.pool.Backend;
import io.breakwater.server.pool.BackendPool;
import io.breakwater.server.pool.Policies;
import io.breakwater.server.pool.PoolCore;
import io.breakwater.server.pool.Replica;
import io.breakwater.server.pool.Selection;
import io.breakwater.time.Ticker;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Queue;
import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;

/**
 * What a pool costs one request that succeeds: {@link BackendPool#select}, the end of its permit, and what the backend is
 * told at the end of the attempt. Everything is as it runs, but for the meters, which count nothing here. Each of 16
 * requests is under way until the 16th after it is selected, so that backends differ in load. Time moves on by a
 * microsecond per request.
 */
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@State(Scope.Benchmark)
@Warmup(iterations = 3, time = 200, timeUnit = TimeUnit.MILLISECONDS)
@Measurement(iterations = 5, time = 200, timeUnit = TimeUnit.MILLISECONDS)
@Fork(1)
public class SelectAndEnd {
    /** No circuit that is open comes back while this runs. */
    private static final String SETTINGS = "breaker { consecutive-failures = 1, cooldown = 24h }";

    @Param({"round-robin", "least-request", "peak-ewma", "random", "hash"})
    String policy = "";

    @Param({"10", "1000", "10000"})
    int backends;

    /** Circuits that are open: none, or every tenth. */
    @Param({"none", "tenth"})
    String open = "";

    private final Queue<Runnable> background = new ArrayDeque<>();
    private final PoolCore core =
            new PoolCore(Ticker.system(), background::add, Policies::of, ProxyRecorder.NONE.pool("replicas"));
    private @Nullable BackendPool pool;

    @Setup
    public void build() {
        PoolConfig config = config();
        List<Replica> members = new ArrayList<>();
        for (int i = 0; i < backends; i++) {
            members.add(made(config, i));
        }
        BackendPool built = core.configure(config, members, List.of()).forRoute("/");
        pool = built;
        if (open.equals("tenth")) {
            for (int i = 0; i < backends; i += 10) {
                fail(built.backends().get(i));
            }
        }
        while (!background.isEmpty()) {
            background.remove().run();
        }
    }

    private PoolConfig config() {
        String balance = policy.equals("hash") ? "{ hash = client-ip }" : policy;
        String urls = IntStream.range(0, backends)
                .mapToObj(i -> "\"http://10.0." + i / 256 + "." + i % 256 + ":8080\"")
                .collect(Collectors.joining(", "));
        String text = """
                lb.routes = [ { prefix = "/", pool = replicas } ]
                lb.pools.replicas { %s, balance = %s, backends = [ %s ] }
                """.formatted(SETTINGS, balance, urls);
        try {
            return Objects.requireNonNull(new ConfigLoader(Map.of(), () -> Long.MAX_VALUE)
                    .parse(text, "benchmark", List.of())
                    .config()
                    .pools()
                    .get("replicas"));
        } catch (ConfigProblems e) {
            throw new IllegalStateException(e);
        }
    }

    private Replica made(PoolConfig config, int number) {
        BackendConfig own = config.backends().get(number);
        BackendId id = new BackendId(config.name(), own.id());
        return new Replica(
                core,
                id,
                own,
                config,
                ProxyRecorder.NONE.backend(id, NoGauges.INSTANCE),
                route -> BreakerListener.NONE);
    }

    private static void fail(Backend backend) {
        long now = Ticker.system().read();
        Permit permit = Objects.requireNonNull(backend.breaker().tryAcquire(now));
        permit.record(Outcome.FAILURE_STATUS, 0, now);
        if (backend.breaker().state(now) != CircuitState.OPEN) {
            throw new IllegalStateException("still closed: " + backend.id());
        }
    }

    private BackendPool pool() {
        return Objects.requireNonNull(pool, "not built yet");
    }

    @Benchmark
    public Backend serve(Client client) {
        return client.serve(pool());
    }

    /** Nobody scrapes. */
    private enum NoGauges implements BackendGauges {
        INSTANCE;

        @Override
        public int inFlight() {
            return 0;
        }

        @Override
        public CircuitState circuitState() {
            return CircuitState.CLOSED;
        }

        @Override
        public boolean up() {
            return true;
        }

        @Override
        public boolean healthy() {
            return true;
        }
    }

    /** Has 16 requests under way. */
    @State(Scope.Thread)
    public static class Client {
        private static final int UNDER_WAY = 16;
        private static final long MICROSECOND = 1_000;

        private final SplittableRandom keys = new SplittableRandom(2);
        private final Selection[] requests = new Selection[UNDER_WAY];
        private int next;
        private long now;

        @Setup(Level.Trial)
        public void fill(SelectAndEnd bench) {
            now = Ticker.system().read();
            for (int i = 0; i < UNDER_WAY; i++) {
                requests[i] = new Selection();
                begin(requests[i], bench.pool());
            }
        }

        /** Ends the oldest request, and begins one. */
        Backend serve(BackendPool pool) {
            Selection oldest = requests[next];
            next = (next + 1) % UNDER_WAY;
            Backend backend = Objects.requireNonNull(oldest.backend());
            backend.outcomeKnown(Outcome.SUCCESS, MICROSECOND, now);
            oldest.permit().record(Outcome.SUCCESS, MICROSECOND, now);
            backend.attemptEnded(Outcome.SUCCESS, MICROSECOND, UNDER_WAY * MICROSECOND, now);
            return begin(oldest, pool);
        }

        private Backend begin(Selection request, BackendPool pool) {
            now += MICROSECOND;
            request.request(keys.nextLong(), true);
            pool.select(request, now);
            return Objects.requireNonNull(request.backend(), "nobody may serve");
        }
    }
}
