package io.breakwater.server.pool;

import static org.assertj.core.api.Assertions.assertThat;

import io.breakwater.health.Outcome;
import io.breakwater.health.check.HealthStatus;
import io.breakwater.server.config.SlowStartConfig;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import java.util.stream.LongStream;
import org.assertj.core.data.Offset;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class SlowStartTest {
    private static final Offset<Double> CLOSELY = Offset.offset(1e-9);
    private static final SlowStartConfig CONFIG = new SlowStartConfig(true, Duration.ofSeconds(10), 0.1, 0);

    static LongStream origins() {
        return BackendPoolTest.origins();
    }

    private static long seconds(long origin, double seconds) {
        return origin + (long) (seconds * TimeUnit.SECONDS.toNanos(1));
    }

    private static SlowStartConfig off() {
        return new SlowStartConfig(false, Duration.ofSeconds(10), 0.1, 0);
    }

    private static SlowStart with(int minSuccesses) {
        return SlowStart.of(new SlowStartConfig(true, Duration.ofSeconds(10), 0.1, minSuccesses));
    }

    @ParameterizedTest
    @MethodSource("origins")
    void growsLinearlyFromTheLeastToTheWhole(long origin) {
        SlowStart start = with(0);
        assertThat(start.share(origin)).isEqualTo(1);

        start.returned(origin);
        assertThat(start.share(origin)).isEqualTo(0.1, CLOSELY);
        assertThat(start.share(seconds(origin, 2.5))).isEqualTo(0.325, CLOSELY);
        assertThat(start.share(seconds(origin, 5))).isEqualTo(0.55, CLOSELY);
        assertThat(start.share(seconds(origin, 9.999))).isLessThan(1);
        assertThat(start.share(seconds(origin, 10))).isEqualTo(1);
    }

    @ParameterizedTest
    @MethodSource("origins")
    void getsNoMoreThanHalfUntilItHasProvenItself(long origin) {
        SlowStart start = with(2);
        start.returned(origin);
        start.succeeded(origin);
        assertThat(start.share(seconds(origin, 4))).isEqualTo(0.46, CLOSELY);
        assertThat(start.share(seconds(origin, 8))).isEqualTo(0.5, CLOSELY);
        assertThat(start.share(seconds(origin, 1_000))).isEqualTo(0.5, CLOSELY);

        start.succeeded(seconds(origin, 1));
        assertThat(start.share(seconds(origin, 8))).isEqualTo(0.82, CLOSELY);
        assertThat(start.share(seconds(origin, 10))).isEqualTo(1);
    }

    @ParameterizedTest
    @MethodSource("origins")
    void aFailureStopsItForASecond(long origin) {
        SlowStart start = with(0);
        start.returned(origin);
        start.failed(origin, seconds(origin, 2));
        assertThat(start.share(seconds(origin, 2))).isEqualTo(0.28, CLOSELY);
        assertThat(start.share(seconds(origin, 3))).isEqualTo(0.28, CLOSELY);
        assertThat(start.share(seconds(origin, 4))).isEqualTo(0.37, CLOSELY);

        start.failed(origin, seconds(origin, 4));
        start.failed(origin, seconds(origin, 4.5));
        assertThat(start.share(seconds(origin, 5.5))).isEqualTo(0.37, CLOSELY);
        assertThat(start.share(seconds(origin, 12.4))).isLessThan(1);
        assertThat(start.share(seconds(origin, 12.5))).isEqualTo(1);
    }

    @Test
    void aFailureHeardOfLateDoesNotShortenTheStop() {
        SlowStart start = with(0);
        start.returned(0);
        start.failed(0, seconds(0, 3));
        start.failed(0, seconds(0, 2.5));

        assertThat(start.share(seconds(0, 4))).isEqualTo(0.37, CLOSELY);
    }

    @Test
    void requestsThatBeganBeforeTheReturnSayNothing() {
        SlowStart start = with(1);
        start.returned(seconds(0, 1));
        start.succeeded(seconds(0, 1) - 1);
        start.failed(seconds(0, 1) - 1, seconds(0, 2));

        assertThat(start.share(seconds(0, 3))).isEqualTo(0.28, CLOSELY);
        assertThat(start.share(seconds(0, 100))).isEqualTo(0.5, CLOSELY);
    }

    @Test
    void nothingGrowsWhereItIsOff() {
        SlowStart off = SlowStart.of(off());
        off.returned(0);
        assertThat(off.share(0)).isEqualTo(1);

        SlowStart switchedOff = with(0);
        switchedOff.returned(0);
        assertThat(switchedOff.reconfigured(off()).share(0)).isEqualTo(1);
    }

    @Test
    void switchedOnForOneItStaysOffForOthers() {
        SlowStart one = SlowStart.of(off());
        SlowStart other = SlowStart.of(off());
        one = one.reconfigured(CONFIG);
        one.returned(0);
        other.returned(0);

        assertThat(one.share(0)).isEqualTo(0.1, CLOSELY);
        assertThat(other.share(0)).isEqualTo(1);
    }

    @Test
    void goesOnByOtherNumbersWithWhatHasGrown() {
        SlowStart start = SlowStart.of(CONFIG);
        start.returned(0);
        start = start.reconfigured(new SlowStartConfig(true, Duration.ofSeconds(20), 0.2, 0));

        assertThat(start.share(seconds(0, 5))).isEqualTo(0.4, CLOSELY);
    }

    @Test
    void aLeastShareAboveHalfIsNotCut() {
        SlowStart start = SlowStart.of(new SlowStartConfig(true, Duration.ofSeconds(10), 0.8, 5));
        start.returned(0);

        assertThat(start.share(seconds(0, 5))).isEqualTo(0.8, CLOSELY);
    }

    @Test
    void anotherReturnBeginsAnew() {
        SlowStart start = SlowStart.of(CONFIG);
        start.returned(0);
        start.returned(seconds(0, 5));

        assertThat(start.share(seconds(0, 5))).isEqualTo(0.1, CLOSELY);
    }

    // ---- in a pool ----

    private static PoolFixture pool() {
        return PoolFixture.of(
                PoolFixture.replicas(2),
                "health-check.enabled = true",
                "slow-start { enabled = true, duration = 10s, min-weight = 10%, min-successes = 0 }");
    }

    private static double share(PoolFixture at, String name) {
        return at.backend(name).share(at.now());
    }

    @Test
    void aCircuitThatClosesIsAReturn() {
        var at = pool();
        at.open("a");
        at.advance(PoolFixture.COOLDOWN);
        assertThat(at.serve()).isEqualTo("a");

        assertThat(share(at, "a")).isEqualTo(0.1, CLOSELY);
        assertThat(share(at, "b")).isEqualTo(1);
        assertThat(at.why("a")).isEqualTo(Eligibility.SLOW_START);
        assertThat(at.pool.shares(at.now())[0]).isEqualTo(0.1 / 1.1, CLOSELY);
    }

    @Test
    void anOpenCircuitThatIsResetReturnsAndAClosedOneDoesNot() {
        var at = pool();
        at.open("a");
        at.backend("a").breaker().reset(at.now());
        at.backend("b").breaker().reset(at.now());

        assertThat(share(at, "a")).isEqualTo(0.1, CLOSELY);
        assertThat(share(at, "b")).isEqualTo(1);
    }

    @Test
    void healthRegainedIsAReturnAndTheFirstRiseIsNone() {
        var at = pool();
        at.health("a", HealthStatus.HEALTHY);
        assertThat(share(at, "a")).isEqualTo(1);

        at.health("a", HealthStatus.UNHEALTHY);
        at.health("a", HealthStatus.HEALTHY);
        assertThat(share(at, "a")).isEqualTo(0.1, CLOSELY);
    }

    @Test
    void aSuspectThatRecoversWasNeverAway() {
        var at = pool();
        at.health("b", HealthStatus.UNHEALTHY);
        at.health("a", HealthStatus.UNHEALTHY, true);
        at.health("a", HealthStatus.HEALTHY);

        assertThat(share(at, "a")).isEqualTo(1);
    }

    @Test
    void aFailureOfAReturnedBackendStopsItsGrowth() {
        var at = PoolFixture.of(
                PoolFixture.replicas(1),
                "breaker.consecutive-failures = 5",
                "slow-start { enabled = true, duration = 10s, min-weight = 10%, min-successes = 0 }");
        at.backend("a").breaker().trip(at.now());
        at.backend("a").breaker().reset(at.now());
        at.advance(Duration.ofSeconds(1));
        at.request();
        at.end(Outcome.FAILURE_STATUS);
        at.advance(Duration.ofSeconds(1));

        assertThat(share(at, "a")).isEqualTo(0.19, CLOSELY);
    }

    @Test
    void itNeverRefuses() {
        var at = PoolFixture.of(
                PoolFixture.replicas(1),
                "slow-start { enabled = true, duration = 10s, min-weight = 1%, min-successes = 9 }");
        at.open("a");
        at.advance(PoolFixture.COOLDOWN);
        for (int i = 0; i < 20; i++) {
            assertThat(at.serve()).isEqualTo("a");
        }
    }
}
