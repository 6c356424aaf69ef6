package io.breakwater.server.pool;

import static org.assertj.core.api.Assertions.assertThat;

import io.breakwater.health.Outcome;
import io.breakwater.health.breaker.CircuitState;
import io.breakwater.health.check.HealthStatus;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import java.util.Set;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * Random lives of pools against a naive model, which looks at every backend for every request and keeps a circuit as a
 * row of failures and two times. The model says who may be chosen (the policy decides among them) or what the refusal is.
 */
class SelectModelTest {
    private static final int STEPS = 4_000;
    private static final long COOLDOWN = Duration.ofSeconds(5).toNanos();
    private static final long LEASE = Duration.ofSeconds(10).toNanos();
    private static final int THRESHOLD = 2;
    private static final int SLOTS = 2;

    /** One backend, naively. */
    private static final class Model {
        final int priority;
        AdminState admin = AdminState.ENABLED;
        boolean unhealthy;
        int underWay;
        int row;
        /** 0 closed, 1 open, 2 half-open, 3 tripped. */
        int circuit;
        /** When the cooldown ends, or ended. */
        long halfOpenAt;
        /** The attempt whose probe is out, and when its lease ends. */
        @Nullable
        Attempt probe;

        long leaseEnds;
        long spent;
        int closedPeriod;

        Model(int priority) {
            this.priority = priority;
        }

        /** What time has done: a lease that ended opened the circuit at that moment. */
        void settle(long now) {
            if (circuit == 2 && probe != null && now - leaseEnds >= 0) {
                open(leaseEnds);
            }
            if (circuit == 1 && now - halfOpenAt >= 0) {
                circuit = 2;
                spent = 0;
            }
        }

        void open(long now) {
            circuit = 1;
            halfOpenAt = now + COOLDOWN;
            probe = null;
            closedPeriod++;
        }

        void close() {
            circuit = 0;
            row = 0;
            probe = null;
            closedPeriod++;
        }

        boolean inRotation() {
            return admin == AdminState.ENABLED && !unhealthy;
        }

        boolean hasSlot() {
            return underWay < SLOTS;
        }

        boolean circuitAdmits() {
            return circuit == 0 || (circuit == 2 && probe == null);
        }

        boolean eligible() {
            return inRotation() && hasSlot() && circuitAdmits();
        }
    }

    /** One attempt under way. */
    private static final class Attempt {
        final Selection selection;
        final Model on;
        final Backend backend;
        final boolean probe;
        final int closedPeriod;
        final long began;

        Attempt(Selection selection, Model on, Backend backend, long began) {
            this.selection = selection;
            this.on = on;
            this.backend = backend;
            this.probe = selection.permit().isProbe();
            this.closedPeriod = on.closedPeriod;
            this.began = began;
        }
    }

    private final Map<Backend, Model> models = new HashMap<>();
    private final List<Attempt> attempts = new ArrayList<>();

    @ParameterizedTest
    @CsvSource({
        "1, round-robin, 0, 0", "2, round-robin, 2, 0", "3, least-request, 2, 2", "4, peak-ewma, 0, 1",
        "5, random, 2, 0", "6, '{ hash = path }', 2, 1", "7, '{ hash = path }', 0, 0", "8, least-request, 1, 3"
    })
    void aPoolDoesWhatTheModelDoes(long seed, String balance, int retries, int minAvailable) {
        Random random = new Random(seed);
        int count = 2 + random.nextInt(5);
        String[] settings = new String[count];
        int[] priorities = new int[count];
        for (int i = 0; i < count; i++) {
            priorities[i] = random.nextInt(3);
            settings[i] = "weight = " + (1 + random.nextInt(3)) + ", priority = " + priorities[i];
        }
        long origin = random.nextBoolean() ? Long.MAX_VALUE - random.nextInt() : random.nextLong();
        var at = PoolFixture.startingAt(
                origin,
                PoolFixture.replicas(count, settings),
                "balance = " + balance,
                "retries.max = " + retries,
                "concurrency.max-per-backend = " + SLOTS,
                "breaker { consecutive-failures = " + THRESHOLD + ", min-available = " + minAvailable + " }",
                "slow-start { enabled = true, duration = 10s, min-successes = 3 }",
                "health-check.enabled = true");
        for (int i = 0; i < count; i++) {
            models.put(at.backend(PoolFixture.name(i)), new Model(priorities[i]));
        }
        for (int step = 0; step < STEPS; step++) {
            at.ticker.advance(random.nextLong(random.nextInt(20) == 0 ? 2 * COOLDOWN : COOLDOWN / 50));
            models.values().forEach(one -> one.settle(at.now()));
            switch (random.nextInt(20)) {
                case 0 -> operate(at, random);
                case 1 -> check(at, random);
                case 2, 3, 4, 5, 6, 7, 8, 9, 10, 11 -> request(at, random, retries > 0, "step " + step);
                default -> {
                    if (!attempts.isEmpty()) {
                        end(at, attempts.remove(random.nextInt(attempts.size())), random, minAvailable);
                    }
                }
            }
            verify(at, "after step " + step);
        }
    }

