package io.breakwater.server.balance;

import static org.assertj.core.api.Assertions.assertThat;

import io.breakwater.server.fixtures.Together;
import java.util.Arrays;
import java.util.BitSet;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.atomic.AtomicIntegerArray;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class RoundRobinTest {
    private final RoundRobin policy = new RoundRobin();

    private static int choose(Policy policy, int count, Admission admission) {
        return policy.over(Fake.equal(count)).choose(admission, 0, 0);
    }

    @Test
    void givesEachCandidateItsTurn() {
        int[] chosen = new int[3];
        for (int i = 0; i < 300; i++) {
            chosen[choose(policy, 3, candidate -> true)]++;
        }
        assertThat(chosen).containsExactly(100, 100, 100);
    }

    @Test
    void sharesTheTurnOfOneThatRefusesAmongAllOthers() {
        int[] chosen = new int[4];
        for (int i = 0; i < 300; i++) {
            chosen[choose(policy, 4, candidate -> candidate != 1)]++;
        }
        assertThat(chosen).containsExactly(100, 0, 100, 100);
    }

    @Test
    void findsTheOneThatAdmitsWhereverTheCursorStands() {
        for (int cursor = 0; cursor < 5; cursor++) {
            assertThat(choose(policy, 5, candidate -> candidate == 2)).isEqualTo(2);
            choose(policy, 1, candidate -> true);
        }
    }

    @Test
    void givesUpOnlyWhenEveryCandidateHasRefused() {
        BitSet asked = new BitSet();
        int chosen = choose(policy, 7, candidate -> {
            asked.set(candidate);
            return false;
        });
        assertThat(chosen).isEqualTo(Balancer.NONE);
        assertThat(asked.cardinality()).isEqualTo(7);
    }

    @Test
    void asksEveryCandidateEvenWhenOthersMoveTheCursorBetween() {
        RoundRobin shared = new RoundRobin();
        BitSet asked = new BitSet();
        int chosen = choose(shared, 4, candidate -> {
            asked.set(candidate);
            for (int i = 0; i < 3; i++) {
                choose(shared, 1, other -> true); // another loop's requests
            }
            return false;
        });
        assertThat(chosen).isEqualTo(Balancer.NONE);
        assertThat(asked.cardinality()).isEqualTo(4);
    }

    private static int[] round(Policy policy, int... weights) {
        Balancer balancer = policy.over(Fake.of(weights));
        return Arrays.stream(new int[Arrays.stream(weights).sum()])
                .map(nobody -> balancer.choose(candidate -> true, 0, 0))
                .toArray();
    }

    @Test
    void spreadsTheTurnsOfTheHeavy() {
        assertThat(round(policy, 5, 1, 1)).containsExactly(0, 0, 1, 0, 2, 0, 0);
        assertThat(round(new RoundRobin(), 3, 2, 1)).containsExactly(0, 1, 0, 2, 1, 0);
        assertThat(round(new RoundRobin(), 100, 100, 200)).startsWith(2, 0, 1, 2, 2, 0, 1, 2);
    }

    /** Up to 50 the turns are laid out in advance; beyond, nobody is ever 5 requests ahead or behind. */
    @ParameterizedTest
    @ValueSource(ints = {2, 3, 5, 10, 20, 50, 100, 200, 1_000, 3_000})
    void keepsExactProportionsOverARoundAndNobodyFarFromThemWithin(int count) {
        int[] weights = new SplittableRandom(count).ints(count, 1, 100).toArray();
        int sum = Arrays.stream(weights).sum();
        Balancer balancer = policy.over(Fake.of(weights));
        int[] chosen = new int[count];
        double farthest = 0;
        for (int turn = 1; turn <= 2 * sum; turn++) {
            int candidate = balancer.choose(one -> true, 0, 0);
            double due = (double) turn * weights[candidate] / sum;
            farthest = Math.max(farthest, Math.abs(++chosen[candidate] - due));
            if (turn % sum == 0) {
                int rounds = turn / sum;
                assertThat(chosen)
                        .containsExactly(
                                Arrays.stream(weights).map(one -> one * rounds).toArray());
            }
        }
        assertThat(farthest).isLessThan(count * sum <= 1 << 18 ? 1.5 : 5);
    }

    @Test
    void loopsShareOneCursor() throws InterruptedException {
        Balancer balancer = policy.over(Fake.of(1, 2, 3));
        AtomicIntegerArray chosen = new AtomicIntegerArray(3);

        Together.run(4, loop -> {
            for (int i = 0; i < 3_000; i++) {
                chosen.incrementAndGet(balancer.choose(candidate -> true, 0, 0));
            }
        });

        assertThat(chosen).hasToString("[2000, 4000, 6000]");
    }

    @Test
    void theCursorOutlivesAChangeOfTheCandidates() {
        List<Fake> fakes = Fake.equal(3);
        int[] chosen = new int[3];
        for (int i = 0; i < 300; i++) {
            chosen[policy.over(fakes).choose(candidate -> true, 0, 0)]++;
        }
        assertThat(chosen).containsExactly(100, 100, 100);
    }

    @Test
    void followsAShareThatGrows() {
        List<Fake> fakes = Fake.equal(3);
        Balancer balancer = policy.over(fakes);
        int before = 0;
        for (double share : new double[] {0.05, 0.2, 0.5, 1}) {
            fakes.get(1).share = share;
            int chosen = 0;
            for (int i = 0; i < 10_000; i++) {
                chosen += balancer.choose(candidate -> true, 0, 0) == 1 ? 1 : 0;
            }
            assertThat(chosen / 10_000.0).isBetween(0.8 * share / (2 + share), 1.2 * share / (2 + share));
            assertThat(chosen).isGreaterThan(before);
            before = chosen;
        }
    }
}
