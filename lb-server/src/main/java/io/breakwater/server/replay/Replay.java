package io.breakwater.server.replay;

import static java.util.Objects.requireNonNull;

import io.breakwater.health.breaker.BreakerConfig;
import io.breakwater.health.breaker.Transition;
import io.breakwater.health.breaker.WindowCounts;
import io.breakwater.server.config.LbConfig;
import io.breakwater.server.config.PoolConfig;
import io.breakwater.server.replay.CircuitReplay.Replayed;
import io.breakwater.server.replay.CircuitReplay.Tally;
import io.breakwater.server.replay.Outages.Outage;
import io.breakwater.server.replay.PoolReplay.Figures;
import io.breakwater.server.replay.Suggestions.Tried;
import java.io.IOException;
import java.io.InputStream;
import java.io.PrintStream;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;

/**
 * {@code lb replay}: recorded outcomes through the breaker settings of a configuration, and a report of what the circuits
 * would have done. NOT thread safe; used once.
 */
public final class Replay {
    private static final int MOST_TRANSITIONS_SHOWN = 40;
    private static final int SUGGESTIONS_SHOWN = 5;
    private static final double NANOS_PER_SECOND = 1e9;
    private static final DateTimeFormatter TIME = DateTimeFormatter.ofPattern(
                    "uuuu-MM-dd'T'HH:mm:ss.SSS'Z'", Locale.ROOT)
            .withZone(ZoneOffset.UTC);

    private final LbConfig config;
    private final PrintStream out;

    /**
     * @param out gets the report
     */
    public Replay(LbConfig config, PrintStream out) {
        this.config = config;
        this.out = out;
    }

    /**
     * Replays a JSON access log.
     *
     * @param name of the log, for the report
     * @param suggest also tries other settings, and reports the best
     * @throws IOException if the log cannot be read, or there is no line in it that is one
     */
    public void run(InputStream log, String name, boolean suggest) throws IOException {
        RecordedTraffic traffic = RecordedTraffic.read(log, config);
        if (traffic.badLines() > 0 && traffic.badLines() == traffic.lines()) {
            throw new IOException("no line of it is an entry of a JSON access log (%s)"
                    .formatted(traffic.badLinesShown().get(0)));
        }
        printHead(traffic, name);
        Map<String, Map<CircuitKey, List<Call>>> pools = new TreeMap<>();
        traffic.calls()
                .forEach((key, calls) -> pools.computeIfAbsent(key.pool(), added -> new TreeMap<>())
                        .put(key, calls));
        pools.forEach(
                (pool, calls) -> printPool(requireNonNull(config.pools().get(pool)), new PoolReplay(calls), suggest));
        if (!pools.isEmpty()) {
            out.println();
            out.println(Outages.DEFINITION);
        }
    }

    private void printHead(RecordedTraffic traffic, String name) {
        long calls = traffic.calls().values().stream().mapToLong(List::size).sum();
        long read = traffic.lines() - traffic.badLines();
        out.printf("%s: %s%s%n", name, counted(traffic.lines(), "line"), read == 0 ? "" : span(traffic));
        out.printf("%s replayed%n", counted(calls, "call"));
        say(
                traffic.withoutBackend(),
                "without a backend, %d of them rejected by an open circuit: what those would have come to is not in the log"
                        .formatted(traffic.rejectedByCircuit()));
        say(traffic.retried(), "of more than one attempt, of which the log has the last");
        say(
                traffic.ofUnknownPools(),
                "of pools that the configuration lacks: " + String.join(", ", traffic.unknownPools()));
        say(traffic.badLines(), "that could not be read");
        traffic.badLinesShown().forEach(each -> out.println("  " + each));
        if (traffic.badLines() > traffic.badLinesShown().size()) {
            out.printf(
                    "  and %d more%n",
                    traffic.badLines() - traffic.badLinesShown().size());
        }
    }

    private void say(long lines, String what) {
        if (lines > 0) {
            out.println(counted(lines, "line") + " " + what);
        }
    }

    private static String span(RecordedTraffic traffic) {
        return ", from " + time(traffic.firstNanos()) + " to " + time(traffic.lastNanos());
    }

    private void printPool(PoolConfig pool, PoolReplay replay, boolean suggest) {
        out.println();
        out.printf("pool %s: %s%n", pool.name(), Settings.line(pool.breaker()));
        if (!pool.breaker().enabled()) {
            out.println("  the breaker is not enabled, so nothing happens");
        }
        if (pool.minAvailable() > 0) {
            out.println("  min-available is not replayed: each circuit is judged alone");
        }
        replay.calls().keySet().forEach(key -> printCircuit(pool, replay, key));
        if (suggest) {
            printSuggestions(pool, replay);
        }
    }

