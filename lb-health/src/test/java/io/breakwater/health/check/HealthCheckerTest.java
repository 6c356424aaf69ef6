package io.breakwater.health.check;

import static io.breakwater.health.check.CheckerFixture.CONFIG;
import static io.breakwater.health.check.CheckerFixture.FAIL;
import static io.breakwater.health.check.CheckerFixture.INTERVAL;
import static io.breakwater.health.check.CheckerFixture.LATE;
import static io.breakwater.health.check.CheckerFixture.PASS;
import static io.breakwater.health.check.CheckerFixture.TIMEOUT;
import static io.breakwater.health.check.CheckerFixture.UNHEALTHY_INTERVAL;
import static io.breakwater.health.check.CheckerFixture.config;
import static io.breakwater.health.check.CheckerFixture.off;
import static io.breakwater.health.check.CheckerFixture.with;
import static io.breakwater.health.check.HealthStatus.HEALTHY;
import static io.breakwater.health.check.HealthStatus.UNCHECKED;
import static io.breakwater.health.check.HealthStatus.UNHEALTHY;
import static io.breakwater.health.check.HealthStatus.UNKNOWN;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.breakwater.time.ManualScheduler;
import io.breakwater.time.ManualTicker;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

class HealthCheckerTest {
    private static final Duration INSTANT = Duration.ofNanos(1);

    @Test
    void theFirstCheckIsMadeAtOnce() {
        CheckerFixture f = new CheckerFixture().start();

        f.scheduler.runDue();

        assertThat(f.probe.startedNanos).containsExactly(0L);
        assertThat(f.probe.deadlines).containsExactly(TIMEOUT.toNanos());
        assertThat(f.status()).isEqualTo(UNKNOWN);
        assertThat(f.checker.snapshot().isJudged()).isFalse();
    }

    @Test
    void whatWasKnownBeforeARestartHoldsUntilEnoughChecksPass() {
        CheckerFixture f = new CheckerFixture(config(HEALTHY, 2, 3));
        f.checker.start(UNHEALTHY, true);
        assertThat(f.checker.snapshot().countsAsHealthy()).isFalse();
        assertThat(f.checker.snapshot().timeoutsOnly()).isTrue();
        assertThat(f.checker.snapshot().isJudged()).isFalse();

        f.scheduler.runDue();
        assertThat(f.probe.startedNanos).as("the first check is made at once").containsExactly(0L);
        f.checks(PASS, 1);
        assertThat(f.status()).isEqualTo(UNHEALTHY);
        f.checks(PASS, 1);

        assertThat(f.story()).containsExactly("1 unchecked>unhealthy x0 timeouts", "2 unhealthy>healthy x2");
    }

    @Test
    void whatWasKnownMeansNothingWithoutChecks() {
        CheckerFixture f = new CheckerFixture(off());

        f.checker.start(UNHEALTHY, false);
        f.checker.reconfigure(CONFIG);

        assertThat(f.status()).isEqualTo(UNKNOWN);
    }

    @Test
    void nothingHappensBeforeItIsStarted() {
        CheckerFixture f = new CheckerFixture();

        f.scheduler.advance(Duration.ofMinutes(1));

        assertThat(f.probe.checks()).isZero();
        assertThat(f.status()).isEqualTo(UNCHECKED);
        assertThat(f.changes).isEmpty();
    }

    @Test
    void withoutChecksABackendIsUncheckedAndCountsAsHealthy() {
        CheckerFixture f = new CheckerFixture(off()).start();

        f.scheduler.advance(Duration.ofMinutes(1));

        assertThat(f.probe.checks()).isZero();
        assertThat(f.status()).isEqualTo(UNCHECKED);
        assertThat(f.checker.snapshot().countsAsHealthy()).isTrue();
        assertThat(f.checker.snapshot().isJudged()).isTrue();
        assertThat(f.changes).isEmpty();
    }

