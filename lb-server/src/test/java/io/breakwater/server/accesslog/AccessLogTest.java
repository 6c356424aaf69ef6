package io.breakwater.server.accesslog;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assumptions.assumeThat;

import io.breakwater.server.config.AccessLogConfig;
import io.breakwater.server.config.AccessLogConfig.Format;
import io.breakwater.server.fixtures.Eventually;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Instant;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Lines on their way into files that are renamed, truncated, full and missing. The test's thread is both loops. */
@Timeout(60)
class AccessLogTest {
    @TempDir
    private Path dir;

    private final AtomicLong dropped = new AtomicLong();
    private final AccessLog log = new AccessLog(2, () -> Instant.EPOCH, dropped::addAndGet);

    @AfterEach
    void stop() {
        log.close();
    }

    private static AccessLogConfig json(Path file) {
        return new AccessLogConfig(Format.JSON, file.toString(), List.of());
    }

    /** A line that can be told by its route. */
    private void write(int loop, String route) {
        LoopLog of = log.of(loop);
        of.entry().request("192.0.2.7", null, null).served(route, null, null, 0, null);
        of.write();
    }

    private static List<String> routes(Path file) {
        try {
            return Files.readAllLines(file).stream()
                    .map(line -> line.replaceAll(".*\"route\":\"([^\"]*)\".*", "$1"))
                    .toList();
        } catch (IOException e) {
            return List.of();
        }
    }

    @Test
    void linesOfAllLoopsAreInTheFileWhenItIsClosed() throws IOException {
        Path file = dir.resolve("a.log");
        Files.writeString(file, "before\n");
        log.start(json(file));
        assertThat(log.of(0).isOn()).isTrue();
        write(0, "a");
        write(1, "b");
        write(0, "c");
        log.close();

        assertThat(routes(file))
                .containsExactlyInAnyOrder("before", "a", "b", "c")
                .startsWith("before");
        assertThat(dropped).hasValue(0);
        assertThat(log.of(0).isOn()).isFalse();
    }

    @Test
    void linesAreThereSoon() throws IOException {
        Path file = dir.resolve("a.log");
        log.start(json(file));
        write(0, "a");

        Eventually.eventually(() -> assertThat(routes(file)).containsExactly("a"));
    }

    @Test
    void offIsOff() throws IOException {
        log.start(new AccessLogConfig(Format.OFF, dir.resolve("a.log").toString(), List.of()));

        assertThat(log.of(0).isOn()).isFalse();
        assertThat(dir).isEmptyDirectory();
    }

    @Test
    void aFileThatCannotBeOpenedAtTheStartIsAnError() {
        assertThatThrownBy(() -> log.start(json(dir.resolve("missing/a.log"))))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("lb.access-log.file: ")
                .hasMessageContaining("missing");
    }

    @Test
    void afterARenameTheFileIsMadeAnewWhenAsked() throws IOException {
        Path file = dir.resolve("a.log");
        Path old = dir.resolve("a.log.1");
        log.start(json(file));
        write(0, "a");
        Eventually.eventually(() -> assertThat(routes(file)).containsExactly("a"));

        Files.move(file, old);
        write(0, "b");
        log.reopen();
        Eventually.eventually(() -> assertThat(file).exists());
        write(0, "c");
        log.close();

        assertThat(routes(old)).containsExactly("a", "b");
        assertThat(routes(file)).containsExactly("c");
    }

    @Test
    void aFileThatIsTruncatedIsWrittenFromItsNewEnd() throws IOException {
        Path file = dir.resolve("a.log");
        log.start(json(file));
        write(0, "a");
        Eventually.eventually(() -> assertThat(routes(file)).containsExactly("a"));
        try (FileChannel other = FileChannel.open(file, StandardOpenOption.WRITE)) {
            other.truncate(0);
        }
        write(0, "b");
        log.close();

        assertThat(routes(file)).containsExactly("b");
    }

    @Test
    void whereTheNewFileCannotBeOpenedTheOldOneGoesOn() throws IOException {
        Path file = dir.resolve("a.log");
        Path next = dir.resolve("later/b.log");
        log.start(json(file));
        log.reconfigure(json(next));
        write(0, "a");
        Eventually.eventually(() -> assertThat(routes(file)).containsExactly("a"));

        Files.createDirectory(dir.resolve("later"));
        Eventually.eventually(() -> assertThat(next).exists());
        write(0, "b");
        log.close();

        assertThat(routes(file)).containsExactly("a");
        assertThat(routes(next)).containsExactly("b");
        assertThat(dropped).hasValue(0);
    }

    @Test
    void aLogThatIsSwitchedOnLaterAndOffAgain() throws IOException {
        Path file = dir.resolve("a.log");
        log.start(new AccessLogConfig(Format.OFF, "-", List.of()));
        log.reconfigure(json(file));
        write(0, "a");
        log.reconfigure(new AccessLogConfig(Format.OFF, file.toString(), List.of()));
        write(0, "nobody sees this");
        log.reconfigure(new AccessLogConfig(Format.COMBINED, file.toString(), List.of()));
        write(1, "combined");
        log.close();

        assertThat(Files.readAllLines(file)).hasSize(2).last().asString().startsWith("192.0.2.7 - - [01/Jan/1970:");
        assertThat(routes(file)).startsWith("a");
        assertThat(dropped).hasValue(0);
    }

    @Test
    void aFullDiskLosesLinesAndCountsThem() throws IOException {
        Path full = Path.of("/dev/full");
        assumeThat(full).exists();
        Path file = dir.resolve("a.log");
        log.start(json(full));
        for (int i = 0; i < 10; i++) {
            write(i % 2, "lost");
        }
        Eventually.eventually(() -> assertThat(dropped).hasValue(10));

        log.reconfigure(json(file));
        Eventually.eventually(() -> assertThat(file).exists());
        write(0, "kept");
        log.close();

        assertThat(routes(file)).containsExactly("kept");
        assertThat(dropped).hasValue(10);
    }

    @Test
    void aWriterThatDoesNotKeepUpLosesLinesAndCountsThem() {
        AtomicLong lost = new AtomicLong();
        LoopLog stuck = new LoopLog(() -> Instant.EPOCH, lost::addAndGet, () -> {});
        stuck.style(new LoopLog.Style(true, new QueryMask(List.of())));
        int lines = 10_000;
        for (int i = 0; i < lines; i++) {
            stuck.entry().request("192.0.2.7", null, null).served("a", null, null, 0, null);
            stuck.write();
        }

        Ring ring = stuck.ring();
        assertThat(ring).isNotNull();
        int length = ring.waiting() / (int) (lines - lost.get());
        assertThat(lost.get()).isPositive();
        assertThat(ring.waiting()).isEqualTo(length * (int) (lines - lost.get()));
    }
}
