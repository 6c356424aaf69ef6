package io.breakwater.server.replay;

import io.breakwater.health.Outcome;
import java.time.Instant;
import java.time.format.DateTimeParseException;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.core.JsonParser;
import tools.jackson.core.JsonToken;
import tools.jackson.core.ObjectReadContext;
import tools.jackson.core.json.JsonFactory;

/**
 * What a line of a JSON access log says, as far as it matters here.
 *
 * @param endNanos when the request ended, since 1970
 * @param durationNanos how long it took
 * @param attempts how many backends were asked, or the same one how often; the outcome is that of the last
 */
record LogLine(
        long endNanos,
        long durationNanos,
        String route,
        @Nullable String pool,
        @Nullable String backend,
        @Nullable Outcome outcome,
        @Nullable String reason,
        int attempts) {

    private static final JsonFactory JSON = new JsonFactory();
    private static final Map<String, Outcome> OUTCOMES =
            Stream.of(Outcome.values()).collect(Collectors.toUnmodifiableMap(Outcome::label, each -> each));
    private static final long NANOS_PER_SECOND = 1_000_000_000;
    private static final double NANOS_PER_MILLI = 1_000_000;
    /** No request takes as long; what does is a slip of whoever wrote the log. */
    private static final double MOST_MILLIS = 1e10;

    static LogLine parse(byte[] line, int length) throws BadLine {
        try (JsonParser parser = JSON.createParser(ObjectReadContext.empty(), line, 0, length)) {
            if (parser.nextToken() != JsonToken.START_OBJECT) {
                throw new BadLine("not a JSON object");
            }
            LogLine parsed = read(parser);
            if (parser.nextToken() != null) {
                throw new BadLine("more than one JSON value");
            }
            return parsed;
        } catch (JacksonException e) {
            String message = e.getOriginalMessage();
            int end = message.indexOf('\n');
            throw new BadLine("not JSON: " + (end < 0 ? message : message.substring(0, end)));
        }
    }

    private static LogLine read(JsonParser parser) throws BadLine {
        @Nullable Instant time = null;
        double millis = Double.NaN;
        @Nullable String route = null;
        @Nullable String pool = null;
        @Nullable String backend = null;
        @Nullable String outcome = null;
        @Nullable String reason = null;
        int attempts = 1;
        while (parser.nextToken() == JsonToken.PROPERTY_NAME) {
            String name = parser.currentName();
            JsonToken token = parser.nextToken();
            switch (name) {
                case "time" -> time = time(name, text(parser, token, name));
                case "durationMillis" -> millis = number(parser, token, name);
                case "route" -> route = text(parser, token, name);
                case "pool" -> pool = text(parser, token, name);
                case "backend" -> backend = text(parser, token, name);
                case "outcome" -> outcome = text(parser, token, name);
                case "reason" -> reason = text(parser, token, name);
                case "attempts" -> attempts = (int) number(parser, token, name);
                default -> parser.skipChildren();
            }
        }
        if (time == null) {
            throw new BadLine("time: missing (expected: a time such as 2026-01-05T12:00:00.000Z)");
        }
        if (!(millis >= 0 && millis <= MOST_MILLIS)) {
            throw new BadLine(
                    "durationMillis: " + (Double.isNaN(millis) ? "missing" : millis) + " (expected: a number >= 0)");
        }
        long end = time.getEpochSecond() * NANOS_PER_SECOND + time.getNano();
        return new LogLine(
                end,
                Math.round(millis * NANOS_PER_MILLI),
                route == null ? "none" : route,
                pool,
                backend,
                outcome == null ? null : outcome(outcome),
                reason,
                attempts);
    }

    private static @Nullable String text(JsonParser parser, JsonToken token, String name) throws BadLine {
        return switch (token) {
            case VALUE_NULL -> null;
            case VALUE_STRING -> parser.getString();
            default -> throw new BadLine(name + ": not a text");
        };
    }

    private static double number(JsonParser parser, JsonToken token, String name) throws BadLine {
        return switch (token) {
            case VALUE_NUMBER_INT, VALUE_NUMBER_FLOAT -> parser.getDoubleValue();
            default -> throw new BadLine(name + ": not a number");
        };
    }

    private static Instant time(String name, @Nullable String text) throws BadLine {
        try {
            Instant time = Instant.parse(String.valueOf(text));
            // What nanoseconds since 1970 in a long can say, by a wide margin.
            if (time.isAfter(Instant.EPOCH) && time.getEpochSecond() < Integer.MAX_VALUE * 2L) {
                return time;
            }
        } catch (DateTimeParseException e) {
            throw new BadLine(name + ": " + text + " (expected: a time such as 2026-01-05T12:00:00.000Z)");
        }
        throw new BadLine(name + ": " + text + " (expected: a time after 1970 and before 2106)");
    }

    private static Outcome outcome(String label) throws BadLine {
        Outcome outcome = OUTCOMES.get(label);
        if (outcome == null) {
            throw new BadLine("outcome: " + label + " (expected: one of docs/metrics.md)");
        }
        return outcome;
    }
}
