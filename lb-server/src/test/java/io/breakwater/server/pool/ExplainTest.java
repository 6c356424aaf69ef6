package io.breakwater.server.pool;

import static io.breakwater.server.pool.PoolFixture.COOLDOWN;
import static io.breakwater.server.pool.PoolFixture.replicas;
import static org.assertj.core.api.Assertions.assertThat;

import io.breakwater.health.Outcome;
import io.breakwater.health.breaker.CircuitState;
import io.breakwater.health.breaker.Permit;
import io.breakwater.health.check.HealthStatus;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Consumer;
import java.util.regex.Pattern;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Whom explain calls eligible is who gets requests, in every state, and explaining changes nothing. */
class ExplainTest {
    private static final int REQUESTS = 1_000;
    private static final String CHECKED = "health-check.enabled = true";
    private static final String ONE_SLOT = "concurrency.max-per-backend = 1";
    private static final String RETRIES = "retries.max = 1";
    private static final String[] LOWER_C = {"", "", "priority = 1"};

    /**
     * A pool in some state.
     *
     * @param expected what explain says of a, b and c, in this order
     * @param replayable what kind of request is explained and sent
     */
    private record State(
            String name, String expected, boolean replayable, String settings, Consumer<PoolFixture> brought) {
        @Override
        public String toString() {
            return name;
        }
    }

    private static State state(String name, String expected, Consumer<PoolFixture> brought, String... settings) {
        return new State(name, expected, true, replicas(3) + "\n" + String.join("\n", settings), brought);
    }

    private static State tiers(String name, String expected, Consumer<PoolFixture> brought, String... settings) {
        return new State(name, expected, true, replicas(3, LOWER_C) + "\n" + String.join("\n", settings), brought);
    }

    /** Of a request that cannot be repeated. */
    private static State once(String name, String expected, Consumer<PoolFixture> brought) {
        return new State(name, expected, false, replicas(3, LOWER_C) + "\n" + RETRIES, brought);
    }

