package io.breakwater.server.runtime;

import static io.breakwater.server.runtime.Turns.MOST_REQUESTS;
import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class TurnsTest {
    private final Turns turns = new Turns();
    private final List<Integer> begun = new ArrayList<>();

    @Test
    void soManyBeginInATurnAndTheOthersInOrderInTheNext() {
        arrive(0, 2 * MOST_REQUESTS + 1);

        assertThat(begun).isEqualTo(numbers(0, MOST_REQUESTS));
        assertThat(turns.isAnyoneWaiting()).isTrue();

        turns.next();

        assertThat(begun).isEqualTo(numbers(0, 2 * MOST_REQUESTS));
        assertThat(turns.isAnyoneWaiting()).isTrue();

        turns.next();

        assertThat(begun).isEqualTo(numbers(0, 2 * MOST_REQUESTS + 1));
        assertThat(turns.isAnyoneWaiting()).isFalse();
    }

    @Test
    void whoComesLaterStandsBehindThoseWhoWait() {
        arrive(0, 2 * MOST_REQUESTS);
        turns.next();
        arrive(2 * MOST_REQUESTS, 2 * MOST_REQUESTS + 3);
        turns.next();

        assertThat(begun).isEqualTo(numbers(0, 2 * MOST_REQUESTS + 3));
    }

    @Test
    void thoseWhoWaitedCountInTheirTurn() {
        arrive(0, MOST_REQUESTS + 2);
        turns.next();
        arrive(MOST_REQUESTS + 2, 3 * MOST_REQUESTS);

        assertThat(begun).isEqualTo(numbers(0, 2 * MOST_REQUESTS));
    }

    @Test
    void whoIsCalledAndHasNothingAnyMoreTakesNobodysTurn() {
        arrive(0, MOST_REQUESTS);
        for (int i = 0; i < MOST_REQUESTS; i++) {
            assertThat(turns.begins(() -> {})).isFalse();
        }
        arrive(MOST_REQUESTS, 2 * MOST_REQUESTS);

        turns.next();

        assertThat(begun).isEqualTo(numbers(0, 2 * MOST_REQUESTS));
    }

    /** As a client does that sends its requests without waiting for responses. */
    @Test
    void whoHasAnotherRequestAfterItsTurnStandsInLineForIt() {
        arrive(0, MOST_REQUESTS);
        Turns.Waiter greedy = new Turns.Waiter() {
            @Override
            public void onTurn() {
                int own = 0;
                while (turns.begins(this)) {
                    own++;
                }
                begun.add(-own);
            }
        };
        assertThat(turns.begins(greedy)).isFalse();
        arrive(MOST_REQUESTS, MOST_REQUESTS + 2);

        turns.next();

        assertThat(begun.subList(MOST_REQUESTS, begun.size()))
                .containsExactly(-1, MOST_REQUESTS, MOST_REQUESTS + 1, -(MOST_REQUESTS - 3));
        assertThat(turns.isAnyoneWaiting()).isTrue();
    }

    private void arrive(int from, int to) {
        for (int i = from; i < to; i++) {
            arrive(i);
        }
    }

    private void arrive(int number) {
        Turns.Waiter who = new Turns.Waiter() {
            @Override
            public void onTurn() {
                assertThat(turns.begins(this)).isTrue();
                begun.add(number);
            }
        };
        if (turns.begins(who)) {
            begun.add(number);
        }
    }

    private static List<Integer> numbers(int from, int to) {
        return IntStream.range(from, to).boxed().toList();
    }
}
