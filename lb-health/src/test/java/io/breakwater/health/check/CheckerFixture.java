package io.breakwater.health.check;

import static org.assertj.core.api.Assertions.assertThat;

import io.breakwater.time.ManualScheduler;
import io.breakwater.time.ManualTicker;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;

/** One checker with everything around it, in manual time. NOT thread safe. */
final class CheckerFixture {
    static final Duration INTERVAL = Duration.ofSeconds(5);
    static final Duration TIMEOUT = Duration.ofSeconds(2);
    static final Duration UNHEALTHY_INTERVAL = Duration.ofSeconds(1);
    static final HealthCheckConfig CONFIG = config(HealthStatus.HEALTHY, 2, 3);

    static final ProbeResult PASS = ProbeResult.passed("status 200");
    static final ProbeResult FAIL = ProbeResult.failed("status 503");
    static final ProbeResult LATE = ProbeResult.timeout("no response in time");

    final ManualTicker ticker;
    final ManualScheduler scheduler;
    final FakeProbe probe;
    final List<HealthChange> changes = new ArrayList<>();
    final List<ProbeResult> results = new ArrayList<>();
    final List<Duration> durations = new ArrayList<>();
    final List<String> localErrors = new ArrayList<>();
    final HealthChecker checker;

    CheckerFixture() {
        this(CONFIG);
    }

    CheckerFixture(HealthCheckConfig config) {
        this(config, 0);
    }

    CheckerFixture(HealthCheckConfig config, long originNanos) {
        ticker = new ManualTicker(originNanos);
        scheduler = new ManualScheduler(ticker);
        probe = new FakeProbe(ticker);
        checker = new HealthChecker(
                config, probe, ticker, scheduler, new Stagger(originNanos, new Random(1)), new HealthListener() {
                    @Override
                    public void onChange(HealthChange change) {
                        changes.add(change);
                    }

                    @Override
                    public void onChecked(ProbeResult result, long durationNanos) {
                        results.add(result);
                        durations.add(Duration.ofNanos(durationNanos));
                    }

                    @Override
                    public void onLocalError(String detail) {
                        localErrors.add(detail);
                    }
                });
    }

    /** Without jitter, so that tests can say when a check begins. */
    static HealthCheckConfig config(HealthStatus initial, int rise, int fall) {
        return new HealthCheckConfig(true, initial, INTERVAL, TIMEOUT, rise, fall, 0, UNHEALTHY_INTERVAL);
    }

    static HealthCheckConfig with(Duration interval, Duration timeout, double jitter) {
        return new HealthCheckConfig(true, HealthStatus.HEALTHY, interval, timeout, 2, 3, jitter, UNHEALTHY_INTERVAL);
    }

    static HealthCheckConfig off() {
        return HealthCheckConfig.OFF;
    }

    CheckerFixture start() {
        checker.start();
        return this;
    }

    /** Lets so many further checks end like this. */
    CheckerFixture checks(ProbeResult result, int times) {
        for (int i = 0; i < times; i++) {
            int before = probe.checks();
            probe.answersAtOnce(result);
            for (int step = 0; probe.checks() == before; step++) {
                assertThat(step).as("steps of 10 ms without a check").isLessThan(1_000);
                scheduler.advance(Duration.ofMillis(10));
            }
            probe.answersAtOnce(null);
        }
        return this;
    }

    HealthStatus status() {
        return checker.snapshot().status();
    }

    /** What was reported, each as {@code sequence from>to xrun} and {@code timeouts} if there were only such. */
    List<String> story() {
        return changes.stream()
                .map(c -> "%d %s>%s x%d%s"
                        .formatted(
                                c.sequence(),
                                c.from().label(),
                                c.to().label(),
                                c.run(),
                                c.timeoutsOnly() ? " timeouts" : ""))
                .toList();
    }
}
