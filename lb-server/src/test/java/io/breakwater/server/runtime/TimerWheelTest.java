package io.breakwater.server.runtime;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.channel.embedded.EmbeddedChannel;
import io.netty.util.concurrent.MockTicker;
import io.netty.util.concurrent.Ticker;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class TimerWheelTest {
    private static final long TICK = Duration.ofMillis(10).toNanos();
    private static final long FOUR_SECONDS = Duration.ofSeconds(4).toNanos();

    private final MockTicker time = Ticker.newMockTicker();
    private final EmbeddedChannel channel =
            EmbeddedChannel.builder().ticker(time).build();
    private long origin;
    private @Nullable TimerWheel wheel;

    private void startAt(long originNanos) {
        origin = originNanos;
        wheel = new TimerWheel(channel.eventLoop(), this::now);
    }

    private TimerWheel wheel() {
        if (wheel == null) {
            throw new IllegalStateException("startAt comes first");
        }
        return wheel;
    }

    private long now() {
        return origin + time.nanoTime();
    }

    private void advance(long nanos) {
        time.advance(nanos, TimeUnit.NANOSECONDS);
        channel.runScheduledPendingTasks();
    }

    private static final class Probe extends TimerWheel.Timeout {
        private int fired;
        private long firedAt;

        @Override
        protected void expired(long nowNanos) {
            fired++;
            firedAt = nowNanos;
        }
    }

    @ParameterizedTest
    @ValueSource(longs = {0, Long.MAX_VALUE - 2_000_000_000L, -2_000_000_000L, Long.MIN_VALUE})
    void firesOnceAtTheFirstTickAfterItsDeadlineAndNotBefore(long originNanos) {
        startAt(originNanos);
        Probe probe = new Probe();
        wheel().schedule(probe, now() + FOUR_SECONDS);

        advance(FOUR_SECONDS - 1);
        assertThat(probe.fired).isZero();

        advance(1 + TICK);
        assertThat(probe.fired).isOne();
        advance(2 * FOUR_SECONDS);
        assertThat(probe.fired).isOne();
    }

    @ParameterizedTest
    @ValueSource(longs = {0, Long.MAX_VALUE - 2_000_000_000L})
    void aDeadlineThatMovesAwayIsFollowed(long originNanos) {
        startAt(originNanos);
        Probe probe = new Probe();
        long last = 0;
        for (int i = 0; i < 100; i++) {
            last = now() + FOUR_SECONDS;
            wheel().schedule(probe, last);
            advance(FOUR_SECONDS / 3);
        }
        assertThat(probe.fired).isZero();

        advance(FOUR_SECONDS);
        assertThat(probe.fired).isOne();
        assertThat(probe.firedAt - last).isGreaterThanOrEqualTo(0);
    }

    @ParameterizedTest
    @ValueSource(longs = {0, -1})
    void whatIsCancelledOrRemovedDoesNotHappenUntilItIsScheduledAgain(long originNanos) {
        startAt(originNanos);
        Probe cancelled = new Probe();
        Probe removed = new Probe();
        wheel().schedule(cancelled, now() + FOUR_SECONDS);
        wheel().schedule(removed, now() + FOUR_SECONDS);
        wheel().cancel(cancelled);
        wheel().remove(removed);

        advance(2 * FOUR_SECONDS);
        assertThat(cancelled.fired + removed.fired).isZero();

        wheel().schedule(cancelled, now() + TICK);
        wheel().schedule(removed, now() + TICK);
        advance(2 * TICK);
        assertThat(cancelled.fired).isOne();
        assertThat(removed.fired).isOne();
    }

    @ParameterizedTest
    @ValueSource(longs = {0})
    void whatExpiresMayRemoveItsNeighbours(long originNanos) {
        startAt(originNanos);
        Probe first = new Probe();
        Probe last = new Probe();
        List<Probe> others = List.of(first, last);
        TimerWheel.Timeout remover = new TimerWheel.Timeout() {
            @Override
            protected void expired(long nowNanos) {
                others.forEach(wheel()::remove);
            }
        };
        long deadline = now() + FOUR_SECONDS;
        wheel().schedule(first, deadline);
        wheel().schedule(last, deadline);
        wheel().schedule(remover, deadline); // stands in front of the others

        advance(FOUR_SECONDS + TICK);
        assertThat(first.fired + last.fired).isZero();

        wheel().schedule(first, now() + TICK);
        advance(2 * TICK);
        assertThat(first.fired).isOne();
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8})
    void agreesWithADeadlineKeptAsideUnderRandomUse(long seed) {
        SplittableRandom random = new SplittableRandom(seed);
        startAt(random.nextLong());
        List<Probe> probes = new ArrayList<>();
        List<@Nullable Long> deadlines = new ArrayList<>();
        for (int i = 0; i < 50; i++) {
            probes.add(new Probe());
            deadlines.add(null);
        }
        for (int step = 0; step < 5_000; step++) {
            int i = random.nextInt(probes.size());
            switch (random.nextInt(4)) {
                case 0, 1 -> {
                    long deadline = now() + random.nextLong(1, 20_000_000_000L);
                    wheel().schedule(probes.get(i), deadline);
                    deadlines.set(i, deadline);
                    probes.get(i).fired = 0;
                }
                case 2 -> {
                    wheel().cancel(probes.get(i));
                    deadlines.set(i, null);
                    probes.get(i).fired = 0;
                }
                default -> advance(random.nextLong(1, random.nextInt(10) == 0 ? 30_000_000_000L : 300_000_000L));
            }
            for (int j = 0; j < probes.size(); j++) {
                Long deadline = deadlines.get(j);
                int fired = probes.get(j).fired;
                if (deadline == null || now() - deadline < 0) {
                    assertThat(fired).as("seed %d, step %d", seed, step).isZero();
                } else if (now() - deadline >= 2 * TICK) {
                    assertThat(fired).as("seed %d, step %d", seed, step).isOne();
                }
            }
        }
    }
}
