package io.breakwater.bench.metrics;

import static java.util.Objects.requireNonNull;

import io.breakwater.health.BackendId;
import io.breakwater.health.Outcome;
import io.breakwater.health.breaker.CircuitState;
import io.breakwater.metrics.BackendGauges;
import io.breakwater.metrics.BackendRecorder;
import io.breakwater.metrics.ConnectionRecorder;
import io.breakwater.metrics.ProxyRecorder;
import io.breakwater.metrics.RouteRecorder;
import io.breakwater.metrics.Side;
import io.breakwater.metrics.TraceContext;
import io.breakwater.metrics.prometheus.PrometheusMetrics;
import java.time.InstantSource;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;

/**
 * All that is recorded of one request that a backend answers at once, with a trace, by whether metrics are on. Run with
 * {@code -t 2} it shows what two event loops cost each other, which share the series.
 */
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@State(Scope.Benchmark)
@Warmup(iterations = 3, time = 500, timeUnit = TimeUnit.MILLISECONDS)
@Measurement(iterations = 5, time = 500, timeUnit = TimeUnit.MILLISECONDS)
@Fork(2)
public class RecordRequest {
    private static final int HEAD_BYTES = 150;
    private static final int RESPONSE_BYTES = 250;
    private static final long DURATION_NANOS = TimeUnit.MICROSECONDS.toNanos(700);
    private static final TraceContext TRACE = new TraceContext() {
        @Override
        public String traceId() {
            return "0af7651916cd43dd8448eb211c80319c";
        }

        @Override
        public String spanId() {
            return "b7ad6b7169203331";
        }
    };

    @Param({"false", "true"})
    boolean enabled;

    private @Nullable RouteRecorder route;
    private @Nullable BackendRecorder backend;
    private @Nullable ConnectionRecorder downstream;
    private @Nullable ConnectionRecorder upstream;

    @Setup
    public void build() {
        ProxyRecorder recorder = enabled ? new PrometheusMetrics("bench", InstantSource.system()) : ProxyRecorder.NONE;
        route = recorder.route("/");
        backend = recorder.backend(new BackendId("pool", "localhost:3001"), new Gauges());
        downstream = recorder.connections(Side.DOWNSTREAM);
        upstream = recorder.connections(Side.UPSTREAM);
    }

    @Benchmark
    public void request() {
        RouteRecorder ofRoute = requireNonNull(route);
        ConnectionRecorder client = requireNonNull(downstream);
        ConnectionRecorder server = requireNonNull(upstream);
        client.received(HEAD_BYTES);
        ofRoute.started();
        server.sent(HEAD_BYTES);
        server.received(RESPONSE_BYTES);
        client.sent(RESPONSE_BYTES);
        requireNonNull(backend).ended(Outcome.SUCCESS, DURATION_NANOS);
        ofRoute.ended(200, DURATION_NANOS, TRACE);
    }

    private static final class Gauges implements BackendGauges {
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
}
