package io.breakwater.server.cli;

import static io.breakwater.server.fixtures.BalancerProcess.metrics;
import static io.breakwater.server.fixtures.Eventually.eventually;
import static org.assertj.core.api.Assertions.assertThat;

import io.breakwater.server.fixtures.Answers;
import io.breakwater.server.fixtures.BalancerProcess;
import io.breakwater.server.fixtures.Gate;
import io.breakwater.server.fixtures.HttpMessage;
import io.breakwater.server.fixtures.Metrics;
import io.breakwater.server.fixtures.RawClient;
import io.breakwater.server.fixtures.ScriptedBackend;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** More clients that do not read than there is memory for, in a process of its own. */
@Timeout(120)
class BufferMemoryTest {
    private static final int MOST_READERS = 1000;

    @TempDir
    Path folder;

    @Test
    void newRequestsAreRefusedThoseUnderWayGoOnAndAllIsWellAfterwards() throws Exception {
        Gate gate = new Gate();
        List<RawClient> readers = new ArrayList<>();
        try (ScriptedBackend quick = ScriptedBackend.start();
                ScriptedBackend slow = ScriptedBackend.start();
                ScriptedBackend endless = ScriptedBackend.start();
                BalancerProcess balancer = BalancerProcess.start(
                        folder,
                        """
                        lb.listen { reason-header = on, timeouts.write-idle = 1h }
                        lb.runtime.event-loops = 1
                        lb.pool-defaults.timeouts { response-head = 1h, request = 1h, response-idle = 1h }
                        lb.routes = [
                          { prefix = "/endless", pool = endless }, { prefix = "/slow", pool = slow }, { prefix = "/", pool = quick }
                        ]
                        lb.pools { quick.backends = ["%s"], slow.backends = ["%s"], endless.backends = ["%s"] }
                        """.formatted(quick.url(), slow.url(), endless.url()),
                        "true",
                        "-XX:MaxDirectMemorySize=32m",
                        "-Dio.netty.allocator.type=pooled",
                        "--add-opens=java.base/java.nio=ALL-UNNAMED",
                        "-Dio.netty.tryReflectionSetAccessible=true");
                RawClient waiting = RawClient.connect(balancer.port());
                RawClient asking = RawClient.connect(balancer.port())) {
            quick.answer(Answers.ok("served"));
            slow.answer(Answers.gated(gate, Answers.ok("in the end")));
            endless.answer(Answers.endless());
            waiting.get("/slow");
            slow.awaitRequests(1);

            HttpMessage refused = asking.get("/").read();
            assertThat(refused.status()).isEqualTo(200);
            while (refused.status() == 200 && readers.size() < MOST_READERS) {
                RawClient reader = RawClient.connect(balancer.port(), 4096);
                readers.add(reader);
                reader.get("/endless");
                refused = asking.get("/").read();
            }

            assertThat(refused.status()).as("after %d readers", readers.size()).isEqualTo(503);
            assertThat(refused.text()).isEqualTo("{\"error\": \"overloaded\"}");
            assertThat(refused.field("Retry-After")).isEqualTo("1");
            assertThat(refused.field("X-Circuit-State")).isEqualTo("closed");
            assertThat(refused.field("X-LB-Reason")).isEqualTo("overloaded; memory=direct");
            Metrics figures = figures(balancer);
            assertThat(figures.sum("lb_rejections_total", "reason", "overloaded"))
                    .as("this one, and readers that were as late")
                    .isPositive();
            assertThat(figures.sum("lb_backend_requests_total", "outcome", "local_error"))
                    .as("cut of %d: no more than came between two looks", readers.size())
                    .isLessThan(readers.size() / 4.0);
            assertThat(balancer.err().lines().filter(line -> line.contains("of direct memory")))
                    .hasSize(1);
            gate.open();
            assertThat(waiting.read().text()).isEqualTo("in the end");

            for (RawClient reader : readers) {
                reader.close();
            }
            eventually(() -> assertThat(status(asking)).isEqualTo(200));
        } finally {
            for (RawClient reader : readers) {
                reader.close();
            }
        }
    }

    private static Metrics figures(BalancerProcess balancer) throws IOException {
        try (RawClient admin = RawClient.connect(balancer.adminPort())) {
            return metrics(admin);
        }
    }

    private static int status(RawClient client) throws IOException {
        return client.get("/").read().status();
    }
}
