package io.breakwater.health.check;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The checker against a model that remembers everything and looks back instead of counting. */
class HealthCheckerModelTest {
    private static final int RUNS = 60;
    private static final int STEPS = 600;

    static List<Long> seeds() {
        List<Long> seeds = new ArrayList<>();
        for (long seed = 1; seed <= RUNS; seed++) {
            seeds.add(seed);
        }
        return seeds;
    }

    @ParameterizedTest
    @MethodSource("seeds")
    void agreesWithTheModel(long seed) {
        Random random = new Random(seed);
        // Some clocks wrap within the run, which takes minutes to hours.
        long origin = random.nextBoolean() ? random.nextLong() : Long.MAX_VALUE - random.nextLong(1_000_000_000_000L);
        HealthCheckConfig config = randomConfig(random);
        CheckerFixture f = new CheckerFixture(config, origin);
        FakeProbe probe = f.probe;
        Model model = new Model(config);
        f.checker.start();
        model.restart();
        for (int step = 0; step < STEPS; step++) {
            int action = random.nextInt(100);
            if (action < 90) {
                f.checker.reconfigure(config, probe);
                oneCheck(f, probe, model, random);
            } else if (action < 95) {
                config = randomConfig(random);
                f.checker.reconfigure(config, probe);
                model.config = config;
            } else if (action < 97) {
                probe = new FakeProbe(f.ticker);
                f.checker.reconfigure(config, probe);
                model.barrier();
            } else if (action < 98) {
                f.checker.stop();
                assertThat(f.scheduler.pending()).isZero();
                f.scheduler.advance(Duration.ofMillis(random.nextInt(20_000)));
                f.checker.start();
                model.restart();
            }
            HealthSnapshot seen = f.checker.snapshot();
            assertThat(seen.status()).as("seed %d, step %d", seed, step).isEqualTo(model.status());
            assertThat(seen.timeoutsOnly()).as("seed %d, step %d", seed, step).isEqualTo(model.timeoutsOnly());
            assertThat(seen.countsAsHealthy()).isEqualTo(model.countsAsHealthy());
            assertThat(seen.sequence()).isEqualTo(f.changes.size());
            assertThat(probe.mostUnderWay).isLessThanOrEqualTo(1);
        }
        assertThat(f.changes.stream().map(HealthChange::sequence)).isSorted().doesNotHaveDuplicates();
    }

    /** Waits for the next check and lets it end in one of all ways. */
    private static void oneCheck(CheckerFixture f, FakeProbe probe, Model model, Random random) {
        if (probe.underWay == 0) {
            int before = probe.checks();
            while (probe.checks() == before) {
                f.scheduler.advance(Duration.ofMillis(50));
            }
        }
        switch (random.nextInt(8)) {
            case 0, 1, 2 -> {
                probe.answer(CheckerFixture.PASS);
                model.add(CheckResult.PASSED);
            }
            case 3 -> {
                probe.answer(CheckerFixture.FAIL);
                model.add(CheckResult.FAILED);
            }
            case 4, 5, 6 -> {
                while (probe.underWay > 0 && f.results.size() == model.ended()) {
                    f.scheduler.advance(Duration.ofMillis(10));
                }
                model.add(CheckResult.TIMEOUT);
            }
            default -> probe.localError("no descriptors");
        }
    }

    private static HealthCheckConfig randomConfig(Random random) {
        return new HealthCheckConfig(
                true,
                random.nextBoolean() ? HealthStatus.HEALTHY : HealthStatus.UNHEALTHY,
                Duration.ofMillis(1 + random.nextInt(10_000)),
                Duration.ofMillis(100 + random.nextInt(3_000)),
                1 + random.nextInt(3),
                1 + random.nextInt(4),
                random.nextInt(11) / 10.0,
                Duration.ofMillis(1 + random.nextInt(3_000)));
    }

    /** Every result since checks began, and what follows from looking back over them. */
    private static final class Model {
        private HealthCheckConfig config;
        private final List<CheckResult> results = new ArrayList<>();
        /** The first result that may be in a row with what comes next. */
        private int firstInRow;

        private HealthStatus status = HealthStatus.UNCHECKED;
        private int fallBegan;
        private int forgotten;

        Model(HealthCheckConfig config) {
            this.config = config;
        }

        void restart() {
            status = HealthStatus.UNKNOWN;
            forgotten += results.size();
            results.clear();
            firstInRow = 0;
        }

        void barrier() {
            firstInRow = results.size();
        }

        /** Results since the very beginning. */
        int ended() {
            return forgotten + results.size();
        }

        void add(CheckResult result) {
            results.add(result);
            if (lastInARow(true) >= config.rise()) {
                status = HealthStatus.HEALTHY;
            }
            if (lastInARow(false) >= config.fall() && status != HealthStatus.UNHEALTHY) {
                status = HealthStatus.UNHEALTHY;
                fallBegan = results.size() - lastInARow(false);
            }
        }

        private int lastInARow(boolean passed) {
            int count = 0;
            while (results.size() - count > firstInRow
                    && (results.get(results.size() - count - 1) == CheckResult.PASSED) == passed) {
                count++;
            }
            return count;
        }

        HealthStatus status() {
            return status;
        }

        boolean timeoutsOnly() {
            return status == HealthStatus.UNHEALTHY
                    && !results.subList(fallBegan, results.size()).contains(CheckResult.FAILED);
        }

        boolean countsAsHealthy() {
            return status == HealthStatus.HEALTHY
                    || (status == HealthStatus.UNKNOWN && config.initial() == HealthStatus.HEALTHY);
        }
    }
}
