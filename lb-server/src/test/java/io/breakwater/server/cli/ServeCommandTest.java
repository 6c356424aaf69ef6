package io.breakwater.server.cli;

import static io.breakwater.server.fixtures.Eventually.eventually;
import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.breakwater.server.config.BackendConfig;
import io.breakwater.server.config.ConfigProblems;
import io.breakwater.server.config.LbConfig;
import io.breakwater.server.config.PoolConfig;
import io.breakwater.server.config.ProbeConfig;
import io.breakwater.server.config.ReloadResult;
import io.breakwater.server.fixtures.Gate;
import io.breakwater.server.fixtures.Logged;
import java.io.IOException;
import java.net.BindException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

@Timeout(60)
class ServeCommandTest {

    private final Shell shell = new Shell();

    private int exitCode(CompletableFuture<Integer> running) throws Exception {
        return running.get(20, TimeUnit.SECONDS);
    }

    @Test
    void announcesDrainsAndClosesInThisOrder() throws Exception {
        CompletableFuture<Integer> running = shell.start();

        assertThat(shell.out()).isEqualTo("breakwater ready on http://localhost:3000 (admin http://127.0.0.1:9901)\n");
        assertThat(shell.balancer.calls).containsExactly("start");

        shell.stop();
        shell.balancer.drained.countDown();

        assertThat(exitCode(running)).isZero();
        assertThat(shell.balancer.calls).containsExactly("start", "drain", "drained", "close");
        assertThat(shell.err()).isEmpty();
    }

    @Test
    void aSecondSignalCutsTheDrainShort() throws Exception {
        CompletableFuture<Integer> running = shell.start();

        shell.stop();
        shell.balancer.draining.await();
        assertThat(running).isNotDone();
        shell.stop();

        assertThat(exitCode(running)).isZero();
        assertThat(shell.balancer.calls).containsExactly("start", "drain", "close");
    }

    @Test
    void whatTheDrainCutIsNoFailure() throws Exception {
        shell.balancer.cut = 7;
        CompletableFuture<Integer> running = shell.start();

        shell.balancer.drained.countDown();
        shell.stop();

        assertThat(exitCode(running)).isZero();
    }

    @Test
    void aHangUpReloadsAndLogsWhatChanged() throws Exception {
        shell.balancer.reloadResults.add(new ReloadResult.Success(
                List.of("pool web: backend a:80 added", "route x removed"), List.of("lb.conf:3: unwise")));
        try (Logged log = Logged.by("io.breakwater.server.cli.Reloads")) {
            CompletableFuture<Integer> running = shell.start();

            shell.hangUp();

            eventually(() -> assertThat(log.lines())
                    .containsExactly(
                            "INFO reload (SIGHUP): done, pool web: backend a:80 added; route x removed",
                            "WARN reload (SIGHUP): lb.conf:3: unwise"));
            assertThat(running).isNotDone();
            assertThat(shell.balancer.calls).containsExactly("start", "reload");
            end(running);
        }
    }

    @Test
    void sigusr1OpensTheLogsAnew() throws Exception {
        CompletableFuture<Integer> running = shell.start();

        shell.reopen();

        assertThat(shell.balancer.calls).containsExactly("start", "reopen logs");
        end(running);
    }

    @Test
    void aRefusedReloadLogsEveryProblemAndTheBalancerGoesOn() throws Exception {
        shell.balancer.reloadResults.add(new ReloadResult.Refused(
                List.of("lb.conf:1: lb.listen.port: x (expected: a whole number)", "lb.conf:2: lb.pools: 1 (…)")));
        try (Logged log = Logged.by("io.breakwater.server.cli.Reloads")) {
            CompletableFuture<Integer> running = shell.start();

            shell.hangUp();

            eventually(() -> assertThat(log.lines())
                    .containsExactly(
                            "WARN reload (SIGHUP): refused, the configuration before it stays in effect",
                            "WARN reload (SIGHUP): lb.conf:1: lb.listen.port: x (expected: a whole number)",
                            "WARN reload (SIGHUP): lb.conf:2: lb.pools: 1 (…)"));
            assertThat(running).isNotDone();
            end(running);
        }
    }