    @ParameterizedTest
    @EnumSource(names = {"HEALTHY", "UNHEALTHY"})
    void initialHoldsUntilTheFirstRise(HealthStatus initial) {
        CheckerFixture f = new CheckerFixture(config(initial, 2, 3)).start();

        f.checks(PASS, 1);
        assertThat(f.status()).isEqualTo(UNKNOWN);
        assertThat(f.checker.snapshot().countsAsHealthy()).isEqualTo(initial == HEALTHY);
        assertThat(f.checker.snapshot().isJudged()).isTrue();

        f.checks(PASS, 1);
        assertThat(f.status()).isEqualTo(HEALTHY);
        assertThat(f.checker.snapshot().countsAsHealthy()).isTrue();
        assertThat(f.story()).containsExactly("1 unchecked>unknown x0", "2 unknown>healthy x2");
    }

    @ParameterizedTest
    @EnumSource(names = {"HEALTHY", "UNHEALTHY"})
    void initialHoldsUntilTheFirstFall(HealthStatus initial) {
        CheckerFixture f = new CheckerFixture(config(initial, 2, 3)).start();

        f.checks(FAIL, 2);
        assertThat(f.status()).isEqualTo(UNKNOWN);
        assertThat(f.checker.snapshot().countsAsHealthy()).isEqualTo(initial == HEALTHY);

        f.checks(FAIL, 1);
        assertThat(f.status()).isEqualTo(UNHEALTHY);
        assertThat(f.checker.snapshot().countsAsHealthy()).isFalse();
        assertThat(f.story()).containsExactly("1 unchecked>unknown x0", "2 unknown>unhealthy x3");
    }

    @Test
    void eachResultEndsTheRowOfTheOtherKind() {
        CheckerFixture f = new CheckerFixture().start();
        f.checks(PASS, 2);

        f.checks(FAIL, 2).checks(PASS, 1).checks(LATE, 2);
        assertThat(f.status()).isEqualTo(HEALTHY);
        assertThat(f.checker.snapshot().failures()).isEqualTo(2);
        f.checks(FAIL, 1);
        assertThat(f.status()).isEqualTo(UNHEALTHY);

        f.checks(PASS, 1).checks(FAIL, 1).checks(PASS, 1);
        assertThat(f.status()).isEqualTo(UNHEALTHY);
        assertThat(f.checker.snapshot().passes()).isEqualTo(1);
        f.checks(PASS, 1);
        assertThat(f.status()).isEqualTo(HEALTHY);
    }

    @Test
    void oneIsEnoughIfOneIsConfigured() {
        CheckerFixture f = new CheckerFixture(config(HEALTHY, 1, 1)).start();

        f.checks(FAIL, 1).checks(PASS, 1).checks(LATE, 1);

        assertThat(f.story())
                .containsExactly(
                        "1 unchecked>unknown x0",
                        "2 unknown>unhealthy x1",
                        "3 unhealthy>healthy x1",
                        "4 healthy>unhealthy x1 timeouts");
    }

    @Test
    void aFallByTimeoutsAloneIsToldApart() {
        CheckerFixture f = new CheckerFixture().start();

        f.checks(LATE, 2);
        assertThat(f.checker.snapshot().timeoutsOnly()).isFalse();
        f.checks(LATE, 1);

        assertThat(f.status()).isEqualTo(UNHEALTHY);
        assertThat(f.checker.snapshot().timeoutsOnly()).isTrue();
        f.checks(PASS, 2);
        assertThat(f.checker.snapshot().timeoutsOnly()).isFalse();
    }

    @Test
    void oneFailureInTheRowIsNotTimeoutsAlone() {
        for (int failure = 0; failure < 3; failure++) {
            CheckerFixture f = new CheckerFixture().start();

            for (int i = 0; i < 3; i++) {
                f.checks(i == failure ? FAIL : LATE, 1);
            }

            assertThat(f.status()).isEqualTo(UNHEALTHY);
            assertThat(f.checker.snapshot().timeoutsOnly())
                    .as("failure %d", failure)
                    .isFalse();
        }
    }

    @Test
    void aFailureOfAnEarlierRowDoesNotCount() {
        CheckerFixture f = new CheckerFixture().start();

        f.checks(FAIL, 2).checks(PASS, 1).checks(LATE, 3);

        assertThat(f.checker.snapshot().timeoutsOnly()).isTrue();
    }

