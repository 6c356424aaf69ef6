package io.breakwater.server.cli;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The script {@code lb} as it lies in a distribution, with a java that says what it was given. */
@Timeout(60)
class LauncherTest {

    @TempDir
    Path folder;

    private Path home;
    private Path javaHome;

    @BeforeEach
    void layOut() throws IOException {
        home = Files.createDirectories(folder.resolve("break water").resolve("home"))
                .toRealPath();
        javaHome = folder.resolve("a jdk");
        Files.createDirectories(home.resolve("bin"));
        Files.copy(Path.of("..", "lb"), script());
        Files.createDirectories(home.resolve("lib"));
        Files.createFile(home.resolve("lib").resolve("lb-server-1.0.jar"));
        Files.createFile(home.resolve("lib").resolve("a library.jar"));
        Files.createDirectories(home.resolve("conf"));
        Files.createFile(home.resolve("conf").resolve("logback.xml"));
        javaOf("17.0.15");
    }

    private Path script() {
        return home.resolve("bin").resolve("lb");
    }

    private void javaOf(String version) throws IOException {
        Path bin = Files.createDirectories(javaHome.resolve("bin"));
        Path java = Files.writeString(bin.resolve("java"), """
                #!/bin/sh
                if [ "$1" = -version ]; then
                    echo 'openjdk version "%s" 2025-01-01' >&2
                else
                    printf '%%s\\n' "$@"
                    exit 42
                fi
                """.formatted(version));
        assertThat(java.toFile().setExecutable(true)).isTrue();
    }

    private record Result(int exitCode, List<String> lines) {}

    private Result run(Path script, String javaOpts, String... arguments) throws Exception {
        ProcessBuilder builder = new ProcessBuilder("sh", script.toString());
        builder.command().addAll(List.of(arguments));
        builder.environment().put("JAVA_HOME", javaHome.toString());
        builder.environment().put("JAVA_OPTS", javaOpts);
        File output = folder.resolve("output").toFile();
        Process process = builder.directory(folder.toFile())
                .redirectErrorStream(true)
                .redirectOutput(output)
                .start();
        assertThat(process.waitFor(30, TimeUnit.SECONDS)).isTrue();
        return new Result(process.exitValue(), Files.readAllLines(output.toPath(), UTF_8));
    }

    @Test
    void givesJavaItsOptionsTheProgramAndTheArgumentsAsTheyAre() throws Exception {
        Result result = run(script(), "", "check", "-c", "my file.conf", "--set", "a=*");

        assertThat(result.exitCode()).isEqualTo(42);
        assertThat(result.lines())
                .containsExactly(
                        "-XX:+ExitOnOutOfMemoryError",
                        "-XX:+UseSerialGC",
                        "-Xms64m",
                        "-Xmx512m",
                        "-Dio.netty.allocator.type=pooled",
                        "-Dio.netty.leakDetection.level=disabled",
                        "--add-opens=java.base/java.nio=ALL-UNNAMED",
                        "-Dio.netty.tryReflectionSetAccessible=true",
                        "-Xlog:trimnative*=off",
                        "-XX:TrimNativeHeapInterval=10000",
                        "-XX:CompileThresholdScaling=4",
                        "-Dlogback.configurationFile=" + home + "/conf/logback.xml",
                        "-Dbreakwater.home=" + home,
                        "-cp",
                        home + "/lib/lb-server-1.0.jar:" + home + "/lib/a library.jar",
                        "io.breakwater.server.Main",
                        "check",
                        "-c",
                        "my file.conf",
                        "--set",
                        "a=*");
    }

    @Test
    void isFoundThroughLinks() throws Exception {
        Path bin = Files.createDirectories(folder.resolve("bin"));
        Files.createSymbolicLink(bin.resolve("first"), Path.of("..", "break water", "home", "bin", "lb"));
        Path link = Files.createSymbolicLink(bin.resolve("second"), bin.resolve("first"));

        assertThat(run(link, "").lines()).contains("-Dbreakwater.home=" + home);
    }

    @ParameterizedTest
    @CsvSource({
        "-XX:+UseParallelGC, -XX:+UseSerialGC",
        "-Xmx1g, -Xmx512m",
        "-XX:MaxRAMPercentage=50, -Xmx512m",
        "-XX:InitialHeapSize=1g, -Xms64m",
        "-XX:TrimNativeHeapInterval=0, -XX:TrimNativeHeapInterval=10000",
        "-XX:CompileThreshold=100, -XX:CompileThresholdScaling=4",
        "-Dlogback.configurationFile=mine.xml, none"
    })
    void theOperatorsOptionsWin(String theirs, String ours) throws Exception {
        Result result = run(script(), "-Da=b " + theirs);

        assertThat(result.lines()).containsSubsequence("-Da=b", theirs, "-cp").doesNotContain(ours);
        assertThat(result.lines().lastIndexOf(theirs))
                .isGreaterThan(result.lines().indexOf("-Dlogback.configurationFile=" + home + "/conf/logback.xml"));
    }

