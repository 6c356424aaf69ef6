package io.breakwater.server.accesslog;

import static java.nio.charset.StandardCharsets.US_ASCII;

import io.breakwater.health.Outcome;
import io.breakwater.health.breaker.CircuitState;
import io.breakwater.metrics.FallbackType;
import io.breakwater.metrics.RejectionReason;
import java.time.Instant;
import java.time.temporal.ChronoField;
import org.jspecify.annotations.Nullable;

/** A JSON object a line; null for what there is none of. NOT thread safe: of one event loop. */
final class JsonFormat implements LineFormat {
    private static final String CLIENT_CLOSED = "client_closed";

    private static final byte[] TIME = bytes("{\"time\":\"");
    private static final byte[] REQUEST_ID = bytes("Z\",\"requestId\":");
    private static final byte[] TRACE_ID = bytes(",\"traceId\":");
    private static final byte[] ROUTE = bytes(",\"route\":");
    private static final byte[] POOL = bytes(",\"pool\":");
    private static final byte[] BACKEND = bytes(",\"backend\":");
    private static final byte[] METHOD = bytes(",\"method\":");
    private static final byte[] PATH = bytes(",\"path\":");
    private static final byte[] STATUS = bytes(",\"status\":");
    private static final byte[] REASON = bytes(",\"reason\":");
    private static final byte[] CIRCUIT_STATE = bytes(",\"circuitState\":");
    private static final byte[] ATTEMPTS = bytes(",\"attempts\":");
    private static final byte[] OUTCOME = bytes(",\"outcome\":");
    private static final byte[] FALLBACK = bytes(",\"fallback\":");
    private static final byte[] DURATION_MILLIS = bytes(",\"durationMillis\":");
    private static final byte[] BYTES_IN = bytes(",\"bytesIn\":");
    private static final byte[] BYTES_OUT = bytes(",\"bytesOut\":");
    private static final byte[] END = bytes("}\n");
    private static final byte[] NULL = bytes("null");

    private final Timestamps timestamps = new Timestamps(Timestamps.ISO);

    @Override
    public void write(Entry entry, Instant time, QueryMask mask, Ring line) {
        Outcome outcome = entry.outcome();
        CircuitState state = entry.state();
        FallbackType fallback = entry.fallback();
        line.put(TIME);
        line.put(timestamps.second(time));
        line.put('.');
        line.putDigits(time.get(ChronoField.MICRO_OF_SECOND), 6);
        field(REQUEST_ID, entry.requestId(), line);
        field(TRACE_ID, entry.traceId(), line);
        field(ROUTE, entry.route(), line);
        field(POOL, entry.pool(), line);
        field(BACKEND, entry.backend(), line);
        field(METHOD, entry.isRequest() ? entry.head().method() : null, line);
        line.put(PATH);
        path(entry, mask, line);
        line.put(STATUS);
        if (entry.status() == 0) {
            line.put(NULL);
        } else {
            line.putNumber(entry.status());
        }
        field(REASON, reason(entry), line);
        field(CIRCUIT_STATE, state == null ? null : state.label(), line);
        field(ATTEMPTS, entry.attempts(), line);
        field(OUTCOME, outcome == null ? null : outcome.label(), line);
        field(FALLBACK, fallback == null ? null : fallback.label(), line);
        line.put(DURATION_MILLIS);
        millis(entry.durationNanos(), line);
        field(BYTES_IN, entry.bytesIn(), line);
        field(BYTES_OUT, entry.bytesOut(), line);
        line.put(END);
    }

    private static @Nullable String reason(Entry entry) {
        RejectionReason rejection = entry.rejection();
        if (rejection != null) {
            return rejection.label();
        }
        return entry.status() == 0 ? CLIENT_CLOSED : null;
    }

    private static void path(Entry entry, QueryMask mask, Ring line) {
        if (!entry.isRequest()) {
            line.put(NULL);
            return;
        }
        line.put('"');
        Text.JSON.put(entry.head().path(), line);
        mask.putQuery(entry.head().target(), Text.JSON, line);
        line.put('"');
    }

    private static void field(byte[] name, @Nullable CharSequence value, Ring line) {
        line.put(name);
        if (value == null) {
            line.put(NULL);
            return;
        }
        line.put('"');
        Text.JSON.put(value, line);
        line.put('"');
    }

    private static void field(byte[] name, long value, Ring line) {
        line.put(name);
        line.putNumber(value);
    }

    /** Puts milliseconds with as many decimals as they need, at most three. */
    private static void millis(long nanos, Ring line) {
        long micros = Math.max(0, nanos + 500) / 1000;
        line.putNumber(micros / 1000);
        int decimals = (int) (micros % 1000);
        if (decimals == 0) {
            return;
        }
        line.put('.');
        int digits = 3;
        while (decimals % 10 == 0) {
            decimals /= 10;
            digits--;
        }
        line.putDigits(decimals, digits);
    }

    private static byte[] bytes(String text) {
        return text.getBytes(US_ASCII);
    }
}
