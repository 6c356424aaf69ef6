package io.breakwater.metrics.prometheus;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import com.sun.management.ThreadMXBean;
import io.breakwater.metrics.RouteRecorder;
import io.breakwater.metrics.TraceContext;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.management.ManagementFactory;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class ExemplarsTest {
    private static final String OPEN_METRICS = "application/openmetrics-text";
    private static final long MILLI = 1_000_000;

    private Instant now = Instant.ofEpochMilli(1_700_000_000_250L);
    private final PrometheusMetrics metrics = new PrometheusMetrics("1.2.3", () -> now);

    @BeforeEach
    void start() {
        metrics.start();
    }

    @AfterEach
    void close() {
        metrics.close();
    }

    /** A trace whose ids end in this number. */
    private record Trace(int number) implements TraceContext {
        @Override
        public String traceId() {
            return String.format("%032x", number);
        }

        @Override
        public String spanId() {
            return String.format("%016x", number);
        }
    }

    private String scrape(String accept) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        try {
            metrics.write(out, metrics.contentType(accept));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return out.toString(UTF_8);
    }

    /** The lines of an OpenMetrics scrape that carry an exemplar. */
    private List<String> exemplars() {
        return scrape(OPEN_METRICS)
                .lines()
                .filter(line -> !line.startsWith("#") && line.contains("#"))
                .toList();
    }

    private void ended(RouteRecorder route, long nanos, Trace trace) {
        route.started();
        route.ended(200, nanos, trace);
    }

    private static String bucket(String bound, int count, int trace, String seconds, String at) {
        return "lb_request_duration_seconds_bucket{route=\"/a\",le=\"" + bound + "\"} " + count + " # {span_id=\""
                + new Trace(trace).spanId() + "\",trace_id=\"" + new Trace(trace).traceId() + "\"} " + seconds + " "
                + at;
    }

    @Test
    void aBucketShowsATracedRequestThatFellIntoIt() {
        RouteRecorder route = metrics.route("/a");
        ended(route, MILLI, new Trace(1)); // as long as the bucket's bound
        ended(route, 7 * MILLI, new Trace(2));
        ended(route, TimeUnit.SECONDS.toNanos(40), new Trace(3));

        assertThat(exemplars())
                .containsExactly(
                        bucket("0.001", 1, 1, "0.001", "1700000000.250"),
                        bucket("0.01", 2, 2, "0.007", "1700000000.250"),
                        bucket("+Inf", 3, 3, "40.0", "1700000000.250"));
        assertThat(scrape(OPEN_METRICS)).endsWith("# EOF\n");
    }

    @Test
    void theOlderTextFormatHasNone() {
        ended(metrics.route("/a"), MILLI, new Trace(1));

        assertThat(scrape("text/plain").lines().filter(line -> !line.startsWith("#")))
                .isNotEmpty()
                .noneMatch(line -> line.contains("#") || line.contains("trace_id"));
        assertThat(exemplars()).hasSize(1);
    }

    @Test
    void theFirstAfterAScrapeTakesThePlaceOfTheOneBefore() {
        RouteRecorder route = metrics.route("/a");
        ended(route, 7 * MILLI, new Trace(1));
        ended(route, 8 * MILLI, new Trace(2));
        assertThat(exemplars()).containsExactly(bucket("0.01", 2, 1, "0.007", "1700000000.250"));
        assertThat(exemplars())
                .as("of another scraper")
                .containsExactly(bucket("0.01", 2, 1, "0.007", "1700000000.250"));

        now = now.plus(Duration.ofSeconds(10));
        ended(route, 9 * MILLI, new Trace(3));
        ended(route, 6 * MILLI, new Trace(4));

        assertThat(exemplars()).containsExactly(bucket("0.01", 4, 3, "0.009", "1700000010.250"));
    }

    @Test
    void requestsWithoutATraceAndAttemptsHaveNone() {
        RouteRecorder route = metrics.route("/a");
        route.started();
        route.ended(200, MILLI);
        route.started();
        route.clientClosed(MILLI);

        assertThat(exemplars()).isEmpty();
    }

    @Test
    void idsAreAskedForOnlyWhenTheyAreKept() {
        AtomicInteger asked = new AtomicInteger();
        TraceContext trace = new TraceContext() {
            @Override
            public String traceId() {
                asked.incrementAndGet();
                return new Trace(1).traceId();
            }

            @Override
            public String spanId() {
                return new Trace(1).spanId();
            }
        };
        RouteRecorder route = metrics.route("/a");

        Stream.generate(() -> trace).limit(100).forEach(each -> {
            route.started();
            route.ended(200, MILLI, each);
        });

        assertThat(asked).hasValue(1);
    }

    @Test
    void aTracedRequestAllocatesNothing() {
        RouteRecorder route = metrics.route("/a");
        Trace trace = new Trace(1);
        ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
        Runnable requests = () -> {
            for (int i = 0; i < 10_000; i++) {
                ended(route, MILLI, trace);
            }
        };
        requests.run();

        long before = threads.getCurrentThreadAllocatedBytes();
        requests.run();
        long allocated = threads.getCurrentThreadAllocatedBytes() - before;

        assertThat(allocated).isLessThan(10_000);
    }
}