    @Test
    void aReloadThatFailsIsLoggedAndTheNextOneRuns() throws Exception {
        shell.balancer.reloadFailure = new IllegalStateException("a bug");
        try (Logged log = Logged.by("io.breakwater.server.cli.Reloads")) {
            CompletableFuture<Integer> running = shell.start();

            shell.hangUp();
            eventually(() -> assertThat(log.lines()).containsExactly("ERROR reload (SIGHUP) failed"));
            shell.hangUp();

            eventually(() -> assertThat(log.lines())
                    .containsExactly("ERROR reload (SIGHUP) failed", "INFO reload (SIGHUP): done, nothing changed"));
            end(running);
        }
    }

    @Test
    void hangUpsDuringAReloadAreOneMoreTogether() throws Exception {
        Gate gate = new Gate();
        shell.balancer.reloadGate = gate;
        try (Logged log = Logged.by("io.breakwater.server.cli.Reloads")) {
            CompletableFuture<Integer> running = shell.start();
            shell.hangUp();
            eventually(() -> assertThat(shell.balancer.calls).containsExactly("start", "reload"));

            for (int i = 0; i < 5; i++) {
                shell.hangUp();
            }
            assertThat(shell.balancer.calls).as("reloads are serial").containsExactly("start", "reload");
            gate.open();

            eventually(() -> assertThat(log.lines()).hasSize(2));
            assertThat(shell.balancer.calls).containsExactly("start", "reload", "reload");
            end(running);
        }
    }

    @Test
    void aHangUpWhileStoppingReloadsNothing() throws Exception {
        try (Logged log = Logged.by("io.breakwater.server.cli.Reloads")) {
            CompletableFuture<Integer> running = shell.start();
            shell.stop();
            shell.balancer.draining.await();

            shell.hangUp();

            assertThat(log.lines()).containsExactly("INFO SIGHUP: not reloaded, for the balancer is stopping");
            shell.balancer.drained.countDown();
            assertThat(exitCode(running)).isZero();
            assertThat(shell.balancer.calls).containsExactly("start", "drain", "drained", "close");
        }
    }

    @Test
    void aReloadReadsTheSameFileWithTheSameSettings(@TempDir Path folder) throws Exception {
        Path file = Files.writeString(folder.resolve("some.conf"), """
                lb.routes = [{ prefix = "/", pool = p }]
                lb.pools.p.backends = ["http://a"]
                """);
        CompletableFuture<Integer> running =
                shell.start("serve", "-c", file.toString(), "--set", "lb.shutdown.drain=7s");
        Files.writeString(file, """
                lb.routes = [{ prefix = "/", pool = p }]
                lb.pools.p.backends = ["http://a", "http://b"]
                """);

        LbConfig again = requireNonNull(shell.balancer.source).load().config();

        assertThat(requireNonNull(again.pools().get("p")).backends()).hasSize(2);
        assertThat(again.shutdown().drain()).hasSeconds(7);
        Files.writeString(file, "lb.listen.port = x\n");
        assertThatThrownBy(shell.balancer.source::load)
                .isInstanceOf(ConfigProblems.class)
                .hasMessageContaining(file + ":1: lb.listen.port: x (expected: a whole number)");
        assertThat(shell.err()).isEmpty();
        end(running);
    }

    @Test
    void withoutAFileThereIsNothingToReload() throws Exception {
        CompletableFuture<Integer> running = shell.start("--backend", "http://a:81");

        assertThat(shell.balancer.source).isNull();
        end(running);
    }

    private void end(CompletableFuture<Integer> running) throws Exception {
        shell.balancer.drained.countDown();
        shell.stop();
        assertThat(exitCode(running)).isZero();
    }

    @Test
    void aBusyPortIsOneLineAndExitCodeOne() {
        shell.balancer.startFailure = new IOException(
                "cannot listen on 0.0.0.0:3000: Address already in use", new BindException("Address already in use"));

        assertThat(shell.run()).isEqualTo(1);
        assertThat(shell.errLines()).containsExactly("lb: cannot listen on 0.0.0.0:3000: Address already in use");
        assertThat(shell.out()).isEmpty();
        assertThat(shell.balancer.calls).containsExactly("start", "close");
    }

