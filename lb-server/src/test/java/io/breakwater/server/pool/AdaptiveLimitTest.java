package io.breakwater.server.pool;

import static org.assertj.core.api.Assertions.assertThat;

import io.breakwater.server.fixtures.Together;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class AdaptiveLimitTest {
    private static final long MILLI = TimeUnit.MILLISECONDS.toNanos(1);
    private static final long WINDOW = AdaptiveLimit.WINDOW_MILLIS * MILLI;

    static LongStream origins() {
        return BackendPoolTest.origins();
    }

    /** A backend that serves so many at a time, each in 10 ms; the others wait for their turn. */
    private static final class Server {
        private final AdaptiveLimit limit;
        private long now;
        private int capacity;

        Server(int most, int capacity, long origin) {
            this.limit = new AdaptiveLimit(most, origin);
            this.now = origin;
            this.capacity = capacity;
        }

        /** So many windows in which as many requests are under way as may be, and no more than {@code demand}. */
        int under(int demand, int windows) {
            for (int window = 0; window < windows; window++) {
                now += WINDOW;
                int underWay = Math.min(demand, limit.limit());
                long latency = 10 * MILLI * Math.max(capacity, underWay) / capacity;
                for (int i = 0; i < AdaptiveLimit.SAMPLES; i++) {
                    limit.succeeded(latency, underWay, now);
                }
            }
            return limit.limit();
        }
    }

    @ParameterizedTest
    @MethodSource("origins")
    void growsWhileMoreAtATimeTakeNoLonger(long origin) {
        var server = new Server(100, 1_000, origin);

        assertThat(server.limit.limit()).isEqualTo(AdaptiveLimit.INITIAL);
        assertThat(server.under(1_000, 20)).isGreaterThan(AdaptiveLimit.INITIAL);
        assertThat(server.under(1_000, 1_000)).isEqualTo(100);
    }

    @ParameterizedTest
    @MethodSource("origins")
    void comesDownWhenRequestsQueueAndRecovers(long origin) {
        var server = new Server(200, 100, origin);
        int before = server.under(100, 400);
        assertThat(before).isBetween(100, 200);

        server.capacity = 10;
        int during = server.under(1_000, 100);
        assertThat(during).isBetween(10, 40);

        server.capacity = 100;
        assertThat(server.under(100, 400)).isBetween(100, 200);
    }

    @Test
    void doesNotMoveWhenTheLoadIsBelowHalfOfIt() {
        var server = new Server(200, 1_000, 0);

        assertThat(server.under(9, 100)).isEqualTo(AdaptiveLimit.INITIAL);
    }

    @Test
    void timeoutsBringItDownToTheLeastAndSuccessesUpAgain() {
        var server = new Server(200, 1_000, 0);
        for (int i = 0; i < 1_000; i++) {
            server.now += WINDOW;
            server.limit.timedOut(server.now);
        }
        assertThat(server.limit.limit()).isEqualTo(AdaptiveLimit.LEAST);

        assertThat(server.under(1_000, 1_000)).isEqualTo(200);
    }

    @Test
    void manyTimeoutsInOneWindowCountOnce() {
        var limit = new AdaptiveLimit(200, 0);
        for (int i = 0; i < 50; i++) {
            limit.timedOut(1);
        }
        limit.timedOut(WINDOW);

        assertThat(limit.limit()).isEqualTo(18);
    }

    @Test
    void aFewSamplesOrAShortTimeAreNoWindow() {
        var limit = new AdaptiveLimit(200, 0);
        for (int i = 0; i < 1_000; i++) {
            limit.succeeded(MILLI, 20, WINDOW - 1);
        }
        assertThat(limit.limit()).isEqualTo(20);
        limit.succeeded(MILLI, 20, WINDOW);
        assertThat(limit.limit()).isEqualTo(20); // 20 + 0.2 * 4, of which whole requests count

        limit.succeeded(MILLI, 20, 3 * WINDOW);
        assertThat(limit.limit()).isEqualTo(20);
        for (int i = 0; i < 10; i++) {
            limit.succeeded(MILLI, 20, 3 * WINDOW);
        }
        assertThat(limit.limit()).isEqualTo(21);
    }

    @Test
    void aLowerMaximumHoldsAtOnce() {
        var server = new Server(200, 1_000, 0);
        server.under(1_000, 300);
        server.limit.most(7);

        assertThat(server.limit.limit()).isEqualTo(7);
        assertThat(server.under(1_000, 50)).isEqualTo(7);
        assertThat(new AdaptiveLimit(3, 0).limit()).isEqualTo(3);
    }

    @Test
    @Timeout(60)
    void staysWithinItsBoundsUnderManyThreads() throws Exception {
        var limit = new AdaptiveLimit(50, 0);
        var clock = new AtomicLong();

        Together.run(8, index -> {
            for (int i = 0; i < 20_000; i++) {
                long now = clock.addAndGet(MILLI);
                if (i % 100 == index) {
                    limit.timedOut(now);
                } else {
                    limit.succeeded((1 + i % 7) * MILLI, limit.limit(), now);
                }
                assertThat(limit.limit()).isBetween(AdaptiveLimit.LEAST, 50);
            }
        });
    }

    @Test
    void aPoolAppliesItAndBlamesNobody() {
        var at = PoolFixture.of(PoolFixture.replicas(1), "concurrency { adaptive = true, max-per-backend = 1000 }");
        for (int i = 0; i < AdaptiveLimit.INITIAL; i++) {
            assertThat(at.request()).isEqualTo("a");
        }

        assertThat(at.request()).isEqualTo("OVERLOADED");
        assertThat(at.replica("a").limit()).isEqualTo(AdaptiveLimit.INITIAL);
        assertThat(at.replica("a").failures()).isZero();
        assertThat(at.backend("a").breaker().snapshot(at.now()).consecutiveFailures())
                .isZero();
    }
}
