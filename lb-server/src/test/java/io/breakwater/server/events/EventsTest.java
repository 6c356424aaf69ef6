package io.breakwater.server.events;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.AppenderBase;
import io.breakwater.health.BackendId;
import io.breakwater.health.Outcome;
import io.breakwater.health.breaker.BreakerConfig;
import io.breakwater.health.breaker.BreakerListener;
import io.breakwater.health.breaker.CircuitBreaker;
import io.breakwater.health.breaker.CircuitState;
import io.breakwater.health.breaker.Permit;
import io.breakwater.health.breaker.Transition;
import io.breakwater.health.breaker.WindowConfig;
import io.breakwater.health.breaker.WindowCounts;
import io.breakwater.health.check.HealthChange;
import io.breakwater.health.check.HealthListener;
import io.breakwater.health.check.HealthStatus;
import io.breakwater.health.check.ProbeResult;
import io.breakwater.time.ManualTicker;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.TimeUnit;
import java.util.stream.LongStream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.slf4j.LoggerFactory;

class EventsTest {
    private static final BackendId BACKEND = new BackendId("default", "localhost:3001");
    private static final CircuitId CIRCUIT = new CircuitId(BACKEND, null);
    private static final Instant NOON = Instant.parse("2026-01-01T12:00:00Z");
    private static final BreakerConfig CONFIG = BreakerConfig.DEFAULT;
    private static final Duration COOLDOWN = CONFIG.cooldown();

    private final ManualTicker ticker = new ManualTicker(Long.MAX_VALUE - 10);
    private final Events events = new Events(ticker, new WallClock(() -> NOON, ticker));
    private final Lines lines = new Lines();
    private final Logger log = (Logger) LoggerFactory.getLogger(Events.class);

    @BeforeEach
    void listen() {
        lines.start();
        log.setLevel(Level.INFO);
        log.setAdditive(false);
        log.addAppender(lines);
    }

    @AfterEach
    void close() {
        events.close();
        log.detachAppender(lines);
        log.setAdditive(true);
        log.setLevel(null);
    }

    @Test
    void oneLineForEachChangeOfARealCircuit() {
        events.start();
        CircuitBreaker breaker =
                new CircuitBreaker(CONFIG, ticker, events.circuit(CIRCUIT, () -> CONFIG, CallHistory.NONE));

        fail(breaker, 3);
        ticker.advance(COOLDOWN);
        fail(breaker, 1);
        ticker.advance(COOLDOWN);
        acquire(breaker).record(Outcome.SUCCESS, 1, ticker.read());
        events.close();

        assertThat(lines.texts)
                .containsExactly(
                        "INFO circuit default/localhost:3001: closed -> open (consecutive_failures: 3 in a row), cooldown 5s",
                        "INFO circuit default/localhost:3001: open -> half-open (cooldown_elapsed)",
                        "INFO circuit default/localhost:3001: half-open -> open (probe_failed: 4 in a row), cooldown 5s",
                        "INFO circuit default/localhost:3001: open -> half-open (cooldown_elapsed)",
                        "INFO circuit default/localhost:3001: half-open -> closed (probe_succeeded)");
        assertThat(events.transitions(CIRCUIT))
                .extracting(CircuitEvent::generation)
                .containsExactly(1L, 2L, 3L, 4L, 5L);
    }

    @Test
    void oneLineForEachChangeOfHealthThatAChecksResultBrought() {
        events.start();
        HealthListener health = events.health(BACKEND);
        ProbeResult status = ProbeResult.failed("status 503");
        health.onChange(health(1, HealthStatus.UNCHECKED, HealthStatus.UNKNOWN, 0, false, null));
        health.onChange(health(2, HealthStatus.UNKNOWN, HealthStatus.UNHEALTHY, 3, false, status));
        health.onChange(
                health(3, HealthStatus.UNHEALTHY, HealthStatus.HEALTHY, 2, false, ProbeResult.passed("status 200")));
        health.onChange(health(
                4, HealthStatus.HEALTHY, HealthStatus.UNHEALTHY, 3, true, ProbeResult.timeout("no response in time")));
        health.onChange(health(5, HealthStatus.UNHEALTHY, HealthStatus.UNHEALTHY, 4, false, status));
        health.onChange(health(6, HealthStatus.UNHEALTHY, HealthStatus.UNCHECKED, 0, false, null));
        events.close();

        assertThat(lines.texts)
                .containsExactly(
                        "INFO health default/localhost:3001: unknown -> unhealthy (failed: 3 in a row, the last: status 503)",
                        "INFO health default/localhost:3001: unhealthy -> healthy (passed: 2 in a row, the last: status 200)",
                        "INFO health default/localhost:3001: healthy -> unhealthy (timeout: 3 in a row, the last: no response in time)",
                        "INFO health default/localhost:3001: unhealthy, not by timeouts alone any more (failed: 4 in a row, the last: status 503)",
                        "INFO health default/localhost:3001: unhealthy -> unchecked (no checks any more)");
    }