    @Test
    void aTransportThatIsNotThereIsOneLineAndExitCodeOne() {
        shell.balancer.startFailure = new IllegalStateException("lb.runtime.transport: epoll (expected: …)");

        assertThat(shell.run()).isEqualTo(1);
        assertThat(shell.errLines()).containsExactly("lb: lb.runtime.transport: epoll (expected: …)");
    }

    @Test
    void anInvalidConfigurationNeverMakesABalancer(@TempDir Path folder) throws IOException {
        Path file = Files.writeString(folder.resolve("bad.conf"), "lb.listen.port = x\nlb.pools = 1\n");

        assertThat(shell.run("-c", file.toString())).isEqualTo(2);
        assertThat(shell.balancer.config).isNull();
        assertThat(shell.out()).isEmpty();
        assertThat(shell.errLines())
                .contains(
                        file + ":1: lb.listen.port: x (expected: a whole number)",
                        file + ":2: lb.pools: 1 (expected: an object in { })")
                .allMatch(line -> line.matches(".+: .+: .+ \\(expected: .+\\)"));
    }

    @Test
    void warningsStopNothing(@TempDir Path folder) throws Exception {
        Path file = Files.writeString(folder.resolve("unwise.conf"), """
                lb.routes = [{ prefix = "/", pool = p }]
                lb.pools.p { backends = ["http://a"], breaker.consecutive-failures = 0 }
                """);
        CompletableFuture<Integer> running = shell.start("serve", "-c", file.toString());

        assertThat(shell.errLines()).singleElement().asString().startsWith("warning: " + file + ":2: lb.pools.p.");
        shell.balancer.drained.countDown();
        shell.stop();
        assertThat(exitCode(running)).isZero();
    }

    @ParameterizedTest
    @CsvSource({
        "0.0.0.0, http://localhost:4000",
        "'::', http://localhost:4000",
        "0:0:0:0:0:0:0:0, http://localhost:4000",
        "127.0.0.1, http://127.0.0.1:4000",
        "'::1', http://[::1]:4000",
        "example.com, http://example.com:4000"
    })
    void saysHowABoundAddressIsReached(String host, String url) {
        assertThat(Serving.Addresses.url("http", host, 4000)).isEqualTo(url);
    }

    @Test
    void printsPortsThatTheSystemChoseAndAnAdminPortThatIsOff() throws Exception {
        shell.balancer.port = 41234;
        shell.balancer.adminPort = OptionalInt.empty();
        shell.balancer.drained.countDown();

        CompletableFuture<Integer> running = shell.start("--set", "lb.listen.port=0");

        assertThat(shell.out()).isEqualTo("breakwater ready on http://localhost:41234 (admin off)\n");
        shell.stop();
        assertThat(exitCode(running)).isZero();
    }

    @Test
    void takesTheEnvironmentAndSettings() throws Exception {
        shell.environment(Map.of("PORT", "4000", "ADMIN_PORT", "4001"))
                .balancer
                .drained
                .countDown();

        CompletableFuture<Integer> running =
                shell.start("serve", "--set", "lb.listen.host=\"127.0.0.1\"", "--set=lb.shutdown.drain=1s");
        shell.stop();
        exitCode(running);

        LbConfig config = requireNonNull(shell.balancer.config);
        assertThat(config.listen().host()).isEqualTo("127.0.0.1");
        assertThat(config.listen().port()).isEqualTo(4000);
        assertThat(config.admin().port()).isEqualTo(4001);
        assertThat(config.admin().portSetExplicitly()).isTrue();
        assertThat(config.shutdown().drain()).hasSeconds(1);
    }

