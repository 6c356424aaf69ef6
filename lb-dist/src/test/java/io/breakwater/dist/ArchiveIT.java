package io.breakwater.dist;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import java.io.BufferedReader;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Unpacks the archive and runs what is in it, as its user does: without a source tree, without Maven. */
@Timeout(120)
class ArchiveIT {
    private static final Pattern READY = Pattern.compile("breakwater ready on (http://\\S+) \\(admin (http://\\S+)\\)");

    @TempDir
    private static Path folder;

    private static Path home = Path.of("");

    @BeforeAll
    static void unpack() throws Exception {
        Process tar = new ProcessBuilder("tar", "-xzf", System.getProperty("archive"), "-C", folder.toString())
                .inheritIO()
                .start();
        assertThat(tar.waitFor()).isZero();
        try (Stream<Path> top = Files.list(folder)) {
            home = top.toList().get(0);
        }
    }

    private static Process lb(String... arguments) throws IOException {
        ProcessBuilder builder =
                new ProcessBuilder(home.resolve("bin").resolve("lb").toString());
        builder.command().addAll(List.of(arguments));
        builder.environment().put("JAVA_HOME", System.getProperty("java.home"));
        builder.environment().put("PORT", "0");
        builder.environment().put("ADMIN_PORT", "0");
        return builder.redirectError(folder.resolve("stderr").toFile()).start();
    }

    private static String outputOf(String... arguments) throws Exception {
        Process process = lb(arguments);
        String output = new String(process.getInputStream().readAllBytes(), UTF_8);
        assertThat(process.waitFor()).isZero();
        return output;
    }

    @Test
    void holdsTheProgramItsLibrariesAndWhatOneReads() throws Exception {
        String version = home.getFileName().toString().substring("breakwater-".length());

        assertThat(Stream.of(
                                "LICENSE",
                                "README.md",
                                "CHANGELOG.md",
                                "conf/lb.conf",
                                "conf/replicas.conf",
                                "docs/health.md")
                        .map(home::resolve))
                .allSatisfy(file -> assertThat(file).isNotEmptyFile());
        assertThat(home.resolve("lib").resolve("lb-server-" + version + ".jar")).isNotEmptyFile();
        try (Stream<Path> libraries = Files.list(home.resolve("lib"))) {
            assertThat(libraries.map(each -> each.getFileName().toString()).filter(each -> each.endsWith(".jar")))
                    .containsExactlyInAnyOrderElementsOf(billOfMaterials().keySet());
        }
    }

    @Test
    void nothingIsUnderALicenceThatAsksForMore() throws Exception {
        assertThat(billOfMaterials().values())
                .allSatisfy(licences -> assertThat(licences)
                        .isNotEmpty()
                        .isSubsetOf("Apache-2.0", "MIT", "BSD-2-Clause", "CC0-1.0", "EPL-2.0", "LGPL-2.1-only"));
    }

    /** Returns the licences of each library, by the name of its jar. */
    private static Map<String, Set<String>> billOfMaterials() throws IOException {
        Map<String, Set<String>> byJar = new HashMap<>();
        for (JsonElement each : JsonParser.parseString(Files.readString(home.resolve("sbom.json")))
                .getAsJsonObject()
                .getAsJsonArray("components")) {
            JsonObject library = each.getAsJsonObject();
            Set<String> licences = new HashSet<>();
            for (JsonElement one : library.getAsJsonArray("licenses")) {
                licences.add(one.getAsJsonObject()
                        .getAsJsonObject("license")
                        .get("id")
                        .getAsString());
            }
            byJar.put(
                    library.get("name").getAsString() + "-"
                            + library.get("version").getAsString() + ".jar",
                    licences);
        }
        return byJar;
    }

    @Test
    void tellsItsVersionAndChecksTheConfigurationsThatItBrings() throws Exception {
        assertThat(home.getFileName())
                .hasToString("breakwater-" + outputOf("--version").strip().replaceFirst(".* ", ""));
        assertThat(outputOf("check")).contains("lb.conf");
        assertThat(outputOf("check", "-c", home.resolve("conf/replicas.conf").toString()))
                .contains("replicas.conf");
    }

