package io.breakwater.server.traffic;

import static org.assertj.core.api.Assertions.assertThat;

import io.breakwater.server.traffic.Traffic.Samples;
import io.breakwater.time.ManualScheduler;
import io.breakwater.time.ManualTicker;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class TrafficHistoryTest {
    private static final Duration INTERVAL = Duration.ofSeconds(5);
    private static final Instant BEGIN = Instant.parse("2026-01-01T12:00:00Z");
    private static final float NONE = Float.NaN;

    private final FakeAttempts a = new FakeAttempts("a", true);
    private final FakeAttempts b = new FakeAttempts("b", true);
    private List<TrafficHistory.Pool> pools = List.of(new TrafficHistory.Pool("pool", List.of(a, b)));
    private long origin;
    private ManualTicker ticker = new ManualTicker(0);
    private ManualScheduler scheduler = new ManualScheduler(ticker);
    private TrafficHistory history = startingAt(0);

    private TrafficHistory startingAt(long originNanos) {
        origin = originNanos;
        ticker = new ManualTicker(originNanos);
        scheduler = new ManualScheduler(ticker);
        history = new TrafficHistory(scheduler, ticker, () -> BEGIN.plusNanos(ticker.read() - origin), () -> pools);
        return history;
    }

    private void pool(FakeAttempts... backends) {
        pools = List.of(new TrafficHistory.Pool("pool", List.of(backends)));
    }

    private void interval() {
        scheduler.advance(INTERVAL);
    }

    private Traffic.Pool pool() {
        return history.read().pools().get(0);
    }

    private Samples backend(String id) {
        return pool().backends().stream()
                .filter(backend -> backend.id().equals(id))
                .findFirst()
                .orElseThrow()
                .samples();
    }

    @ParameterizedTest
    @ValueSource(longs = {0, Long.MAX_VALUE - 7_000_000_000L, -7_000_000_000L, Long.MIN_VALUE})
    void eachIntervalIsASampleOfEachBackendAndOfTheirPool(long originNanos) {
        startingAt(originNanos).start();
        assertThat(history.read().at()).isEqualTo(BEGIN);
        assertThat(pool().samples().requestsPerSecond()).isEmpty();

        a.succeed(32, 0).fail(8, 1);
        b.succeed(8, 0);
        scheduler.advance(INTERVAL.minusNanos(1));
        assertThat(pool().samples().requestsPerSecond()).isEmpty();
        scheduler.advance(1);
        b.fail(5, 2);
        interval();

        assertThat(history.read().at()).isEqualTo(BEGIN.plusSeconds(10));
        assertThat(backend("a").requestsPerSecond()).containsExactly(8, 0);
        assertThat(backend("a").errorRate()).containsExactly(0.2f, NONE);
        assertThat(backend("a").p50Millis()).containsExactly(6.25f, NONE);
        assertThat(backend("a").p99Millis()).containsExactly(95.5f, NONE);
        assertThat(backend("b").requestsPerSecond()).containsExactly(1.6f, 1);
        assertThat(backend("b").errorRate()).containsExactly(0, 1);
        assertThat(backend("b").p50Millis()).containsExactly(5, 550);
        assertThat(pool().name()).isEqualTo("pool");
        assertThat(pool().samples().requestsPerSecond()).containsExactly(9.6f, 1);
        assertThat(pool().samples().errorRate()).containsExactly(8f / 48, 1);
        assertThat(pool().samples().p50Millis()).containsExactly(6, 550);
    }

    @Test
    void theLatestSixtySamplesAreKeptTheOldestFirst() {
        history.start();
        for (int i = 1; i <= 70; i++) {
            a.succeed(5 * i, 0);
            interval();
        }

        assertThat(backend("a").requestsPerSecond())
                .hasSize(60)
                .startsWith(11, 12, 13)
                .endsWith(69, 70);
        assertThat(backend("a").p50Millis()).hasSize(60).containsOnly(5f);
        assertThat(backend("b").errorRate()).hasSize(60).containsOnly(NONE);
        assertThat(pool().samples().requestsPerSecond()).hasSize(60).endsWith(70);
        assertThat(history.read().at()).isEqualTo(BEGIN.plus(INTERVAL.multipliedBy(70)));
    }

    @Test
    void whatWasCountedBeforeIsNotSampled() {
        a.succeed(1000, 0);
        history.start();
        interval();

        assertThat(backend("a").requestsPerSecond()).containsExactly(0);
    }

    @Test
    void aBackendThatGoesIsForgottenAndOneThatComesBegins() {
        FakeAttempts c = new FakeAttempts("c", true).fail(50, 0);
        history.start();
        a.succeed(5, 0);
        interval();

        pool(c, a);
        a.succeed(10, 0);
        interval();
        assertThat(pool().backends()).extracting(Traffic.Backend::id).containsExactly("c", "a");
        assertThat(backend("a").requestsPerSecond()).containsExactly(1, 2);
        assertThat(backend("c").requestsPerSecond()).isEmpty();

        c.succeed(15, 0);
        interval();
        assertThat(backend("c").requestsPerSecond()).containsExactly(3);
        assertThat(backend("c").errorRate()).containsExactly(0);
        assertThat(pool().samples().requestsPerSecond()).containsExactly(1, 2, 3);

        pool(c, a, b);
        interval();
        assertThat(backend("b").requestsPerSecond())
                .as("it is another one that comes back")
                .isEmpty();
    }

    @Test
    void aPoolThatGoesIsForgottenAndOneThatComesBegins() {
        history.start();
        interval();
        pools = List.of(new TrafficHistory.Pool("other", List.of(a)), pools.get(0));
        interval();

        assertThat(history.read().pools()).extracting(Traffic.Pool::name).containsExactly("other", "pool");
        assertThat(history.read().pools().get(0).samples().requestsPerSecond()).isEmpty();
        assertThat(history.read().pools().get(1).samples().requestsPerSecond()).hasSize(2);

        pools = pools.subList(0, 1);
        interval();
        assertThat(history.read().pools()).extracting(Traffic.Pool::name).containsExactly("other");
    }

    @Test
    void withoutDurationsThereAreRatesOnly() {
        FakeAttempts bare = new FakeAttempts("bare", false).succeed(1, 0);
        pool(bare);
        history.start();
        bare.succeed(5, 0);
        interval();

        assertThat(backend("bare").requestsPerSecond()).containsExactly(1);
        assertThat(backend("bare").p50Millis()).containsExactly(NONE);
        assertThat(pool().samples().p99Millis()).containsExactly(NONE);
    }

    @Test
    void whatCameWhileNobodyCouldLookIsSpreadOverTheIntervalsThatItTook() {
        history.start();
        a.succeed(5, 0);
        interval();
        a.succeed(34, 0);
        ticker.advance(Duration.ofSeconds(17));
        scheduler.runDue();

        assertThat(backend("a").requestsPerSecond()).containsExactly(1, 2, 2, 2);

        a.succeed(15, 0);
        scheduler.advance(Duration.ofSeconds(3));
        assertThat(backend("a").requestsPerSecond())
                .as("the next is due as if nothing had been")
                .containsExactly(1, 2, 2, 2, 5);

        ticker.advance(Duration.ofDays(10_000));
        scheduler.runDue();
        assertThat(backend("a").requestsPerSecond()).hasSize(60).containsOnly(0);
    }
}