    @Test
    void aFailureAfterTheFallTakesTheDoubtAwayForGood() {
        CheckerFixture f = new CheckerFixture().start();
        f.checks(LATE, 4).checks(PASS, 1).checks(LATE, 1);
        assertThat(f.checker.snapshot().timeoutsOnly()).isTrue();

        f.checks(FAIL, 1);
        assertThat(f.checker.snapshot().timeoutsOnly()).isFalse();
        f.checks(PASS, 1).checks(LATE, 5);

        assertThat(f.checker.snapshot().timeoutsOnly()).isFalse();
        assertThat(f.story())
                .containsExactly(
                        "1 unchecked>unknown x0", "2 unknown>unhealthy x3 timeouts", "3 unhealthy>unhealthy x2");
        assertThat(f.changes.get(2).cause()).isEqualTo(FAIL);
    }

    @ParameterizedTest
    @ValueSource(longs = {0, -1, Long.MIN_VALUE, Long.MAX_VALUE, Long.MAX_VALUE - 3_000_000_000L, -3_000_000_000L})
    void checksGoOnAroundEveryOriginOfTheClock(long origin) {
        CheckerFixture f = new CheckerFixture(CONFIG, origin).start();

        f.checks(FAIL, 3).checks(PASS, 2).checks(PASS, 3);

        assertThat(f.status()).isEqualTo(HEALTHY);
        List<Long> sinceStart =
                f.probe.startedNanos.stream().map(at -> at - origin).toList();
        assertThat(sinceStart.get(0)).isZero();
        assertThat(Duration.ofNanos(sinceStart.get(7) - sinceStart.get(6))).isEqualTo(INTERVAL);
        assertThat(f.checker.snapshot().sinceNanos() - origin).isEqualTo(sinceStart.get(4));
    }

    @Test
    void anUnhealthyBackendIsCheckedMoreOften() {
        CheckerFixture f = new CheckerFixture().start();

        f.checks(PASS, 6);
        assertThat(gap(f, 4)).isEqualTo(INTERVAL);
        f.checks(FAIL, 6);
        assertThat(gap(f, 10)).isEqualTo(UNHEALTHY_INTERVAL);
        f.checks(PASS, 5);
        assertThat(gap(f, 15)).isEqualTo(INTERVAL);
    }

    @Test
    void aBackendThatCountsAsUnhealthyIsCheckedMoreOftenToo() {
        CheckerFixture f = new CheckerFixture(config(UNHEALTHY, 9, 9)).start();

        f.checks(PASS, 5);

        assertThat(f.status()).isEqualTo(UNKNOWN);
        assertThat(gap(f, 3)).isEqualTo(UNHEALTHY_INTERVAL);
    }

    @Test
    void anIntervalCountsFromThePlannedBeginning() {
        CheckerFixture f = new CheckerFixture().start();
        f.checks(PASS, 3);

        int before = f.probe.checks();
        f.scheduler.advance(INTERVAL);
        f.scheduler.advance(TIMEOUT.minus(INSTANT));
        f.probe.answer(PASS);
        f.scheduler.advance(INTERVAL);

        assertThat(f.probe.checks()).isEqualTo(before + 2);
        assertThat(gap(f, before - 1)).isEqualTo(INTERVAL);
        assertThat(gap(f, before)).isEqualTo(INTERVAL);
    }

    @Test
    void aProbeThatNeverTellsAnythingIsATimeout() {
        CheckerFixture f = new CheckerFixture().start();
        f.scheduler.runDue();

        f.scheduler.advance(TIMEOUT.minus(INSTANT));
        assertThat(f.results).isEmpty();
        f.scheduler.advance(INSTANT);

        assertThat(f.results).containsExactly(LATE);
        assertThat(f.durations).containsExactly(TIMEOUT);
        assertThat(f.probe.cancelled).isEqualTo(1);
        f.scheduler.advance(Duration.ofMinutes(5));
        assertThat(f.status()).isEqualTo(UNHEALTHY);
        assertThat(f.probe.underWay).isLessThanOrEqualTo(1);
    }

