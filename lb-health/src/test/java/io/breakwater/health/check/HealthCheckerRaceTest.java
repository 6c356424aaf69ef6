package io.breakwater.health.check;

import static org.assertj.core.api.Assertions.assertThat;

import io.breakwater.time.ManualScheduler;
import io.breakwater.time.ManualTicker;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.Random;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Checks end while other threads start, stop and reconfigure. */
@Timeout(60)
class HealthCheckerRaceTest {
    private static final int ROUNDS = 20_000;

    /** Half of the checks end at once, the others never; counts those under way. */
    private static final class Halting implements Probe {
        final AtomicInteger started = new AtomicInteger();
        final AtomicInteger underWay = new AtomicInteger();

        @Override
        public Attempt start(long deadlineNanos, Callback callback) {
            int number = started.incrementAndGet();
            underWay.incrementAndGet();
            AtomicBoolean over = new AtomicBoolean();
            if (number % 2 == 0) {
                over.set(true);
                underWay.decrementAndGet();
                callback.onResult(number % 3 == 0 ? CheckerFixture.FAIL : CheckerFixture.PASS);
            }
            return new Attempt() {
                @Override
                public String awaits() {
                    return "response";
                }

                @Override
                public void cancel() {
                    if (over.compareAndSet(false, true)) {
                        underWay.decrementAndGet();
                    }
                }
            };
        }
    }

    @Test
    void nothingIsLeftBehindAndEveryChangeIsReportedOnce() throws InterruptedException {
        ManualTicker ticker = new ManualTicker(Long.MAX_VALUE);
        ManualScheduler scheduler = new ManualScheduler(ticker);
        Halting probe = new Halting();
        Queue<HealthChange> changes = new ConcurrentLinkedQueue<>();
        HealthCheckConfig quick = CheckerFixture.with(Duration.ofMillis(3), Duration.ofMillis(2), 0.5);
        HealthCheckConfig slow = CheckerFixture.with(Duration.ofMillis(5), Duration.ofMillis(1), 0);
        HealthChecker checker =
                new HealthChecker(quick, probe, ticker, scheduler, new Stagger(0, new Random(1)), changes::add);
        AtomicBoolean goOn = new AtomicBoolean(true);
        List<Thread> threads = new ArrayList<>();
        for (Runnable action : List.<Runnable>of(
                checker::start, checker::stop, () -> checker.reconfigure(ticker.read() % 2 == 0 ? quick : slow))) {
            Thread thread = new Thread(() -> {
                while (goOn.get()) {
                    action.run();
                }
            });
            thread.start();
            threads.add(thread);
        }

        // On a busy machine all rounds may be over before a single check could begin amid the turmoil.
        for (int i = 0;
                i < ROUNDS
                        || (probe.started.get() == 0 && !Thread.currentThread().isInterrupted());
                i++) {
            scheduler.advance(Duration.ofMillis(1));
        }
        goOn.set(false);
        assertThat(probe.started).as("checks begun amid the turmoil").hasPositiveValue();
        for (Thread thread : threads) {
            thread.join();
        }
        checker.start();
        scheduler.advance(Duration.ofSeconds(1));
        int started = probe.started.get();
        checker.stop();
        scheduler.advance(Duration.ofSeconds(1));

        assertThat(started).isPositive();
        assertThat(probe.started).hasValue(started);
        assertThat(probe.underWay).hasValue(0);
        assertThat(scheduler.pending()).isZero();
        assertThat(checker.snapshot().status()).isEqualTo(HealthStatus.UNCHECKED);
        List<HealthChange> ordered = changes.stream()
                .sorted((one, other) -> Long.compare(one.sequence(), other.sequence()))
                .toList();
        assertThat(ordered.stream().map(HealthChange::sequence))
                .containsExactlyElementsOf(
                        LongStream.rangeClosed(1, ordered.size()).boxed().toList());
        for (int i = 1; i < ordered.size(); i++) {
            assertThat(ordered.get(i).from()).isEqualTo(ordered.get(i - 1).to());
        }
    }
}
