package io.breakwater.server.fallback.queue;

import static io.breakwater.server.fallback.queue.QueueFixture.bytes;
import static io.breakwater.server.fallback.queue.QueueFixture.drain;
import static io.breakwater.server.fallback.queue.QueueFixture.request;
import static io.breakwater.server.fallback.queue.QueueFixture.stored;
import static io.breakwater.server.fallback.queue.QueueFixture.targets;
import static io.breakwater.server.fixtures.Eventually.eventually;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.breakwater.server.fixtures.Together;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Objects;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.IntStream;
import java.util.stream.LongStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** What was acknowledged is there after every kind of end. */
@Timeout(120)
class WriteQueueCrashTest {
    private static final QueueLimits MANY = new QueueLimits(1_000_000, 1L << 30, Duration.ofDays(1));

    @TempDir
    Path folder;

    private QueueFixture fixture;

    @BeforeEach
    void prepare() {
        fixture = new QueueFixture(folder.resolve("queue"));
    }

    @AfterEach
    void close() {
        fixture.close();
    }

    static LongStream seeds() {
        return LongStream.range(0, 40);
    }

    /** How long the segment was after each acknowledgement. */
    private List<Integer> ends(Random random, WriteQueue queue, Path segment) throws Exception {
        List<Integer> ends = new ArrayList<>();
        for (int i = 0; i < 12; i++) {
            stored(queue, request("/" + i, bytes(i, random.nextInt(2000))));
            ends.add((int) Files.size(segment));
        }
        return ends;
    }

    private static List<String> numbered(int count) {
        return IntStream.range(0, count).mapToObj(i -> "/" + i).toList();
    }

    @ParameterizedTest
    @MethodSource("seeds")
    void aTornTailCostsNothingThatWasAcknowledgedBeforeIt(long seed) throws Exception {
        Random random = new Random(seed);
        WriteQueue queue = fixture.open();
        Path segment = fixture.segments().get(0);
        List<Integer> ends = ends(random, queue, segment);
        queue.close();
        byte[] content = Files.readAllBytes(segment);
        int cut = 12 + random.nextInt(content.length - 12);

        Files.write(segment, Arrays.copyOf(content, cut));
        int whole = (int) ends.stream().filter(end -> end <= cut).count();
        queue = fixture.open();
        stored(queue, "/after");
        queue.close();
        queue = fixture.open();

        List<String> expected = new ArrayList<>(numbered(whole));
        expected.add("/after");
        assertThat(targets(drain(queue))).isEqualTo(expected);
    }

    @ParameterizedTest
    @MethodSource("seeds")
    void anInterruptedWriteCostsNothingThatWasAcknowledged(long seed) throws Exception {
        Random random = new Random(seed);
        QueueFixture.Stepped thread = fixture.stepped();
        WriteQueue queue = fixture.open(fixture.directory, QueueFixture.LIMITS, thread);
        Path segment = fixture.segments().get(0);
        for (int i = 0; i < 5; i++) {
            assertThat(queue.tryAppend(request("/" + i, bytes(i, random.nextInt(2000)))))
                    .isNotNull();
            thread.run();
        }
        int acknowledged = (int) Files.size(segment);
        for (int i = 5; i < 9; i++) {
            assertThat(queue.tryAppend(request("/" + i, bytes(i, random.nextInt(2000)))))
                    .isNotNull();
        }
        thread.run();
        Path crashed = fixture.copy(folder.resolve("crashed"));

        // The power fails before the last batch was forced: some of its blocks are on the disk, others are not.
        byte[] content = Files.readAllBytes(crashed.resolve(segment.getFileName()));
        for (int at = acknowledged; at < content.length; at += 128) {
            if (random.nextInt(4) == 0) {
                Arrays.fill(content, at, Math.min(at + 128, content.length), (byte) random.nextInt(2));
            }
        }
        Files.write(crashed.resolve(segment.getFileName()), content);

        List<String> found = targets(drain(fixture.open(crashed, QueueFixture.LIMITS, Runnable::run)));
        assertThat(found).hasSizeBetween(5, 9).isEqualTo(numbered(found.size()));
    }

