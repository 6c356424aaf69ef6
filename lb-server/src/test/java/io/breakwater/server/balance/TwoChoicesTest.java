package io.breakwater.server.balance;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import org.assertj.core.data.Percentage;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class TwoChoicesTest {
    private final SplittableRandom random = new SplittableRandom(7);
    private final Policy leastRequest = new LeastRequest(() -> random);
    private final Policy peakEwma = new PeakEwma(() -> random);

    private static void assertAlwaysChooses(int expected, Policy policy, List<Fake> fakes) {
        Balancer balancer = policy.over(fakes);
        for (int i = 0; i < 200; i++) {
            assertThat(balancer.choose(candidate -> true, 0, 0)).isEqualTo(expected);
        }
    }

    private static void fill(Policy policy, List<Fake> fakes, int requests) {
        Balancer balancer = policy.over(fakes);
        for (int i = 0; i < requests; i++) {
            fakes.get(balancer.choose(candidate -> true, 0, 0)).inFlight.incrementAndGet();
        }
    }

    @ParameterizedTest
    @CsvSource({"1, 3, 1, 2, 1", "1, 2, 1, 3, 0", "1, 10, 3, 15, 1", "1, 4, 3, 15, 0", "100, 0, 1, 1, 0"})
    void chooseTheLessBusyForItsWeight(int weight, int load, int otherWeight, int otherLoad, int chosen) {
        List<Fake> fakes = Fake.of(weight, otherWeight);
        fakes.get(0).inFlight.set(load);
        fakes.get(1).inFlight.set(otherLoad);

        assertAlwaysChooses(chosen, leastRequest, fakes);
        assertAlwaysChooses(chosen, peakEwma, fakes);
    }

    @ParameterizedTest
    @CsvSource({"10, 0, 20, 0, 0", "10, 2, 20, 0, 1", "10, 2, 20, 1, 0", "10, 5, 1, 50, 1"})
    void chooseTheOneThatShouldAnswerSooner(double latency, int load, double otherLatency, int otherLoad, int chosen) {
        List<Fake> fakes = Fake.equal(2);
        fakes.get(0).latencyNanos = latency;
        fakes.get(0).inFlight.set(load);
        fakes.get(1).latencyNanos = otherLatency;
        fakes.get(1).inFlight.set(otherLoad);

        assertAlwaysChooses(chosen, peakEwma, fakes);
    }

    @Test
    void whatIsUnderWayIsInProportionToWeightAndShare() {
        for (Policy policy : List.of(leastRequest, peakEwma)) {
            List<Fake> fakes = Fake.of(1, 2, 5, 4);
            fakes.get(3).share = 0.5;

            fill(policy, fakes, 10_000);

            for (Fake fake : fakes) {
                assertThat(fake.load(0))
                        .isCloseTo(10_000 * fake.weight() * fake.share(0) / 10, Percentage.withPercentage(2));
            }
        }
    }

    /** As many requests as candidates: the busiest has O(log log n) of them, where chance alone gives O(log n). */
    @Test
    void thePowerOfTwoChoices() {
        List<Fake> chosen = Fake.equal(10_000);
        List<Fake> drawn = Fake.equal(10_000);

        fill(leastRequest, chosen, 10_000);
        fill(new Random(() -> random), drawn, 10_000);

        assertThat(busiest(chosen)).isLessThanOrEqualTo(4);
        assertThat(busiest(drawn)).isGreaterThanOrEqualTo(6);
    }

    private static int busiest(List<Fake> fakes) {
        return fakes.stream().mapToInt(one -> one.inFlight.get()).max().orElseThrow();
    }

    @Test
    void theOtherOfTheTwoIsAskedNext() {
        List<Fake> fakes = Fake.equal(50);
        Balancer balancer = leastRequest.over(fakes);
        for (int i = 0; i < 200; i++) {
            List<Integer> asked = new ArrayList<>();
            int chosen = balancer.choose(
                    candidate -> {
                        asked.add(candidate);
                        return asked.size() == 2;
                    },
                    0,
                    0);
            assertThat(asked).hasSize(2).doesNotHaveDuplicates().endsWith(chosen);
        }
    }

    @Test
    void aLightOneIsNoRefugeFromAHeavyOneThatIsHardlyBusy() {
        List<Fake> fakes = Fake.of(1, 9);
        fakes.get(1).inFlight.set(3);
        Balancer balancer = leastRequest.over(fakes);
        int light = 0;
        for (int i = 0; i < 10_000; i++) {
            light += balancer.choose(candidate -> true, 0, 0) == 0 ? 1 : 0;
        }
        assertThat(light).isBetween(800, 1_200);
    }
}
