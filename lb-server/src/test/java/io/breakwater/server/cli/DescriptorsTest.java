package io.breakwater.server.cli;

import static io.breakwater.server.fixtures.BalancerProcess.metrics;
import static io.breakwater.server.fixtures.Eventually.eventually;
import static org.assertj.core.api.Assertions.assertThat;

import io.breakwater.health.Outcome;
import io.breakwater.server.fixtures.Answers;
import io.breakwater.server.fixtures.BalancerProcess;
import io.breakwater.server.fixtures.HttpMessage;
import io.breakwater.server.fixtures.Metrics;
import io.breakwater.server.fixtures.RawClient;
import io.breakwater.server.fixtures.ScriptedBackend;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** More clients than the process may have open files, in a process of its own. */
@Timeout(120)
class DescriptorsTest {
    private static final int OPEN_FILES = 200;
    private static final int CLIENTS = 300;

    @TempDir
    Path folder;

    @Test
    void existingConnectionsGoOnNewOnesWaitAndNoBackendIsBlamed() throws Exception {
        List<RawClient> clients = new ArrayList<>();
        try (ScriptedBackend backend = ScriptedBackend.start();
                BalancerProcess balancer =
                        BalancerProcess.start(folder, """
                        lb.listen.max-connections = 10000
                        lb.routes = [ { prefix = "/", pool = p } ]
                        lb.pools.p.backends = [ "%s" ]
                        """.formatted(backend.url()), "ulimit -n " + OPEN_FILES)) {
            backend.answer(Answers.ok("served"));
            int port = balancer.port();
            RawClient first = RawClient.connect(port);
            clients.add(first);
            RawClient watch = RawClient.connect(balancer.adminPort());
            clients.add(watch);
            assertThat(first.get("/").read().text()).isEqualTo("served");
            assertThat(metrics(watch).sum("lb_accept_errors_total")).isZero();

            for (int i = 0; i < CLIENTS; i++) {
                clients.add(RawClient.connect(port));
            }
            RawClient second = clients.get(2);
            RawClient last = clients.get(clients.size() - 1);
            last.get("/");
            // The JVM holds a file of its own at times. What it lets go goes to a client with one of the next attempts.
            eventually(() ->
                    assertThat(metrics(watch).sum("lb_accept_errors_total")).isGreaterThanOrEqualTo(5));

            assertThat(last.available()).as("waits in the backlog").isZero();
            HttpMessage kept = first.get("/").read();
            assertThat(kept.text()).as("%s", kept).isEqualTo("served");
            // The first holds the backend's kept connection no more, so that two at a time need another.
            backend.answer(Answers.hang());
            first.get("/hangs");
            eventually(
                    () -> assertThat(metrics(watch).sum("lb_backend_in_flight")).isEqualTo(1));
            HttpMessage refused = second.get("/").read();
            assertThat(refused.status())
                    .as("%s%n%s%n%s", refused, outcomes(metrics(watch)), balancer.err())
                    .isEqualTo(503);
            assertThat(refused.text()).isEqualTo("{\"error\": \"overloaded\"}");
            assertThat(refused.field("X-Circuit-State")).isEqualTo("closed");
            Metrics full = metrics(watch);
            assertThat(full.sum("lb_backend_requests_total", "outcome", "local_error"))
                    .isEqualTo(1);
            assertThat(full.sum("lb_backend_requests_total", "outcome", "connect_failed"))
                    .isZero();
            assertThat(balancer.err().lines().filter(line -> line.contains("cannot be accepted")))
                    .as("told once")
                    .hasSize(1);
            assertThat(balancer.err()).doesNotContain("\tat ");

            backend.answer(Answers.ok("served"));
            for (RawClient client : clients.subList(2, clients.size() - 1)) {
                client.close();
            }
            assertThat(last.read().text()).isEqualTo("served");
        } finally {
            for (RawClient client : clients) {
                client.close();
            }
        }
    }

    private static List<String> outcomes(Metrics figures) {
        return Stream.of(Outcome.values())
                .map(Outcome::label)
                .filter(outcome -> figures.sum("lb_backend_requests_total", "outcome", outcome) > 0)
                .toList();
    }
}
