package io.breakwater.server.runtime;

import static org.assertj.core.api.Assertions.assertThat;

import io.breakwater.server.runtime.EventLoops.Transport;
import io.breakwater.time.Cancellable;
import io.breakwater.time.ManualTicker;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class HousekeepingTest {
    private final ManualTicker ticker = new ManualTicker(Long.MAX_VALUE - 1);
    private final Housekeeping housekeeping = Housekeeping.start(Transport.NIO, ticker);

    @AfterEach
    void close() {
        housekeeping.close();
    }

    @Test
    void whatIsDueRunsOnTheThreadOfTheLoop() throws Exception {
        CompletableFuture<String> thread = new CompletableFuture<>();

        housekeeping.schedule(
                ticker.read(), () -> thread.complete(Thread.currentThread().getName()));

        assertThat(thread.get(10, TimeUnit.SECONDS)).startsWith("housekeeping");
    }

    @Test
    void nothingRunsInsideTheCallEvenOnTheLoop() throws Exception {
        List<String> story = new ArrayList<>();
        CountDownLatch done = new CountDownLatch(1);

        housekeeping.schedule(ticker.read(), () -> {
            housekeeping.schedule(ticker.read() - 1, () -> {
                story.add("inner");
                done.countDown();
            });
            story.add("outer");
        });

        assertThat(done.await(10, TimeUnit.SECONDS)).isTrue();
        assertThat(story).containsExactly("outer", "inner");
    }

    @Test
    void aTaskRunsInItsTimeNotBefore() throws Exception {
        CompletableFuture<Long> ran = new CompletableFuture<>();
        long at = ticker.read() + Duration.ofSeconds(5).toNanos();
        housekeeping.schedule(at, () -> ran.complete(ticker.read()));
        ticker.advance(Duration.ofSeconds(5).minusNanos(1));
        awaitTurns();
        assertThat(ran).isNotDone();

        ticker.advance(Duration.ofMillis(10));

        assertThat(ran.get(10, TimeUnit.SECONDS))
                .isEqualTo(at + Duration.ofMillis(10).toNanos() - 1);
    }

    @Test
    void aTaskThatWasTakenBackDoesNotRun() throws Exception {
        List<String> story = new ArrayList<>();
        Cancellable soon = housekeeping.schedule(ticker.read() + 1, () -> story.add("cancelled"));
        soon.cancel();
        soon.cancel();
        CompletableFuture<Boolean> inLoop = new CompletableFuture<>();
        housekeeping.schedule(ticker.read(), () -> {
            Cancellable now = housekeeping.schedule(ticker.read(), () -> story.add("cancelled on the loop"));
            Cancellable later = housekeeping.schedule(ticker.read() + 1, () -> story.add("cancelled on the loop"));
            now.cancel();
            later.cancel();
            inLoop.complete(true);
        });
        inLoop.get(10, TimeUnit.SECONDS);

        ticker.advance(Duration.ofSeconds(1));
        awaitTurns();

        assertThat(story).isEmpty();
    }

    @Test
    void aTaskThatThrowsDisturbsNoOther() throws Exception {
        CompletableFuture<Boolean> after = new CompletableFuture<>();

        housekeeping.schedule(ticker.read(), () -> {
            throw new IllegalStateException("on purpose");
        });
        housekeeping.schedule(ticker.read(), () -> after.complete(true));

        assertThat(after.get(10, TimeUnit.SECONDS)).isTrue();
    }

    @Test
    void afterTheEndNothingRunsAndNothingFails() {
        List<String> story = new ArrayList<>();
        Cancellable waiting = housekeeping.schedule(ticker.read() + 1, () -> story.add("ran"));

        housekeeping.close();
        waiting.cancel();
        housekeeping.schedule(ticker.read(), () -> story.add("ran"));

        assertThat(story).isEmpty();
    }

    /** Lets the wheel look at the clock: a task that is due at the same reading has run by then, or is not due. */
    private void awaitTurns() throws Exception {
        CompletableFuture<Boolean> looked = new CompletableFuture<>();
        housekeeping.loop().eventLoop().schedule(() -> looked.complete(true), 250, TimeUnit.MILLISECONDS);
        assertThat(looked.get(10, TimeUnit.SECONDS)).isTrue();
    }
}
