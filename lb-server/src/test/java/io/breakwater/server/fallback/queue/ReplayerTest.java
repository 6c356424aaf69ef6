package io.breakwater.server.fallback.queue;

import static io.breakwater.server.fallback.queue.QueueFixture.status;
import static io.breakwater.server.fallback.queue.QueueFixture.stored;
import static org.assertj.core.api.Assertions.assertThat;

import io.breakwater.time.ManualScheduler;
import io.breakwater.time.ManualTicker;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class ReplayerTest {
    private static final Duration SECOND = Duration.ofSeconds(1);
    private static final Duration NANO = Duration.ofNanos(1);

    @TempDir
    Path folder;

    private final ManualTicker ticker =
            new ManualTicker(Long.MAX_VALUE - Duration.ofSeconds(40).toNanos());
    private final ManualScheduler scheduler = new ManualScheduler(ticker);

    /** What was sent, and what is to come of it. */
    private final List<StoredRequest> sent = new ArrayList<>();

    private final List<CompletableFuture<SendResult>> results = new ArrayList<>();
    private QueueFixture fixture;
    private WriteQueue queue;
    private Replayer replayer;

    @BeforeEach
    void prepare() throws Exception {
        fixture = new QueueFixture(folder.resolve("queue"));
        queue = fixture.open(new QueueLimits(100, 1 << 20, Duration.ofHours(1)));
        replayer = replayer(queue);
    }

    @AfterEach
    void close() {
        fixture.close();
    }

    private Replayer replayer(WriteQueue of) {
        return new Replayer(of, this::send, scheduler, ticker);
    }

    private CompletionStage<SendResult> send(StoredRequest request) {
        sent.add(request);
        CompletableFuture<SendResult> result = new CompletableFuture<>();
        results.add(result);
        return result;
    }

    private List<String> targets() {
        return QueueFixture.targets(sent);
    }

    private void answer(SendResult result) {
        results.get(results.size() - 1).complete(result);
        scheduler.runDue();
    }

    private void start() {
        replayer.start();
        scheduler.runDue();
    }

    private void wake() {
        replayer.wake();
        scheduler.runDue();
    }

    @Test
    void oneAfterTheOtherIsSentInOrder() throws Exception {
        Receipt zero = stored(queue, "/0");
        Receipt one = stored(queue, "/1");
        stored(queue, "/2");

        start();
        assertThat(targets()).containsExactly("/0");
        scheduler.advance(Duration.ofMinutes(5));
        assertThat(targets()).as("it takes as long as it takes").containsExactly("/0");
        answer(SendResult.delivered(201));
        assertThat(targets()).containsExactly("/0", "/1");
        answer(SendResult.rejected(422));
        assertThat(targets()).containsExactly("/0", "/1", "/2");

        assertThat(status(queue, zero).state()).isEqualTo(QueueState.DELIVERED);
        assertThat(status(queue, zero).status()).isEqualTo(201);
        assertThat(status(queue, zero).attempts()).isEqualTo(1);
        assertThat(status(queue, one).state()).isEqualTo(QueueState.REJECTED);
        assertThat(status(queue, one).status()).isEqualTo(422);
        assertThat(queue.figures().pending()).isEqualTo(1);
    }

    @Test
    void whatCameOfOneIsOnDiskBeforeTheNextIsSent() throws Exception {
        stored(queue, "/0");
        stored(queue, "/1");
        start();

        fixture.disk.spaceLeft.set(0);
        answer(SendResult.delivered(200));
        scheduler.advance(Duration.ofMinutes(2));
        assertThat(targets()).as("neither the next nor the same again").containsExactly("/0");

        fixture.disk.spaceLeft.set(Long.MAX_VALUE);
        scheduler.advance(Duration.ofSeconds(30));
        assertThat(targets()).containsExactly("/0", "/1");
        assertThat(queue.figures().delivered()).isEqualTo(1);
    }

    @Test
    void aCrashBeforeTheRecordSendsTheSameAgainWithTheSameKey() throws Exception {
        stored(queue, "/0");
        stored(queue, "/1");
        start();

        Path crashed = fixture.copy(folder.resolve("crashed"));
        answer(SendResult.delivered(200));
        Path later = fixture.copy(folder.resolve("later"));

        replayer(fixture.open(crashed, QueueFixture.LIMITS, Runnable::run)).start();
        scheduler.runDue();
        assertThat(sent.get(2)).usingRecursiveComparison().isEqualTo(sent.get(0));
        replayer(fixture.open(later, QueueFixture.LIMITS, Runnable::run)).start();
        scheduler.runDue();
        assertThat(sent.get(3)).usingRecursiveComparison().isEqualTo(sent.get(1));
    }

    @ParameterizedTest
    @EnumSource(names = {"FAILED", "UNAVAILABLE"})
    void whatFailedStaysTheFirstAndIsTriedMoreAndMoreRarely(SendResult.Kind kind) throws Exception {
        Receipt first = stored(queue, "/0");
        stored(queue, "/1");
        start();

        int attempts = 1;
        for (int seconds : new int[] {1, 2, 4, 8, 16, 30, 30}) {
            answer(new SendResult(kind, 0));
            scheduler.advance(Duration.ofSeconds(seconds).minus(NANO));
            assertThat(sent).hasSize(attempts);
            scheduler.advance(NANO);
            assertThat(sent).as("after %s s", seconds).hasSize(++attempts);
        }

        assertThat(targets()).containsOnly("/0");
        assertThat(sent).extracting(each -> each.request().idempotencyKey()).containsOnly(first.idempotencyKey());
        assertThat(sent.get(7).attempts()).isEqualTo(kind == SendResult.Kind.FAILED ? 7 : 0);
        assertThat(status(queue, first).attempts()).isEqualTo(kind == SendResult.Kind.FAILED ? 7 : 0);
    }

    @Test
    void afterASuccessThePauseIsShortAgain() throws Exception {
        stored(queue, "/0");
        stored(queue, "/1");
        start();
        for (int i = 0; i < 4; i++) {
            answer(SendResult.failed());
            scheduler.advance(Duration.ofSeconds(30));
        }

        answer(SendResult.delivered(200));
        answer(SendResult.failed());
        scheduler.advance(SECOND);

        assertThat(targets()).containsExactly("/0", "/0", "/0", "/0", "/0", "/1", "/1");
    }

    @Test
    void aClosedCircuitEndsThePause() throws Exception {
        stored(queue, "/0");
        start();
        for (int i = 0; i < 5; i++) {
            answer(SendResult.unavailable());
            scheduler.advance(Duration.ofSeconds(30));
        }
        answer(SendResult.unavailable());
        scheduler.advance(Duration.ofSeconds(2));
        assertThat(sent).hasSize(6);

        wake();
        assertThat(sent).hasSize(7);
        wake();
        assertThat(sent).as("it is being sent").hasSize(7);
        answer(SendResult.unavailable());
        scheduler.advance(SECOND);
        assertThat(sent).as("short pauses again").hasSize(8);
    }

    @Test
    void notEvenAClosedCircuitHasAVainAttemptRepeatedWithinASecond() throws Exception {
        stored(queue, "/0");
        start();
        answer(SendResult.failed());

        wake();
        scheduler.advance(SECOND.minus(NANO));
        wake();
        assertThat(sent).hasSize(1);
        scheduler.advance(NANO);
        assertThat(sent).hasSize(2);
    }

    @Test
    void whatIsStoredLaterIsFound() throws Exception {
        start();
        scheduler.advance(Duration.ofSeconds(10));
        stored(queue, "/0");

        scheduler.advance(SECOND);

        assertThat(targets()).containsExactly("/0");
        answer(SendResult.delivered(200));
        stored(queue, "/1");
        scheduler.advance(SECOND);
        assertThat(targets()).containsExactly("/0", "/1");
        assertThat(scheduler.pending()).as("nothing left over").isZero();
    }

    @Test
    void whatIsTooOldIsNotSent() throws Exception {
        Receipt old = stored(queue, "/0");
        fixture.passes(Duration.ofMinutes(30));
        stored(queue, "/1");
        start();
        answer(SendResult.failed());
        fixture.passes(Duration.ofMinutes(30));

        scheduler.advance(SECOND);

        assertThat(targets()).containsExactly("/0", "/1");
        assertThat(status(queue, old).state()).isEqualTo(QueueState.EXPIRED);
        assertThat(status(queue, old).attempts()).isEqualTo(1);
    }

    @Test
    void aSenderThatThrowsIsTriedAgain() throws Exception {
        stored(queue, "/0");
        replayer = new Replayer(
                queue,
                request -> {
                    sent.add(request);
                    if (sent.size() == 1) {
                        throw new IllegalStateException("thrown");
                    }
                    return CompletableFuture.failedFuture(new IllegalStateException("failed"));
                },
                scheduler,
                ticker);

        start();
        scheduler.advance(Duration.ofSeconds(3));

        assertThat(targets()).containsExactly("/0", "/0", "/0");
        assertThat(sent.get(2).attempts()).isEqualTo(2);
    }

    @Test
    void stoppingWaitsUntilWhatIsSentIsRecorded() throws Exception {
        stored(queue, "/0");
        stored(queue, "/1");
        start();

        CompletionStage<Void> stopped = replayer.stop();
        scheduler.runDue();
        assertThat(stopped.toCompletableFuture()).isNotDone();
        answer(SendResult.delivered(200));

        assertThat(stopped.toCompletableFuture()).isCompleted();
        scheduler.advance(Duration.ofMinutes(1));
        wake();
        assertThat(targets()).containsExactly("/0");
        assertThat(queue.figures().delivered()).isEqualTo(1);
    }

    @Test
    void stoppingWhileNothingIsSentIsDoneAtOnce() throws Exception {
        start();

        CompletionStage<Void> stopped = replayer.stop();
        scheduler.runDue();

        assertThat(stopped.toCompletableFuture()).isCompleted();
        stored(queue, "/0");
        scheduler.advance(Duration.ofMinutes(1));
        assertThat(sent).isEmpty();
    }
}
