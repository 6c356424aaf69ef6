package io.breakwater.server.balance;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.BitSet;
import org.junit.jupiter.api.Test;

class RoundRobinTest {
    private final RoundRobin balancer = new RoundRobin();

    @Test
    void givesEachCandidateItsTurn() {
        int[] chosen = new int[3];
        for (int i = 0; i < 300; i++) {
            chosen[balancer.choose(3, candidate -> true)]++;
        }
        assertThat(chosen).containsExactly(100, 100, 100);
    }

    @Test
    void sharesTheTurnOfOneThatRefusesAmongAllOthers() {
        int[] chosen = new int[4];
        for (int i = 0; i < 300; i++) {
            chosen[balancer.choose(4, candidate -> candidate != 1)]++;
        }
        assertThat(chosen).containsExactly(100, 0, 100, 100);
    }

    @Test
    void findsTheOneThatAdmitsWhereverTheCursorStands() {
        for (int cursor = 0; cursor < 5; cursor++) {
            assertThat(balancer.choose(5, candidate -> candidate == 2)).isEqualTo(2);
            balancer.choose(1, candidate -> true);
        }
    }

    @Test
    void givesUpOnlyWhenEveryCandidateHasRefused() {
        BitSet asked = new BitSet();
        int chosen = balancer.choose(7, candidate -> {
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
        int chosen = shared.choose(4, candidate -> {
            asked.set(candidate);
            for (int i = 0; i < 3; i++) {
                shared.choose(1, other -> true); // another loop's requests
            }
            return false;
        });
        assertThat(chosen).isEqualTo(Balancer.NONE);
        assertThat(asked.cardinality()).isEqualTo(4);
    }
}
