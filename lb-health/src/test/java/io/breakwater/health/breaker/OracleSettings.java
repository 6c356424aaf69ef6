package io.breakwater.health.breaker;

import io.github.resilience4j.circuitbreaker.CircuitBreakerConfig;
import io.github.resilience4j.circuitbreaker.CircuitBreakerConfig.SlidingWindowSynchronizationStrategy;
import io.github.resilience4j.circuitbreaker.CircuitBreakerConfig.SlidingWindowType;
import io.github.resilience4j.core.IntervalFunction;
import java.time.Clock;
import java.time.Duration;
import java.util.Random;
import java.util.function.Consumer;

/**
 * Settings that mean the same to this breaker and to resilience4j, as far as both can be told the same. To begin with: a
 * window of ten calls, of which two are enough and half open the circuit for a second; then one probe decides.
 */
final class OracleSettings {
    /** Longer than any sequence lasts. */
    private static final Duration NEVER = Duration.ofDays(365);

    /** A window of so many calls, else of so many seconds. */
    boolean count = true;

    int size = 10;
    /** May be above {@code size}, which only resilience4j takes for a window of calls. */
    int minimumCalls = 2;
    /** Tenths of a percent. */
    int failureRate = 500;
    /** Tenths of a percent. */
    int slowCallRate = 1000;

    Duration slowCallDuration = Duration.ofSeconds(1);
    /** Which resilience4j does not know; 0 for off. */
    int consecutiveFailures;
    /**
     * How resilience4j guards a window of calls. Its lock-free window of seconds takes no clock from outside, and one of a
     * single call throws at the second.
     */
    boolean lockFree;

    int cooldownMillis = 1_000;
    int cooldownMultiplier = 1;
    int cooldownMaxMillis = Integer.MAX_VALUE;
    /** At a time, and to resilience4j in all. */
    int probes = 1;
    /** Which resilience4j does not know; to it that is {@code probes}. */
    int successesToClose = 1;
    /** Which resilience4j does not know. */
    Duration probeTimeout = NEVER;

    private OracleSettings() {}

    /** The settings to begin with, and what is to be changed in them. */
    static OracleSettings of(Consumer<OracleSettings> changes) {
        OracleSettings settings = new OracleSettings();
        changes.accept(settings);
        return settings;
    }

    /** Anything that both can be told. In few of them is something that the two take differently. */
    static OracleSettings random(Random random) {
        return of(settings -> settings.draw(random));
    }

    private void draw(Random random) {
        count = random.nextBoolean();
        size = 1 + random.nextInt(oneIn(4, random) ? 60 : 10);
        minimumCalls = 1 + random.nextInt(count ? size : 12);
        if (count && oneIn(60, random)) {
            minimumCalls = size + 1 + random.nextInt(size);
        }
        failureRate = rate(random);
        slowCallRate = oneIn(3, random) ? 1000 : rate(random);
        slowCallDuration = Duration.ofNanos(1 + random.nextInt(2_000_000_000));
        consecutiveFailures = oneIn(60, random) ? 1 + random.nextInt(5) : 0;
        lockFree = count && size > 1 && random.nextBoolean();
        cooldownMillis = 1 + random.nextInt(5_000);
        cooldownMultiplier = random.nextBoolean() ? 1 : 2 + random.nextInt(2);
        cooldownMaxMillis = cooldownMillis * (1 + random.nextInt(12));
        probes = oneIn(minimumCalls == 1 ? 2 : 100, random) ? 2 + random.nextInt(3) : 1;
        successesToClose = minimumCalls == 1 ? 1 : probes;
        probeTimeout = oneIn(100, random) ? Duration.ofMillis(1 + random.nextInt(3_000)) : NEVER;
    }

    /** Mostly one that a full window or the minimum can reach exactly, which is where reaching and exceeding part. */
    private int rate(Random random) {
        int calls = random.nextBoolean() ? size : minimumCalls;
        int some = 1 + random.nextInt(calls);
        return 1000 * some % calls == 0 && !oneIn(4, random) ? 1000 * some / calls : 1 + random.nextInt(1000);
    }

    private static boolean oneIn(int many, Random random) {
        return random.nextInt(many) == 0;
    }

    /** Throws where a window of calls is to hold fewer than its minimum. */
    BreakerConfig ours() {
        WindowConfig window = new WindowConfig(
                count ? WindowConfig.Type.COUNT : WindowConfig.Type.TIME,
                size,
                Duration.ofSeconds(size),
                minimumCalls,
                failureRate / 1000.0,
                slowCallRate / 1000.0,
                slowCallDuration);
        return new BreakerConfig(
                true,
                BreakerConfig.Mode.ENFORCE,
                consecutiveFailures,
                window,
                Duration.ofMillis(cooldownMillis),
                cooldownMultiplier,
                Duration.ofMillis(cooldownMaxMillis),
                0,
                probes,
                successesToClose,
                probeTimeout);
    }

    CircuitBreakerConfig theirs(Clock clock) {
        return CircuitBreakerConfig.custom()
                .clock(clock)
                .slidingWindow(
                        size,
                        minimumCalls,
                        count ? SlidingWindowType.COUNT_BASED : SlidingWindowType.TIME_BASED,
                        lockFree
                                ? SlidingWindowSynchronizationStrategy.LOCK_FREE
                                : SlidingWindowSynchronizationStrategy.SYNCHRONIZED)
                .failureRateThreshold(failureRate / 10f)
                .slowCallRateThreshold(slowCallRate / 10f)
                .slowCallDurationThreshold(slowCallDuration)
                .waitIntervalFunctionInOpenState(cooldowns())
                .permittedNumberOfCallsInHalfOpenState(probes)
                .build();
    }

    /** The milliseconds of the n-th cooldown since the circuit was closed. */
    IntervalFunction cooldowns() {
        return IntervalFunction.ofExponentialBackoff(cooldownMillis, cooldownMultiplier, cooldownMaxMillis);
    }

    /** Whether the first result of a probe decides on both sides: resilience4j judges once it has so many. */
    boolean firstProbeDecides() {
        return Math.min(minimumCalls, probes) == 1 && successesToClose == 1;
    }

    boolean hasGrowingCooldown() {
        return cooldownMultiplier > 1;
    }

    boolean hasShortLease() {
        return probeTimeout.compareTo(NEVER) < 0;
    }

    boolean isRefusedByOurs() {
        return count && minimumCalls > size;
    }

    @Override
    public String toString() {
        return ours() + (lockFree ? ", theirs lock-free" : "");
    }
}
