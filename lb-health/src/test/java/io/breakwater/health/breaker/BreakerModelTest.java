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
    private static final List<WindowConfig.Type> TYPES = List.of(WindowConfig.Type.values());

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
        // The smallest step of time, and the one in which windows of some seconds are seen to pass.
        long tick = random.nextBoolean() ? 1 : 250_000_000;
        long chances = random.nextLong();
        BreakerConfig config = randomConfig(random, tick, true);
        var circuit = new BreakerFixture(origin, config, chances);
        var model = new BreakerModel(config, origin, tick, chances);
        List<Pair> admitted = new ArrayList<>();
        List<String> log = new ArrayList<>(List.of(name, "origin " + origin + " tick " + tick + " " + config));
        for (int i = 0; i < EVENTS; i++) {
            log.add(event(random, tick, circuit, model, admitted));
            compare(circuit, model, log);
        }
        // A call that could change something, so that everything that happened is reported.
        circuit.breaker.reset(circuit.now());
        model.reset();
        assertThat(circuit.transitions).as(() -> String.join("\n", log)).isEqualTo(model.happened);
    }

    private static String event(
            Random random, long tick, BreakerFixture circuit, BreakerModel model, List<Pair> admitted) {
        int kind = random.nextInt(100);
        if (kind < 25) {
            long ticks = random.nextInt(8);
            circuit.advanceNanos(ticks * tick);
            model.advance(ticks);
            return "advance " + ticks;
        }
        if (kind < 55) {
            Permit permit = circuit.tryAcquire();
            BreakerModel.Request request = model.tryAcquire();
            assertThat(permit == null).as("refused").isEqualTo(request == null);
            if (permit != null && request != null) {
                assertThat(permit.admittedIn()).isEqualTo(request.shown);
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
            long remaining = random.nextInt(10) * tick;
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
            BreakerConfig config = randomConfig(random, tick, random.nextInt(5) > 0);
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
        return "#" + index + " " + permitEvent(random, tick, circuit, model, pair);
    }

    private static String permitEvent(Random random, long tick, BreakerFixture circuit, BreakerModel model, Pair pair) {
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
                model.end(pair.request, Outcome.Verdict.IGNORED, 0, 0);
                return "release";
            }
            default -> {
                Outcome outcome = randomOutcome(random);
                long latency = random.nextInt(5) * tick;
                long retryAfter = random.nextInt(3) > 0 ? 0 : random.nextInt(40) * tick;
                if (retryAfter == 0 && random.nextBoolean()) {
                    pair.permit.record(outcome, latency);
                } else {
                    pair.permit.record(outcome, latency, retryAfter, now);
                }
                model.end(pair.request, outcome.verdict(), latency, retryAfter);
                return "record " + outcome + " after " + latency + " retry after " + retryAfter;
            }
        }
    }

    private static void compare(BreakerFixture circuit, BreakerModel model, List<String> log) {
        long now = circuit.now();
        BreakerSnapshot seen = circuit.breaker.snapshot(now);
        List<Transition> happened = model.happened;
        boolean open = model.state == CircuitState.OPEN;
        WindowCounts held = model.state == CircuitState.CLOSED ? model.window() : open ? model.judged : null;
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
                                : happened.get(happened.size() - 1).reason(),
                        model.config.mode(),
                        held,
                        held != null && held.calls() >= model.config.window().minimumCalls(),
                        open && !model.tripped
                                ? happened.get(happened.size() - 1).cooldownNanos()
                                : 0,
                        model.openings(),
                        new Observed(
                                model.wouldReject,
                                model.wouldRejectSucceeded,
                                model.wouldRejectFailed,
                                model.savedNanos)));
        boolean observes = model.observes();
        boolean overdue = model.state == CircuitState.HALF_OPEN
                && now - model.since >= model.config.cooldown().toNanos();
        assertThat(circuit.breaker.state(now)).isEqualTo(model.state);
        assertThat(circuit.breaker.servingState(now)).isEqualTo(observes ? CircuitState.CLOSED : model.state);
        assertThat(circuit.breaker.admits(now))
                .isEqualTo(observes || model.state == CircuitState.CLOSED || model.offersProbe());
        assertThat(circuit.breaker.offersProbe(now)).isEqualTo(!observes && model.offersProbe());
        assertThat(circuit.breaker.isProbeOverdue(now)).isEqualTo(!observes && overdue);
        assertThat(circuit.wouldReject).hasValue((int) model.wouldReject);
        assertThat(circuit.breaker.retryAfterNanos(now)).isEqualTo(model.retryAfterNanos());
        assertThat(happened)
                .as(() -> String.join("\n", log))
                .startsWith(circuit.transitions.toArray(Transition[]::new));
    }

    private static BreakerConfig randomConfig(Random random, long tick, boolean enabled) {
        return new BreakerConfig(
                enabled,
                random.nextInt(4) > 0 ? BreakerConfig.Mode.ENFORCE : BreakerConfig.Mode.OBSERVE,
                random.nextInt(5),
                randomWindow(random, tick),
                ticks(random, 15, tick),
                oneOf(random, 1, 1, 1.5, 2, 3),
                ticks(random, 60, tick),
                oneOf(random, 0, 0, 0.3, 1),
                1 + random.nextInt(3),
                1 + random.nextInt(3),
                ticks(random, 25, tick));
    }

    private static WindowConfig randomWindow(Random random, long tick) {
        WindowConfig.Type type = TYPES.get(random.nextInt(TYPES.size()));
        int calls = 1 + random.nextInt(8);
        return new WindowConfig(
                type,
                calls,
                Duration.ofSeconds(1 + random.nextInt(3)),
                1 + random.nextInt(calls),
                oneOf(random, 0.2, 1 / 3.0, 0.5, 0.75, 1),
                oneOf(random, 0.2, 1 / 3.0, 0.5, 0.75, 1),
                ticks(random, 5, tick));
    }

    private static Duration ticks(Random random, int most, long tick) {
        return Duration.ofNanos((1 + random.nextInt(most)) * tick);
    }

    private static double oneOf(Random random, double... values) {
        return values[random.nextInt(values.length)];
    }

    private static Outcome randomOutcome(Random random) {
        return switch (random.nextInt(8)) {
            case 0, 1, 2 -> Outcome.SUCCESS;
            case 3 -> Outcome.CLIENT_ABORTED;
            default -> Outcome.FAILURE_STATUS;
        };
    }
}