    @Test
    void aChangeOfHealthThatIsReportedLateSaysSo() {
        HealthListener health = events.health(BACKEND);
        ProbeResult passed = ProbeResult.passed("connected");
        health.onChange(health(4, HealthStatus.UNHEALTHY, HealthStatus.HEALTHY, 2, false, passed));
        health.onChange(
                health(3, HealthStatus.HEALTHY, HealthStatus.UNHEALTHY, 3, false, ProbeResult.failed("status 500")));
        events.start();
        events.close();

        assertThat(lines.texts).hasSize(2);
        assertThat(lines.texts.get(1)).endsWith("(reported late: change 3 of this backend's health)");
    }

    private static HealthChange health(
            long sequence,
            HealthStatus from,
            HealthStatus to,
            int run,
            boolean timeoutsOnly,
            @Nullable ProbeResult cause) {
        return new HealthChange(sequence, 0, from, to, run, timeoutsOnly, cause);
    }

    @Test
    void lineTellsThatATripByHandHasNoEnd() {
        events.start();
        CircuitBreaker breaker =
                new CircuitBreaker(CONFIG, ticker, events.circuit(CIRCUIT, () -> CONFIG, CallHistory.NONE));

        breaker.trip(ticker.read());
        breaker.reset(ticker.read());
        events.close();

        assertThat(lines.texts)
                .containsExactly(
                        "INFO circuit default/localhost:3001: closed -> open (manual), until reset",
                        "INFO circuit default/localhost:3001: open -> closed (manual)");
    }