    @Test
    void balancesAndStopsWhenItIsTold() throws Exception {
        Process balancer = lb();
        try (BufferedReader lines = balancer.inputReader(UTF_8)) {
            Matcher ready = READY.matcher(String.valueOf(lines.readLine()));
            assertThat(ready.matches()).isTrue();
            HttpClient client = HttpClient.newHttpClient();

            assertThat(get(client, ready.group(1) + "/health").body()).contains("\"status\"");
            // Nothing listens where the default configuration has its backend, or something else does.
            assertThat(get(client, ready.group(1) + "/api/resource").headers().firstValue("X-Circuit-State"))
                    .isPresent();
            assertThat(get(client, ready.group(2) + "/metrics").body()).contains("lb_build_info{");
            assertThat(get(client, ready.group(2) + "/").statusCode()).isEqualTo(200);
        } finally {
            balancer.destroy();
        }
        assertThat(balancer.waitFor(60, TimeUnit.SECONDS)).isTrue();
        assertThat(balancer.exitValue()).isZero();
    }

    @Test
    void anArchiveOfClassesIsMadeAndUsedAndADamagedOneHindersNothing() throws Exception {
        Path copy = Files.createDirectories(folder.resolve("trained").resolve("copy"));
        assertThat(new ProcessBuilder("cp", "-R", home + "/.", copy.toString())
                        .inheritIO()
                        .start()
                        .waitFor())
                .isZero();
        Path archive;
        assertThat(lb(copy, "", "train").waitFor()).isZero();
        try (Stream<Path> files = Files.list(copy.resolve("lib"))) {
            archive = files.filter(each -> each.toString().endsWith(".jsa"))
                    .findFirst()
                    .orElseThrow();
        }
        byte[] whole = Files.readAllBytes(archive);
        String log = "-Xlog:class+load:file=" + folder.resolve("loaded");

        assertThat(linesOf(lb(copy, log, "check"))).singleElement().asString().contains("lb.conf");
        assertThat(Files.readAllLines(folder.resolve("loaded")))
                .anyMatch(line -> line.contains(" io.breakwater.server.config.ConfigReader ")
                        && line.contains("shared objects file"));

        assertThat(archive.toFile().setWritable(true)).isTrue();
        for (byte[] damaged : List.of(Arrays.copyOf(whole, whole.length / 2), scribbled(whole), new byte[0])) {
            Files.write(archive, damaged);
            assertThat(linesOf(lb(copy, "", "check")))
                    .singleElement()
                    .asString()
                    .contains("lb.conf");
        }
        Files.write(archive, whole);
        // As when the archive was made of other jars.
        try (Stream<Path> jars = Files.list(copy.resolve("lib"))) {
            for (Path jar :
                    jars.filter(each -> each.toString().endsWith(".jar")).toList()) {
                Files.setLastModifiedTime(jar, FileTime.fromMillis(0));
            }
        }
        assertThat(linesOf(lb(copy, "", "check"))).singleElement().asString().contains("lb.conf");
    }

    private static byte[] scribbled(byte[] whole) {
        byte[] copy = whole.clone();
        Arrays.fill(copy, copy.length / 4, copy.length / 2, (byte) 0x5a);
        return copy;
    }

    private static Process lb(Path where, String javaOpts, String... arguments) throws IOException {
        ProcessBuilder builder =
                new ProcessBuilder(where.resolve("bin").resolve("lb").toString());
        builder.command().addAll(List.of(arguments));
        builder.environment().put("JAVA_HOME", System.getProperty("java.home"));
        builder.environment().put("JAVA_OPTS", javaOpts);
        return builder.redirectErrorStream(true).start();
    }

    /** What it says on either stream. */
    private static List<String> linesOf(Process process) throws Exception {
        String output = new String(process.getInputStream().readAllBytes(), UTF_8);
        assertThat(process.waitFor()).as(output).isZero();
        return output.lines().toList();
    }

    private static HttpResponse<String> get(HttpClient client, String url) throws Exception {
        return client.send(HttpRequest.newBuilder(URI.create(url)).build(), BodyHandlers.ofString());
    }
}
