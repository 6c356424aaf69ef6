package io.breakwater.server.accesslog;

import static java.nio.charset.StandardCharsets.US_ASCII;

import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.Locale;

/** The time of day as a log writes it, in UTC; made anew once a second. NOT thread safe: of one event loop. */
final class Timestamps {
    static final DateTimeFormatter ISO =
            DateTimeFormatter.ofPattern("uuuu-MM-dd'T'HH:mm:ss", Locale.ROOT).withZone(ZoneOffset.UTC);
    /** As Apache's {@code %t} without its brackets. */
    static final DateTimeFormatter COMMON = DateTimeFormatter.ofPattern("dd/MMM/uuuu:HH:mm:ss Z", Locale.ENGLISH)
            .withZone(ZoneOffset.UTC);

    private final DateTimeFormatter format;
    private long second = Long.MIN_VALUE;
    private byte[] text = {};

    Timestamps(DateTimeFormatter format) {
        this.format = format;
    }

    /** Returns the second that the time lies in; not to be written to. */
    byte[] second(Instant time) {
        long wanted = time.getEpochSecond();
        if (wanted != second) {
            second = wanted;
            text = format.format(Instant.ofEpochSecond(wanted)).getBytes(US_ASCII);
        }
        return text;
    }
}