    static Stream<State> states() {
        return Stream.of(
                state("all closed", "eligible eligible eligible", at -> {}),
                state("one open", "eligible circuit_open eligible", at -> at.open("b")),
                state("half-open, free", "eligible eligible eligible", at -> halfOpen(at, "b")),
                state("two half-open, free", "eligible eligible eligible", at -> halfOpen(at, "b", "c")),
                state(
                        "half-open, two probes",
                        "eligible eligible eligible",
                        at -> halfOpen(at, "b"),
                        "breaker.half-open.concurrent-probes = 2"),
                state("half-open, busy", "eligible half_open_busy eligible", at -> {
                    halfOpen(at, "b");
                    Objects.requireNonNull(at.backend("b").breaker().tryAcquire(at.now()));
                }),
                state("its lease has lapsed", "eligible circuit_open eligible", at -> {
                    halfOpen(at, "b");
                    Objects.requireNonNull(at.backend("b").breaker().tryAcquire(at.now()));
                    at.advance(Duration.ofSeconds(10));
                }),
                state(
                        "tripped",
                        "eligible tripped eligible",
                        at -> at.backend("b").breaker().trip(at.now())),
                state(
                        "unhealthy",
                        "eligible unhealthy eligible",
                        at -> at.health("b", HealthStatus.UNHEALTHY),
                        CHECKED),
                state(
                        "suspect",
                        "eligible unhealthy unhealthy",
                        at -> {
                            at.health("c", HealthStatus.UNHEALTHY);
                            at.health("b", HealthStatus.UNHEALTHY);
                            at.health("a", HealthStatus.UNHEALTHY, true);
                            assertThat(at.replica("a").isSuspect()).isTrue();
                        },
                        CHECKED),
                state(
                        "draining",
                        "eligible draining eligible",
                        at -> at.replica("b").admin(AdminState.DRAINING)),
                state(
                        "disabled",
                        "eligible disabled eligible",
                        at -> at.replica("b").admin(AdminState.DISABLED)),
                state(
                        "overloaded",
                        "eligible overloaded eligible",
                        at -> at.replica("b").takeSlot(),
                        ONE_SLOT),
                state(
                        "slow start",
                        "eligible slow_start eligible",
                        at -> {
                            halfOpen(at, "b");
                            Permit probe = Objects.requireNonNull(
                                    at.backend("b").breaker().tryAcquire(at.now()));
                            probe.record(Outcome.SUCCESS, 1, at.now());
                        },
                        "slow-start.enabled = true"),
                state(
                        "protected",
                        "eligible protected circuit_open",
                        at -> {
                            at.open("c");
                            at.fail("b");
                        },
                        "breaker.min-available = 2"),
                state("observed", "eligible eligible eligible", at -> at.open("b"), "breaker.mode = observe"),
                state(
                        "tripped, observed",
                        "eligible eligible eligible",
                        at -> at.backend("b").breaker().trip(at.now()),
                        "breaker.mode = observe"),
                state("all out", "circuit_open tripped disabled", at -> {
                    at.open("a");
                    at.backend("b").breaker().trip(at.now());
                    at.replica("c").admin(AdminState.DISABLED);
                }),
                tiers("two priorities", "eligible eligible lower_priority", at -> {}),
                tiers("the upper one is open", "circuit_open circuit_open eligible", at -> at.open("a", "b")),
                tiers(
                        "the upper one is full",
                        "overloaded overloaded eligible",
                        at -> {
                            at.replica("a").takeSlot();
                            at.replica("b").takeSlot();
                        },
                        ONE_SLOT),
                tiers("the upper one is half-open", "circuit_open eligible eligible", at -> {
                    halfOpen(at, "b");
                    at.open("a");
                }),
                tiers("the lower one is half-open", "eligible eligible lower_priority", at -> halfOpen(at, "c")),
                tiers("all are half-open", "eligible eligible eligible", at -> halfOpen(at, "a", "b", "c")),
                once(
                        "half-open, not to be repeated",
                        "eligible lower_priority lower_priority",
                        at -> halfOpen(at, "b")),
                once("half-open for long, not to be repeated", "eligible eligible lower_priority", at -> {
                    halfOpen(at, "b");
                    at.advance(COOLDOWN);
                }),
                once("half-open above, not to be repeated", "circuit_open lower_priority eligible", at -> {
                    halfOpen(at, "b");
                    at.open("a");
                }),
                once("half-open alone, not to be repeated", "circuit_open eligible circuit_open", at -> {
                    halfOpen(at, "b");
                    at.open("a", "c");
                }));
    }

    private static void halfOpen(PoolFixture at, String... names) {
        at.open(names);
        at.advance(COOLDOWN);
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("states")
    void theEligibleGetTheRequests(State state) {
        var at = PoolFixture.of(state.settings);
        state.brought.accept(at);

        assertThat(said(at, state.replayable)).isEqualTo(state.expected);
        assertEligibleAreMet(at, state.replayable, REQUESTS);
        assertThat(said(at, state.replayable)).as("afterwards").isEqualTo(state.expected);
    }

    private static String said(PoolFixture at, boolean replayable) {
        return String.join(
                " ",
                at.pool.explain(replayable, at.now()).stream()
                        .map(Eligibility::label)
                        .toList());
    }

    /** Requests that say nothing about the backends; a probe keeps its slot until all of them were sent. */
    private static void assertEligibleAreMet(PoolFixture at, boolean replayable, int requests) {
        Set<String> eligible = new TreeSet<>();
        Set<String> halfOpen = new TreeSet<>();
        List<Eligibility> said = at.pool.explain(replayable, at.now());
        for (int i = 0; i < said.size(); i++) {
            Backend one = at.pool.backends().get(i);
            if (said.get(i).isEligible()) {
                eligible.add(one.id().id());
                if (one.breaker().servingState(at.now()) == CircuitState.HALF_OPEN) {
                    halfOpen.add(one.id().id());
                }
            }
        }
        Map<String, Integer> met = new TreeMap<>();
        List<Selection> probes = new ArrayList<>();
        for (int i = 0; i < requests; i++) {
            Selection selection = new Selection();
            selection.request(i, replayable);
            at.pool.select(selection, at.now());
            Backend by = selection.backend();
            if (by != null) {
                met.merge(by.id().id(), 1, Integer::sum);
                if (selection.permit().isProbe() && halfOpen.contains(by.id().id())) {
                    probes.add(selection);
                } else {
                    at.end(selection, Outcome.CLIENT_ABORTED);
                }
            }
        }
        probes.forEach(probe -> at.end(probe, Outcome.CLIENT_ABORTED));

        assertThat(met.keySet()).as("said %s, met %s", said, met).isEqualTo(eligible);
        for (String each : halfOpen) {
            assertThat(met.get(each))
                    .as("probes of %s at a time", each)
                    .isEqualTo(at.replica(each).breakerConfig().concurrentProbes());
        }
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8})
    void inAnyStateTheEligibleGetTheRequests(long seed) {
        Random random = new Random(seed);
        String[] priorities = new String[4];
        Arrays.setAll(priorities, i -> "priority = " + random.nextInt(2));
        var at = PoolFixture.of(
                replicas(4, priorities),
                "retries.max = " + random.nextInt(2),
                "concurrency.max-per-backend = 2",
                "health-check.enabled = true",
                "breaker.min-available = " + random.nextInt(3));
        Map<String, Integer> slots = new HashMap<>();
        Set<String> seen = new TreeSet<>();
        for (int step = 0; step < 400; step++) {
            change(at, PoolFixture.name(random.nextInt(4)), slots, random);
            boolean replayable = random.nextBoolean();
            seen.addAll(List.of(said(at, replayable).split(" ", -1)));
            assertEligibleAreMet(at, replayable, 40);
        }
        assertThat(seen).hasSizeGreaterThan(7);
    }

