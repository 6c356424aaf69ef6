package io.breakwater.health.breaker;

import static org.assertj.core.api.Assertions.assertThat;

import io.breakwater.health.Outcome;
import java.util.ArrayList;
import java.util.List;
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
