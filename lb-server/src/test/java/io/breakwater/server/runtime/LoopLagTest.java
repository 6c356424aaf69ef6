package io.breakwater.server.runtime;

import static org.assertj.core.api.Assertions.assertThat;

import io.breakwater.server.runtime.EventLoops.Transport;
import io.breakwater.time.ManualTicker;
import io.netty.channel.EventLoop;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@Timeout(60)
class LoopLagTest {
    private static final Duration PERIOD = Duration.ofMillis(100);

    private ManualTicker ticker = new ManualTicker(0);
    private LoopLag lag = new LoopLag(ticker);

    private void startAt(long originNanos) {
        ticker = new ManualTicker(originNanos);
        lag = new LoopLag(ticker);
        lag.ran();
    }

    /** The loop runs its task this much after it was due. */
    private void ranLate(Duration late) {
        ticker.advance(PERIOD.plus(late));
        lag.ran();
    }

    /** The loop is in time for this long. */
    private void calm(Duration time) {
        for (Duration passed = PERIOD; passed.compareTo(time) <= 0; passed = passed.plus(PERIOD)) {
            ranLate(Duration.ZERO);
        }
    }

    private Duration worst() {
        return Duration.ofNanos(lag.worstNanos());
    }

    @ParameterizedTest
    @ValueSource(longs = {0, Long.MAX_VALUE - 2_000_000_000L, -2_000_000_000L, Long.MIN_VALUE})
    void theLargestLagIsShownForAMinuteAndForgottenBeforeSeventySeconds(long originNanos) {
        startAt(originNanos);
        calm(Duration.ofSeconds(7));
        assertThat(worst()).isZero();

        ranLate(Duration.ofMillis(40));
        ranLate(Duration.ofMillis(250));
        ranLate(Duration.ofMillis(3));
        assertThat(worst()).isEqualTo(Duration.ofMillis(250));
        assertThat(worst()).as("asked again").isEqualTo(Duration.ofMillis(250));

        calm(Duration.ofSeconds(60));
        assertThat(worst()).isEqualTo(Duration.ofMillis(250));

        calm(Duration.ofSeconds(10));
        assertThat(worst()).isZero();
    }

    @Test
    void aLaterAndSmallerLagOutlivesAnEarlierLargerOne() {
        startAt(0);
        ranLate(Duration.ofMillis(250));
        calm(Duration.ofSeconds(30));
        ranLate(Duration.ofMillis(40));

        calm(Duration.ofSeconds(45));

        assertThat(worst()).isEqualTo(Duration.ofMillis(40));
    }

    @Test
    void aTaskThatIsLateNowCountsBeforeItRuns() {
        startAt(0);

        ticker.advance(PERIOD);
        assertThat(worst()).isZero();
        ticker.advance(Duration.ofSeconds(2));
        assertThat(worst()).isEqualTo(Duration.ofSeconds(2));
        ticker.advance(Duration.ofHours(1));
        assertThat(worst()).isEqualTo(Duration.ofHours(1).plusSeconds(2));

        lag.ran();
        assertThat(worst()).isEqualTo(Duration.ofHours(1).plusSeconds(2));
        calm(Duration.ofSeconds(70));
        assertThat(worst()).isZero();
    }

    @Test
    void aLoopThatHangsIsSeenAndThenAskedAgain() throws Exception {
        CountDownLatch hangs = new CountDownLatch(1);
        CountDownLatch goOn = new CountDownLatch(1);
        try (EventLoops loops = EventLoops.start(Transport.NIO, 1, ticker)) {
            EventLoop loop = loops.loops().get(0).eventLoop();
            lag.start(loop);
            loop.submit(() -> {
                hangs.countDown();
                return goOn.await(30, TimeUnit.SECONDS);
            });
            hangs.await();

            ticker.advance(Duration.ofSeconds(20));
            assertThat(worst()).isBetween(Duration.ofMillis(19_900), Duration.ofSeconds(20));

            goOn.countDown();
            // Runs after the task of the measurement, which was due before.
            loop.schedule(() -> {}, 200, TimeUnit.MILLISECONDS).get(30, TimeUnit.SECONDS);
            ticker.advance(Duration.ofSeconds(10));
            assertThat(worst()).isBetween(Duration.ofMillis(19_900), Duration.ofSeconds(20));
        }
    }
}
