package io.breakwater.server.events;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;

import io.breakwater.health.BackendId;
import io.breakwater.health.Outcome;
import io.breakwater.health.breaker.BreakerConfig;
import io.breakwater.health.breaker.BreakerListener;
import io.breakwater.health.breaker.CircuitBreaker;
import io.breakwater.health.breaker.CircuitState;
import io.breakwater.health.breaker.Transition;
import io.breakwater.health.breaker.Transition.Reason;
import io.breakwater.time.ManualTicker;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class IncidentsTest {
    private static final CircuitId CIRCUIT = new CircuitId(new BackendId("default", "a:1"), null);
    private static final BreakerConfig CONFIG = BreakerConfig.DEFAULT;
    private static final BreakerConfig OBSERVING = CONFIG.with(BreakerConfig.Mode.OBSERVE);
    private static final Instant NOON = Instant.parse("2026-01-01T12:00:00Z");
    private static final Duration COOLDOWN = CONFIG.cooldown();
    private static final CallHistory HISTORY = atNanos -> new CallHistory.Taken() {
        @Override
        public List<PastCall> calls() {
            return List.of(new PastCall(Outcome.SUCCESS, 5, 1), new PastCall(Outcome.FAILURE_STATUS, 0, 2));
        }

        @Override
        public CallHistory.Latency latency() {
            return new CallHistory.Latency(1L, 3L, 2);
        }
    };

    private final ManualTicker ticker = new ManualTicker(Long.MAX_VALUE - 10);
    private final long startNanos = ticker.read();
    /** The time of day goes with the ticker. */
    private final Events events =
            new Events(ticker, new WallClock(() -> NOON.plusNanos(ticker.read() - startNanos), ticker));

    private final EventFeed feed = events.feed();

    @AfterEach
    void close() {
        events.close();
    }

    private CircuitBreaker breaker(CircuitId circuit, BreakerConfig config) {
        return new CircuitBreaker(config, ticker, events.circuit(circuit, () -> config, HISTORY));
    }

    private void fail(CircuitBreaker breaker, int times) {
        for (int i = 0; i < times; i++) {
            requireNonNull(breaker.tryAcquire(ticker.read())).record(Outcome.FAILURE_STATUS, 1, ticker.read());
        }
    }

    private void succeed(CircuitBreaker breaker) {
        requireNonNull(breaker.tryAcquire(ticker.read())).record(Outcome.SUCCESS, 1, ticker.read());
    }

    /** Everything that was reported has been told. */
    private void told() {
        events.start();
        events.close();
    }

    /** What became of each incident, in the order of telling. */
    private List<Incident> versions() {
        return feed.after(0).stream()
                .map(EventFeed.Entry::event)
                .filter(Incident.class::isInstance)
                .map(Incident.class::cast)
                .toList();
    }

    @Test
    void anOutageIsOneIncidentFromTheTripToTheProbeThatCloses() {
        CircuitBreaker breaker = breaker(CIRCUIT, CONFIG);
        fail(breaker, 3);
        for (int i = 0; i < 2; i++) {
            ticker.advance(COOLDOWN);
            fail(breaker, 1);
        }
        ticker.advance(COOLDOWN);
        succeed(breaker);
        told();

        Incident ended = new Incident(
                1,
                CIRCUIT,
                NOON,
                false,
                Reason.CONSECUTIVE_FAILURES,
                "3 in a row",
                "opened for 5s",
                2,
                new Incident.Ending(NOON.plusSeconds(15), "probe_succeeded", Duration.ofSeconds(15)),
                HISTORY.take(0).calls(),
                HISTORY.take(0).latency());
        assertThat(feed.incidents()).containsExactly(ended);
        assertThat(versions()).extracting(Incident::reopenings).containsExactly(0, 1, 2, 2);
        assertThat(versions()).extracting(each -> each.ending() == null).containsExactly(true, true, true, false);
        assertThat(versions()).last().isEqualTo(ended);
    }

    @Test
    void theNextTripIsTheNextIncident() {
        CircuitBreaker breaker = breaker(CIRCUIT, CONFIG);
        fail(breaker, 3);
        ticker.advance(COOLDOWN);
        succeed(breaker);
        fail(breaker, 3);
        told();

        assertThat(feed.incidents()).extracting(Incident::id).containsExactly(2L, 1L);
        assertThat(feed.incidents()).extracting(each -> each.ending() == null).containsExactly(true, false);
    }

    @Test
    void aTripByHandIsAnIncidentUntilTheReset() {
        CircuitBreaker breaker = breaker(CIRCUIT, CONFIG);
        breaker.trip(ticker.read());
        ticker.advance(Duration.ofMinutes(1));
        breaker.reset(ticker.read());
        told();

        Incident only = feed.incidents().get(0);
        assertThat(only.reason()).isEqualTo(Reason.MANUAL);
        assertThat(only.figures()).isNull();
        assertThat(only.decision()).isEqualTo("opened until reset");
        assertThat(only.ending()).isEqualTo(new Incident.Ending(NOON.plusSeconds(60), "manual", Duration.ofMinutes(1)));
    }

    @Test
    void aTripByHandOfAnOpenCircuitChangesWhatIsDecidedAndIsNoReopening() {
        CircuitBreaker breaker = breaker(CIRCUIT, CONFIG);
        fail(breaker, 3);
        breaker.trip(ticker.read());
        told();

        assertThat(feed.incidents()).hasSize(1);
        Incident only = feed.incidents().get(0);
        assertThat(only.reason()).isEqualTo(Reason.CONSECUTIVE_FAILURES);
        assertThat(only.decision()).isEqualTo("opened until reset");
        assertThat(only.reopenings()).isZero();
    }

    @Test
    void aCircuitThatOnlyObservesHasIncidentsToo() {
        CircuitBreaker breaker = breaker(CIRCUIT, OBSERVING);
        fail(breaker, 3);
        ticker.advance(COOLDOWN);
        succeed(breaker);
        told();

        Incident only = feed.incidents().get(0);
        assertThat(only.observed()).isTrue();
        assertThat(only.decision()).isEqualTo("opened for 5s, observed only");
        assertThat(requireNonNull(only.ending()).reason()).isEqualTo("probe_succeeded");
    }

    @Test
    void aCircuitThatIsNotThereAnyMoreEndsItsIncidentAndHasNoFurtherOne() {
        CircuitBreaker breaker = breaker(CIRCUIT, CONFIG);
        fail(breaker, 3);
        ticker.advance(Duration.ofSeconds(2));
        events.retain(Set.of());
        breaker.reset(ticker.read());
        fail(breaker, 3);
        told();

        assertThat(feed.incidents()).hasSize(1);
        assertThat(feed.incidents().get(0).ending())
                .isEqualTo(new Incident.Ending(NOON.plusSeconds(2), "removed", Duration.ofSeconds(2)));
    }

    @Test
    void aNewBreakerInItsPlaceEndsAnIncidentToo() {
        fail(breaker(CIRCUIT, CONFIG), 3);
        CircuitBreaker next = breaker(CIRCUIT, CONFIG);
        events.retain(Set.of(CIRCUIT));
        fail(next, 3);
        told();

        assertThat(feed.incidents()).extracting(Incident::id).containsExactly(2L, 1L);
        assertThat(feed.incidents().get(0).ending()).isNull();
        assertThat(requireNonNull(feed.incidents().get(1).ending()).reason()).isEqualTo("removed");
    }

    @Test
    void anIncidentOfACircuitThatIsRemovedWhileTheQueueIsFullEndsAllTheSame() {
        fail(breaker(CIRCUIT, CONFIG), 3);
        for (int i = 0; i < Events.QUEUE_CAPACITY; i++) {
            events.administered(CIRCUIT.backend(), "drain", "enabled", "draining");
        }
        events.retain(Set.of());
        told();

        assertThat(requireNonNull(feed.incidents().get(0).ending()).reason()).isEqualTo("removed");
    }

    @Test
    void circuitsOfOneBackendHaveIncidentsOfTheirOwn() {
        CircuitId other = new CircuitId(CIRCUIT.backend(), "/cart");
        fail(breaker(CIRCUIT, CONFIG), 3);
        fail(breaker(other, CONFIG), 3);
        told();

        assertThat(feed.incidents()).extracting(Incident::circuit).containsExactly(other, CIRCUIT);
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4, 5})
    void changesThatAreReportedOutOfOrderMakeTheSameIncidentAndAreToldInOrder(long seed) {
        List<Transition> changes = new ArrayList<>();
        CircuitBreaker breaker = new CircuitBreaker(CONFIG, ticker, changes::add);
        fail(breaker, 3);
        ticker.advance(COOLDOWN);
        fail(breaker, 1);
        ticker.advance(COOLDOWN);
        succeed(breaker);
        Collections.shuffle(changes, new Random(seed));
        BreakerListener listener = events.circuit(CIRCUIT, () -> CONFIG, HISTORY);
        changes.forEach(listener::onTransition);
        told();

        assertThat(feed.incidents()).hasSize(1);
        Incident only = feed.incidents().get(0);
        assertThat(only.reason()).isEqualTo(Reason.CONSECUTIVE_FAILURES);
        assertThat(only.reopenings()).isEqualTo(1);
        assertThat(only.ending())
                .isEqualTo(new Incident.Ending(NOON.plusSeconds(10), "probe_succeeded", Duration.ofSeconds(10)));
        assertThat(feed.after(0).stream()
                        .map(EventFeed.Entry::event)
                        .filter(CircuitEvent.class::isInstance)
                        .map(event -> ((CircuitEvent) event).generation()))
                .containsExactly(1L, 2L, 3L, 4L, 5L);
    }

    @Test
    void aClosingThatIsNeverReportedEndsTheIncidentWithTheNextTrip() {
        List<Transition> changes = new ArrayList<>();
        CircuitBreaker breaker = new CircuitBreaker(CONFIG, ticker, changes::add);
        fail(breaker, 3);
        breaker.reset(ticker.read());
        ticker.advance(Duration.ofSeconds(1));
        fail(breaker, 3);
        BreakerListener listener = events.circuit(CIRCUIT, () -> CONFIG, HISTORY);
        listener.onTransition(changes.get(0));
        listener.onTransition(changes.get(2));
        told();

        assertThat(feed.incidents()).extracting(Incident::id).containsExactly(2L, 1L);
        assertThat(feed.incidents().get(1).ending())
                .isEqualTo(new Incident.Ending(NOON.plusSeconds(1), "not_reported", Duration.ofSeconds(1)));
    }

    @Test
    void oneHundredAreKeptAndOfOlderOnesNothingMoreIsTold() {
        CircuitBreaker first = breaker(CIRCUIT, CONFIG);
        fail(first, 3);
        CircuitBreaker second = breaker(new CircuitId(CIRCUIT.backend(), "/other"), CONFIG);
        for (int i = 0; i < EventFeed.INCIDENTS_KEPT; i++) {
            second.trip(ticker.read());
            second.reset(ticker.read());
        }
        first.reset(ticker.read());
        first.trip(ticker.read());
        told();

        assertThat(feed.incidents()).hasSize(100);
        assertThat(feed.incidents().get(0).id()).isEqualTo(102);
        assertThat(feed.incidents().get(99).id()).isEqualTo(3);
        assertThat(versions()).noneMatch(each -> each.id() == 1);
    }

    @Test
    void aHistoryThatFailsIsNoReasonToTellOfNothingElse() {
        CallHistory failing = atNanos -> new CallHistory.Taken() {
            @Override
            public List<PastCall> calls() {
                throw new IllegalStateException("on purpose");
            }

            @Override
            public CallHistory.Latency latency() {
                return CallHistory.Latency.UNKNOWN;
            }
        };
        events.circuit(new CircuitId(CIRCUIT.backend(), "/other"), () -> CONFIG, failing)
                .onTransition(
                        new Transition(1, ticker.read(), CircuitState.CLOSED, CircuitState.OPEN, Reason.MANUAL, 0));
        fail(breaker(CIRCUIT, CONFIG), 3);
        told();

        assertThat(feed.incidents()).extracting(Incident::circuit).containsExactly(CIRCUIT);
    }

    @Test
    void theFeedKeepsTheLatestEventsInOrderWithoutGaps() {
        long origin = feed.latest();
        assertThat(origin).as("the time of the start").isEqualTo(NOON.toEpochMilli());
        assertThat(feed.after(origin)).isEmpty();

        for (int i = 1; i <= 300; i++) {
            events.administered(CIRCUIT.backend(), "drain", "" + i, "");
        }
        told();

        assertThat(feed.latest()).isEqualTo(origin + 300);
        assertThat(feed.after(origin)).hasSize(EventFeed.EVENTS_KEPT);
        assertThat(feed.after(origin))
                .allSatisfy(
                        entry -> assertThat(((AdminEvent) entry.event()).from()).isEqualTo("" + (entry.id() - origin)));
        assertThat(feed.after(origin + 298))
                .extracting(EventFeed.Entry::id)
                .containsExactly(origin + 299, origin + 300);
    }

    @Test
    void listenersAreCalledUntilTheyLeave() {
        List<Long> heard = new ArrayList<>();
        Runnable leave = feed.onEvent(() -> heard.add(feed.latest()));
        feed.onEvent(() -> {
            if (feed.latest() == NOON.toEpochMilli() + 2) {
                leave.run();
            }
        });
        for (int i = 0; i < 3; i++) {
            events.administered(CIRCUIT.backend(), "drain", "enabled", "draining");
        }
        told();

        assertThat(heard).hasSize(2);
    }
}
