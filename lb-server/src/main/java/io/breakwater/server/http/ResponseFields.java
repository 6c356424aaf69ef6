package io.breakwater.server.http;

import static io.breakwater.server.http.Ascii.bytes;

import io.breakwater.health.breaker.CircuitState;
import io.netty.buffer.ByteBuf;
import java.time.Instant;
import java.time.InstantSource;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.time.format.DateTimeFormatterBuilder;
import java.time.temporal.ChronoField;
import java.util.HashMap;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The fields that the balancer adds to responses, as bytes: the circuit state, Date, and the reason of those that it makes
 * itself. Safe from any thread.
 */
public final class ResponseFields {
    /** IMF-fixdate, RFC 9110 section 5.6.7. With names of its own, since those of a locale take the JVM 15 ms to find. */
    private static final DateTimeFormatter IMF_FIXDATE = new DateTimeFormatterBuilder()
            .appendText(ChronoField.DAY_OF_WEEK, names("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"))
            .appendPattern(", dd ")
            .appendText(
                    ChronoField.MONTH_OF_YEAR,
                    names("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"))
            .appendPattern(" uuuu HH:mm:ss 'GMT'")
            .toFormatter(Locale.ROOT)
            .withZone(ZoneOffset.UTC);

    private static final byte[] LINE_END = bytes("\r\n");

    private final InstantSource clock;
    private final byte[] circuitStateName;
    private final byte @Nullable [] reasonName;
    private final byte[] reasonStart;
    private final Ends closed;
    private final Ends open;
    private final Ends halfOpen;
    private final Ends stateless;

    private volatile DateLine date;

    /** Fields without the reason. */
    public ResponseFields(String circuitStateHeader, InstantSource clock) {
        this(circuitStateHeader, null, clock);
    }

    /**
     * @param circuitStateHeader the name of the field that tells the circuit's state
     * @param reasonHeader the name of the field that tells why, on responses of our own; null for none
     * @param clock what Date is taken from
     */
    public ResponseFields(String circuitStateHeader, @Nullable String reasonHeader, InstantSource clock) {
        this.clock = clock;
        this.circuitStateName = MessageHead.lowerCase(circuitStateHeader);
        this.reasonName = reasonHeader == null ? null : MessageHead.lowerCase(reasonHeader);
        this.reasonStart = bytes(reasonHeader == null ? "" : reasonHeader + ": ");
        this.closed = new Ends(stateLine(circuitStateHeader, CircuitState.CLOSED));
        this.open = new Ends(stateLine(circuitStateHeader, CircuitState.OPEN));
        this.halfOpen = new Ends(stateLine(circuitStateHeader, CircuitState.HALF_OPEN));
        this.stateless = new Ends("");
        this.date = DateLine.of(second());
    }

    /** The names of the values from 1 on. */
    private static Map<Long, String> names(String... names) {
        Map<Long, String> all = new HashMap<>();
        for (String name : names) {
            all.put(all.size() + 1L, name);
        }
        return all;
    }

    /** The time of day that Date tells now, in seconds since the epoch. */
    long second() {
        return Math.floorDiv(clock.millis(), 1000);
    }

    /** The name of the circuit state field in lower case. */
    byte[] circuitStateName() {
        return circuitStateName;
    }

    /** The name of the reason field in lower case; null where no response has it. */
    byte @Nullable [] reasonName() {
        return reasonName;
    }

    /** Appends the reason's line, where there is such a field. */
    void writeReason(ByteBuf out, String reason) {
        if (reasonName != null) {
            out.writeBytes(reasonStart);
            out.writeBytes(bytes(reason));
            out.writeBytes(LINE_END);
        }
    }

    /** More than what the writers below append. */
    int maxBytes() {
        return 128 + circuitStateName.length;
    }

    /** Appends the Date line. Its bytes are made once a second, by whoever comes first. */
    void writeDate(ByteBuf out) {
        long second = second();
        DateLine line = date;
        if (line.second != second) {
            line = DateLine.of(second);
            date = line;
        }
        out.writeBytes(line.bytes);
    }

    /** Appends the circuit state's line if there is one, Connection's if there is one, and the empty line. */
    void writeEnd(ByteBuf out, @Nullable CircuitState state, ConnectionField connection) {
        out.writeBytes(ends(state).of(connection));
    }

    private Ends ends(@Nullable CircuitState state) {
        if (state == null) {
            return stateless;
        }
        return switch (state) {
            case CLOSED -> closed;
            case OPEN -> open;
            case HALF_OPEN -> halfOpen;
        };
    }

    private static String stateLine(String name, CircuitState state) {
        return name + ": " + state.label() + "\r\n";
    }

    /** The last lines of a head, with the empty one. */
    private static final class Ends {
        private final byte[] absent;
        private final byte[] close;
        private final byte[] keepAlive;

        private Ends(String stateLine) {
            absent = bytes(stateLine + "\r\n");
            close = bytes(stateLine + "Connection: close\r\n\r\n");
            keepAlive = bytes(stateLine + "Connection: keep-alive\r\n\r\n");
        }

        private byte[] of(ConnectionField connection) {
            return switch (connection) {
                case ABSENT -> absent;
                case CLOSE -> close;
                case KEEP_ALIVE -> keepAlive;
            };
        }
    }

    private static final class DateLine {
        private final long second;
        private final byte[] bytes;

        private DateLine(long second, byte[] bytes) {
            this.second = second;
            this.bytes = bytes;
        }

        private static DateLine of(long second) {
            return new DateLine(second, bytes("Date: " + IMF_FIXDATE.format(Instant.ofEpochSecond(second)) + "\r\n"));
        }
    }
}
