package io.breakwater.server.state;

import static io.breakwater.server.fixtures.Eventually.eventually;
import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.breakwater.health.BackendId;
import io.breakwater.server.fixtures.Logged;
import io.breakwater.server.pool.AdminState;
import io.breakwater.server.state.SavedCircuit.Standing;
import io.breakwater.time.ManualScheduler;
import io.breakwater.time.ManualTicker;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

@Timeout(60)
class StateKeeperTest {
    private static final String WHOLE = """
            {"version":1,"writtenAt":"2026-01-05T12:00:00Z","backends":[
            {"pool":"web","id":"one","url":"http://one:80","adminState":"enabled","circuits":[{"state":"tripped","failures":0,"openings":0}]}
            ]}
            """;

    @TempDir
    private Path dir;

    private final ManualTicker ticker = new ManualTicker(-7);
    private final ManualScheduler scheduler = new ManualScheduler(ticker);
    private volatile Instant wall = Instant.parse("2026-01-05T12:00:00Z");
    private final Logged log = Logged.by(StateKeeper.class.getName());
    private final AtomicInteger looks = new AtomicInteger();
    private volatile List<SavedBackend> present = List.of();

    private Path file;

    @BeforeEach
    void nameIt() throws IOException {
        dir = dir.toRealPath();
        file = dir.resolve("state.json");
    }

    @AfterEach
    void stop() {
        log.close();
    }

    private StateKeeper open() throws IOException {
        return StateKeeper.open(file.toString(), ticker, () -> wall);
    }

    private StateKeeper started() throws IOException {
        StateKeeper keeper = open();
        keeper.start(scheduler, () -> {
            looks.incrementAndGet();
            return present;
        });
        awaitLooks(1);
        return keeper;
    }

    private void awaitLooks(int count) {
        eventually(() -> assertThat(looks).hasValue(count));
    }

    private void pass(Duration time) {
        wall = wall.plus(time);
        scheduler.advance(time);
    }

    private static SavedBackend backend(String id, AdminState admin, SavedCircuit... circuits) {
        return new SavedBackend(
                new BackendId("web", id), "http://" + id + ":80", admin, false, false, false, List.of(circuits));
    }

