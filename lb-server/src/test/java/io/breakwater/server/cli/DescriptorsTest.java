package io.breakwater.server.cli;

import static io.breakwater.server.fixtures.Eventually.eventually;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.breakwater.server.fixtures.Answers;
import io.breakwater.server.fixtures.HttpMessage;
import io.breakwater.server.fixtures.Metrics;
import io.breakwater.server.fixtures.RawClient;
import io.breakwater.server.fixtures.ScriptedBackend;
import java.io.BufferedReader;
import java.io.File;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** More clients than the process may have open files, in a process of its own. */
@Timeout(120)
class DescriptorsTest {
    private static final int OPEN_FILES = 200;
    private static final int CLIENTS = 300;
    private static final Pattern READY = Pattern.compile(
            "breakwater ready on http://127\\.0\\.0\\.1:(\\d+) \\(admin http://127\\.0\\.0\\.1:(\\d+)\\)");

    @TempDir
    Path folder;

    @Test
    void existingConnectionsGoOnNewOnesWaitAndNoBackendIsBlamed() throws Exception {
        List<RawClient> clients = new ArrayList<>();
        Process process = null;
        try (ScriptedBackend backend = ScriptedBackend.start()) {
            backend.answer(Answers.ok("served"));
            process = start(backend);
            BufferedReader out = new BufferedReader(new InputStreamReader(process.getInputStream(), UTF_8));
            Matcher ready = READY.matcher(String.valueOf(out.readLine()));
            assertThat(ready.matches()).as(err()).isTrue();
            int port = Integer.parseInt(ready.group(1));
            int admin = Integer.parseInt(ready.group(2));
            RawClient first = RawClient.connect(port);
            clients.add(first);
            RawClient watch = RawClient.connect(admin);
            clients.add(watch);
            assertThat(first.get("/").read().text()).isEqualTo("served");
            assertThat(metrics(watch).sum("lb_accept_errors_total")).isZero();

            for (int i = 0; i < CLIENTS; i++) {
                clients.add(RawClient.connect(port));
            }
            RawClient second = clients.get(2);
            RawClient last = clients.get(clients.size() - 1);
            last.get("/");
            eventually(() ->
                    assertThat(metrics(watch).sum("lb_accept_errors_total")).isPositive());

            assertThat(last.available()).as("waits in the backlog").isZero();
            HttpMessage kept = first.get("/").read();
            assertThat(kept.text()).as("%s", kept).isEqualTo("served");
            // The first holds the backend's kept connection no more, so that two at a time need another.
            backend.answer(Answers.hang());
            first.get("/hangs");
            eventually(
                    () -> assertThat(metrics(watch).sum("lb_backend_in_flight")).isEqualTo(1));
            HttpMessage refused = second.get("/").read();
            assertThat(refused.status()).as("%s", refused).isEqualTo(503);
            assertThat(refused.text()).isEqualTo("{\"error\": \"overloaded\"}");
            assertThat(refused.field("X-Circuit-State")).isEqualTo("closed");
            Metrics full = metrics(watch);
            assertThat(full.sum("lb_backend_requests_total", "outcome", "local_error"))
                    .isEqualTo(1);
            assertThat(full.sum("lb_backend_requests_total", "outcome", "connect_failed"))
                    .isZero();
            assertThat(err().lines().filter(line -> line.contains("cannot be accepted")))
                    .as("told once")
                    .hasSize(1);
            assertThat(err()).doesNotContain("\tat ");

            backend.answer(Answers.ok("served"));
            for (RawClient client : clients.subList(2, clients.size() - 1)) {
                client.close();
            }
            assertThat(last.read().text()).isEqualTo("served");
        } finally {
            for (RawClient client : clients) {
                client.close();
            }
            if (process != null) {
                process.destroy();
                assertThat(process.waitFor(60, TimeUnit.SECONDS)).isTrue();
            }
        }
        assertThat(process.exitValue()).isZero();
    }

    private static Metrics metrics(RawClient admin) throws IOException {
        return Metrics.parse(admin.send("GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n")
                .read()
                .text());
    }

    private Process start(ScriptedBackend backend) throws IOException {
        Path file = folder.resolve("some.conf");
        Files.writeString(file, """
                lb.listen { host = "127.0.0.1", port = 0, max-connections = 10000 }
                lb.admin.port = 0
                lb.shutdown.drain = 1s
                lb.routes = [ { prefix = "/", pool = p } ]
                lb.pools.p.backends = [ "%s" ]
                """.formatted(backend.url()));
        return new ProcessBuilder(
                        "sh",
                        "-c",
                        "ulimit -n " + OPEN_FILES + " && exec \"$@\"",
                        "sh",
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-XX:TieredStopAtLevel=1",
                        "-Dbreakwater.home=..",
                        "-Dlogback.configurationFile=" + Path.of("..", "conf", "logback.xml"),
                        "-cp",
                        classPath(),
                        "io.breakwater.server.Main",
                        "-c",
                        file.toString())
                .redirectError(folder.resolve("err").toFile())
                .start();
    }

    /** As it is deployed, in archives that stay open: without descriptors no class can be read from a folder. */
    private String classPath() throws IOException {
        List<String> entries = new ArrayList<>();
        for (String entry : System.getProperty("java.class.path").split(File.pathSeparator, 0)) {
            Path path = Path.of(entry);
            entries.add(Files.isDirectory(path) ? archive(path, entries.size()).toString() : entry);
        }
        return String.join(File.pathSeparator, entries);
    }

    private Path archive(Path classes, int number) throws IOException {
        Path archive = folder.resolve(number + ".jar");
        try (ZipOutputStream out = new ZipOutputStream(Files.newOutputStream(archive));
                Stream<Path> files = Files.walk(classes)) {
            for (Path file : files.filter(Files::isRegularFile).toList()) {
                out.putNextEntry(
                        new ZipEntry(classes.relativize(file).toString().replace(File.separatorChar, '/')));
                Files.copy(file, out);
            }
        }
        return archive;
    }

    private String err() throws IOException {
        return Files.readString(folder.resolve("err"));
    }
}