    private static <T> T any(List<T> list, Random random) {
        return list.get(random.nextInt(list.size()));
    }

    private Model model(Backend backend) {
        return Objects.requireNonNull(models.get(backend));
    }

    private void operate(PoolFixture at, Random random) {
        Backend backend = any(at.pool.backends(), random);
        Model model = model(backend);
        switch (random.nextInt(8)) {
            case 0 -> {
                backend.breaker().trip(at.now());
                model.open(at.now());
                model.circuit = 3;
            }
            case 1, 2 -> {
                backend.breaker().reset(at.now());
                model.close();
            }
            case 3 -> set(backend, model, AdminState.DRAINING);
            case 4 -> set(backend, model, AdminState.DISABLED);
            default -> {
                for (Backend one : at.pool.backends()) {
                    set(one, model(one), AdminState.ENABLED);
                }
            }
        }
    }

    private static void set(Backend backend, Model model, AdminState state) {
        backend.replica().admin(state);
        model.admin = state;
    }

    private void check(PoolFixture at, Random random) {
        Backend backend = any(at.pool.backends(), random);
        boolean unhealthy = random.nextInt(3) == 0;
        at.health(backend.id().id(), unhealthy ? HealthStatus.UNHEALTHY : HealthStatus.HEALTHY);
        model(backend).unhealthy = unhealthy;
    }

    private void request(PoolFixture at, Random random, boolean retries, String step) {
        Selection selection = new Selection();
        boolean replayable = random.nextBoolean();
        selection.request(random.nextLong(), replayable);
        Set<Backend> tried = new HashSet<>();
        int tries = 1 + random.nextInt(2);
        for (int i = 0; i < tries; i++) {
            Set<Backend> allowed = allowed(at, tried, replayable || !retries);
            at.pool.select(selection, at.now());
            Backend chosen = selection.backend();
            if (allowed.isEmpty()) {
                assertThat(chosen).as(step).isNull();
                verifyRefusal(at, selection, tried, step);
                return;
            }
            assertThat(allowed).as(step).contains(chosen);
            Backend admitted = Objects.requireNonNull(chosen);
            Model model = model(admitted);
            Attempt attempt = new Attempt(selection, model, admitted, at.now());
            assertThat(attempt.probe).as(step).isEqualTo(model.circuit == 2);
            model.underWay++;
            if (attempt.probe) {
                model.probe = attempt;
                model.leaseEnds = at.now() + LEASE - model.spent;
            }
            if (i + 1 < tries) { // it fails in a way that says nothing about the backend, and another is asked
                selection.tried();
                tried.add(admitted);
                release(at, attempt);
            } else {
                attempts.add(attempt);
            }
        }
    }

    /** Who may be chosen. */
    private Set<Backend> allowed(PoolFixture at, Set<Backend> tried, boolean entitled) {
        Set<Integer> priorities = new TreeSet<>();
        models.values().forEach(one -> priorities.add(one.priority));
        Set<Backend> halfOpen = new HashSet<>();
        for (int priority : priorities) {
            Set<Backend> closed = new HashSet<>();
            Set<Backend> offered = new HashSet<>();
            for (Backend one : at.pool.backends()) {
                Model model = model(one);
                if (model.priority != priority || tried.contains(one) || !model.eligible()) {
                    continue;
                }
                if (model.circuit == 0) {
                    closed.add(one);
                } else {
                    halfOpen.add(one);
                    if (entitled || at.now() - model.halfOpenAt >= COOLDOWN) {
                        offered.add(one);
                    }
                }
            }
            if (!offered.isEmpty()) {
                return offered;
            } else if (!closed.isEmpty()) {
                return closed;
            }
        }
        Set<Backend> first = new HashSet<>();
        int best = halfOpen.stream().mapToInt(one -> model(one).priority).min().orElse(0);
        halfOpen.stream().filter(one -> model(one).priority == best).forEach(first::add);
        return first;
    }