    /** One that does not know the option would not start. */
    @ParameterizedTest
    @CsvSource({"17, false", "17.0.14, false", "17.0.15, true", "21.0.9, false", "22, true", "25.0.1, true"})
    void jvmsThatCanGiveMemoryBackDo(String version, boolean can) throws Exception {
        javaOf(version);

        assertThat(run(script(), "").lines().contains("-XX:TrimNativeHeapInterval=10000"))
                .isEqualTo(can);
    }

    @Test
    void namesNoFileOfLoggingThatIsNotThere() throws Exception {
        Files.delete(home.resolve("conf").resolve("logback.xml"));

        assertThat(run(script(), "").lines()).noneMatch(line -> line.contains("logback"));
    }

    @ParameterizedTest
    @CsvSource({"17.0.15, false", "23.0.1, false", "24, true", "25.0.1, true"})
    void newerJvmsAreToldThatNettyMay(String version, boolean told) throws Exception {
        javaOf(version);

        List<String> lines = run(script(), "").lines();

        assertThat(lines.contains("--enable-native-access=ALL-UNNAMED")).isEqualTo(told);
        assertThat(lines.contains("--sun-misc-unsafe-memory-access=allow")).isEqualTo(told);
    }

    private Path archive(String runtime, int saidBytes) throws IOException {
        Files.writeString(javaHome.resolve("release"), """
                IMPLEMENTOR="Somebody"
                JAVA_RUNTIME_VERSION="%s"
                """.formatted(runtime));
        return Files.writeString(
                home.resolve("lib").resolve("classes-" + runtime + "-" + saidBytes + ".jsa"), "0123456789");
    }

    @ParameterizedTest
    @CsvSource({"17.0.15+6-Debian, -XX:SharedArchiveFile=", "25.0.3+9-LTS, -XX:AOTCache="})
    void anArchiveOfThisJavaIsUsedAndNothingSaidIfItCannotBe(String runtime, String option) throws Exception {
        Path archive = archive(runtime, 10);

        assertThat(run(script(), "-Da=b").lines())
                .containsSubsequence("-Da=b", "-Xlog:cds*=off", "-XX:+VerifySharedSpaces", option + archive, "-cp");
    }

    @ParameterizedTest
    @CsvSource({"9, none", "11, none", "10, -XX:SharedArchiveFile=mine", "10, -Xshare:off"})
    void anArchiveThatWasCutShortOrIsNotWantedIsNot(int saidBytes, String javaOpts) throws Exception {
        Path archive = archive("17.0.15+6", saidBytes);

        assertThat(run(script(), javaOpts.replace("none", "")).lines())
                .contains("-cp")
                .doesNotContain("-XX:SharedArchiveFile=" + archive, "-XX:+VerifySharedSpaces");
    }

    @Test
    void anArchiveOfAnotherJavaIsNotTouched() throws Exception {
        archive("17.0.14+7", 10);
        archive("17.0.15+6", 9);

        assertThat(run(script(), "").lines()).noneMatch(line -> line.contains("SharedArchive"));
    }

    @Test
    void aTrainingThatFailsIsExitCodeOneAndLeavesNothingThatIsUsed() throws Exception {
        Result result = run(script(), "", "train");

        assertThat(result.exitCode()).isEqualTo(1);
        assertThat(result.lines())
                .anyMatch(line -> line.startsWith("-XX:ArchiveClassesAtExit=" + home + "/lib/."))
                .endsWith("train", "lb: no archive of classes could be made");
        assertThat(run(script(), "").lines()).noneMatch(line -> line.contains("SharedArchive"));
    }

    @ParameterizedTest
    @CsvSource({"11.0.2", "1.8.0_402", "16.0.1"})
    void anOlderJavaIsOneLineAndExitCodeOne(String version) throws Exception {
        javaOf(version);

        Result result = run(script(), "");

        assertThat(result.exitCode()).isEqualTo(1);
        assertThat(result.lines()).singleElement().asString().startsWith("lb: needs Java 17 or newer; install a JDK");
    }

    @Test
    void aJavaHomeWithoutJavaIsOneLineAndExitCodeOne() throws Exception {
        Files.delete(javaHome.resolve("bin").resolve("java"));

        Result result = run(script(), "");

        assertThat(result.exitCode()).isEqualTo(1);
        assertThat(result.lines())
                .singleElement()
                .asString()
                .startsWith("lb: JAVA_HOME=" + javaHome + " has no bin/java; needs Java 17 or newer");
    }

    @Test
    void aDistributionWithoutItsProgramIsOneLineAndExitCodeOne() throws Exception {
        Files.delete(home.resolve("lib").resolve("lb-server-1.0.jar"));

        Result result = run(script(), "");

        assertThat(result.exitCode()).isEqualTo(1);
        assertThat(result.lines()).containsExactly("lb: no lb-server-*.jar in " + home + "/lib");
    }
}
