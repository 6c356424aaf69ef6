package io.breakwater.server.replay;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.breakwater.server.config.ConfigLoader;
import io.breakwater.server.config.ConfigProblems;
import io.breakwater.server.config.LbConfig;
import io.breakwater.server.fixtures.Answers;
import io.breakwater.server.fixtures.Conf;
import io.breakwater.server.fixtures.Proxy;
import io.breakwater.server.fixtures.ScriptedBackend;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** What a balancer logs is what a replay reads. */
@Timeout(60)
class RoundTripTest {
    @TempDir
    private Path dir;

    @Test
    void theReplayOpensWhereTheBalancerDid() throws IOException, ConfigProblems {
        Path file = dir.resolve("access.log");
        try (ScriptedBackend backend = ScriptedBackend.start()) {
            String conf = Conf.contract(
                    backend.url(),
                    "lb.access-log { format = json, file = \"" + file + "\" }",
                    "lb.pools.default.breaker { cooldown = 10h, cooldown-max = 10h }");
            try (Proxy proxy = Proxy.start(conf)) {
                proxy.get("/api/resource");
                backend.answer(Answers.status(500));
                for (int i = 0; i < 5; i++) {
                    proxy.get("/api/resource");
                }
                proxy.get("/health");
            }

            LbConfig config = new ConfigLoader(Map.of(), () -> Long.MAX_VALUE)
                    .parse(conf, "test", List.of())
                    .config();
            ByteArrayOutputStream out = new ByteArrayOutputStream();
            try (InputStream log = Files.newInputStream(file)) {
                new Replay(config, new PrintStream(out, true, UTF_8)).run(log, "access.log", true);
            }
            assertThat(out.toString(UTF_8))
                    .contains("access.log: 7 lines, from ")
                    .contains("4 calls replayed\n3 lines without a backend, 2 of them rejected by an open circuit")
                    .contains("pool default, backend 127.0.0.1:" + backend.port() + ": 4 calls, 3 failures")
                    .contains("closed    -> open       consecutive_failures (3 in a row)")
                    .contains("opens once, would reject 0 calls\n");
        }
    }
}
