package io.breakwater.health.check;

import static org.assertj.core.api.Assertions.assertThat;

import io.breakwater.time.ManualScheduler;
import io.breakwater.time.ManualTicker;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class StaggerTest {
    private static final int BACKENDS = 10_000;
    private static final Duration INTERVAL = Duration.ofSeconds(5);
    private static final Duration UNHEALTHY_INTERVAL = Duration.ofSeconds(1);
    private static final Duration TIMEOUT = Duration.ofSeconds(2);
    /** How much more than its even part a hundredth of the interval may hold. */
    private static final int MOST = 3;

    /** Many checkers whose probes answer as they are told, and what they did. */
    private static final class Crowd {
        final ManualTicker ticker;
        final ManualScheduler scheduler;
        final List<HealthChecker> checkers = new ArrayList<>();
        final List<Long> begun = new ArrayList<>();
        Duration answerAfter = Duration.ofMillis(20);
        CheckResult answer = CheckResult.PASSED;
        int underWay;
        int mostUnderWay;

        Crowd(int size, HealthCheckConfig config, long originNanos) {
            ticker = new ManualTicker(originNanos);
            scheduler = new ManualScheduler(ticker);
            Stagger stagger = new Stagger(originNanos, new Random(7));
            for (int i = 0; i < size; i++) {
                checkers.add(new HealthChecker(config, this::probe, ticker, scheduler, stagger, HealthListener.NONE));
            }
        }

        private Probe.Attempt probe(long deadlineNanos, Probe.Callback callback) {
            begun.add(ticker.read());
            underWay++;
            mostUnderWay = Math.max(mostUnderWay, underWay);
            boolean[] over = new boolean[1];
            ProbeResult result = new ProbeResult(answer, "as told");
            scheduler.schedule(ticker.read() + answerAfter.toNanos(), () -> {
                if (!over[0]) {
                    over[0] = true;
                    underWay--;
                    callback.onResult(result);
                }
            });
            return new Probe.Attempt() {
                @Override
                public String awaits() {
                    return "response";
                }

                @Override
                public void cancel() {
                    if (!over[0]) {
                        over[0] = true;
                        underWay--;
                    }
                }
            };
        }

        Crowd start() {
            checkers.forEach(HealthChecker::start);
            return this;
        }

        /** How many checks begin in each hundredth of the interval that comes next. */
        int[] slices(Duration interval) {
            int[] slices = new int[100];
            begun.clear();
            long from = ticker.read();
            scheduler.advance(interval.minusNanos(1));
            for (long at : begun) {
                slices[(int) ((at - from) * slices.length / interval.toNanos())]++;
            }
            scheduler.advance(1);
            return slices;
        }

        int fullest(Duration interval) {
            return IntStream.of(slices(interval)).max().orElseThrow();
        }

        void answer(CheckResult next) {
            answer = next;
        }
    }

    private static HealthCheckConfig config(HealthStatus initial, double jitter) {
        return new HealthCheckConfig(true, initial, INTERVAL, TIMEOUT, 2, 3, jitter, UNHEALTHY_INTERVAL);
    }

    @ParameterizedTest
    @CsvSource({"0, 0", "0.1, 9223372036854775807", "1, -1000000000"})
    void tenThousandBackendsStaySpread(double jitter, long origin) {
        Crowd crowd = new Crowd(BACKENDS, config(HealthStatus.HEALTHY, jitter), origin).start();
        int evenPart = BACKENDS / 100;

        assertThat(crowd.fullest(INTERVAL)).isLessThanOrEqualTo(MOST * evenPart);
        assertThat(crowd.checkers).allMatch(checker -> checker.snapshot().isJudged());
        assertThat(crowd.fullest(INTERVAL)).isLessThanOrEqualTo(MOST * evenPart);
        crowd.scheduler.advance(INTERVAL.multipliedBy(98));
        int[] slices = crowd.slices(INTERVAL);

        assertThat(IntStream.of(slices).max().orElseThrow()).isLessThanOrEqualTo(MOST * evenPart);
        assertThat(IntStream.of(slices).sum()).isBetween(BACKENDS * 98 / 100, BACKENDS * 102 / 100);
    }

    @Test
    void checksAtATimeAreAsManyAsTheirDurationMakes() {
        Crowd crowd = new Crowd(BACKENDS, config(HealthStatus.HEALTHY, 0.1), 0).start();
        crowd.scheduler.advance(INTERVAL.multipliedBy(3));
        crowd.mostUnderWay = 0;

        crowd.scheduler.advance(INTERVAL.multipliedBy(10));

        // 20 ms of every 5 s.
        int even = (int) (BACKENDS * crowd.answerAfter.toMillis() / INTERVAL.toMillis());
        assertThat(crowd.mostUnderWay).isBetween(even, 2 * even);
    }

    @Test
    void atTheStartChecksAtATimeAreAsManyAsTheirDurationMakesToo() {
        Crowd crowd = new Crowd(BACKENDS, config(HealthStatus.HEALTHY, 0.1), 0).start();

        crowd.scheduler.advance(INTERVAL);

        int even = (int) (BACKENDS * crowd.answerAfter.toMillis() / INTERVAL.toMillis());
        assertThat(crowd.mostUnderWay).isBetween(even, 3 * even);
    }

    @Test
    void backendsThatHangHaveOneCheckEachAtMost() {
        Crowd crowd = new Crowd(BACKENDS, config(HealthStatus.HEALTHY, 0.1), 0);
        crowd.answerAfter = Duration.ofHours(1);
        crowd.start();

        crowd.scheduler.advance(INTERVAL.multipliedBy(20));

        assertThat(crowd.mostUnderWay).isLessThanOrEqualTo(BACKENDS);
        assertThat(crowd.checkers).allMatch(checker -> checker.snapshot().timeoutsOnly());
    }

    @Test
    void backendsThatFallAndRiseTogetherDoNotMarchInStepAfterwards() {
        Crowd crowd = new Crowd(BACKENDS, config(HealthStatus.HEALTHY, 0.1), 0).start();
        crowd.scheduler.advance(INTERVAL.multipliedBy(3));

        crowd.answer(CheckResult.FAILED);
        crowd.scheduler.advance(INTERVAL.multipliedBy(5));
        assertThat(crowd.checkers).noneMatch(checker -> checker.snapshot().countsAsHealthy());
        assertThat(crowd.fullest(UNHEALTHY_INTERVAL)).isLessThanOrEqualTo(MOST * BACKENDS / 100);
        crowd.answer(CheckResult.PASSED);
        crowd.scheduler.advance(INTERVAL);

        assertThat(crowd.checkers).allMatch(checker -> checker.snapshot().countsAsHealthy());
        for (int i = 0; i < 3; i++) {
            assertThat(crowd.fullest(INTERVAL)).isLessThanOrEqualTo(MOST * BACKENDS / 100);
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3, 10})
    void aFewBackendsAreReallyCheckedAtOnce(int backends) {
        Crowd crowd = new Crowd(backends, config(HealthStatus.HEALTHY, 0.1), 0).start();

        crowd.scheduler.advance(Duration.ofMillis(3));

        assertThat(crowd.begun).hasSize(backends);
        assertThat(crowd.begun.get(0)).isZero();
    }

    @Test
    void aFewBackendsDoNotMarchInStepEither() {
        Crowd crowd = new Crowd(10, config(HealthStatus.HEALTHY, 0), 0).start();
        crowd.scheduler.advance(INTERVAL.multipliedBy(3).plusMillis(1));

        int[] slices = crowd.slices(INTERVAL);

        assertThat(IntStream.of(slices).max().orElseThrow()).isEqualTo(1);
        assertThat(IntStream.of(slices).sum()).isEqualTo(10);
    }

    @Test
    void aBackendThatComesLaterIsCheckedAtOnce() {
        Stagger stagger = new Stagger(0, new Random(7));
        for (int i = 0; i < BACKENDS; i++) {
            stagger.first(0, INTERVAL.toNanos());
        }

        long now = INTERVAL.toNanos();

        assertThat(stagger.first(now, INTERVAL.toNanos())).isEqualTo(now);
    }

    @Test
    void moreFirstChecksThanFitIntoAnIntervalMakeASecondLayer() {
        Stagger stagger = new Stagger(0, new Random(7));
        long interval = INTERVAL.toNanos();
        long last = 0;
        for (int i = 0; i < Stagger.FIRST_CHECKS_PER_INTERVAL; i++) {
            last = stagger.first(0, interval);
        }

        assertThat(last).isBetween(interval * 99 / 100, interval);
        assertThat(stagger.first(0, interval)).isZero();
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 999, 5_000_000_000L, 31_536_000_000_000_000L})
    void theNextCheckIsInPhaseAndNeitherTooEarlyNorTooLate(long interval) {
        Random random = new Random(3);
        for (int i = 0; i < 10_000; i++) {
            long origin = random.nextLong();
            Stagger stagger = new Stagger(origin, random);
            double phase = random.nextDouble();
            long planned = origin + random.nextLong(interval * 3);
            long now = planned + random.nextLong(interval * 3);

            long next = stagger.next(phase, planned, now, interval);

            long earliest = Math.max(planned - origin + (interval + 1) / 2, now - origin);
            assertThat(next - origin).isBetween(earliest, earliest + interval - 1);
            assertThat((next - origin) % interval).isEqualTo((long) (phase * interval));
            assertThat(stagger.next(phase, next, next, interval)).isEqualTo(next + interval);
        }
    }
}