    private static void change(PoolFixture at, String name, Map<String, Integer> slots, Random random) {
        Backend backend = at.backend(name);
        Replica replica = at.replica(name);
        switch (random.nextInt(12)) {
            case 0, 1, 2 -> {
                if (at.state(name) == CircuitState.CLOSED) {
                    at.fail(name);
                }
            }
            case 3 -> backend.breaker().trip(at.now());
            case 4 -> backend.breaker().reset(at.now());
            case 5 -> at.health(name, HealthStatus.UNHEALTHY, random.nextBoolean());
            case 6 -> at.health(name, HealthStatus.HEALTHY);
            case 7 -> replica.admin(List.of(AdminState.values()).get(random.nextInt(3)));
            case 8 -> replica.admin(AdminState.ENABLED);
            case 9 -> {
                if (replica.takeSlot()) {
                    slots.merge(name, 1, Integer::sum);
                }
            }
            case 10 ->
                slots.forEach((each, taken) -> IntStream.range(0, slots.replace(each, 0))
                        .forEach(i -> at.replica(each).freeSlot()));
            default -> {
                if (random.nextBoolean() && backend.breaker().offersProbe(at.now())) {
                    Objects.requireNonNull(backend.breaker().tryAcquire(at.now()));
                }
                at.advance(Duration.ofSeconds(random.nextInt(7)));
            }
        }
    }

    @Test
    void thePageHasARowForEachCode() throws IOException {
        List<String> rows = Pattern.compile("^\\| `([a-z_]+)` \\| (yes|no) \\| .+ \\|$", Pattern.MULTILINE)
                .matcher(Files.readString(Path.of("..", "docs", "admin.md")))
                .results()
                .map(row -> row.group(1) + " " + row.group(2))
                .toList();

        assertThat(rows)
                .containsExactlyInAnyOrderElementsOf(Stream.of(Eligibility.values())
                        .map(code -> code.label() + (code.isEligible() ? " yes" : " no"))
                        .toList());
    }

    @Test
    void explainingChangesNothing() {
        var at = PoolFixture.of(replicas(3));
        halfOpen(at, "c");
        assertThat(List.of(at.request(), at.serve(), at.serve(), at.serve())).containsExactly("c", "a", "b", "a");

        for (int i = 0; i < REQUESTS; i++) {
            at.pool.explain(true, at.now());
        }
        assertThat(at.serve()).as("the turn of round-robin").isEqualTo("b");
        assertThat(at.replica("a").inFlight() + at.replica("b").inFlight()).isZero();
        assertThat(at.replica("a").rejected() + at.replica("c").rejected()).isZero();

        assertThat(at.counts("c").circuitRejections).hasValue(0);
    }
}