    @Test
    void whatAProbeTellsAfterItsEndCountsForNothing() {
        CheckerFixture f = new CheckerFixture().start();
        f.scheduler.runDue();
        Probe.Callback first = f.probe.callback();

        first.onResult(FAIL);
        first.onResult(FAIL);
        first.onResult(FAIL);
        first.onLocalError("again");
        assertThat(f.checker.snapshot().failures()).isEqualTo(1);

        f.scheduler.advance(Duration.ofSeconds(10));
        assertThat(f.probe.checks()).isGreaterThan(1);
        first.onResult(PASS);
        assertThat(f.checker.snapshot().passes()).isZero();
        assertThat(f.localErrors).isEmpty();
    }

    @Test
    void checksNeverOverlapEvenIfTheTimeoutIsLongerThanTheInterval() {
        HealthCheckConfig slow = with(Duration.ofSeconds(1), Duration.ofSeconds(7), 1);
        CheckerFixture f = new CheckerFixture(slow).start();

        f.scheduler.advance(Duration.ofMinutes(10));

        assertThat(f.probe.mostUnderWay).isEqualTo(1);
        assertThat(f.probe.checks()).isBetween(70, 86);
        assertThat(f.scheduler.pending()).isEqualTo(1);
    }

    @ParameterizedTest
    @ValueSource(doubles = {0, 0.1, 0.5, 1})
    void jitterStaysWithinItsPartOfTheInterval(double jitter) {
        CheckerFixture f = new CheckerFixture(with(INTERVAL, TIMEOUT, jitter)).start();
        f.probe.answersAtOnce(PASS);

        f.scheduler.advance(INTERVAL.multipliedBy(2_000));

        long least = Long.MAX_VALUE;
        long most = Long.MIN_VALUE;
        for (int i = 2; i < f.probe.checks(); i++) {
            long gap = f.probe.startedNanos.get(i) - f.probe.startedNanos.get(i - 1);
            least = Math.min(least, gap);
            most = Math.max(most, gap);
        }
        double interval = INTERVAL.toNanos();
        assertThat((double) least).isBetween(interval * (1 - jitter), interval * (1 - jitter * 0.9));
        assertThat((double) most).isBetween(interval * (1 + jitter * 0.9), interval * (1 + jitter));
        assertThat(f.probe.checks()).isBetween(1_998, 2_002);
    }

    @Test
    void aLocalErrorCountsAsNothing() {
        CheckerFixture f = new CheckerFixture().start();
        f.checks(FAIL, 2);
        HealthSnapshot before = f.checker.snapshot();

        f.scheduler.advance(INTERVAL);
        f.probe.localError("Too many open files");

        assertThat(f.checker.snapshot()).isEqualTo(before);
        assertThat(f.localErrors).containsExactly("Too many open files");
        assertThat(f.results).hasSize(2);
        int made = f.probe.checks();
        f.scheduler.advance(INTERVAL);
        assertThat(f.probe.checks()).isEqualTo(made + 1);
    }

    @Test
    void aProbeThatThrowsIsALocalError() {
        ManualTicker ticker = new ManualTicker(0);
        ManualScheduler scheduler = new ManualScheduler(ticker);
        List<String> errors = new ArrayList<>();
        HealthChecker checker = new HealthChecker(
                CONFIG,
                (deadline, callback) -> {
                    throw new IllegalStateException("broken");
                },
                ticker,
                scheduler,
                new Stagger(0, new Random(1)),
                new HealthListener() {
                    @Override
                    public void onChange(HealthChange change) {}

                    @Override
                    public void onLocalError(String detail) {
                        errors.add(detail);
                    }
                });
        checker.start();

        scheduler.advance(Duration.ofMinutes(1));

        assertThat(errors).hasSizeGreaterThan(5).allMatch(error -> error.contains("broken"));
        assertThat(checker.snapshot().status()).isEqualTo(UNKNOWN);
    }

