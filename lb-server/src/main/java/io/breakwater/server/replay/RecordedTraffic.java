package io.breakwater.server.replay;

import io.breakwater.metrics.RejectionReason;
import io.breakwater.server.config.LbConfig;
import io.breakwater.server.config.PoolConfig;
import io.breakwater.server.config.PoolConfig.BreakerScope;
import java.io.IOException;
import java.io.InputStream;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * What an access log says of backends: their calls by circuit, in the order in which they began, and how many lines say
 * something else. Takes some 40 bytes of memory a call. NOT thread safe.
 */
final class RecordedTraffic {
    private static final int MOST_LINE_BYTES = 1 << 20;
    private static final int MOST_BAD_LINES_SHOWN = 10;
    private static final int BUFFER_BYTES = 1 << 16;

    private final LbConfig config;
    private final Map<CircuitKey, List<Call>> calls = new TreeMap<>();
    private final List<String> badLinesShown = new ArrayList<>();
    private final Set<String> unknownPools = new TreeSet<>();
    private long lines;
    private long badLines;
    private long withoutBackend;
    private long rejectedByCircuit;
    private long ofUnknownPools;
    private long retried;
    private long firstNanos = Long.MAX_VALUE;
    private long lastNanos = Long.MIN_VALUE;

    private RecordedTraffic(LbConfig config) {
        this.config = config;
    }

    /**
     * Reads a log to its end. A line that is none is counted; blank ones are passed over.
     *
     * @param config whose pools say what a circuit is for
     */
    static RecordedTraffic read(InputStream log, LbConfig config) throws IOException {
        RecordedTraffic traffic = new RecordedTraffic(config);
        traffic.readLines(log);
        // An access log is in the order of ends, nearly; a stable sort leaves what began together in that order.
        traffic.calls.values().forEach(each -> each.sort(Comparator.comparingLong(Call::startNanos)));
        return traffic;
    }

    private void readLines(InputStream log) throws IOException {
        byte[] buffer = new byte[BUFFER_BYTES];
        byte[] line = new byte[BUFFER_BYTES];
        int length = 0;
        long number = 1;
        int count;
        while ((count = log.read(buffer)) >= 0) {
            for (int i = 0; i < count; i++) {
                if (buffer[i] == '\n') {
                    take(number, line, length);
                    number++;
                    length = 0;
                    continue;
                }
                if (length == line.length && length < MOST_LINE_BYTES) {
                    line = Arrays.copyOf(line, 2 * length);
                }
                if (length < line.length) {
                    line[length] = buffer[i];
                }
                // One more than fits is as good as any number more.
                length = Math.min(length + 1, MOST_LINE_BYTES + 1);
            }
        }
        take(number, line, length);
    }

    private void take(long number, byte[] line, int length) {
        if (isBlank(line, Math.min(length, line.length))) {
            return;
        }
        lines++;
        try {
            if (length > MOST_LINE_BYTES) {
                throw new BadLine("longer than " + MOST_LINE_BYTES + " bytes");
            }
            take(LogLine.parse(line, length));
        } catch (BadLine e) {
            badLines++;
            if (badLinesShown.size() < MOST_BAD_LINES_SHOWN) {
                badLinesShown.add("line " + number + ": " + e.problem());
            }
        }
    }

    private static boolean isBlank(byte[] line, int length) {
        for (int i = 0; i < length; i++) {
            if (line[i] != ' ' && line[i] != '\t' && line[i] != '\r') {
                return false;
            }
        }
        return true;
    }

    private void take(LogLine line) {
        firstNanos = Math.min(firstNanos, line.endNanos() - line.durationNanos());
        lastNanos = Math.max(lastNanos, line.endNanos());
        if (line.pool() == null || line.backend() == null || line.outcome() == null) {
            withoutBackend++;
            if (RejectionReason.CIRCUIT_OPEN.label().equals(line.reason())) {
                rejectedByCircuit++;
            }
            return;
        }
        PoolConfig pool = config.pools().get(line.pool());
        if (pool == null) {
            ofUnknownPools++;
            unknownPools.add(line.pool());
            return;
        }
        if (line.attempts() > 1) {
            retried++;
        }
        boolean byRoute = pool.breakerScope() == BreakerScope.BACKEND_AND_ROUTE;
        CircuitKey key = new CircuitKey(line.pool(), line.backend(), byRoute ? line.route() : "");
        calls.computeIfAbsent(key, added -> new ArrayList<>())
                .add(new Call(line.endNanos() - line.durationNanos(), line.endNanos(), line.outcome()));
    }

    /** The calls of each circuit, by their starts. */
    Map<CircuitKey, List<Call>> calls() {
        return calls;
    }

    /** How many lines there are that are not blank. */
    long lines() {
        return lines;
    }

    /** How many of them are no entry of an access log. */
    long badLines() {
        return badLines;
    }

    /** The first of them, with their numbers and what is wrong. */
    List<String> badLinesShown() {
        return badLinesShown;
    }

    /** Requests that no backend was asked for. */
    long withoutBackend() {
        return withoutBackend;
    }

    /** Those of them that an open circuit turned away. */
    long rejectedByCircuit() {
        return rejectedByCircuit;
    }

    long ofUnknownPools() {
        return ofUnknownPools;
    }

    /** The pools in the log that the configuration lacks. */
    Set<String> unknownPools() {
        return unknownPools;
    }

    /** Requests with more than one attempt, of which the log has the last. */
    long retried() {
        return retried;
    }

    /** When the first request began, since 1970; only if a line could be read. */
    long firstNanos() {
        return firstNanos;
    }

    /** When the last request ended. */
    long lastNanos() {
        return lastNanos;
    }
}