    @Test
    void whatManyThreadsStoreIsThereWhenItIsAcknowledged() throws Exception {
        WriteQueue queue = WriteQueue.open(fixture.directory, MANY, fixture.clock);
        Set<String> acknowledged = ConcurrentHashMap.newKeySet();
        try {
            Together.run(8, index -> {
                for (int i = 0; i < 100; i++) {
                    CompletionStage<Receipt> stage = queue.tryAppend(request("/" + index + "/" + i, bytes(i, 200)));
                    acknowledged.add(
                            QueueFixture.done(Objects.requireNonNull(stage)).id());
                }
            });
            Path crashed = fixture.copy(folder.resolve("crashed"));
            List<StoredRequest> found = drain(fixture.open(crashed, MANY, Runnable::run));

            assertThat(found).hasSize(800).extracting(StoredRequest::id).containsAll(acknowledged);
            for (int index = 0; index < 8; index++) {
                String prefix = "/" + index + "/";
                assertThat(targets(found).stream().filter(each -> each.startsWith(prefix)))
                        .as("in the order of each thread")
                        .hasSize(100)
                        .isSortedAccordingTo(
                                Comparator.comparingInt(each -> Integer.parseInt(each.substring(prefix.length()))));
            }
        } finally {
            queue.close();
        }
    }

    /** Stores without an end, and prints the id of each request that is acknowledged. */
    static final class Child {
        private Child() {}

        public static void main(String[] args) throws Exception {
            WriteQueue queue = WriteQueue.open(Path.of(args[0]), MANY, InstantSource.system());
            System.out.println("open");
            Together.run(4, index -> {
                for (int i = 0; ; i++) {
                    String id =
                            stored(queue, request("/" + i, bytes(i, i % 3000))).id();
                    synchronized (System.out) {
                        System.out.println(id);
                    }
                }
            });
        }
    }

    @Test
    void whatAKilledProcessAcknowledgedIsThere() throws Exception {
        for (int round = 0; round < 2; round++) {
            Path out = folder.resolve("out" + round);
            Process child = new ProcessBuilder(
                            Path.of(System.getProperty("java.home"), "bin", "java")
                                    .toString(),
                            "-XX:TieredStopAtLevel=1",
                            "-cp",
                            System.getProperty("java.class.path"),
                            Child.class.getName(),
                            fixture.directory.toString())
                    .redirectOutput(out.toFile())
                    .redirectError(folder.resolve("err").toFile())
                    .start();
            try {
                eventually(() -> assertThat(out).content().as(this::errors).startsWith("open\n"));
                assertThatThrownBy(fixture::open)
                        .isInstanceOf(QueueException.class)
                        .hasMessage(fixture.directory + ": in use by process " + child.pid()
                                + " (expected: one process for each directory)");
                // 22 characters and the end of the line each.
                long enough = Files.size(out) + 23 * 300;
                eventually(() -> assertThat(Files.size(out)).as(this::errors).isGreaterThan(enough));
            } finally {
                child.destroyForcibly().waitFor();
            }
            // The last line may be torn itself.
            List<String> acknowledged = Files.readAllLines(out).stream()
                    .filter(each -> each.length() == 22)
                    .toList();
            WriteQueue queue = fixture.open(MANY);
            List<StoredRequest> found = drain(queue);
            queue.close();

            assertThat(acknowledged).hasSizeGreaterThanOrEqualTo(300);
            assertThat(found).extracting(StoredRequest::id).containsAll(acknowledged);
            assertThat(found).allSatisfy(each -> {
                int i = Integer.parseInt(each.request().target().substring(1));
                assertThat(each.request().body()).isEqualTo(bytes(i, i % 3000));
            });
        }
    }

    private String errors() {
        try {
            return Files.readString(folder.resolve("err"));
        } catch (IOException e) {
            return e.toString();
        }
    }
}