    private void printCircuit(PoolConfig pool, PoolReplay replay, CircuitKey key) {
        Replayed replayed = replay.replay(key, pool.breaker());
        Tally tally = replayed.tally();
        out.println();
        out.printf("%s: %s, %s%n", key, counted(tally.calls(), "call"), counted(tally.failures(), "failure"));
        List<Transition> transitions = replayed.transitions();
        transitions.stream().limit(MOST_TRANSITIONS_SHOWN).forEach(each -> out.println("  " + transition(each)));
        if (transitions.size() > MOST_TRANSITIONS_SHOWN) {
            out.printf("  and %s%n", counted(transitions.size() - MOST_TRANSITIONS_SHOWN, "more transition"));
        }
        out.printf("  opens %s, would reject %s", times(replayed.trips()), counted(tally.rejected(), "call"));
        if (tally.rejected() > 0) {
            out.printf(
                    ": %d failed (%s s saved), %d succeeded (falsely)",
                    tally.rejectedFailed(), decimal(tally.savedNanos() / NANOS_PER_SECOND), tally.rejectedSucceeded());
        }
        if (tally.rejectedIgnored() > 0) {
            out.printf(", %d ended for another reason than the backend", tally.rejectedIgnored());
        }
        out.println();
        List<Outage> missed = replay.missed(key, replayed);
        out.printf("  %s, missed %d%n", counted(replay.outages(key).size(), "outage"), missed.size());
        missed.forEach(each -> out.printf("    missed: %s to %s%n", time(each.fromNanos()), time(each.toNanos())));
    }

    private static String transition(Transition each) {
        return "%s  %-9s -> %-9s  %s%s"
                .formatted(
                        time(each.atNanos()),
                        each.from().label(),
                        each.to().label(),
                        each.reason().label(),
                        figures(each));
    }

    /** What the circuit went by, where that is not in the reason's name. */
    private static String figures(Transition each) {
        WindowCounts window = each.window();
        return switch (each.reason()) {
            case CONSECUTIVE_FAILURES -> " (%d in a row)".formatted(each.failures());
            case FAILURE_RATE -> window == null ? "" : " (%d of %d)".formatted(window.failures(), window.calls());
            case SLOW_CALL_RATE -> window == null ? "" : " (%d of %d)".formatted(window.slowCalls(), window.calls());
            default -> "";
        };
    }

    private void printSuggestions(PoolConfig pool, PoolReplay replay) {
        Figures current = replay.figures(pool.breaker());
        List<Tried> ranked = new Suggestions(replay, pool.breaker()).ranked();
        List<Tried> best = ranked.subList(0, Math.min(SUGGESTIONS_SHOWN, ranked.size()));
        List<String[]> rows = new ArrayList<>();
        rows.add(new String[] {"", "score", "trips", "failed", "slow", "falsely", "missed", "settings"});
        rows.add(row("now", current, pool.breaker()));
        for (int i = 0; i < best.size(); i++) {
            rows.add(row(
                    String.valueOf(i + 1), best.get(i).figures(), best.get(i).config()));
        }
        out.println();
        out.printf(
                "pool %s: the best of %d settings, by what they would reject (score: docs/replay.md)%n",
                pool.name(), ranked.size());
        table(rows);
        out.println();
        if (best.get(0).figures().score() > current.score()) {
            out.print(Settings.hocon(pool.name(), best.get(0).config()));
        } else {
            out.println("none is better than what is configured");
        }
    }

    private static String[] row(String name, Figures figures, BreakerConfig config) {
        Tally tally = figures.tally();
        return new String[] {
            name,
            decimal(figures.score()),
            String.valueOf(figures.trips()),
            String.valueOf(tally.rejectedFailed()),
            String.valueOf(tally.rejectedSlow()),
            String.valueOf(tally.rejectedQuick()),
            figures.missedOutages() + "/" + figures.outages(),
            Settings.line(config)
        };
    }

    /** All columns to the right, but the last. */
    private void table(List<String[]> rows) {
        int last = rows.get(0).length - 1;
        int[] widths = new int[last];
        for (String[] row : rows) {
            for (int i = 0; i < last; i++) {
                widths[i] = Math.max(widths[i], row[i].length());
            }
        }
        for (String[] row : rows) {
            StringBuilder line = new StringBuilder();
            for (int i = 0; i < last; i++) {
                line.append("  ")
                        .append(" ".repeat(widths[i] - row[i].length()))
                        .append(row[i]);
            }
            out.println(line + "  " + row[last]);
        }
    }

    private static String time(long nanos) {
        return TIME.format(Instant.EPOCH.plus(nanos, ChronoUnit.NANOS));
    }

    private static String times(long count) {
        return count == 1 ? "once" : count + " times";
    }

    private static String counted(long count, String thing) {
        return count + " " + thing + (count == 1 ? "" : "s");
    }

    /** With one digit behind the point. */
    private static String decimal(double value) {
        return String.format(Locale.ROOT, "%.1f", value);
    }
}
