package io.breakwater.health.breaker;

import static org.assertj.core.api.Assertions.assertThat;

import io.breakwater.health.Outcome;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.api.Timeout;

/** Many threads at a time; the interleavings themselves are searched by jcstress. */
@Timeout(60)
class BreakerRaceTest {
    private final ExecutorService threads = Executors.newCachedThreadPool();

    @AfterEach
    void stopThreads() {
        threads.shutdownNow();
    }

    @RepeatedTest(20)
    void aHundredFailuresAtATimeMakeOneTransition() throws Exception {
        var circuit = new BreakerFixture(0, BreakerConfig.DEFAULT);
        List<Permit> permits = new ArrayList<>();
        for (int i = 0; i < 100; i++) {
            permits.add(circuit.acquire());
        }

        together(100, i -> circuit.record(permits.get(i), Outcome.FAILURE_STATUS));

        assertThat(circuit.state()).isEqualTo(CircuitState.OPEN);
        assertThat(circuit.transitions).hasSize(1);
    }

    @RepeatedTest(20)
    void fiftyRequestsAtATimeMeetOneProbe() throws Exception {
        var circuit = new BreakerFixture(0, BreakerConfig.DEFAULT).cooledDown();
        var admitted = new AtomicInteger();

        together(50, i -> count(admitted, circuit.tryAcquire()));

        assertThat(admitted).hasValue(1);
        assertThat(circuit.transitions).hasSize(2);
    }

    @RepeatedTest(20)
    void fiftyRequestsAtATimeMeetThreeProbesWhenThreeAreConfigured() throws Exception {
        var circuit = new BreakerFixture(0, BreakerFixture.halfOpen(3, 1)).cooledDown();
        var admitted = new AtomicInteger();

        together(50, i -> count(admitted, circuit.tryAcquire()));

        assertThat(admitted).hasValue(3);
        assertThat(circuit.transitions).hasSize(2);
    }

    @RepeatedTest(20)
    void aLapseIsReportedOnceWhoeverTouchesItFirst() throws Exception {
        var circuit = new BreakerFixture(0, BreakerConfig.DEFAULT).cooledDown();
        Permit probe = circuit.acquireProbe();
        circuit.advance(BreakerFixture.LEASE);

        together(30, i -> {
            if (i % 2 == 0) {
                circuit.record(probe, Outcome.SUCCESS);
            } else {
                circuit.tryAcquire();
            }
        });

        assertThat(circuit.story()).hasSize(3).last().isEqualTo("3 half-open>open probe_expired @15S x4");
    }

    @RepeatedTest(20)
    void generationsHaveNoGapsHoweverManyTripAndReset() throws Exception {
        var circuit = new BreakerFixture(0, BreakerConfig.DEFAULT);

        together(40, i -> {
            if (i % 2 == 0) {
                circuit.breaker.trip(circuit.now());
            } else {
                circuit.breaker.reset(circuit.now());
            }
        });

        List<Transition> byGeneration = circuit.transitions.stream()
                .sorted((a, b) -> Long.compare(a.generation(), b.generation()))
                .toList();
        CircuitState at = CircuitState.CLOSED;
        for (int i = 0; i < byGeneration.size(); i++) {
            assertThat(byGeneration.get(i).generation()).isEqualTo(i + 1L);
            assertThat(byGeneration.get(i).from()).isEqualTo(at);
            at = byGeneration.get(i).to();
        }
        assertThat(circuit.state()).isEqualTo(at);
        assertThat(circuit.snapshot().generation()).isEqualTo(byGeneration.size());
    }

    @RepeatedTest(20)
    void failuresDuringReloadsAreAllCounted() throws Exception {
        var circuit =
                new BreakerFixture(0, new BreakerConfig(true, 0, BreakerFixture.COOLDOWN, 1, 1, BreakerFixture.LEASE));

        together(40, i -> {
            if (i % 4 == 0) {
                circuit.breaker.reconfigure(
                        new BreakerConfig(true, 30 + i, BreakerFixture.COOLDOWN, 1, 1, BreakerFixture.LEASE),
                        circuit.now());
            } else {
                circuit.fail();
            }
        });

        assertThat(circuit.snapshot().consecutiveFailures()).isEqualTo(30);
    }

    private static BreakerConfig windowed(WindowConfig.Type type, int calls, double rate) {
        return new BreakerConfig(true, 0, BreakerFixture.COOLDOWN, 1, 1, BreakerFixture.LEASE)
                .with(new WindowConfig(type, calls, Duration.ofSeconds(10), calls, rate, 1, Duration.ofSeconds(1)));
    }