    @Test
    void aListenerThatThrowsStopsNothing() {
        List<Throwable> uncaught = new ArrayList<>();
        Thread.UncaughtExceptionHandler before = Thread.currentThread().getUncaughtExceptionHandler();
        Thread.currentThread().setUncaughtExceptionHandler((thread, error) -> uncaught.add(error));
        try {
            ManualTicker ticker = new ManualTicker(0);
            ManualScheduler scheduler = new ManualScheduler(ticker);
            FakeProbe probe = new FakeProbe(ticker);
            probe.answersAtOnce(PASS);
            HealthChecker checker =
                    new HealthChecker(CONFIG, probe, ticker, scheduler, new Stagger(0, new Random(1)), change -> {
                        throw new IllegalStateException("deaf");
                    });
            checker.start();

            scheduler.advance(Duration.ofMinutes(1));

            assertThat(checker.snapshot().status()).isEqualTo(HEALTHY);
            assertThat(uncaught).hasSize(2);
        } finally {
            Thread.currentThread().setUncaughtExceptionHandler(before);
        }
    }

    @Test
    void stopGivesUpTheCheckUnderWay() {
        CheckerFixture f = new CheckerFixture().start();
        f.checks(FAIL, 3);
        f.scheduler.advance(UNHEALTHY_INTERVAL);
        f.scheduler.advance(UNHEALTHY_INTERVAL);
        Probe.Callback underWay = f.probe.callback();
        assertThat(f.probe.underWay).isEqualTo(1);

        f.checker.stop();
        underWay.onResult(PASS);
        f.scheduler.advance(Duration.ofHours(1));

        assertThat(f.probe.underWay).isZero();
        assertThat(f.scheduler.pending()).isZero();
        assertThat(f.results).hasSize(3);
        assertThat(f.status()).isEqualTo(UNCHECKED);
        assertThat(f.checker.snapshot().countsAsHealthy()).isTrue();
        assertThat(f.story()).endsWith("3 unhealthy>unchecked x0");
    }

    @Test
    void stopWhileAProbeIsBeingStartedGivesItUp() {
        ManualTicker ticker = new ManualTicker(0);
        ManualScheduler scheduler = new ManualScheduler(ticker);
        List<String> story = new ArrayList<>();
        HealthChecker[] self = new HealthChecker[1];
        self[0] = new HealthChecker(
                CONFIG,
                (deadline, callback) -> {
                    self[0].stop();
                    return new Probe.Attempt() {
                        @Override
                        public String awaits() {
                            return "connection";
                        }

                        @Override
                        public void cancel() {
                            story.add("cancelled");
                        }
                    };
                },
                ticker,
                scheduler,
                new Stagger(0, new Random(1)),
                HealthListener.NONE);
        self[0].start();

        scheduler.advance(Duration.ofMinutes(1));

        assertThat(story).containsExactly("cancelled");
        assertThat(scheduler.pending()).isZero();
    }

    @Test
    void aBackendThatIsCheckedAgainIsUnknownAndCheckedAtOnce() {
        CheckerFixture f = new CheckerFixture().start();
        f.checks(FAIL, 3);
        f.checker.stop();
        f.scheduler.advance(Duration.ofHours(1));

        f.checker.start();
        f.checker.start();

        assertThat(f.status()).isEqualTo(UNKNOWN);
        assertThat(f.checker.snapshot().countsAsHealthy()).isTrue();
        assertThat(f.checker.snapshot().isJudged()).isFalse();
        f.scheduler.runDue();
        assertThat(f.probe.checks()).isEqualTo(4);
        f.probe.answer(FAIL);
        assertThat(f.checker.snapshot().failures()).isEqualTo(1);
    }

    @Test
    void theSameSettingsChangeNothing() {
        CheckerFixture f = new CheckerFixture().start();
        f.checks(PASS, 3);
        f.scheduler.advance(Duration.ofSeconds(3));
        HealthSnapshot before = f.checker.snapshot();
        int made = f.probe.checks();

        f.checker.reconfigure(config(HEALTHY, 2, 3), f.probe);

        assertThat(f.checker.snapshot()).isEqualTo(before);
        f.scheduler.advance(Duration.ofSeconds(2));
        assertThat(gap(f, made - 1)).isEqualTo(INTERVAL);
    }

    @Test
    void aLoweredThresholdIsJudgedWithTheNextResult() {
        CheckerFixture f = new CheckerFixture(config(HEALTHY, 2, 9)).start();
        f.checks(FAIL, 5);

        f.checker.reconfigure(config(HEALTHY, 2, 3));
        assertThat(f.status()).isEqualTo(UNKNOWN);
        f.checks(FAIL, 1);

        assertThat(f.story()).endsWith("2 unknown>unhealthy x6");
    }

