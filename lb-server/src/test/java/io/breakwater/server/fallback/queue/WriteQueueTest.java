package io.breakwater.server.fallback.queue;

import static io.breakwater.server.fallback.queue.QueueFixture.bytes;
import static io.breakwater.server.fallback.queue.QueueFixture.deliver;
import static io.breakwater.server.fallback.queue.QueueFixture.done;
import static io.breakwater.server.fallback.queue.QueueFixture.drain;
import static io.breakwater.server.fallback.queue.QueueFixture.next;
import static io.breakwater.server.fallback.queue.QueueFixture.request;
import static io.breakwater.server.fallback.queue.QueueFixture.status;
import static io.breakwater.server.fallback.queue.QueueFixture.stored;
import static io.breakwater.server.fallback.queue.QueueFixture.targets;
import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletionStage;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class WriteQueueTest {
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

    @Test
    void aRequestComesBackAsItWasStored() throws Exception {
        WriteQueue queue = fixture.open();
        QueuedRequest request = QueuedRequest.of(
                "bestell\u00fcbung \u2713",
                "PATCH",
                "/orders/1?q=\u00e4",
                List.of(new Field("Host", "a"), new Field("X", "\u00ff\u0001"), new Field("Idempotency-Key", "k")),
                bytes(1, 1 << 20));

        Receipt receipt = stored(queue, request);
        StoredRequest first = next(queue);

        assertThat(receipt.id()).matches("[A-Za-z0-9_-]{22}");
        assertThat(receipt.idempotencyKey()).isEqualTo("k");
        assertThat(first.id()).isEqualTo(receipt.id());
        assertThat(first.received()).isEqualTo(receipt.received()).isEqualTo(fixture.clock.instant());
        assertThat(first.attempts()).isZero();
        assertThat(first.request())
                .usingRecursiveComparison()
                .ignoringFields("body")
                .isEqualTo(request);
        assertThat(first.request().body()).isEqualTo(request.body());
    }

    @Test
    void requestsComeInTheirOrderAlsoAfterARestart() throws Exception {
        WriteQueue queue = fixture.open();
        for (int i = 0; i < 5; i++) {
            stored(queue, "/" + i);
        }
        assertThat(deliver(queue)).isEqualTo("/0");
        queue.close();

        queue = fixture.open();
        stored(queue, "/5");

        assertThat(queue.figures().pending()).isEqualTo(5);
        assertThat(targets(drain(queue))).containsExactly("/1", "/2", "/3", "/4", "/5");
        assertThat(queue.figures().pending()).isZero();
        assertThat(queue.figures().bytes()).isZero();
        assertThat(queue.figures().delivered()).isEqualTo(5);
    }

    @Test
    void noMoreThanMaxCountIsTaken() throws Exception {
        WriteQueue queue = fixture.open(new QueueLimits(2, 1 << 20, Duration.ofHours(1)));
        stored(queue, "/0");
        stored(queue, "/1");

        int before = fixture.disk.forces.get();
        assertThat(queue.tryAppend(request("/2"))).isNull();
        assertThat(fixture.disk.forces).hasValue(before);
        assertThat(queue.figures().full()).isEqualTo(1);

        deliver(queue);
        stored(queue, "/3");
        assertThat(targets(drain(queue))).containsExactly("/1", "/3");
    }

    @Test
    void noMoreThanMaxBytesIsTakenToTheByte() throws Exception {
        long size = Records.size(request("/0", new byte[1000]));
        WriteQueue queue = fixture.open(new QueueLimits(100, 2 * size, Duration.ofHours(1)));
        stored(queue, request("/0", new byte[1000]));

        assertThat(queue.tryAppend(request("/1", new byte[1001]))).isNull();
        stored(queue, request("/1", new byte[1000]));

        assertThat(queue.figures().bytes()).isEqualTo(2 * size);
        assertThat(queue.tryAppend(request("/2"))).isNull();
        queue.close();
        assertThat(fixture.open().figures().bytes()).isEqualTo(2 * size);
    }

    @Test
    void whatWaitsToBeWrittenCountsAndIsBoundedItself() throws Exception {
        QueueFixture.Stepped thread = fixture.stepped();
        WriteQueue queue = fixture.open(fixture.directory, new QueueLimits(20, 1L << 30, Duration.ofHours(1)), thread);
        List<CompletionStage<Receipt>> taken = new ArrayList<>();
        for (CompletionStage<Receipt> each = queue.tryAppend(request("/", new byte[1 << 20]));
                each != null;
                each = queue.tryAppend(request("/", new byte[1 << 20]))) {
            taken.add(each);
        }

        assertThat(taken).hasSize((int) (WriteQueue.MAX_UNWRITTEN >> 20) - 1);
        assertThat(queue.figures().pending()).isEqualTo(taken.size());
        thread.run();
        for (CompletionStage<Receipt> each : taken) {
            done(each);
        }
        assertThat(queue.tryAppend(request("/", new byte[20 << 20])))
                .as("one by itself may be longer")
                .isNotNull();
        thread.run();
        for (int i = taken.size() + 1; i < 20; i++) {
            assertThat(queue.tryAppend(request("/"))).isNotNull();
        }
        assertThat(queue.tryAppend(request("/"))).as("max-count").isNull();
        thread.run();
    }

    @Test
    void manyRequestsAreForcedToTheDiskAtOnce() throws Exception {
        QueueFixture.Stepped thread = fixture.stepped();
        WriteQueue queue = fixture.open(fixture.directory, QueueFixture.LIMITS, thread);
        int before = fixture.disk.forces.get();
        List<CompletionStage<Receipt>> taken = new ArrayList<>();
        for (int i = 0; i < 100; i++) {
            CompletionStage<Receipt> stage = queue.tryAppend(request("/" + i));
            assertThat(stage).isNotNull();
            taken.add(stage);
        }

        assertThat(taken).noneMatch(each -> each.toCompletableFuture().isDone());
        thread.run();

        assertThat(taken).allMatch(each -> each.toCompletableFuture().isDone());
        assertThat(fixture.disk.forces).hasValue(before + 1);
    }

    @Test
    void theStatusFollowsARequest() throws Exception {
        WriteQueue queue = fixture.open();
        Receipt first = stored(queue, "/0");
        Receipt second = stored(queue, "/1");

        assertThat(status(queue, second))
                .isEqualTo(new QueueStatus(second.id(), QueueState.QUEUED, second.received(), 0, null, 1L));
        StoredRequest sent = next(queue);
        assertThat(status(queue, first).state()).isEqualTo(QueueState.SENDING);
        assertThat(status(queue, first).position()).isNull();
        done(queue.waitsAgain(sent, true));
        assertThat(status(queue, first))
                .isEqualTo(new QueueStatus(first.id(), QueueState.QUEUED, first.received(), 1, null, 0L));
        done(queue.end(next(queue), QueueState.REJECTED, 409));
        assertThat(status(queue, first))
                .isEqualTo(new QueueStatus(first.id(), QueueState.REJECTED, first.received(), 2, 409, null));
        assertThat(status(queue, second).position()).isZero();
        assertThat(queue.status("AAAAAAAAAAAAAAAAAAAAAA")).isNull();
        assertThat(queue.status("")).isNull();
    }

    @Test
    void vainAttemptsAndEndsOutliveARestart() throws Exception {
        WriteQueue queue = fixture.open();
        Receipt delivered = stored(queue, "/0");
        Receipt waiting = stored(queue, "/1");
        deliver(queue);
        done(queue.waitsAgain(next(queue), true));
        done(queue.waitsAgain(next(queue), false));
        QueueStatus before = status(queue, delivered);
        queue.close();

        queue = fixture.open();

        assertThat(status(queue, delivered)).isEqualTo(before);
        assertThat(status(queue, waiting).attempts()).isEqualTo(1);
        assertThat(next(queue).attempts()).isEqualTo(1);
    }

    @Test
    void aStatusIsForgottenAnHourAfterTheEnd() throws Exception {
        WriteQueue queue = fixture.open();
        Receipt receipt = stored(queue, "/0");
        fixture.passes(Duration.ofHours(5));
        deliver(queue);

        fixture.passes(WriteQueue.KEPT.minusMillis(1));
        assertThat(queue.status(receipt.id())).isNotNull();
        fixture.passes(Duration.ofMillis(1));
        assertThat(queue.status(receipt.id())).isNull();
        queue.close();
        assertThat(fixture.open().status(receipt.id())).isNull();
    }

    @Test
    void requestsThatAreTooOldEndWithoutBeingSent() throws Exception {
        WriteQueue queue = fixture.open(new QueueLimits(10, 1 << 20, Duration.ofMinutes(10)));
        Receipt first = stored(queue, "/0");
        Receipt second = stored(queue, "/1");
        fixture.passes(Duration.ofMinutes(10).minusMillis(1));
        stored(queue, "/2");
        assertThat(next(queue).request().target()).isEqualTo("/0");
        assertThat(queue.figures().oldestAge()).isEqualTo(Duration.ofMinutes(10).minusMillis(1));

        fixture.passes(Duration.ofMillis(1));
        int before = fixture.disk.forces.get();
        assertThat(next(queue).request().target()).isEqualTo("/2");

        assertThat(fixture.disk.forces).as("all at once").hasValue(before + 1);
        assertThat(status(queue, first).state()).isEqualTo(QueueState.EXPIRED);
        assertThat(status(queue, second).status()).isNull();
        assertThat(queue.figures().expired()).isEqualTo(2);
        assertThat(queue.figures().pending()).isEqualTo(1);
        queue.close();
        queue = fixture.open();
        assertThat(status(queue, second).state()).isEqualTo(QueueState.EXPIRED);
        assertThat(targets(drain(queue))).containsExactly("/2");
    }

    @Test
    void segmentsGoOnceAllTheirRequestsHaveEnded() throws Exception {
        WriteQueue queue = fixture.open();
        Receipt first = stored(queue, request("/0", bytes(0, 300_000)));
        for (int i = 1; i < 30; i++) {
            stored(queue, request("/" + i, bytes(i, 300_000)));
        }
        assertThat(fixture.segments().size()).isBetween(5, 10);

        assertThat(drain(queue))
                .hasSize(30)
                .allSatisfy(each -> assertThat(each.request().body()).isEqualTo(bytes(each.sequence() - 1, 300_000)));

        // What is written last is one segment, and it is not full of ends.
        assertThat(fixture.segments().size()).isLessThanOrEqualTo(2);
        QueueStatus before = status(queue, first);
        stored(queue, "/30");
        queue.close();
        queue = fixture.open();
        assertThat(status(queue, first)).as("its end was carried on").isEqualTo(before);
        assertThat(targets(drain(queue))).containsExactly("/30");
    }

    @Test
    void theFilesDoNotGrowWithWhatHasEnded() throws Exception {
        WriteQueue queue = fixture.open(new QueueLimits(100, 4 << 20, Duration.ofHours(1)));
        for (int i = 0; i < 2000; i++) {
            stored(queue, request("/" + i, new byte[10_000]));
            deliver(queue);
        }

        long size = 0;
        for (Path each : fixture.segments()) {
            size += Files.size(each);
        }
        assertThat(size).isLessThan(2 << 20);
    }

    @Test
    void aRequestThatIsDamagedOnDiskIsLostAndTheNextOnesAreNot() throws Exception {
        WriteQueue queue = fixture.open();
        Receipt damaged = stored(queue, request("/0", bytes(0, 1000)));
        stored(queue, "/1");
        Path segment = fixture.segments().get(0);
        byte[] content = Files.readAllBytes(segment);
        content[500] ^= 1;
        Files.write(segment, content);

        assertThat(targets(drain(queue))).containsExactly("/1");

        assertThat(status(queue, damaged).state()).isEqualTo(QueueState.LOST);
        assertThat(status(queue, damaged).attempts()).isZero();
        assertThat(queue.figures().lost()).isEqualTo(1);
    }

    @Test
    void otherLimitsHoldAtOnce() throws Exception {
        WriteQueue queue = fixture.open();
        stored(queue, "/0");

        queue.reconfigure(new QueueLimits(1, 1 << 20, Duration.ofMinutes(1)));

        assertThat(queue.tryAppend(request("/1"))).isNull();
        fixture.passes(Duration.ofMinutes(1));
        assertThat(done(queue.next())).isEqualTo(Optional.empty());
    }

    @Test
    void aClosedQueueTakesNothing() throws Exception {
        WriteQueue queue = fixture.open();
        queue.close();
        queue.close();

        assertThat(queue.tryAppend(request("/0"))).isNull();
        assertThat(queue.next()).isCompletedExceptionally();
    }

    @Test
    void onlyTheOwnerCanReadWhatIsStored() throws Exception {
        stored(fixture.open(), "/0");

        if (folder.getFileSystem().supportedFileAttributeViews().contains("posix")) {
            assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(fixture.directory)))
                    .isEqualTo("rwx------");
            assertThat(PosixFilePermissions.toString(
                            Files.getPosixFilePermissions(fixture.segments().get(0))))
                    .isEqualTo("rw-------");
        }
    }
}