    @RepeatedTest(20)
    void everyCallIsInTheCountWindowOnce() throws Exception {
        var circuit = new BreakerFixture(0, windowed(WindowConfig.Type.COUNT, 8_000, 1));

        together(8, i -> {
            for (int call = 0; call < 1_000; call++) {
                record(circuit, call % 4 == 0, call % 5 == 0);
            }
        });

        assertThat(circuit.snapshot().window()).isEqualTo(new WindowCounts(8_000, 2_000, 1_600));
    }

    @RepeatedTest(20)
    void theTotalsOfASmallRingAreThoseOfItsSlotsHoweverOftenItIsLapped() throws Exception {
        for (int size = 1; size <= 3; size++) {
            var circuit = new BreakerFixture(0, windowed(WindowConfig.Type.COUNT, size, 1));
            circuit.breaker.reconfigure(
                    new BreakerConfig(false, 0, BreakerFixture.COOLDOWN, 1, 1, BreakerFixture.LEASE)
                            .with(windowed(WindowConfig.Type.COUNT, size, 1).window()),
                    0);

            together(4, i -> {
                for (int call = 0; call < 3_000; call++) {
                    record(circuit, (call + i) % 2 == 0, (call + i) % 3 == 0);
                }
            });
            for (int i = 0; i < size; i++) {
                record(circuit, false, false);
            }

            assertThat(circuit.snapshot().window()).isEqualTo(new WindowCounts(size, 0, 0));
        }
    }

    @RepeatedTest(20)
    void everyCallIsInTheTimeWindowOnceWhileItsSecondsGoBy() throws Exception {
        var circuit = new BreakerFixture(Long.MAX_VALUE - 3_000_000_000L, windowed(WindowConfig.Type.TIME, 9_000, 1));

        together(8, i -> {
            for (int call = 0; call < 1_000; call++) {
                if (i == 0 && call % 125 == 0) {
                    circuit.advance(Duration.ofSeconds(1));
                }
                record(circuit, call % 4 == 0, call % 5 == 0);
            }
        });

        assertThat(circuit.snapshot().window()).isEqualTo(new WindowCounts(8_000, 2_000, 1_600));
        circuit.advance(Duration.ofSeconds(10));
        assertThat(circuit.snapshot().window()).isEqualTo(new WindowCounts(0, 0, 0));
    }

    @RepeatedTest(20)
    void manyCallsThatReachTheRateAtATimeMakeOneTransition() throws Exception {
        for (WindowConfig.Type type : new WindowConfig.Type[] {WindowConfig.Type.COUNT, WindowConfig.Type.TIME}) {
            var circuit = new BreakerFixture(0, windowed(type, 50, 0.5));
            List<Permit> permits = new ArrayList<>();
            for (int i = 0; i < 100; i++) {
                permits.add(circuit.acquire());
            }

            // In whatever order: half of the first fifty or half of the last fifty have failed.
            together(100, i -> circuit.record(permits.get(i), i % 3 > 0 ? Outcome.FAILURE_STATUS : Outcome.SUCCESS));

            assertThat(circuit.state()).isEqualTo(CircuitState.OPEN);
            assertThat(circuit.transitions).hasSize(1);
            circuit.transitions.forEach(opened -> {
                WindowCounts judged = Objects.requireNonNull(opened.window());
                assertThat(judged.calls()).isGreaterThanOrEqualTo(50);
                assertThat(judged.failureRate()).isGreaterThanOrEqualTo(0.5);
            });
        }
    }

    @RepeatedTest(20)
    void whateverIsObservedIsCountedOnce() throws Exception {
        var circuit = new BreakerFixture(0, BreakerConfig.DEFAULT.with(BreakerConfig.Mode.OBSERVE)).opened();

        together(20, i -> circuit.record(circuit.acquire(), i % 2 == 0 ? Outcome.SUCCESS : Outcome.FAILURE_STATUS));

        assertThat(circuit.snapshot().observed()).isEqualTo(new Observed(20, 10, 10, 0));
        assertThat(circuit.wouldReject).hasValue(20);
    }

    private static void record(BreakerFixture circuit, boolean failed, boolean slow) {
        circuit.acquire()
                .record(
                        failed ? Outcome.FAILURE_STATUS : Outcome.SUCCESS,
                        slow ? Duration.ofSeconds(2).toNanos() : 0);
    }

    private static void count(AtomicInteger admitted, @Nullable Permit permit) {
        if (permit != null) {
            admitted.incrementAndGet();
        }
    }

    private interface Step {
        void run(int index) throws Exception;
    }

    /** Runs the step on so many threads, which all start at once. */
    private void together(int count, Step step) throws Exception {
        var start = new CyclicBarrier(count);
        List<Future<?>> running = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            int index = i;
            running.add(threads.submit(() -> {
                start.await(30, TimeUnit.SECONDS);
                step.run(index);
                return null;
            }));
        }
        for (Future<?> each : running) {
            each.get(30, TimeUnit.SECONDS);
        }
    }
}
