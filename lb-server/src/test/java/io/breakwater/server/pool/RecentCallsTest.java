package io.breakwater.server.pool;

import static org.assertj.core.api.Assertions.assertThat;

import io.breakwater.health.Outcome;
import io.breakwater.server.fixtures.Together;
import io.breakwater.server.pool.RecentCalls.Call;
import io.breakwater.time.ManualTicker;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

class RecentCallsTest {
    private static final long MILLI = 1_000_000;
    private static final long MICRO = 1_000;
    private static final Outcome[] OUTCOMES = Outcome.values();
    /** Time goes on from here beyond the largest number. */
    private static final long ORIGIN = new ManualTicker(Long.MAX_VALUE - 10).read();

    private final Calls calls = new Calls();

    /** Those of one backend. */
    private static final class Calls {
        private final long[] ring = RecentCalls.ring();
        private final AtomicLong next = new AtomicLong();

        void add(Outcome outcome, long latencyNanos, long now) {
            put(take(), outcome, latencyNanos, now);
        }

        long take() {
            return next.getAndIncrement();
        }

        void put(long position, Outcome outcome, long latencyNanos, long now) {
            RecentCalls.put(ring, position, outcome, latencyNanos, now - ORIGIN);
        }

        RecentCalls.Copy copy() {
            return RecentCalls.copy(ring, next.get(), ORIGIN);
        }
    }

    @Test
    void nothingIsReadBeforeTheFirst() {
        assertThat(calls.copy().read()).isEmpty();
    }

    @ParameterizedTest
    @EnumSource
    void eachOutcomeIsReadAsItWasAdded(Outcome outcome) {
        calls.add(outcome, 12_345 * MICRO, ORIGIN + 7 * MILLI);

        assertThat(calls.copy().read()).containsExactly(new Call(outcome, ORIGIN + 7 * MILLI, 12_345 * MICRO));
    }

    @ParameterizedTest
    @CsvSource({"-5, 0", "0, 0", "999, 0", "1000, 1000", "32767999, 32767000", "32769999, 32768000"})
    void latencyIsWholeMicroseconds(long nanos, long read) {
        calls.add(Outcome.SUCCESS, nanos, ORIGIN);

        assertThat(calls.copy().read().get(0).latencyNanos()).isEqualTo(read);
    }

    @ParameterizedTest
    @ValueSource(strings = {"PT0.1S", "PT5.123456S", "PT30S", "PT36H", "P700D"})
    void aLongLatencyIsShortByLittle(Duration latency) {
        long nanos = latency.toNanos();
        calls.add(Outcome.RESPONSE_TIMEOUT, nanos, ORIGIN);

        assertThat(calls.copy().read().get(0).latencyNanos())
                .isLessThanOrEqualTo(nanos)
                .isGreaterThan(nanos - nanos / 16_000);
    }

    @Test
    void noLatencyIsTooLong() {
        calls.add(Outcome.SUCCESS, Long.MAX_VALUE, ORIGIN);

        assertThat(calls.copy().read().get(0).latencyNanos())
                .isBetween(Duration.ofDays(800).toNanos(), Duration.ofDays(820).toNanos());
    }

    @ParameterizedTest
    @CsvSource({"-1000000, 0", "0, 0", "999999, 0", "1000000, 1000000", "94608000000000000, 94608000000000000"})
    void timeIsWholeMillisecondsForThreeYears(long sinceOrigin, long read) {
        calls.add(Outcome.SUCCESS, 1, ORIGIN + sinceOrigin);

        assertThat(calls.copy().read().get(0).endedNanos() - ORIGIN).isEqualTo(read);
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 49, 50, 51, 64, 65, 511, 512, 513, 1_000})
    void theLatestFiftyAreReadInTheirOrder(int added) {
        for (int i = 1; i <= added; i++) {
            calls.add(Outcome.SUCCESS, i * MICRO, ORIGIN);
        }

        assertThat(calls.copy().read())
                .extracting(call -> call.latencyNanos() / MICRO)
                .containsExactlyElementsOf(LongStream.rangeClosed(Math.max(1, added - 49), added)
                        .boxed()
                        .toList());
    }

    @Test
    void aCopyStaysAsItIs() {
        calls.add(Outcome.SUCCESS, MICRO, ORIGIN);
        RecentCalls.Copy copy = calls.copy();
        calls.add(Outcome.CONNECT_FAILED, 2 * MICRO, ORIGIN);

        assertThat(copy.read()).hasSize(1);
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 63, 64, 100, 600})
    void aCallThatIsStillBeingWrittenIsLeftOut(int before) {
        for (int i = 1; i <= before; i++) {
            calls.add(Outcome.SUCCESS, i * MICRO, ORIGIN);
        }
        long position = calls.take();
        calls.add(Outcome.SUCCESS, 9_999 * MICRO, ORIGIN);

        assertThat(calls.copy().read())
                .extracting(call -> call.latencyNanos() / MICRO)
                .hasSize(Math.min(before + 1, 49))
                .endsWith(9_999L)
                .doesNotContain(before - 63L);
        calls.put(position, Outcome.SUCCESS, 5_555 * MICRO, ORIGIN);
        assertThat(calls.copy().read())
                .extracting(call -> call.latencyNanos() / MICRO)
                .endsWith(5_555L, 9_999L);
    }

    @Test
    void aCallThatCameTooLateForTheCopyIsNotReadInThePlaceOfAnother() {
        for (int i = 1; i <= 100; i++) {
            calls.add(Outcome.SUCCESS, i * MICRO, ORIGIN);
        }
        calls.put(60 + RecentCalls.SLOTS, Outcome.CONNECT_FAILED, 9_999 * MICRO, ORIGIN);

        assertThat(calls.copy().read())
                .hasSize(49)
                .allSatisfy(call -> assertThat(call.outcome()).isEqualTo(Outcome.SUCCESS));
    }

    /** All three parts of a call follow from one number, and each writer's numbers rise. */
    @Test
    @Timeout(60)
    void readersNeverMeetACallThatNobodyAddedNorOneOutOfItsWritersOrder() throws Exception {
        int writers = 4;
        int each = 250_000;
        AtomicInteger writing = new AtomicInteger(writers);
        AtomicInteger read = new AtomicInteger();

        Together.run(writers + 2, thread -> {
            if (thread < writers) {
                for (long n = thread; n < (long) each * writers; n += writers) {
                    calls.add(outcome(n), latencyNanos(n), ORIGIN + n * MILLI);
                }
                writing.decrementAndGet();
            } else {
                while (writing.get() > 0) {
                    read.addAndGet(check(calls.copy().read(), writers));
                }
            }
        });

        assertThat(read.get()).isPositive();
        assertThat(calls.copy().read()).as("once nobody writes").hasSize(RecentCalls.MOST_READ);
    }

    /** In plain code, for what it costs is time in which nothing is read. */
    private static int check(List<Call> seen, int writers) {
        long[] latest = new long[writers];
        Arrays.fill(latest, -1);
        for (Call call : seen) {
            long n = (call.endedNanos() - ORIGIN) / MILLI;
            int writer = (int) (n % writers);
            if (call.outcome() != outcome(n) || call.latencyNanos() != latencyNanos(n) || n <= latest[writer]) {
                throw new AssertionError(call + " behind " + latest[writer] + " in " + seen);
            }
            latest[writer] = n;
        }
        return seen.size();
    }

    private static Outcome outcome(long n) {
        return OUTCOMES[(int) (n % OUTCOMES.length)];
    }

    private static long latencyNanos(long n) {
        return n % 30_000 * MICRO;
    }
}