    @Test
    void aRaisedThresholdKeepsTheStatusAndTheRow() {
        CheckerFixture f = new CheckerFixture().start();
        f.checks(PASS, 2).checks(FAIL, 2);

        f.checker.reconfigure(config(HEALTHY, 9, 4));
        assertThat(f.status()).isEqualTo(HEALTHY);
        f.checks(FAIL, 1);
        assertThat(f.status()).isEqualTo(HEALTHY);
        f.checks(FAIL, 1);
        assertThat(f.status()).isEqualTo(UNHEALTHY);
    }

    @Test
    void aShorterIntervalCountsFromTheLastCheck() {
        CheckerFixture f = new CheckerFixture(with(Duration.ofHours(1), TIMEOUT, 0)).start();
        f.scheduler.runDue();
        f.probe.answer(PASS);
        f.scheduler.advance(Duration.ofHours(2));
        f.probe.answer(PASS);
        int made = f.probe.checks();

        f.checker.reconfigure(with(INTERVAL, TIMEOUT, 0));
        f.scheduler.advance(INTERVAL.multipliedBy(3).dividedBy(2));

        assertThat(f.probe.checks()).isGreaterThan(made);
    }

    @Test
    void aLongerIntervalCountsFromTheLastCheck() {
        CheckerFixture f = new CheckerFixture().start();
        f.checks(PASS, 4);
        int made = f.probe.checks();

        f.checker.reconfigure(with(Duration.ofHours(1), TIMEOUT, 0));
        f.scheduler.advance(Duration.ofMinutes(30).minus(INTERVAL));
        assertThat(f.probe.checks()).isEqualTo(made);
        f.scheduler.advance(Duration.ofMinutes(65));

        assertThat(f.probe.checks()).isGreaterThan(made);
    }

    @Test
    void aChangedTimeoutIsForTheNextCheck() {
        CheckerFixture f = new CheckerFixture().start();
        f.scheduler.runDue();

        f.checker.reconfigure(with(INTERVAL, Duration.ofMillis(100), 0), f.probe);
        f.scheduler.advance(TIMEOUT.minus(INSTANT));
        assertThat(f.results).isEmpty();
        f.scheduler.advance(INSTANT);
        assertThat(f.results).containsExactly(LATE);

        f.scheduler.advance(INTERVAL.multipliedBy(2));
        assertThat(f.durations).contains(Duration.ofMillis(100));
    }

    @Test
    void initialTakesEffectAtOnceWhileNothingIsKnown() {
        CheckerFixture f = new CheckerFixture().start();

        f.checker.reconfigure(config(UNHEALTHY, 2, 3));

        assertThat(f.status()).isEqualTo(UNKNOWN);
        assertThat(f.checker.snapshot().countsAsHealthy()).isFalse();
    }

    @Test
    void initialMeansNothingOnceTheStatusIsKnown() {
        CheckerFixture f = new CheckerFixture().start();
        f.checks(PASS, 2);

        f.checker.reconfigure(config(UNHEALTHY, 2, 3));

        assertThat(f.checker.snapshot().countsAsHealthy()).isTrue();
    }

    @Test
    void switchingChecksOffAndOnBeginsAnew() {
        CheckerFixture f = new CheckerFixture().start();
        f.checks(FAIL, 3);

        f.checker.reconfigure(off());
        assertThat(f.status()).isEqualTo(UNCHECKED);
        assertThat(f.scheduler.pending()).isZero();
        f.checker.reconfigure(CONFIG);
        f.scheduler.runDue();

        assertThat(f.status()).isEqualTo(UNKNOWN);
        assertThat(f.probe.checks()).isEqualTo(4);
        assertThat(f.story()).endsWith("3 unhealthy>unchecked x0", "4 unchecked>unknown x0");
    }

