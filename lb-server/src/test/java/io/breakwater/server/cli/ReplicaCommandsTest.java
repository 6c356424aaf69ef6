package io.breakwater.server.cli;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;

import io.breakwater.server.config.BackendConfig;
import io.breakwater.server.config.ConfigChanges;
import io.breakwater.server.config.ConfigLoader;
import io.breakwater.server.config.LbConfig;
import io.breakwater.server.config.PoolConfig;
import java.io.IOException;
import java.net.ServerSocket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** {@code lb demo}, {@code lb backend} and {@code lb ping}, which talk over sockets. */
@Timeout(60)
class ReplicaCommandsTest {

    private final Shell shell = new Shell();
    private final HttpClient client =
            HttpClient.newBuilder().connectTimeout(Duration.ofSeconds(5)).build();

    private HttpResponse<String> send(String method, String url, String body) throws Exception {
        return client.send(
                HttpRequest.newBuilder(URI.create(url))
                        .timeout(Duration.ofSeconds(10))
                        .method(method, HttpRequest.BodyPublishers.ofString(body))
                        .build(),
                HttpResponse.BodyHandlers.ofString());
    }

    private static String found(String pattern, String text) {
        Matcher matcher = Pattern.compile(pattern, Pattern.MULTILINE).matcher(text);
        assertThat(matcher.find()).as(pattern + " in " + text).isTrue();
        return matcher.group(1);
    }

    /**
     * By its thread and not by its port: as soon as a port is free, any other process may listen on it.
     */
    private static void assertNoReplicaRuns() throws InterruptedException {
        for (Thread thread : Thread.getAllStackTraces().keySet()) {
            if (thread.getName().startsWith("replica")) {
                thread.join(TimeUnit.SECONDS.toMillis(10));
                assertThat(thread.isAlive()).as(thread.getName() + " is alive").isFalse();
            }
        }
    }

    @Test
    void aBackendServesUntilItIsStopped() throws Exception {
        CompletableFuture<Integer> running = shell.start("backend", "--port", "0");
        String url = found("^replica ready on (http://localhost:\\d+)$", shell.out());

        assertThat(send("GET", url + "/backend/resource", "").statusCode()).isEqualTo(200);

        shell.stop();
        assertThat(running.get(20, TimeUnit.SECONDS)).isZero();
        assertNoReplicaRuns();
    }

    @Test
    void aBackendOnABusyPortIsExitCodeOne() throws IOException {
        try (ServerSocket busy = new ServerSocket(0)) {
            assertThat(shell.run("backend", "--port", String.valueOf(busy.getLocalPort())))
                    .isEqualTo(1);
            assertThat(shell.errLines())
                    .singleElement()
                    .asString()
                    .startsWith("lb: cannot listen on port " + busy.getLocalPort() + ": ");
        }
    }

    @Test
    void theDemoPutsABalancerInFrontOfItsReplicas() throws Exception {
        shell.environment(Map.of("PORT", "4000")).balancer.drained.countDown();
        shell.balancer.port = 4000;

        CompletableFuture<Integer> running = shell.start("demo", "--replicas", "2");

        LbConfig config = requireNonNull(shell.balancer.config);
        PoolConfig pool = requireNonNull(config.pools().get("replicas"));
        assertThat(config.listen().port()).isEqualTo(4000);
        assertThat(config.routes()).singleElement().satisfies(route -> {
            assertThat(route.path()).isEqualTo("/api/resource");
            assertThat(route.rewrite()).isEqualTo("/backend/resource");
        });
        assertThat(pool.backends()).extracting(backend -> backend.id()).containsExactly("replica-1", "replica-2");
        assertThat(shell.out())
                .startsWith("breakwater ready on http://localhost:4000 (admin http://127.0.0.1:9901)\n")
                .contains("http://127.0.0.1:9901/\n", "http://localhost:4000/api/resource")
                .contains(pool.backends().get(0).url() + "/backend/resource\n")
                .contains(pool.backends().get(1).url() + "/backend/resource\n");

        // The line that the demo prints breaks the first replica and no other.
        String curl = found("^  (curl -X PUT \\S+ -d '.*\"error\".*')$", shell.out());
        String url = found("PUT (\\S+) ", curl);
        assertThat(url).isEqualTo(pool.backends().get(0).url() + "/faults");
        assertThat(send("PUT", url, found("-d '(.*)'$", curl)).statusCode()).isEqualTo(200);
        assertThat(send("GET", pool.backends().get(0).url() + "/backend/resource", "")
                        .statusCode())
                .isEqualTo(500);
        assertThat(send("GET", pool.backends().get(1).url() + "/backend/resource", "")
                        .statusCode())
                .isEqualTo(200);

        shell.stop();
        assertThat(running.get(20, TimeUnit.SECONDS)).isZero();
        assertThat(shell.balancer.calls).containsExactly("start", "drain", "drained", "close");
        assertNoReplicaRuns();
    }

