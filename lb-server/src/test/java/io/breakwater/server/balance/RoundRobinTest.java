package io.breakwater.server.balance;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.BitSet;
import java.util.Collections;
import org.junit.jupiter.api.Test;

class RoundRobinTest {
    private final RoundRobin policy = new RoundRobin();

    private static int choose(Policy policy, int count, Admission admission) {
        return policy.over(Collections.nCopies(count, new Steady())).choose(admission, 0, 0);
    }

    private static final class Steady implements Candidate {
        @Override
        public int weight() {
            return 1;
        }

        @Override
        public double share(long now) {
            return 1;
        }

        @Override
        public double load(long now) {
            return 0;
        }

        @Override
        public long identityHash() {
            return 1;
        }

        @Override
        public double expectedLatencyNanos(long now) {
            return 1;
        }
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
}
