package io.breakwater.server.accesslog;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;

import com.sun.management.ThreadMXBean;
import io.breakwater.health.Outcome;
import io.breakwater.health.breaker.CircuitState;
import io.breakwater.server.http.HeadLimits;
import io.breakwater.server.http.RequestHead;
import io.breakwater.server.http.Scan;
import io.breakwater.server.trace.IdFields;
import io.breakwater.server.trace.IdSource;
import io.breakwater.server.trace.RequestIds;
import io.netty.buffer.Unpooled;
import java.lang.management.ManagementFactory;
import java.time.Instant;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A line makes no garbage, but for what the clock gives. */
class LineAllocationTest {
    private static final int TIMES = 10_000;
    /** For what the virtual machine itself does on this thread meanwhile. */
    private static final long MOST_BYTES = 64 * 1024;

    private static final ThreadMXBean THREADS = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    private static final Instant NOW = Instant.parse("2026-01-05T12:34:56.007089Z");

    private final IdFields idFields = new IdFields("X-Request-Id", true);
    private final RequestIds ids = new RequestIds(IdSource.seeded());
    private final RequestHead head = new RequestHead(new HeadLimits(8192, 32_768, 100), idFields.requestIdName());
    private final LoopLog log = new LoopLog(() -> NOW, lost -> {}, () -> {});

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void aLineMakesNoGarbage(boolean json) {
        String request = String.join(
                "\r\n",
                "GET /cart/1?a=b&token=secret HTTP/1.1",
                "Host: x",
                "User-Agent: curl/8.5.0",
                "Referer: https://shop.example.com/?token=x",
                "X-Request-Id: r-1\"\\",
                "traceparent: 00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
                "",
                "");
        assertThat(head.scan(Unpooled.copiedBuffer(request, ISO_8859_1))).isEqualTo(Scan.COMPLETE);
        ids.begin(head, idFields);
        log.style(new LoopLog.Style(json, new QueryMask(List.of("token"))));

        write();
        long before = THREADS.getCurrentThreadAllocatedBytes();
        for (int i = 0; i < TIMES; i++) {
            write();
        }

        assertThat(THREADS.getCurrentThreadAllocatedBytes() - before).isLessThan(MOST_BYTES);
    }

    private void write() {
        log.entry()
                .request("192.0.2.7", head, ids)
                .served("cart", "web", "a:80", 1, Outcome.SUCCESS)
                .answered(200, null, CircuitState.CLOSED, null)
                .took(12_345_678, 0, 4096);
        log.write();
        Ring ring = requireNonNull(log.ring());
        assert ring.waiting() > 0;
        ring.took(ring.waiting());
    }
}
