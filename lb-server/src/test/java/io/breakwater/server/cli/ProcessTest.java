package io.breakwater.server.cli;

import static io.breakwater.server.fixtures.Eventually.eventually;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.breakwater.server.fixtures.Certified;
import io.breakwater.server.fixtures.TlsClient;
import io.netty.pkitesting.X509Bundle;
import java.io.BufferedReader;
import java.io.File;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.HttpURLConnection;
import java.net.ServerSocket;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The product in a process of its own: its exit codes, its signals, its streams. */
@Timeout(120)
class ProcessTest {

    private static final Pattern READY =
            Pattern.compile("breakwater ready on (https?://localhost:\\d+) \\(admin http://127\\.0\\.0\\.1:\\d+\\)");

    private static final Pattern ADMIN = Pattern.compile(
            "breakwater ready on http://127\\.0\\.0\\.1:\\d+ \\(admin (http://127\\.0\\.0\\.1:\\d+)\\)");

    @TempDir
    Path folder;

    private final List<Process> started = new ArrayList<>();

    @AfterEach
    void endWhatIsLeft() {
        started.forEach(Process::destroyForcibly);
    }

    private Process start(Map<String, String> environment, String... arguments) throws IOException {
        return start(new File("."), environment, arguments);
    }

    private Process start(File directory, Map<String, String> environment, String... arguments) throws IOException {
        List<String> command = new ArrayList<>(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-XX:TieredStopAtLevel=1",
                "-Dbreakwater.home=..",
                "-Dlogback.configurationFile="
                        + Path.of("..", "conf", "logback.xml").toAbsolutePath(),
                "-cp",
                System.getProperty("java.class.path"),
                "io.breakwater.server.Main"));
        command.addAll(List.of(arguments));
        ProcessBuilder builder = new ProcessBuilder(command).directory(directory);
        builder.environment().keySet().removeIf(name -> name.equals("PORT") || name.startsWith("ADMIN_"));
        builder.environment().putAll(environment);
        Process process = builder.redirectError(folder.resolve("err").toFile()).start();
        started.add(process);
        return process;
    }

    private static int exitCode(Process process) throws InterruptedException {
        assertThat(process.waitFor(60, TimeUnit.SECONDS)).as("ended").isTrue();
        return process.exitValue();
    }

    private String err() throws IOException {
        return Files.readString(folder.resolve("err"));
    }

    private static void signal(String name, Process process) throws Exception {
        // Who runs this in the background ignores SIGINT, and so does then everything that is started here.
        String sent = name.equals("INT") && ignoresInterrupts(process) ? "TERM" : name;
        Process kill = new ProcessBuilder("sh", "-c", "kill -" + sent + " " + process.pid()).start();
        assertThat(exitCode(kill)).isZero();
    }

    private static boolean ignoresInterrupts(Process process) throws IOException {
        Path status = Path.of("/proc", String.valueOf(process.pid()), "status");
        return Files.exists(status)
                && Files.readAllLines(status).stream()
                        .filter(line -> line.startsWith("SigIgn:"))
                        .anyMatch(line ->
                                (Long.parseUnsignedLong(line.substring(7).strip(), 16) & 2) != 0);
    }

    @ParameterizedTest
    @ValueSource(strings = {"TERM", "INT"})
    void servesGoesOnAfterAHangUpAndStopsCleanly(String stop) throws Exception {
        Process process = start(Map.of("PORT", "0", "ADMIN_PORT", "0"));
        try (BufferedReader out = new BufferedReader(new InputStreamReader(process.getInputStream(), UTF_8))) {
            Matcher ready = READY.matcher(String.valueOf(out.readLine()));
            assertThat(ready.matches()).as(err()).isTrue();

            signal("HUP", process);
            eventually(() -> assertThat(err()).contains("reload (SIGHUP): "));
            HttpURLConnection health = (HttpURLConnection)
                    URI.create(ready.group(1) + "/health").toURL().openConnection();
            health.setReadTimeout(10_000);
            assertThat(health.getResponseCode()).isEqualTo(200);
            signal(stop, process);

            assertThat(exitCode(process)).isZero();
            assertThat(out.readLine()).as("a second line on stdout").isNull();
        }
    }

    @Test
    void aHangUpPutsTheChangedFileIntoEffectAndRefusesABrokenOne() throws Exception {
        Path file = folder.resolve("some.conf");
        String routes = "lb.routes = [{ prefix = \"/\", pool = p }]\n";
        Files.writeString(file, routes + "lb.pools.p.backends = [\"http://127.0.0.1:1\"]\n");
        Process process = start(
                Map.of(),
                "-c",
                file.toString(),
                "--set",
                "lb.listen.host = \"127.0.0.1\"",
                "--set",
                "lb.listen.port = 0",
                "--set",
                "lb.admin.port = 0");
        try (BufferedReader out = new BufferedReader(new InputStreamReader(process.getInputStream(), UTF_8))) {
            Matcher ready = ADMIN.matcher(String.valueOf(out.readLine()));
            assertThat(ready.matches()).as(err()).isTrue();
            String pools = ready.group(1) + "/api/v1/pools";
            assertThat(get(pools)).contains("127.0.0.1:1\"").doesNotContain("127.0.0.1:2");

            Files.writeString(
                    file, routes + "lb.pools.p.backends = [\"http://127.0.0.1:1\", \"http://127.0.0.1:2\"]\n");
            signal("HUP", process);
            eventually(() -> assertThat(err()).contains("reload (SIGHUP): done, "));
            assertThat(get(pools)).contains("127.0.0.1:1\"", "127.0.0.1:2\"");

            Files.writeString(file, "lb.shutdown.drain = soon\n");
            signal("HUP", process);
            eventually(() -> assertThat(err())
                    .contains("reload (SIGHUP): refused", "reload (SIGHUP): " + file + ":1: lb.shutdown.drain: soon "));
            assertThat(get(pools)).contains("127.0.0.1:1\"", "127.0.0.1:2\"");

            signal("TERM", process);
            assertThat(exitCode(process)).isZero();
        }
    }

    private static String get(String url) throws IOException {
        HttpURLConnection connection =
                (HttpURLConnection) URI.create(url).toURL().openConnection();
        connection.setReadTimeout(10_000);
        assertThat(connection.getResponseCode()).isEqualTo(200);
        return new String(connection.getInputStream().readAllBytes(), UTF_8);
    }

    @Test
    void whatAFileIncludesLiesBesideItAlsoIfItIsNamedWithoutAFolder() throws Exception {
        Files.writeString(folder.resolve("a.conf"), "include \"b.conf\"\nlb.routes = [{ prefix = \"/\", pool = p }]\n");
        Files.writeString(folder.resolve("b.conf"), "lb.pools.p.backends = [\"http://127.0.0.1:1\"]\n");

        Process process = start(folder.toFile(), Map.of(), "check", "-c", "a.conf");

        assertThat(exitCode(process)).as(err()).isZero();
    }

    @Test
    void aBusyPortIsOneLineAndExitCodeOne() throws Exception {
        try (ServerSocket busy = new ServerSocket(0)) {
            Process process = start(Map.of("PORT", String.valueOf(busy.getLocalPort()), "ADMIN_PORT", "0"));

            assertThat(exitCode(process)).isEqualTo(1);
            assertThat(process.getInputStream().readAllBytes()).isEmpty();
            assertThat(err().lines())
                    .singleElement()
                    .asString()
                    .startsWith("lb: ")
                    .contains(String.valueOf(busy.getLocalPort()));
        }
    }

    @Test
    void aListenerSpeaksTlsAndRefusesToNegotiateAnew() throws Exception {
        X509Bundle authority = Certified.authority("authority");
        Certified certified = Certified.by(authority, folder, "a.test");
        Process process = start(
                Map.of("PORT", "0", "ADMIN_PORT", "0"),
                "--set",
                certificates(certified.certificate(), certified.key()));
        try (BufferedReader out = new BufferedReader(new InputStreamReader(process.getInputStream(), UTF_8))) {
            Matcher ready = READY.matcher(String.valueOf(out.readLine()));
            assertThat(ready.matches()).as(err()).isTrue();
            String url = ready.group(1);
            assertThat(url).startsWith("https:");
            assertThat(new Shell().run("ping", url)).isZero();
            try (TlsClient client = TlsClient.connect(
                    URI.create(url).getPort(), Certified.client(authority, null), TlsClient.version("TLSv1.2"))) {
                assertThat(client.http().get("/health").read().status()).isEqualTo(200);

                // The refusal comes when it comes: at once, or as the answer to what is asked next.
                assertThatThrownBy(() -> {
                            client.renegotiate();
                            client.http().get("/health").read();
                        })
                        .isInstanceOf(IOException.class);
            }
        }
    }

    @Test
    void aKeyOfAnotherCertificateIsExitCodeTwo() throws Exception {
        X509Bundle authority = Certified.authority("authority");
        Certified one = Certified.by(authority, folder, "one");
        Certified other = Certified.by(authority, folder, "other");
        Process process = start(Map.of("PORT", "0"), "--set", certificates(one.certificate(), other.key()));

        assertThat(exitCode(process)).isEqualTo(2);
        assertThat(err())
                .isEqualTo(("--set: lb.listen.tls.certificates[0].private-key: %s (expected: the key of the first"
                                + " certificate in %s)\n")
                        .formatted(other.key(), one.certificate()));
    }

    private static String certificates(Path certificate, Path key) {
        return "lb.listen.tls.certificates = [{ certificate = \"%s\", private-key = \"%s\" }]"
                .formatted(certificate, key);
    }

    @Test
    void anInvalidConfigurationIsExitCodeTwo() throws Exception {
        Process process = start(Map.of("PORT", "65536"));

        assertThat(exitCode(process)).isEqualTo(2);
        assertThat(process.getInputStream().readAllBytes()).isEmpty();
        assertThat(err()).isEqualTo("environment variable PORT: lb.listen.port: 65536 (expected: 0..65535)\n");
    }
}
