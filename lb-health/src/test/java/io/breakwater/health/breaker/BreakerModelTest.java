package io.breakwater.health.breaker;

import static org.assertj.core.api.Assertions.assertThat;

import io.breakwater.health.Outcome;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

/**
 * Drives the breaker and {@link BreakerModel} with the same random events and compares all that can be seen of them
 * after each. Run one seed again with {@code -Dbreaker.seed=N}, more
 * sequences with {@code -Dbreaker.sequences=N}.
 */
class BreakerModelTest {
    private static final int SEQUENCES = Integer.getInteger("breaker.sequences", 4_000);
    private static final int EVENTS = 150;

    private record Pair(Permit permit, BreakerModel.Request request) {}

    @Test
    void theBreakerDoesWhatTheModelDoes() {
        long seed = Long.getLong("breaker.seed", new Random().nextLong());
        System.out.println("breaker.seed=" + seed);
        Random seeds = new Random(seed);
        for (int i = 0; i < SEQUENCES; i++) {
            runSequence(new Random(seeds.nextLong()), "breaker.seed=%d sequence %d".formatted(seed, i));
        }
    }

    private static void runSequence(Random random, String name) {
        long origin = switch (random.nextInt(3)) {
            case 0 -> Long.MAX_VALUE - random.nextInt(300);
            case 1 -> -random.nextInt(300);
            default -> random.nextLong();
        };
        BreakerConfig config = randomConfig(random, true);
        var circuit = new BreakerFixture(origin, config);
        var model = new BreakerModel(config, origin);
        List<Pair> admitted = new ArrayList<>();
        List<String> log = new ArrayList<>(List.of(name, "origin " + origin + " " + config));
        for (int i = 0; i < EVENTS; i++) {
            log.add(event(random, circuit, model, admitted));
            compare(circuit, model, log);
        }
        // A call that could change something, so that everything that happened is reported.
        circuit.breaker.reset(circuit.now());
        model.reset();
        assertThat(circuit.transitions).as(() -> String.join("\n", log)).isEqualTo(model.happened);
    }

    private static String event(Random random, BreakerFixture circuit, BreakerModel model, List<Pair> admitted) {
        int kind = random.nextInt(100);
        if (kind < 25) {
            long nanos = random.nextInt(8);
            circuit.advanceNanos(nanos);
            model.advance(nanos);
            return "advance " + nanos;
        }
        if (kind < 55) {
            Permit permit = circuit.tryAcquire();
            BreakerModel.Request request = model.tryAcquire();
            assertThat(permit == null).as("refused").isEqualTo(request == null);
            if (permit != null && request != null) {
                assertThat(permit.admittedIn()).isEqualTo(request.admittedIn);
                admitted.add(new Pair(permit, request));
            }
            return "tryAcquire " + (permit == null ? "refused" : "#" + (admitted.size() - 1));
        }
        if (kind < 57) {
            circuit.breaker.trip(circuit.now());
            model.trip();
            return "trip";
        }
        if (kind < 58) {
            int remaining = random.nextInt(10);
            circuit.breaker.restoreOpen(remaining, 2, circuit.now());
            model.restoreOpen(remaining, 2);
            return "restoreOpen " + remaining;
        }
        if (kind < 60) {
            circuit.breaker.reset(circuit.now());
            model.reset();
            return "reset";
        }
        if (kind < 63) {
            BreakerConfig config = randomConfig(random, random.nextInt(5) > 0);
            circuit.breaker.reconfigure(config, circuit.now());
            model.reconfigure(config);
            return "reconfigure " + config;
        }
        if (admitted.isEmpty()) {
            return "nothing";
        }
        // Mostly one of the last, so that probes get something to do; sometimes one that ended long ago.
        int index = random.nextInt(4) == 0
                ? random.nextInt(admitted.size())
                : Math.max(0, admitted.size() - 1 - random.nextInt(3));
        Pair pair = admitted.get(index);
        return "#" + index + " " + permitEvent(random, circuit, model, pair);
    }

    private static String permitEvent(Random random, BreakerFixture circuit, BreakerModel model, Pair pair) {
        long now = circuit.now();
        switch (random.nextInt(9)) {
            case 0, 1 -> {
                pair.permit.waitingForClient(now);
                model.waitingForClient(pair.request);
                return "waitingForClient";
            }
            case 2 -> {
                pair.permit.waitingForBackend(now);
                model.waitingForBackend(pair.request);
                return "waitingForBackend";
            }
            case 3 -> {
                pair.permit.headReceived(now);
                model.headReceived(pair.request);
                return "headReceived";
            }
            case 4 -> {
                pair.permit.release(now);
                model.end(pair.request, Outcome.Verdict.IGNORED);
                return "release";
            }
            default -> {
                Outcome outcome = randomOutcome(random);
                pair.permit.record(outcome, 1, now);
                model.end(pair.request, outcome.verdict());
                return "record " + outcome;
            }
        }
    }

    private static void compare(BreakerFixture circuit, BreakerModel model, List<String> log) {
        long now = circuit.now();
        BreakerSnapshot seen = circuit.breaker.snapshot(now);
        List<Transition> happened = model.happened;
        assertThat(seen)
                .as(() -> String.join("\n", log))
                .isEqualTo(new BreakerSnapshot(
                        model.state,
                        happened.size(),
                        model.failures,
                        model.since,
                        model.retryAfterNanos(),
                        model.tripped,
                        happened.isEmpty()
                                ? null
                                : happened.get(happened.size() - 1).reason()));
        assertThat(circuit.breaker.state(now)).isEqualTo(model.state);
        assertThat(circuit.breaker.retryAfterNanos(now)).isEqualTo(model.retryAfterNanos());
        assertThat(happened)
                .as(() -> String.join("\n", log))
                .startsWith(circuit.transitions.toArray(Transition[]::new));
    }

    private static BreakerConfig randomConfig(Random random, boolean enabled) {
        return new BreakerConfig(
                enabled,
                random.nextInt(5),
                Duration.ofNanos(1 + random.nextInt(15)),
                1 + random.nextInt(3),
                1 + random.nextInt(3),
                Duration.ofNanos(1 + random.nextInt(25)));
    }

    private static Outcome randomOutcome(Random random) {
        return switch (random.nextInt(8)) {
            case 0, 1, 2 -> Outcome.SUCCESS;
            case 3 -> Outcome.CLIENT_ABORTED;
            default -> Outcome.FAILURE_STATUS;
        };
    }
}
