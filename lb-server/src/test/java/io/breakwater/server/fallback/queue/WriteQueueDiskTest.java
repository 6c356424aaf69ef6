package io.breakwater.server.fallback.queue;

import static io.breakwater.server.fallback.queue.QueueFixture.deliver;
import static io.breakwater.server.fallback.queue.QueueFixture.drain;
import static io.breakwater.server.fallback.queue.QueueFixture.next;
import static io.breakwater.server.fallback.queue.QueueFixture.request;
import static io.breakwater.server.fallback.queue.QueueFixture.stored;
import static io.breakwater.server.fallback.queue.QueueFixture.targets;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.CompletionStage;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What a queue does while its disk is full or broken, and after. */
class WriteQueueDiskTest {
    @TempDir
    Path folder;

    private QueueFixture fixture;
    private WriteQueue queue;

    @BeforeEach
    void prepare() throws Exception {
        fixture = new QueueFixture(folder.resolve("queue"));
        queue = fixture.open();
    }

    @AfterEach
    void close() {
        fixture.close();
    }

    private void refused(String target) {
        CompletionStage<Receipt> stage = queue.tryAppend(request(target, new byte[500]));
        assertThat(stage).isNotNull();
        assertThat(stage.toCompletableFuture())
                .isCompletedExceptionally()
                .failsWithin(Duration.ZERO)
                .withThrowableThat()
                .withCauseInstanceOf(QueueException.class)
                .withMessageContaining(fixture.directory + ": not stored: ");
    }

    private void isAsIfItHadNeverFailed(String... stored) throws Exception {
        WriteQueue copy = fixture.open(fixture.copy(folder.resolve("copy")), QueueFixture.LIMITS, Runnable::run);
        assertThat(targets(drain(copy))).containsExactly(stored);
        assertThat(targets(drain(queue))).containsExactly(stored);
        assertThat(queue.figures().bytes()).isZero();
        queue.close();
        assertThat(fixture.open().figures().pending()).isZero();
    }

    @ParameterizedTest
    @ValueSource(longs = {0, 1, 16, 17, 100, 600})
    void aFullDiskLosesNothingAndIsLeftBehind(long spaceLeft) throws Exception {
        stored(queue, "/0");
        long bytes = queue.figures().bytes();

        fixture.disk.spaceLeft.set(spaceLeft);
        refused("/1");
        refused("/2");
        assertThat(queue.figures().pending()).isEqualTo(1);
        assertThat(queue.figures().bytes()).isEqualTo(bytes);
        assertThat(queue.figures().failed()).isEqualTo(2);

        fixture.disk.spaceLeft.set(Long.MAX_VALUE);
        assertThat(stored(queue, "/3").sequence()).isEqualTo(2);
        isAsIfItHadNeverFailed("/0", "/3");
    }

    @Test
    void aBatchThatDoesNotFitIsRefusedAsAWhole() throws Exception {
        QueueFixture.Stepped thread = fixture.stepped();
        queue.close();
        queue = fixture.open(fixture.directory, QueueFixture.LIMITS, thread);
        fixture.disk.spaceLeft.set(700);
        CompletionStage<Receipt> fits = queue.tryAppend(request("/0", new byte[300]));
        CompletionStage<Receipt> doesNot = queue.tryAppend(request("/1", new byte[300]));

        thread.run();

        assertThat(fits).isNotNull();
        assertThat(doesNot).isNotNull();
        assertThat(fits).isCompletedExceptionally();
        assertThat(doesNot).isCompletedExceptionally();
        assertThat(queue.figures().pending()).isZero();
        Path copy = fixture.copy(folder.resolve("copy"));
        fixture.disk.spaceLeft.set(Long.MAX_VALUE);
        assertThat(fixture.open(copy, QueueFixture.LIMITS, Runnable::run)
                        .figures()
                        .pending())
                .isZero();
    }

    @Test
    void whatCannotBeForcedIsNotAcknowledged() throws Exception {
        stored(queue, "/0");

        fixture.disk.forceFails = true;
        refused("/1");

        fixture.disk.forceFails = false;
        stored(queue, "/2");
        isAsIfItHadNeverFailed("/0", "/2");
    }

    @Test
    void whatCannotBeTakenBackIsNotWrittenOver() throws Exception {
        stored(queue, "/0");

        fixture.disk.forceFails = true;
        fixture.disk.truncateFails = true;
        refused("/1");
        fixture.disk.forceFails = false;
        refused("/2");

        fixture.disk.truncateFails = false;
        stored(queue, "/3");
        isAsIfItHadNeverFailed("/0", "/3");
    }

    @Test
    void aNewSegmentThatCannotBeMadeRefusesUntilItCan() throws Exception {
        for (int i = 0; i < 4; i++) {
            stored(queue, request("/" + i, new byte[300_000]));
        }
        fixture.disk.spaceLeft.set(5);
        refused("/4");
        assertThat(fixture.segments()).hasSize(1);

        fixture.disk.spaceLeft.set(Long.MAX_VALUE);
        stored(queue, "/5");
        assertThat(fixture.segments()).hasSize(2);
        isAsIfItHadNeverFailed("/0", "/1", "/2", "/3", "/5");
    }

    @Test
    void anEndThatCannotBeWrittenHasNotHappened() throws Exception {
        stored(queue, "/0");
        StoredRequest first = next(queue);
        fixture.disk.spaceLeft.set(10);

        assertThat(queue.end(first, QueueState.DELIVERED, 200).toCompletableFuture())
                .failsWithin(Duration.ZERO)
                .withThrowableThat()
                .withCauseInstanceOf(IOException.class);

        fixture.disk.spaceLeft.set(Long.MAX_VALUE);
        assertThat(queue.figures().pending()).isEqualTo(1);
        assertThat(deliver(queue)).isEqualTo("/0");
    }
}