    private void verifyRefusal(PoolFixture at, Selection selection, Set<Backend> tried, String step) {
        boolean overloaded = false;
        boolean circuit = false;
        boolean wasTried = false;
        boolean enabled = false;
        boolean halfOpen = false;
        long least = Long.MAX_VALUE;
        for (Backend one : at.pool.backends()) {
            Model model = model(one);
            enabled |= model.admin == AdminState.ENABLED;
            if (!model.inRotation()) {
                continue;
            }
            if (model.circuit == 1 || model.circuit == 3) {
                least = Math.min(least, model.circuit == 3 ? COOLDOWN : model.halfOpenAt - at.now());
            }
            if (tried.contains(one)) {
                wasTried = true;
                halfOpen |= model.circuit == 2;
            } else if (model.circuitAdmits()) {
                overloaded = true;
            } else {
                circuit = true;
                halfOpen |= model.circuit == 2;
            }
        }
        Refusal expected = overloaded
                ? Refusal.OVERLOADED
                : circuit
                        ? Refusal.CIRCUIT_OPEN
                        : wasTried ? Refusal.TRIED : enabled ? Refusal.UNHEALTHY : Refusal.UNAVAILABLE;
        assertThat(selection.refusal()).as(step).isEqualTo(expected);
        if (expected == Refusal.CIRCUIT_OPEN) {
            CircuitState state = selection.refusedState();
            assertThat(state).as(step).isEqualTo(halfOpen ? CircuitState.HALF_OPEN : CircuitState.OPEN);
            if (state == CircuitState.OPEN) {
                assertThat(selection.retryAfterNanos()).as(step).isEqualTo(least);
            }
        }
    }

    private void release(PoolFixture at, Attempt attempt) {
        Model model = attempt.on;
        model.underWay--;
        if (model.probe == attempt) {
            model.probe = null;
            model.spent = Math.max(model.spent, LEASE - (model.leaseEnds - at.now()));
        }
        attempt.selection.permit().release(at.now());
        attempt.backend.attemptEnded(Outcome.CLIENT_ABORTED, 0, at.now() - attempt.began, at.now());
    }

    private void end(PoolFixture at, Attempt attempt, Random random, int minAvailable) {
        int how = random.nextInt(5);
        if (how == 0) {
            // Its selection may not be the latest of its request; what ends is this attempt.
            release(at, attempt);
            return;
        }
        boolean success = how > 2;
        Model model = attempt.on;
        model.underWay--;
        if (model.probe == attempt) {
            if (success) {
                model.close();
            } else {
                model.open(at.now());
            }
        } else if (!attempt.probe && model.circuit == 0 && model.closedPeriod == attempt.closedPeriod) {
            model.row = success ? 0 : model.row + 1;
            if (model.row >= THRESHOLD && mayTrip(model, minAvailable)) {
                model.open(at.now());
            }
        }
        Outcome outcome = success ? Outcome.SUCCESS : Outcome.CONNECTION_RESET;
        attempt.selection.permit().record(outcome, 1, at.now());
        attempt.backend.attemptEnded(outcome, 1, at.now() - attempt.began, at.now());
    }

    private boolean mayTrip(Model failing, int minAvailable) {
        long available = models.values().stream()
                .filter(one -> one.inRotation() && one.circuit == 0)
                .count();
        return minAvailable == 0 || !failing.inRotation() || available - 1 >= minAvailable;
    }

    private void verify(PoolFixture at, String step) {
        CircuitState best = CircuitState.OPEN;
        for (Backend one : at.pool.backends()) {
            Model model = model(one);
            CircuitState state = switch (model.circuit) {
                case 0 -> CircuitState.CLOSED;
                case 2 -> CircuitState.HALF_OPEN;
                default -> CircuitState.OPEN;
            };
            assertThat(one.breaker().state(at.now())).as(step).isEqualTo(state);
            assertThat(one.replica().inFlight()).as(step).isEqualTo(model.underWay);
            best = BackendPool.better(best, state);
        }
        assertThat(at.pool.bestState(at.now())).as(step).isEqualTo(best);
    }
}
