package io.breakwater.server.traffic;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class TallyTest {

    private static Tally tally(int... byBucket) {
        FakeAttempts attempts = new FakeAttempts("a", true);
        Tally tally = new Tally(attempts);
        for (int i = 0; i < byBucket.length; i++) {
            attempts.succeed(byBucket[i], i);
        }
        tally.advanceTo(attempts);
        return tally;
    }

    /** What {@code histogram_quantile} of Prometheus 2.42 answers for the same buckets. */
    @ParameterizedTest
    @CsvSource({
        "10,  0, 0, 0, 0.5,    5",
        "10,  0, 0, 0, 0.99,   9.9",
        "10, 10, 0, 0, 0.5,   10",
        "10, 10, 0, 0, 0.75,  55",
        "10, 10, 0, 0, 0.99,  98.2",
        " 0,  0, 1, 0, 0.5,  550",
        " 0,  1, 0, 1, 0.5,  100",
        " 0,  1, 0, 1, 0.99, 1000",
        " 0,  0, 0, 5, 0.5,  1000",
        " 1,  0, 0, 99, 0.01, 10",
    })
    void quantilesAreThoseOfPrometheus(int first, int second, int third, int beyond, double part, double millis) {
        assertThat(tally(first, second, third, beyond).quantileMillis(part)).isCloseTo(millis, within(1e-9));
    }

    @Test
    void nothingHasNoQuantileAndNoErrorRate() {
        assertThat(tally().quantileMillis(0.5)).isNaN();
        assertThat(tally().errorRate()).isNaN();
        assertThat(new Tally(null).quantileMillis(0.5)).isNaN();
    }

    @Test
    void onlyWhatCameSinceIsReturned() {
        FakeAttempts attempts = new FakeAttempts("a", true).succeed(10, 0).fail(10, 0);
        Tally tally = new Tally(attempts);
        tally.advanceTo(attempts);

        attempts.succeed(1, 2).fail(3, 2);
        attempts.ignored = 6;
        Tally more = tally.advanceTo(attempts);

        assertThat(more.perSecond(5)).isEqualTo(2);
        assertThat(more.errorRate()).isEqualTo(0.75);
        assertThat(more.quantileMillis(0.5)).isEqualTo(550);
        assertThat(tally.errorRate()).isEqualTo(13.0 / 24);
        assertThat(tally.advanceTo(attempts).perSecond(5)).isZero();
    }
}
