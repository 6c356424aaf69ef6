package io.breakwater.server.contract;

import static org.assertj.core.api.Assertions.assertThat;

import io.breakwater.metrics.MeterName;
import io.breakwater.server.fixtures.Answers;
import io.breakwater.server.fixtures.Conf;
import io.breakwater.server.fixtures.Metrics;
import io.breakwater.server.fixtures.Proxy;
import io.breakwater.server.fixtures.ScriptedBackend;
import java.io.IOException;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** What the metrics say before the first request, and of the process that balances. */
@Timeout(60)
class RuntimeMetersTest {

    @Test
    void everyMeterHasItsSeriesFromTheStart(@TempDir Path directory) {
        String queue =
                "lb.routes = [ { name = all, prefix = \"/\", pool = default, fallback = [ { type = queue, dir = \""
                        + directory.resolve("queue") + "\" } ] } ]";
        try (Proxy proxy = Proxy.start(Conf.everything("http://127.0.0.1:1", queue))) {
            Metrics metrics = proxy.metrics();

            assertThat(MeterName.values())
                    .extracting(
                            meter -> meter.exposedName() + (meter.type() == MeterName.Type.HISTOGRAM ? "_count" : ""))
                    .isSubsetOf(metrics.names());
            assertThat(metrics.series("lb_requests_total"))
                    .containsExactlyInAnyOrder(
                            "{code=client_closed, route=all}",
                            "{code=client_closed, route=health}",
                            "{code=client_closed, route=none}");
        }
    }

    @Test
    void eachEventLoopAndTheAllocatorOfItsBuffersAreShown() throws IOException {
        try (ScriptedBackend backend = ScriptedBackend.start();
                Proxy proxy = Proxy.start(Conf.everything(backend.url(), "lb.runtime.event-loops = 3"))) {
            backend.answer(Answers.ok("served"));
            assertThat(proxy.get("/a").text()).isEqualTo("served");

            Metrics metrics = proxy.metrics();

            assertThat(metrics.series("lb_event_loop_lag_seconds"))
                    .containsExactlyInAnyOrder("{loop=0}", "{loop=1}", "{loop=2}");
            assertThat(metrics.sum("lb_event_loop_lag_seconds")).isNotNegative();
            assertThat(metrics.series("lb_event_loop_pending_tasks"))
                    .containsExactlyInAnyOrder("{loop=0}", "{loop=1}", "{loop=2}");
            assertThat(metrics.sum("lb_allocator_memory_bytes", "kind", "direct"))
                    .as("the buffers of connections")
                    .isPositive();
            assertThat(metrics.series("lb_allocator_memory_bytes"))
                    .containsExactlyInAnyOrder("{kind=heap}", "{kind=direct}");
        }
    }
}
