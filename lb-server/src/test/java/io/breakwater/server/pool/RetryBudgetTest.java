package io.breakwater.server.pool;

import static org.assertj.core.api.Assertions.assertThat;

import io.breakwater.server.config.RetriesConfig.Budget;
import io.breakwater.server.fixtures.Together;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.ToLongFunction;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Retries are a part of the requests of the last window and a few more, never above, whatever the clock says. */
class RetryBudgetTest {
    private static final long SECOND = Duration.ofSeconds(1).toNanos();
    private static final long WINDOW = 10 * SECOND;

    private static Budget budget(double ratio, int minPerSecond) {
        return new Budget(ratio, minPerSecond, Duration.ofSeconds(10));
    }

    private static int granted(RetryBudget budget, int asked, long now) {
        int granted = 0;
        for (int i = 0; i < asked; i++) {
            granted += budget.tryRetry(now) ? 1 : 0;
        }
        return granted;
    }

    private static void requests(RetryBudget budget, int count, long now) {
        for (int i = 0; i < count; i++) {
            budget.requestStarted(now);
        }
    }

    static List<Long> origins() {
        return List.of(0L, Long.MAX_VALUE - SECOND, Long.MIN_VALUE, -SECOND / 2, new Random(7).nextLong());
    }

    @ParameterizedTest
    @MethodSource("origins")
    void grantsTheRatioOfTheRequestsInTheWindow(long origin) {
        RetryBudget budget = new RetryBudget(budget(0.2, 0));
        requests(budget, 99, origin);

        assertThat(granted(budget, 50, origin + 9 * SECOND)).isEqualTo(19);
        assertThat(granted(budget, 50, origin + WINDOW))
                .as("the requests are over")
                .isZero();
    }

    @ParameterizedTest
    @MethodSource("origins")
    void grantsAFewWithoutRequests(long origin) {
        RetryBudget budget = new RetryBudget(budget(0, 3));

        assertThat(granted(budget, 50, origin)).isEqualTo(30);
        assertThat(granted(budget, 50, origin + WINDOW)).as("30 in one window").isZero();
        assertThat(granted(budget, 50, origin + WINDOW + SECOND)).isEqualTo(30);
    }

    @Test
    void grantsNothingWhereNothingIsAllowed() {
        RetryBudget budget = new RetryBudget(budget(0, 0));
        requests(budget, 1000, 0);

        assertThat(budget.tryRetry(0)).isFalse();
    }

    @Test
    void isARateAndNotAConcurrency() {
        RetryBudget budget = new RetryBudget(budget(0.2, 0));
        requests(budget, 1000, 0);

        assertThat(granted(budget, 1000, 1)).as("all of them at once").isEqualTo(200);
    }

    @Test
    void whatIsGivenBackIsThereAgain() {
        RetryBudget budget = new RetryBudget(budget(0, 1));
        assertThat(granted(budget, 20, 0)).isEqualTo(10);

        budget.giveBack(0);

        assertThat(granted(budget, 20, SECOND)).isEqualTo(1);
        budget.giveBack(5 * SECOND);
        assertThat(granted(budget, 20, 5 * SECOND)).as("nothing was taken then").isZero();
    }

    @Test
    void otherSettingsHoldAtOnceAndKeepTheCounts() {
        RetryBudget budget = new RetryBudget(budget(0.2, 0));
        requests(budget, 100, 0);
        assertThat(granted(budget, 100, 0)).isEqualTo(20);

        budget.reconfigure(budget(0.5, 0));
        assertThat(granted(budget, 100, 0)).isEqualTo(30);

        budget.reconfigure(budget(0.1, 0));
        assertThat(granted(budget, 100, 0)).isZero();
    }

    @Test
    void anotherWindowStartsAnew() {
        RetryBudget budget = new RetryBudget(budget(0.2, 0));
        requests(budget, 100, 0);

        budget.reconfigure(new Budget(0.2, 1, Duration.ofSeconds(20)));

        assertThat(granted(budget, 100, 0)).isEqualTo(20);
    }

    @Test
    void settingsThatChangeBeforeTheFirstRequestHold() {
        RetryBudget budget = new RetryBudget(budget(0, 0));
        budget.reconfigure(budget(0, 1));

        assertThat(granted(budget, 100, 0)).isEqualTo(10);
    }

    /** Against all times of all requests and retries: once by tenths of a window, once by the rule itself. */
    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8})
    void agreesWithAModelThatForgetsNothing(long seed) {
        Random random = new Random(seed);
        long origin = seed % 2 == 0 ? Long.MAX_VALUE - 15 * SECOND : random.nextLong();
        double ratio = random.nextInt(5) / 10.0;
        int minPerSecond = random.nextInt(3);
        RetryBudget budget = new RetryBudget(budget(ratio, minPerSecond));
        List<Long> requests = new ArrayList<>();
        List<Long> retries = new ArrayList<>();
        long elapsed = 0;
        budget.requestStarted(origin);
        requests.add(0L);
        for (int step = 0; step < 5_000; step++) {
            elapsed += random.nextInt(20) == 0 ? random.nextLong(3 * SECOND) : random.nextLong(SECOND / 20);
            long now = elapsed;
            if (random.nextInt(3) > 0) {
                budget.requestStarted(origin + now);
                requests.add(now);
                continue;
            }
            ToLongFunction<Long> tenth = at -> at / SECOND;
            long asked = requests.stream()
                    .filter(at -> tenth.applyAsLong(now) - tenth.applyAsLong(at) <= 9)
                    .count();
            long made = retries.stream()
                    .filter(at -> tenth.applyAsLong(now) - tenth.applyAsLong(at) <= 10)
                    .count();
            boolean allowed = made + 1 <= (long) (ratio * asked + minPerSecond * 10);

            assertThat(budget.tryRetry(origin + now)).as("step %d", step).isEqualTo(allowed);

            if (allowed) {
                retries.add(now);
                long inWindow =
                        requests.stream().filter(at -> now - at < WINDOW).count();
                assertThat(retries.stream().filter(at -> now - at < WINDOW).count())
                        .isLessThanOrEqualTo((long) (ratio * inWindow + minPerSecond * 10));
            }
        }
    }

    @Test
    void threadsTogetherGetNoMoreAndNoLess() throws InterruptedException {
        RetryBudget budget = new RetryBudget(budget(0.2, 0));
        AtomicInteger granted = new AtomicInteger();
        Together.run(8, index -> requests(budget, 1000, index * SECOND));

        Together.run(8, index -> granted.addAndGet(granted(budget, 1000, 9 * SECOND - index)));

        assertThat(granted).hasValue(1600);
    }
}