    /** One source: what the demo runs is the shipped file, but for where the replicas are. */
    @ParameterizedTest
    @CsvSource({"1, 0", "2, 1", "3, 2", "5, 2"})
    void theDemoRunsTheShippedFile(int replicas, int retries) throws Exception {
        shell.balancer.startFailure = new IOException("not started");
        LbConfig shipped = new ConfigLoader(Map.of(), () -> 1_000_000)
                .load(Path.of("..", "conf", "replicas.conf"), List.of())
                .config();

        assertThat(shell.run("demo", "--replicas", String.valueOf(replicas))).isEqualTo(1);

        assertThat(shell.errLines()).as("nothing unwise").containsExactly("lb: not started");
        LbConfig config = requireNonNull(shell.balancer.config);
        PoolConfig pool = requireNonNull(config.pools().get("replicas"));
        assertThat(pool.backends()).hasSize(replicas);
        assertThat(pool.retries().max()).isEqualTo(retries);
        ConfigChanges changes = ConfigChanges.between(shipped, config);
        assertThat(changes.refusals()).isEmpty();
        assertThat(changes.summary())
                .allMatch(change -> change.startsWith("pool replicas: backend replica-")
                        || (change.startsWith("lb.pools.replicas.retries.max: ") && replicas < 3));
    }

    @ParameterizedTest
    @CsvSource({"PORT, 3001", "PORT, 3002", "ADMIN_PORT, 3003"})
    void aReplicaLeavesOutAPortThatTheBalancerIsAskedToHave(String variable, String port) {
        shell.environment(Map.of(variable, port)).balancer.startFailure = new IOException("not started");

        shell.run("demo", "--replicas", "3");

        assertThat(requireNonNull(requireNonNull(shell.balancer.config).pools().get("replicas"))
                        .backends())
                .hasSize(3)
                .extracting(BackendConfig::port)
                .doesNotContain(Integer.valueOf(port));
    }

    @Test
    void theDemoSaysWhatItsReplicasDo() throws Exception {
        assertThat(demoOf(3)).contains("Watch: no request fails", "After its third\nfailure its circuit opens");
        assertThat(demoOf(1)).contains("Watch: three requests get 502").doesNotContain("no request fails");
    }

    private static String demoOf(int replicas) throws Exception {
        Shell demo = new Shell();
        demo.balancer.drained.countDown();
        CompletableFuture<Integer> running = demo.start("demo", "--replicas", String.valueOf(replicas));
        demo.stop();
        assertThat(running.get(20, TimeUnit.SECONDS)).isZero();
        return demo.out();
    }

    @Test
    void aDemoWhoseBalancerCannotStartLeavesNoReplicaBehind() throws Exception {
        shell.balancer.startFailure = new IOException("cannot listen on 0.0.0.0:3000: Address already in use");

        assertThat(shell.run("demo", "--replicas", "1")).isEqualTo(1);

        assertThat(requireNonNull(shell.balancer.config).pools()).containsKey("replicas");
        assertNoReplicaRuns();
    }

    @Test
    void pingTellsByItsExitCodeWhetherOneAnswers() throws Exception {
        CompletableFuture<Integer> running = shell.start("backend", "--port", "0");
        String url = found("^replica ready on (http://localhost:\\d+)$", shell.out());
        String port = String.valueOf(URI.create(url).getPort());

        Shell byUrl = new Shell();
        assertThat(byUrl.run("ping", url)).isZero();
        assertThat(byUrl.out()).isEqualTo(url + "/health: 200\n");
        Shell bySlash = new Shell();
        assertThat(bySlash.run("ping", url + "/")).isZero();
        assertThat(bySlash.out()).isEqualTo(url + "/health: 200\n");
        assertThat(new Shell().environment(Map.of("PORT", port)).run("ping")).isZero();
        Shell notFound = new Shell();
        assertThat(notFound.run("ping", url + "/nothing")).isEqualTo(1);
        assertThat(notFound.errLines()).containsExactly("lb: " + url + "/nothing: 404 (expected: 2xx)");

        shell.stop();
        running.get(20, TimeUnit.SECONDS);
        Shell gone = new Shell();
        assertThat(gone.run("ping", url)).isEqualTo(1);
        assertThat(gone.errLines()).containsExactly("lb: " + url + "/health: Connection refused");
    }
}