    @Test
    void itIsWrittenEveryFiveSecondsInWhichSomethingHasChangedAndForItsOwnerOnly() throws IOException {
        StateKeeper keeper = started();
        eventually(() -> assertThat(file).exists());
        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(file)))
                .isEqualTo("rw-------");
        present = List.of(backend("one", AdminState.DRAINING));
        pass(Duration.ofMillis(4_999));
        assertThat(looks).hasValue(1);

        pass(Duration.ofMillis(1));
        eventually(() -> assertThat(Files.readString(file)).isEqualTo("""
                {"version":1,"writtenAt":"2026-01-05T12:00:05Z","backends":[
                {"pool":"web","id":"one","url":"http://one:80","adminState":"draining","circuits":[]}
                ]}
                """));

        Files.writeString(file, "somebody else's");
        pass(Duration.ofSeconds(5));
        awaitLooks(3);
        pass(Duration.ofSeconds(5));
        awaitLooks(4);
        keeper.close();
        assertThat(file).hasContent("somebody else's");
    }

    @Test
    void timeThatPassesIsNoChangeOfAnOpenCircuitButAClockThatWasSetIs() throws IOException {
        present = List.of(backend(
                "one",
                AdminState.ENABLED,
                new SavedCircuit(null, Standing.OPEN, ticker.read() + TimeUnit.MINUTES.toNanos(1), 3, 1)));
        StateKeeper keeper = started();
        eventually(() -> assertThat(Files.readString(file)).contains("\"remainingMillis\":60000,"));
        Files.writeString(file, "somebody else's");
        pass(Duration.ofSeconds(5));
        awaitLooks(2);
        pass(Duration.ofSeconds(5));
        awaitLooks(3);
        wall = wall.plusMillis(1_000);
        pass(Duration.ofSeconds(5));
        awaitLooks(4);
        assertThat(file).as("a clock that is slewed").hasContent("somebody else's");

        wall = wall.plusMillis(1);
        pass(Duration.ofSeconds(5));

        eventually(() -> assertThat(Files.readString(file)).contains("\"remainingMillis\":40000,"));
        keeper.close();
    }

    @Test
    void theLastChangeIsWrittenAtTheEnd() throws IOException {
        StateKeeper keeper = started();
        present = List.of(backend("one", AdminState.DISABLED));

        keeper.close();

        assertThat(Files.readString(file)).contains("\"disabled\"");
    }

    @Test
    void whatIsAsEveryBackendBeginsIsLeftOut() throws IOException {
        present = List.of(backend("one", AdminState.ENABLED, new SavedCircuit(null, Standing.CLOSED, 0, 0, 0)));

        started().close();

        assertThat(Files.readString(file)).endsWith("\"backends\":[\n\n]}\n");
        assertThat(open().found().backends()).isEmpty();
    }

    @Test
    void troubleIsToldOnceAndThatItIsOverAndTheFileStaysWholeMeanwhile() throws IOException {
        Files.writeString(file, WHOLE);
        Path obstacle = Files.createDirectories(dir.resolve("state.json.new").resolve("x"));
        StateKeeper keeper = started();
        for (int i = 2; i < 5; i++) {
            pass(Duration.ofSeconds(5));
            awaitLooks(i);
        }
        assertThat(file).hasContent(WHOLE);
        Files.delete(obstacle);
        pass(Duration.ofSeconds(5));
        eventually(() -> assertThat(Files.readString(file)).contains("12:00:20Z"));
        keeper.close();

        assertThat(log.lines())
                .satisfiesExactly(
                        line -> assertThat(line).isEqualTo("INFO " + file + ": written 0s ago: 1 tripped by hand"),
                        line -> assertThat(line)
                                .startsWith("WARN " + file
                                        + ": cannot be written, so that a restart finds what it held before: "),
                        line -> assertThat(line).isEqualTo("INFO " + file + ": states are kept again"));
    }

    @Test
    void whatACrashHasLeftBesideItDoesNotMatter() throws IOException {
        Files.writeString(dir.resolve("state.json.new"), "torn");

        started().close();

        assertThat(file).content().startsWith("{\"version\":1,");
        assertThat(dir.resolve("state.json.new")).doesNotExist();
    }

    @Test
    void aLinkStaysALink() throws IOException {
        Path target = Files.writeString(dir.resolve("target"), WHOLE);
        Files.createSymbolicLink(file, target);

        started().close();

        assertThat(file).isSymbolicLink();
        assertThat(target).content().startsWith("{\"version\":1,").doesNotContain("tripped");
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            WHOLE                       | ''         | 1:
            WHOLE                       | not JSON   | 1:
            "version":1                 | "version":2 | 1: 2 (expected: version 1)
            "version":1,                | ''         | 1: no version (expected: one)
            2026-01-05T12:00:00Z        | yesterday  | 1: "yesterday" (expected: a time such as 2026-01-05T12:00:00Z)
            "2026-01-05T12:00:00Z"      | 5          | 1: 5 (expected: a string)
            tripped                     | ajar       | 2: "ajar" (expected: closed or open or half-open or tripped)
            tripped                     | open       | 2: no remainingMillis (expected: one)
            "failures":0                | "failures":-1 | 2: -1 (expected: a whole number from 0)
            "failures":0                | "failures":99999999999999999999 | 2: 99999999999999999999 (expected: a whole number from 0)
            "failures":0                | "failures":"0" | 2: "0" (expected: a whole number from 0)
            "enabled"                   | "on"       | 2: "on" (expected: enabled or draining or disabled)
            "enabled"                   | "enabled","unhealthy":1 | 2: 1 (expected: true or false)
            "pool":"web",               | ''         | 2: no pool (expected: one)
            "backends":[                | "backends":{ | 1: { (expected: a list)
            "backends":[                | "backends":[7, | 1: 7 (expected: an object)
            "id":"one"                  | "id":"one","id":"two" | 2:
            """)
    void whatIsNoStateFileIsKeptAsideAndEverythingStartsAnew(String what, String with, String problem)
            throws IOException {
        String text = what.equals("WHOLE") ? with : WHOLE.replace(what, with);
        assertThat(text).isNotEqualTo(WHOLE);
        Files.writeString(file, text);

        StateKeeper keeper = open();

        assertThat(keeper.found()).isEqualTo(SavedState.NONE);
        assertThat(file).doesNotExist();
        assertThat(dir.resolve("state.json.bad")).hasContent(text);
        assertThat(log.lines())
                .singleElement()
                .asString()
                .startsWith("WARN " + file + ":" + problem)
                .contains("(expected: ")
                .endsWith("; kept as state.json.bad, and every circuit starts closed");
        keeper.close();
    }

    @Test
    void everyPlaceAtWhichAFileIsCutShortIsFound() throws IOException {
        for (int length = 0; length < WHOLE.strip().length(); length++) {
            byte[] cut = WHOLE.substring(0, length).getBytes(US_ASCII);
            assertThatThrownBy(() -> StateJson.read(cut, 0, wall)).isInstanceOf(BadState.class);
        }
    }

    @Test
    void whatItDoesNotKnowIsPassedOver() throws IOException {
        Files.writeString(file, WHOLE.replace("\"id\":", "\"new\":{\"a\":[1,{\"id\":\"x\"}]},\"newer\":[],\"id\":"));

        StateKeeper keeper = open();

        assertThat(keeper.found().backends())
                .singleElement()
                .extracting(SavedBackend::id)
                .isEqualTo(new BackendId("web", "one"));
        keeper.close();
    }

    @ParameterizedTest
    @ValueSource(longs = {0, -5, Long.MAX_VALUE - 1_000, Long.MIN_VALUE})
    void whatIsWrittenIsReadByATickerOfAnyOrigin(long origin) throws BadState {
        Random random = new Random(origin);
        for (int round = 0; round < 100; round++) {
            List<SavedBackend> written = new ArrayList<>();
            long now = random.nextLong();
            for (int i = random.nextInt(20); i >= 0; i--) {
                written.add(any(i, now, random));
            }
            Duration away = Duration.ofMillis(random.nextInt(100_000));

            SavedState read = StateJson.read(StateJson.write(written, now, wall), origin, wall.plus(away))
                    .state();

            List<SavedBackend> expected = written.stream()
                    .map(each -> each.movedBy(origin - now - away.toNanos()))
                    .toList();
            assertThat(read).isEqualTo(new SavedState(expected));
        }
    }

    private static SavedBackend any(int number, long now, Random random) {
        List<SavedCircuit> circuits = new ArrayList<>();
        for (int i = random.nextInt(3); i >= 0; i--) {
            Standing standing = List.of(Standing.values()).get(random.nextInt(4));
            long left = TimeUnit.MILLISECONDS.toNanos(random.nextInt(100_000));
            circuits.add(new SavedCircuit(
                    random.nextBoolean() ? null : "route \"é\" " + i,
                    standing,
                    standing == Standing.OPEN ? now + left : 0,
                    1 + random.nextInt(Integer.MAX_VALUE),
                    random.nextInt(5)));
        }
        boolean unhealthy = random.nextBoolean();
        return new SavedBackend(
                new BackendId("web", "id" + number),
                "http://[::1]:80",
                List.of(AdminState.values()).get(random.nextInt(3)),
                unhealthy,
                unhealthy && random.nextBoolean(),
                unhealthy && random.nextBoolean(),
                circuits);
    }

    @Test
    void aDirectoryThatIsNotThereIsTold() {
        file = dir.resolve("missing").resolve("state.json");

        assertThatThrownBy(this::open)
                .isInstanceOf(IOException.class)
                .hasMessage("lb.state.file: " + file + ": java.nio.file.NoSuchFileException: " + file.getParent()
                        + " (expected: a file in a directory that is there and can be written)");
    }

    @Test
    void aDirectoryIsNoFile() {
        file = dir;

        assertThatThrownBy(this::open)
                .isInstanceOf(IOException.class)
                .hasMessage("lb.state.file: " + dir
                        + ": is a directory (expected: a file in a directory that is there and can be written)");
    }

    @Test
    void oneKeeperHasAFileAtATimeByWhateverNameItGoes() throws IOException {
        StateKeeper keeper = open();
        Path other = Files.createSymbolicLink(dir.resolve("other"), dir);

        assertThatThrownBy(() -> StateKeeper.open(other.resolve("state.json").toString(), ticker, () -> wall))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("in use by this process");

        keeper.close();
        keeper.close();
        open().close();
    }
}
