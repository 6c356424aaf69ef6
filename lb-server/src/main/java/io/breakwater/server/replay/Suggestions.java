package io.breakwater.server.replay;

import io.breakwater.health.breaker.BreakerConfig;
import io.breakwater.health.breaker.BreakerConfig.Mode;
import io.breakwater.health.breaker.WindowConfig;
import io.breakwater.server.replay.PoolReplay.Figures;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.TimeUnit;

/** Settings worth a try, replayed and ranked. */
final class Suggestions {
    private static final int[] CONSECUTIVE_FAILURES = {2, 3, 5, 10, 0};
    private static final double[] FAILURE_RATES = {0.25, 0.5};
    private static final double SLOW_CALL_RATE = 0.5;
    private static final List<Duration> COOLDOWNS =
            List.of(Duration.ofSeconds(2), Duration.ofSeconds(5), Duration.ofSeconds(10), Duration.ofSeconds(30));
    /** Below this share of slow calls a rule about them has nothing to go by. */
    private static final double FEWEST_SLOW = 0.01;

    /** Settings and what they come to. */
    record Tried(BreakerConfig config, Figures figures) {}

    private final PoolReplay pool;
    private final BreakerConfig current;

    Suggestions(PoolReplay pool, BreakerConfig current) {
        this.pool = pool;
        this.current = current;
    }

    /** Replays all settings of the grid; the best first, among equals those with fewer trips, then the plainer ones. */
    List<Tried> ranked() {
        List<Tried> tried = new ArrayList<>();
        for (BreakerConfig config : grid()) {
            tried.add(new Tried(config, pool.figures(config)));
        }
        tried.sort(Comparator.comparingDouble((Tried each) -> -each.figures().score())
                .thenComparingLong(each -> each.figures().trips()));
        return tried;
    }

    /** The plainer first. Everything that is not varied stays as it is. */
    private Set<BreakerConfig> grid() {
        Set<BreakerConfig> grid = new LinkedHashSet<>();
        Set<Duration> cooldowns = new LinkedHashSet<>();
        cooldowns.add(current.cooldown());
        cooldowns.addAll(COOLDOWNS);
        for (WindowConfig window : windows()) {
            for (int failures : CONSECUTIVE_FAILURES) {
                if (failures > 0 || window.type() != WindowConfig.Type.NONE) {
                    for (Duration cooldown : cooldowns) {
                        grid.add(with(failures, window, cooldown));
                    }
                }
            }
        }
        return grid;
    }

    private List<WindowConfig> windows() {
        WindowConfig none = WindowConfig.NONE;
        List<WindowConfig> windows = new ArrayList<>(List.of(none));
        List<WindowConfig> shapes = List.of(
                window(WindowConfig.Type.COUNT, 20, none.duration(), 10),
                window(WindowConfig.Type.COUNT, 100, none.duration(), 20),
                window(WindowConfig.Type.TIME, none.calls(), Duration.ofSeconds(10), 10),
                window(WindowConfig.Type.TIME, none.calls(), Duration.ofSeconds(30), 20));
        for (WindowConfig shape : shapes) {
            for (double rate : FAILURE_RATES) {
                windows.add(rates(shape, rate, none.slowCallRate(), none.slowCallDuration()));
            }
        }
        if (hasSlowCalls()) {
            Duration slow = Duration.ofMillis(TimeUnit.NANOSECONDS.toMillis(pool.slowNanos()));
            for (WindowConfig shape : shapes) {
                windows.add(rates(shape, none.failureRate(), SLOW_CALL_RATE, slow));
            }
        }
        return windows;
    }

    private boolean hasSlowCalls() {
        long all = 0;
        long slow = 0;
        for (List<Call> calls : pool.calls().values()) {
            for (Call call : calls) {
                all++;
                slow += call.nanos() > pool.slowNanos() ? 1 : 0;
            }
        }
        return slow > 0 && slow >= FEWEST_SLOW * all;
    }

    private static WindowConfig window(WindowConfig.Type type, int calls, Duration duration, int minimumCalls) {
        WindowConfig none = WindowConfig.NONE;
        return new WindowConfig(
                type, calls, duration, minimumCalls, none.failureRate(), none.slowCallRate(), none.slowCallDuration());
    }

    private static WindowConfig rates(WindowConfig shape, double failureRate, double slowRate, Duration slow) {
        return new WindowConfig(
                shape.type(), shape.calls(), shape.duration(), shape.minimumCalls(), failureRate, slowRate, slow);
    }

    private BreakerConfig with(int consecutiveFailures, WindowConfig window, Duration cooldown) {
        return new BreakerConfig(
                true,
                Mode.ENFORCE,
                consecutiveFailures,
                window,
                cooldown,
                current.cooldownMultiplier(),
                current.cooldownMax(),
                current.cooldownJitter(),
                current.concurrentProbes(),
                current.successesToClose(),
                current.probeTimeout());
    }
}