    @Test
    void backendsReplaceAFile() throws Exception {
        shell.environment(Map.of("PORT", "4000", "ADMIN_PORT", ""))
                .balancer
                .drained
                .countDown();

        CompletableFuture<Integer> running = shell.start("--backend", "http://a:81", "--backend", "http://[::1]:82");
        shell.stop();
        exitCode(running);

        LbConfig config = requireNonNull(shell.balancer.config);
        PoolConfig pool = requireNonNull(config.pools().get("default"));
        assertThat(pool.backends())
                .containsExactly(
                        new BackendConfig("a:81", "http://a:81", "a", 81, 1, 0),
                        new BackendConfig("[::1]:82", "http://[::1]:82", "::1", 82, 1, 0));
        assertThat(pool.breaker().enabled()).isTrue();
        assertThat(config.routes()).singleElement().satisfies(route -> {
            assertThat(route.prefix()).isEqualTo("/");
            assertThat(route.methods()).isEmpty();
        });
        assertThat(config.listen().port()).isEqualTo(4000);
        assertThat(config.admin().portSetExplicitly()).isFalse();
    }

    /** A single backend sees nothing but its clients; several are checked, and a failure of one is answered by another. */
    @ParameterizedTest
    @CsvSource({"1, 0, false", "2, 1, true", "3, 2, true", "4, 2, true"})
    void everythingSensibleIsOnForBackendsOfWhichNothingIsKnown(int backends, int retries, boolean several)
            throws Exception {
        shell.balancer.drained.countDown();
        String[] arguments = IntStream.range(0, backends)
                .mapToObj(i -> "--backend=http://a:" + (81 + i))
                .toArray(String[]::new);

        CompletableFuture<Integer> running = shell.start(arguments);
        shell.stop();
        exitCode(running);

        assertThat(shell.err()).as("nothing unwise").isEmpty();
        PoolConfig pool =
                requireNonNull(requireNonNull(shell.balancer.config).pools().get("default"));
        assertThat(pool.balance().text()).isEqualTo("round-robin");
        assertThat(pool.retries().max()).isEqualTo(retries);
        assertThat(pool.retries().statuses().contains(500)).isFalse();
        assertThat(pool.healthCheck().enabled()).isEqualTo(several);
        assertThat(pool.slowStart().enabled()).isEqualTo(several);
        if (several) {
            assertThat(pool.probe().type()).isEqualTo(ProbeConfig.Type.TCP);
        }
    }

    @Test
    void aBackendThatIsNoUrlIsAProblem() {
        assertThat(shell.run("--backend", "localhost:81")).isEqualTo(2);
        assertThat(shell.errLines())
                .containsExactly(
                        "--backend: lb.pools.default.backends[0]: localhost:81 (expected: http://HOST[:PORT] or https://HOST[:PORT])");
    }

