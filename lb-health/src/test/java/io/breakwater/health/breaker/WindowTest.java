package io.breakwater.health.breaker;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Random;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What the windows hold. That their rates open circuits is for {@link WindowRulesTest}. */
class WindowTest {
    private static final long SECOND = Duration.ofSeconds(1).toNanos();
    private static final Rates RATES = new Rates(WindowConfig.NONE);

    static LongStream origins() {
        return BreakerFixture.origins();
    }

    private static Window count(int calls) {
        return new CountWindow(calls);
    }

    private static Window time(int seconds, long origin) {
        return new TimeWindow(seconds, origin);
    }

    private static WindowCounts add(Window window, boolean failed, boolean slow, long now) {
        return Objects.requireNonNull(window.add(failed, slow, now, RATES, true));
    }

    private static WindowCounts fail(Window window, long now) {
        return add(window, true, false, now);
    }

    private static WindowCounts counts(int calls, int failures, int slowCalls) {
        return new WindowCounts(calls, failures, slowCalls);
    }

    @Test
    void aCountWindowForgetsTheOldestCall() {
        Window window = count(3);
        assertThat(window.counts(0)).isEqualTo(counts(0, 0, 0));

        assertThat(add(window, true, true, 0)).isEqualTo(counts(1, 1, 1));
        assertThat(add(window, false, true, 0)).isEqualTo(counts(2, 1, 2));
        assertThat(add(window, false, false, 0)).isEqualTo(counts(3, 1, 2));
        assertThat(add(window, false, false, 0)).isEqualTo(counts(3, 0, 1));
        assertThat(add(window, true, false, 0)).isEqualTo(counts(3, 1, 0));
        assertThat(window.counts(0)).isEqualTo(counts(3, 1, 0));
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3, 4, 7, 8, 100, 1_023, 1_024, WindowConfig.MOST_CALLS})
    void aCountWindowHoldsExactlyItsLatestCallsWhateverItsSize(int size) {
        Window window = count(size);
        var random = new Random(size);
        List<boolean[]> all = new ArrayList<>();
        long failures = 0;
        long slowCalls = 0;
        for (int i = 0; i < 3 * size + 20; i++) {
            boolean[] call = {random.nextInt(3) == 0, random.nextInt(4) == 0};
            all.add(call);
            failures += call[0] ? 1 : 0;
            slowCalls += call[1] ? 1 : 0;
            if (i >= size) {
                failures -= all.get(i - size)[0] ? 1 : 0;
                slowCalls -= all.get(i - size)[1] ? 1 : 0;
            }
            assertThat(add(window, call[0], call[1], 0))
                    .isEqualTo(counts(Math.min(i + 1, size), (int) failures, (int) slowCalls));
        }
    }

    @Test
    void aRingThatIsFullStaysFullWhenTheNumberOfItsLapBeginsAgain() {
        // The largest window has the fewest bits for its lap: 11.
        int size = WindowConfig.MOST_CALLS;
        Window window = count(size);
        for (int i = 0; i < 2_050 * size; i++) {
            window.add(true, false, 0, RATES, false);
            if (i % size == size / 2 && i > size) {
                assertThat(window.counts(0)).isEqualTo(counts(size, size, 0));
            }
        }
    }

    @ParameterizedTest
    @MethodSource("origins")
    void aTimeWindowForgetsASecondAtItsEnd(long origin) {
        Window window = time(3, origin);

        fail(window, origin);
        fail(window, origin + SECOND - 1);
        assertThat(fail(window, origin + SECOND)).isEqualTo(counts(3, 3, 0));
        long end = origin + 3 * SECOND;
        assertThat(window.counts(end - 1)).isEqualTo(counts(3, 3, 0));
        assertThat(add(window, false, false, end - 1)).isEqualTo(counts(4, 3, 0));

        assertThat(window.counts(end)).isEqualTo(counts(2, 1, 0));
        assertThat(add(window, false, true, end)).isEqualTo(counts(3, 1, 1));
        assertThat(window.counts(end + SECOND)).isEqualTo(counts(2, 0, 1));
        assertThat(window.counts(end + 2 * SECOND)).isEqualTo(counts(1, 0, 1));
        assertThat(window.counts(end + 3 * SECOND)).isEqualTo(counts(0, 0, 0));
    }

    @ParameterizedTest
    @MethodSource("origins")
    void aTimeWindowOfOneSecondHoldsThePresentOneOnly(long origin) {
        Window window = time(1, origin);

        fail(window, origin + SECOND - 1);

        assertThat(add(window, false, false, origin + SECOND)).isEqualTo(counts(1, 0, 0));
    }

    @ParameterizedTest
    @CsvSource({"PT2S, 2", "PT2.999999994S, 2", "PT3S, 1", "PT4S, 1", "P1D, 1", "P105000D, 1"})
    void afterASilenceOnlyWhatIsStillInTheWindowCounts(Duration silence, int calls) {
        Window window = time(3, -5);
        fail(window, -5);

        assertThat(fail(window, -5 + silence.toNanos())).isEqualTo(counts(calls, calls, 0));
    }

    @ParameterizedTest
    @MethodSource("origins")
    void aReadingFromBeforeTheNewestSecondCountsInThat(long origin) {
        Window window = time(2, origin);
        fail(window, origin + SECOND);

        assertThat(fail(window, origin)).isEqualTo(counts(2, 2, 0));
        assertThat(fail(window, origin - 100 * SECOND)).isEqualTo(counts(3, 3, 0));

        assertThat(window.counts(origin)).isEqualTo(counts(3, 3, 0));
        assertThat(window.counts(origin + 3 * SECOND - 1)).isEqualTo(counts(3, 3, 0));
        assertThat(window.counts(origin + 3 * SECOND)).isEqualTo(counts(0, 0, 0));
    }

    @Test
    void aSecondMayHoldMoreCallsThanAWord() {
        Window window = time(2, 0);
        int most = 5_000_000;
        for (int i = 0; i < most; i++) {
            window.add(i % 2 == 0, i % 5 == 0, 0, RATES, false);
        }

        assertThat(window.counts(0)).isEqualTo(counts(most, most / 2, most / 5));
        assertThat(window.counts(2 * SECOND - 1)).isEqualTo(counts(most, most / 2, most / 5));
        assertThat(fail(window, 2 * SECOND)).isEqualTo(counts(1, 1, 0));
    }

    private record Call(long atNanos, boolean failed, boolean slow) {}

    @Test
    void aTimeWindowHoldsWhatCountingAllCallsAnewFinds() {
        long seed = Long.getLong("window.seed", new Random().nextLong());
        System.out.println("window.seed=" + seed);
        var seeds = new Random(seed);
        for (int i = 0; i < 300; i++) {
            var random = new Random(seeds.nextLong());
            long[] origins = origins().toArray();
            long origin = origins[random.nextInt(origins.length)];
            int seconds = 1 + random.nextInt(12);
            Window window = time(seconds, origin);
            List<Call> all = new ArrayList<>();
            long sinceOrigin = 0;
            for (int event = 0; event < 400; event++) {
                sinceOrigin += jump(random, sinceOrigin);
                WindowCounts held;
                if (random.nextInt(4) == 0) {
                    held = window.counts(origin + sinceOrigin);
                } else {
                    var call = new Call(sinceOrigin, random.nextBoolean(), random.nextInt(3) == 0);
                    all.add(call);
                    held = add(window, call.failed, call.slow, origin + sinceOrigin);
                }
                assertThat(held)
                        .as("window.seed=%d window %d event %d", seed, i, event)
                        .isEqualTo(countAnew(all, seconds, sinceOrigin));
            }
        }
    }

    /** Mostly a part of a second, sometimes to its edge, sometimes some seconds, seldom years. */
    private static long jump(Random random, long sinceOrigin) {
        return switch (random.nextInt(40)) {
            case 0 -> random.nextInt(20) * SECOND;
            case 1 -> Duration.ofDays(random.nextInt(200)).toNanos();
            case 2, 3, 4, 5 -> SECOND - sinceOrigin % SECOND;
            case 6, 7, 8, 9 -> SECOND - 1 - sinceOrigin % SECOND;
            default -> random.nextInt(300_000_000);
        };
    }

    private static WindowCounts countAnew(List<Call> all, int seconds, long now) {
        List<Call> in = all.stream()
                .filter(call -> now / SECOND - call.atNanos / SECOND < seconds)
                .toList();
        return counts(in.size(), (int) in.stream().filter(Call::failed).count(), (int)
                in.stream().filter(Call::slow).count());
    }

    @ParameterizedTest
    @CsvSource({
        "0, 0, 0, 0, 0, 0",
        "2147483647, 2147483647, 0, 2147483647, 2147483647, 0",
        "2147483648, 1073741824, 4, 1073741824, 536870912, 2",
        "8589934592, 4294967296, 0, 1073741824, 536870912, 0"
    })
    void countsThatDoNotFitAreHalvedTogether(long calls, long failures, long slow, int c, int f, int s) {
        assertThat(WindowCounts.of(calls, failures, slow)).isEqualTo(counts(c, f, s));
    }

    @Test
    void ratesAreRoundedOnceAndZeroWithoutCalls() {
        assertThat(counts(15, 3, 6).failureRate()).isEqualTo(0.2);
        assertThat(counts(15, 3, 6).slowCallRate()).isEqualTo(0.4);
        assertThat(counts(0, 0, 0).failureRate()).isZero();
        assertThat(counts(0, 0, 0).slowCallRate()).isZero();
    }
}
