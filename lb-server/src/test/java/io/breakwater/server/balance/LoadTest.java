package io.breakwater.server.balance;

import static io.breakwater.server.balance.Simulation.MS;
import static org.assertj.core.api.Assertions.assertThat;

import io.breakwater.server.balance.Simulation.Behaviour;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/** Where the policies that look at load send their requests, in virtual time. */
class LoadTest {
    private static final long SEED = 1;
    private static final long MINUTE = 60_000 * MS;

    private static Behaviour takes(long nanos) {
        return random -> nanos * 9 / 10 + random.nextLong(nanos / 5 + 1);
    }

    /** From an idle pool to a busy one; the half of its requests that fail take 1 ms. */
    @ParameterizedTest
    @CsvSource({
        "LEAST_REQUEST, 1, 0",
        "LEAST_REQUEST, 3, 0",
        "LEAST_REQUEST, 8, 50",
        "LEAST_REQUEST, 64, 0",
        "LEAST_REQUEST, 64, 500",
        "PEAK_EWMA, 1, 0",
        "PEAK_EWMA, 3, 0",
        "PEAK_EWMA, 8, 50",
        "PEAK_EWMA, 64, 0",
        "PEAK_EWMA, 64, 500"
    })
    void aBackendThatFailsFastAttractsNoTraffic(PolicyKind kind, int clients, long thinkMillis) {
        Behaviour fine = takes(50 * MS);
        Simulation simulation =
                new Simulation(SEED, fine, random -> random.nextBoolean() ? -MS : fine.next(random), fine);

        double[] parts = simulation.run(kind.seeded(simulation.random()), clients, thinkMillis * MS, 10 * MINUTE);

        assertThat(parts[1]).isLessThan(1.0 / 3);
    }

    @ParameterizedTest
    @CsvSource({"LEAST_REQUEST, 64", "PEAK_EWMA, 64", "PEAK_EWMA, 3"})
    void aSlowBackendGetsLessThanAThirdOfAnEvenShare(PolicyKind kind, int clients) {
        Simulation simulation = new Simulation(SEED, takes(5 * MS), takes(5 * MS), takes(2_000 * MS));

        double[] parts = simulation.run(kind.seeded(simulation.random()), clients, 0, MINUTE);

        assertThat(parts[2]).isLessThan(1.0 / 9);
        assertThat(parts[0]).isBetween(0.4, 0.6);
    }

    @ParameterizedTest
    @EnumSource(names = {"LEAST_REQUEST", "PEAK_EWMA"})
    void aSlowStartIsInProportionWhateverTheLoadIs(PolicyKind kind) {
        for (int clients : new int[] {1, 3, 8, 64}) {
            for (double share : new double[] {0.05, 0.1, 0.25, 0.5, 1}) {
                Simulation simulation = new Simulation(SEED, takes(5 * MS), takes(5 * MS), takes(5 * MS));
                simulation.replica(2).share = share;

                double[] parts = simulation.run(kind.seeded(simulation.random()), clients, 0, MINUTE / 4);

                assertThat(parts[2] / (share / (2 + share)))
                        .as("%d clients, share %s", clients, share)
                        .isBetween(0.7, 1.3);
            }
        }
    }
}