    @Test
    void whatBackendsEqualIsAFileThatDoesTheSame(@TempDir Path folder) throws Exception {
        assertThat(shell.run("--backend", "http://a:81", "--backend=http://b:82", "--print-config"))
                .isZero();
        assertThat(shell.balancer.calls).isEmpty();
        Path file = Files.writeString(folder.resolve("printed.conf"), shell.out());

        Shell again = new Shell();
        assertThat(again.run("-c", file.toString(), "--print-config")).isZero();
        assertThat(again.out()).isEqualTo(shell.out()).contains("\"http://a:81\"", "type = tcp");
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            --backend,http://a,-c,x.conf | lb: --backend: replaces a file (expected: no -c beside it)
            -c,x.conf,check              | lb: --config: in front of check (expected: behind it)
            --bakend,http://a            | lb: Unknown options: '--bakend', 'http://a'
            --set                        | lb: Missing required parameter for option '--set' (KEY=VALUE)
            chekc                        | lb: Unmatched argument at index 0: 'chekc'
            node,--recovery-timeout,5    | lb: Invalid value for option '--recovery-timeout': 5 (expected: a duration with its unit, such as 5s or 250ms)
            node,--failure-threshold,0   | lb: --failure-threshold: 0 (expected: >= 1)
            backend,--port,70000         | lb: --port: 70000 (expected: 0..65535)
            demo,--replicas,0            | lb: --replicas: 0 (expected: 1..100)
            ping,https://                | lb: URL: https:// (expected: http(s)://HOST[:PORT][/PATH])
            ping,ftp://a                 | lb: URL: ftp://a (expected: http(s)://HOST[:PORT][/PATH])
            """)
    void wrongUsageIsExitCodeTwo(String arguments, String line) {
        assertThat(shell.run(arguments.split(",", -1))).isEqualTo(2);
        assertThat(shell.errLines().get(0)).isEqualTo(line);
        assertThat(shell.errLines().get(shell.errLines().size() - 1)).matches("Try lb.* --help");
        assertThat(shell.out()).isEmpty();
        assertThat(shell.balancer.calls).isEmpty();
    }

    @Test
    void saysWhatItCan() {
        assertThat(shell.run("--help")).isZero();
        assertThat(shell.out())
                .contains("serve", "check", "demo", "backend", "node", "ping", "--set=KEY=VALUE", "--backend=URL");

        Shell version = new Shell();
        assertThat(version.run("--version")).isZero();
        assertThat(version.out()).startsWith("breakwater ").hasLineCount(1);
    }

    @Test
    void aFailureThatIsNotForeseenIsExitCodeOne() {
        shell.balancer.startFailure = new UnsupportedOperationException("a bug");

        assertThat(shell.run()).isEqualTo(1);
        assertThat(shell.errLines())
                .containsExactly("lb: java.lang.UnsupportedOperationException: a bug (not foreseen; please report it)");
        assertThat(shell.balancer.calls).containsExactly("start", "close");
    }

    @Test
    void checkSaysOneLineOfAGoodFile() {
        assertThat(shell.run("check")).isZero();
        assertThat(shell.out().lines().toList())
                .isEqualTo(List.of(Path.of("..", "conf", "lb.conf") + ": ok (1 route, 1 pool, 1 backend)"));
        assertThat(shell.err()).isEmpty();
    }

    @Test
    void checkSaysEveryProblemOfABadFile(@TempDir Path folder) throws IOException {
        Path file = Files.writeString(folder.resolve("bad.conf"), "lb.listen.port = x\nlb.admin.port = y\n");

        assertThat(shell.run("check", "-c", file.toString(), "--set", "lb.routes=[]", "--set", "lb.pools={}"))
                .isEqualTo(2);
        assertThat(shell.out()).isEmpty();
        assertThat(shell.errLines())
                .containsExactlyInAnyOrder(
                        "--set: lb.routes: [] (expected: at least one route)",
                        "--set: lb.pools: {} (expected: at least one pool)",
                        file + ":1: lb.listen.port: x (expected: a whole number)",
                        file + ":2: lb.admin.port: y (expected: a whole number)");
    }

    @Test
    void checkPrintsWhatIsInEffectWithoutSecrets() {
        shell.environment(Map.of("ADMIN_TOKEN", "s3cret"));

        assertThat(shell.run("check", "--effective")).isZero();
        assertThat(shell.out())
                .startsWith("lb {\n")
                .contains("cooldown = 5s", "balance = round-robin", "min-available = 0", "unhealthy-interval = 1s")
                .contains("queue-timeout = 1s", "per-try-timeout = 0s", "min-weight = 5%", "weight = 1")
                .doesNotContain("s3cret");
    }

    @Test
    void theShippedFileIsFoundInTheHomeFolder(@TempDir Path folder) throws IOException {
        Files.createDirectory(folder.resolve("conf"));

        assertThat(shell.home(folder).run()).isEqualTo(2);
        assertThat(shell.errLines())
                .containsExactly(folder.resolve("conf").resolve("lb.conf") + ": not found (expected: a readable file)");
    }

    @Test
    void theNodeAnswersUntilItsInputEnds() {
        shell.input("{\"type\":\"call\",\"msg_id\":2,\"service\":\"service-b\",\"force_failures\":5}\n");

        assertThat(shell.run("node")).isZero();
        assertThat(shell.out())
                .isEqualTo("{\"type\": \"circuit_breaker_open\", \"in_reply_to\": 2, \"service\": \"service-b\","
                        + " \"failures\": 5}\n");
    }
}