    @Test
    void settingsDoNotStartAStoppedChecker() {
        CheckerFixture f = new CheckerFixture(off()).start();
        f.checker.stop();

        f.checker.reconfigure(CONFIG, f.probe);
        f.scheduler.advance(Duration.ofMinutes(1));

        assertThat(f.probe.checks()).isZero();
        assertThat(f.status()).isEqualTo(UNCHECKED);
    }

    @Test
    void anotherProbeKeepsTheStatusButNotTheRow() {
        CheckerFixture f = new CheckerFixture().start();
        f.checks(FAIL, 3);
        f.scheduler.advance(UNHEALTHY_INTERVAL.multipliedBy(2));
        Probe.Callback old = f.probe.callback();
        FakeProbe other = new FakeProbe(f.ticker);

        f.checker.reconfigure(CONFIG, other);
        f.scheduler.runDue();
        old.onResult(FAIL);

        assertThat(f.probe.underWay).isZero();
        assertThat(f.status()).isEqualTo(UNHEALTHY);
        assertThat(f.checker.snapshot().failures()).isZero();
        assertThat(other.checks()).isEqualTo(1);
        other.answer(PASS);
        assertThat(f.status()).isEqualTo(UNHEALTHY);
        other.answersAtOnce(PASS);
        f.scheduler.advance(UNHEALTHY_INTERVAL.multipliedBy(2));
        assertThat(f.status()).isEqualTo(HEALTHY);
    }

    @Test
    void anEqualProbeIsTheSame() {
        ManualTicker ticker = new ManualTicker(0);
        ManualScheduler scheduler = new ManualScheduler(ticker);
        FakeProbe first = new FakeProbe(ticker, "GET /health");
        FakeProbe second = new FakeProbe(ticker, "GET /health");
        HealthChecker checker =
                new HealthChecker(CONFIG, first, ticker, scheduler, new Stagger(0, new Random(1)), HealthListener.NONE);
        checker.start();
        scheduler.runDue();

        checker.reconfigure(CONFIG, second);
        first.answer(FAIL);
        scheduler.advance(INTERVAL.multipliedBy(2));

        assertThat(checker.snapshot().failures()).isGreaterThanOrEqualTo(1);
        assertThat(second.checks()).isGreaterThanOrEqualTo(1);
        assertThat(first.checks()).isEqualTo(1);
    }

    @Test
    void theSnapshotSaysWhatWasSeenLast() {
        CheckerFixture f = new CheckerFixture().start();
        f.scheduler.runDue();
        f.scheduler.advance(Duration.ofMillis(30));

        f.probe.answer(FAIL);

        HealthSnapshot.Check last = f.checker.snapshot().last();
        assertThat(last)
                .isEqualTo(new HealthSnapshot.Check(
                        FAIL,
                        Duration.ofMillis(30).toNanos(),
                        Duration.ofMillis(30).toNanos()));
    }

    @Test
    void impossibleSettingsAreRefused() {
        assertThatThrownBy(() -> config(UNKNOWN, 1, 1)).hasMessage("initial: unknown (expected: healthy or unhealthy)");
        assertThatThrownBy(() -> config(HEALTHY, 0, 1)).hasMessage("rise: 0 (expected: >= 1)");
        assertThatThrownBy(() -> config(HEALTHY, 1, 0)).hasMessage("fall: 0 (expected: >= 1)");
        assertThatThrownBy(() -> with(Duration.ZERO, TIMEOUT, 0))
                .hasMessage("interval: PT0S (expected: > 0s and <= 365d)");
        assertThatThrownBy(() -> with(INTERVAL, Duration.ofDays(366), 0))
                .hasMessage("timeout: PT8784H (expected: > 0s and <= 365d)");
        assertThatThrownBy(() -> with(INTERVAL, TIMEOUT, 1.1)).hasMessage("jitter: 1.1 (expected: >= 0 and <= 1)");
        assertThatThrownBy(() -> with(INTERVAL, TIMEOUT, Double.NaN))
                .hasMessage("jitter: NaN (expected: >= 0 and <= 1)");
    }

    /** Between the beginnings of a check, counted from 0, and the next one. */
    private static Duration gap(CheckerFixture f, int check) {
        return Duration.ofNanos(f.probe.startedNanos.get(check + 1) - f.probe.startedNanos.get(check));
    }
}