    @ParameterizedTest
    @CsvSource({"5000, 5s", "1500, 1500ms", "90000, 90s"})
    void cooldownIsWrittenShortly(long millis, String text) {
        CircuitEvent event = CircuitEvent.of(CIRCUIT, opened(1, Duration.ofMillis(millis)), NOON, CONFIG);

        assertThat(event)
                .hasToString("circuit default/localhost:3001: closed -> open"
                        + " (consecutive_failures: 3 in a row), cooldown " + text);
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            FAILURE_RATE         | 20 | 12 | 0  | failure_rate: 12 of 20 calls failed, 60 % >= 50 %
            FAILURE_RATE         | 3  | 2  | 3  | failure_rate: 2 of 3 calls failed, 66.67 % >= 50 %
            SLOW_CALL_RATE       | 8  | 1  | 7  | slow_call_rate: 7 of 8 calls took longer than 1500ms, 87.5 % >= 33.33 %
            CONSECUTIVE_FAILURES | 20 | 12 | 20 | consecutive_failures: 3 in a row
            """)
    void lineTellsWhatInTheWindowOpenedTheCircuit(
            Transition.Reason reason, int calls, int failures, int slowCalls, String told) {
        BreakerConfig config = CONFIG.with(new WindowConfig(
                WindowConfig.Type.COUNT, 20, Duration.ofSeconds(10), 3, 0.5, 1 / 3.0, Duration.ofMillis(1500)));
        Transition transition = new Transition(
                1,
                ticker.read(),
                CircuitState.CLOSED,
                CircuitState.OPEN,
                reason,
                3,
                new WindowCounts(calls, failures, slowCalls),
                COOLDOWN.toNanos());

        assertThat(CircuitEvent.of(CIRCUIT, transition, NOON, config))
                .hasToString("circuit default/localhost:3001: closed -> open (" + told + "), cooldown 5s");
        assertThat(CircuitEvent.of(CIRCUIT, transition, NOON, config.with(BreakerConfig.Mode.OBSERVE)))
                .hasToString(
                        "circuit default/localhost:3001: closed -> open (" + told + "), cooldown 5s, observed only");
    }

    @Test
    void changesReportedOutOfOrderAreLoggedInOrderAndReadInOrderAtOnce() {
        BreakerListener listener = events.circuit(CIRCUIT, () -> CONFIG, CallHistory.NONE);
        listener.onTransition(transition(2));
        listener.onTransition(transition(3));
        listener.onTransition(transition(1));
        assertThat(events.transitions(CIRCUIT))
                .extracting(CircuitEvent::generation)
                .containsExactly(1L, 2L, 3L);

        events.start();
        events.close();

        assertThat(lines.texts).hasSize(3).noneMatch(line -> line.contains("late") || line.startsWith("WARN"));
    }

    @Test
    void changeWhosePredecessorNeverCameIsLoggedAtTheEndWithAWarning() {
        events.start();
        events.circuit(CIRCUIT, () -> CONFIG, CallHistory.NONE).onTransition(transition(2));

        events.close();

        assertThat(lines.texts)
                .containsExactly(
                        "WARN circuit default/localhost:3001: changes 1 to 1 were not reported in time",
                        "INFO circuit default/localhost:3001: closed -> open (consecutive_failures: 3 in a row), cooldown 5s");
    }

    @Test
    void changeWhosePredecessorDoesNotComeIsLoggedAfterASecond() {
        events.start();
        BreakerListener listener = events.circuit(CIRCUIT, () -> CONFIG, CallHistory.NONE);
        BreakerListener other =
                events.circuit(new CircuitId(new BackendId("default", "other"), null), () -> CONFIG, CallHistory.NONE);
        listener.onTransition(transition(2));
        other.onTransition(transition(1));
        await().until(() -> lines.texts.size() == 1);

        ticker.advance(Sequencer.PATIENCE);

        await().until(() -> lines.texts.size() == 3);
        assertThat(lines.texts.get(1)).startsWith("WARN circuit default/localhost:3001: changes 1 to 1");
    }

    @Test
    void lastTwentyAreKept() {
        BreakerListener listener = events.circuit(CIRCUIT, () -> CONFIG, CallHistory.NONE);
        LongStream.rangeClosed(1, 25).forEach(generation -> listener.onTransition(transition(generation)));

        assertThat(events.transitions(CIRCUIT))
                .extracting(CircuitEvent::generation)
                .containsExactlyElementsOf(LongStream.rangeClosed(6, 25).boxed().toList());
        assertThat(events.transitions(new CircuitId(new BackendId("default", "unknown"), null)))
                .isEmpty();
    }

    @Test
    void circuitsOfOneBackendAreKeptApartByTheirRoutes() {
        CircuitId orders = new CircuitId(BACKEND, "/orders");
        CircuitId carts = new CircuitId(BACKEND, "/carts");
        events.start();
        events.circuit(orders, () -> CONFIG, CallHistory.NONE).onTransition(transition(1));
        events.circuit(carts, () -> CONFIG, CallHistory.NONE).onTransition(transition(1));

        assertThat(events.transitions(orders)).extracting(CircuitEvent::circuit).containsExactly(orders);
        assertThat(events.transitions(CIRCUIT)).isEmpty();
        events.retain(Set.of(carts));
        assertThat(events.transitions(orders)).isEmpty();
        assertThat(events.transitions(carts)).hasSize(1);

        events.close();
        assertThat(lines.texts)
                .containsExactly(
                        "INFO circuit default/localhost:3001 for route /orders: closed -> open"
                                + " (consecutive_failures: 3 in a row), cooldown 5s",
                        "INFO circuit default/localhost:3001 for route /carts: closed -> open"
                                + " (consecutive_failures: 3 in a row), cooldown 5s");
    }

    @Test
    void timeOfDayIsThatOfTheChangeNotOfTheReport() {
        long atNanos = ticker.read();
        ticker.advance(Duration.ofSeconds(7));

        events.circuit(CIRCUIT, () -> CONFIG, CallHistory.NONE)
                .onTransition(new Transition(
                        1, atNanos, CircuitState.HALF_OPEN, CircuitState.OPEN, Transition.Reason.PROBE_EXPIRED, 4));

        assertThat(events.transitions(CIRCUIT)).extracting(CircuitEvent::at).containsExactly(NOON.minusSeconds(7));
    }

    @Test
    void newBreakerOfTheSameBackendBeginsAnew() {
        events.start();
        events.circuit(CIRCUIT, () -> CONFIG, CallHistory.NONE).onTransition(transition(1));
        BreakerListener second = events.circuit(CIRCUIT, () -> CONFIG, CallHistory.NONE);
        assertThat(events.transitions(CIRCUIT)).isEmpty();

        second.onTransition(transition(1));
        events.close();

        assertThat(events.transitions(CIRCUIT)).hasSize(1);
        assertThat(lines.texts).hasSize(2).noneMatch(line -> line.contains("late"));
    }

    @Test
    void slowLogHoldsNobodyUpAndWhatItLostIsTold() throws Exception {
        BreakerListener listener = events.circuit(CIRCUIT, () -> CONFIG, CallHistory.NONE);
        lines.gate = new CountDownLatch(1);
        events.start();

        int lost = 10;
        listener.onTransition(transition(1));
        lines.entered.await(10, TimeUnit.SECONDS);
        LongStream.rangeClosed(2, Events.QUEUE_CAPACITY + 1L + lost)
                .forEach(generation -> listener.onTransition(transition(generation)));
        assertThat(events.transitions(CIRCUIT)).hasSize(20);
        lines.gate.countDown();
        events.close();

        assertThat(lines.texts).contains("WARN 10 events were neither logged nor told: the log is too slow");
        assertThat(lines.texts.stream().filter(line -> line.startsWith("INFO"))).hasSize(Events.QUEUE_CAPACITY + 1);
    }

    @Test
    void manyThreadsOnOneCircuitAreLoggedInTheOrderOfItsStates() throws Exception {
        events.start();
        BreakerConfig config = new BreakerConfig(true, 1, COOLDOWN, 1, 1, Duration.ofSeconds(10));
        CircuitBreaker breaker =
                new CircuitBreaker(config, ticker, events.circuit(CIRCUIT, () -> CONFIG, CallHistory.NONE));
        // All threads meet before each round, so that a round's changes race with one another and with nothing else.
        CyclicBarrier round = new CyclicBarrier(4, () -> ticker.advance(COOLDOWN));
        List<Thread> threads = new ArrayList<>();
        for (int i = 0; i < 4; i++) {
            Thread thread = new Thread(() -> {
                for (int n = 0; n < 100; n++) {
                    meet(round);
                    Permit permit = breaker.tryAcquire(ticker.read());
                    if (permit != null) {
                        permit.record(n % 3 == 0 ? Outcome.SUCCESS : Outcome.FAILURE_STATUS, 1, ticker.read());
                    }
                }
            });
            thread.start();
            threads.add(thread);
        }
        for (Thread thread : threads) {
            thread.join(TimeUnit.SECONDS.toMillis(30));
        }
        long last = breaker.snapshot(ticker.read()).generation();
        events.close();

        assertThat(last).isGreaterThan(50);
        assertThat(lines.texts).hasSize((int) last).noneMatch(line -> line.contains("late"));
        String to = "closed";
        for (String line : lines.texts) {
            assertThat(line).contains(": " + to + " -> ");
            to = line.replaceAll(".* -> ([a-z-]+) .*", "$1");
        }
    }

    private static void meet(CyclicBarrier barrier) {
        try {
            barrier.await(10, TimeUnit.SECONDS);
        } catch (Exception e) {
            throw new IllegalStateException(e);
        }
    }

    private void fail(CircuitBreaker breaker, int times) {
        for (int i = 0; i < times; i++) {
            acquire(breaker).record(Outcome.FAILURE_STATUS, 1, ticker.read());
        }
    }

    private Permit acquire(CircuitBreaker breaker) {
        return requireNonNull(breaker.tryAcquire(ticker.read()));
    }

    private Transition transition(long generation) {
        return opened(generation, COOLDOWN);
    }

    private Transition opened(long generation, Duration cooldown) {
        return new Transition(
                generation,
                ticker.read(),
                CircuitState.CLOSED,
                CircuitState.OPEN,
                Transition.Reason.CONSECUTIVE_FAILURES,
                3,
                null,
                cooldown.toNanos());
    }

    /** What the log was given, with its level. */
    private static final class Lines extends AppenderBase<ILoggingEvent> {
        final List<String> texts = new CopyOnWriteArrayList<>();
        final CountDownLatch entered = new CountDownLatch(1);
        volatile CountDownLatch gate = new CountDownLatch(0);

        @Override
        protected void append(ILoggingEvent event) {
            entered.countDown();
            try {
                gate.await(10, TimeUnit.SECONDS);
            } catch (InterruptedException e) {
                throw new IllegalStateException(e);
            }
            assertThat(event.getLevel()).isIn(Level.INFO, Level.WARN);
            texts.add(event.getLevel() + " " + event.getFormattedMessage());
        }
    }
}
