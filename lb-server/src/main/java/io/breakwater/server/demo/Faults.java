package io.breakwater.server.demo;

import java.util.Arrays;
import java.util.Locale;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.core.JsonParser;
import tools.jackson.core.JsonToken;
import tools.jackson.core.ObjectReadContext;
import tools.jackson.core.json.JsonFactory;

/**
 * How a replica misbehaves.
 *
 * @param latencyMillis waited before anything else is done
 * @param rate the fraction of requests that this happens to, 0 to 1; the others are answered at once
 */
record Faults(Mode mode, int latencyMillis, double rate) {

    static final Faults NONE = new Faults(Mode.OK, 0, 1);

    private static final int LONGEST_MILLIS = 600_000;
    private static final JsonFactory JSON = new JsonFactory();

    enum Mode {
        OK,
        /** 500. */
        ERROR,
        /** No answer, the connection stays. */
        HANG,
        /** The connection is reset. */
        RESET,
        /** OK after the latency. */
        SLOW;

        String text() {
            return name().toLowerCase(Locale.ROOT);
        }
    }

    /**
     * Reads {@code {"mode":"…","latencyMillis":n,"rate":0..1}}; the last two may be left out.
     *
     * @throws IllegalArgumentException with what is wrong
     */
    static Faults parse(String json) {
        Mode mode = null;
        int latencyMillis = 0;
        double rate = 1;
        try (JsonParser parser = JSON.createParser(ObjectReadContext.empty(), json)) {
            require(parser.nextToken() == JsonToken.START_OBJECT, "body", "no object", "a JSON object");
            while (parser.nextToken() == JsonToken.PROPERTY_NAME) {
                String name = parser.currentName();
                JsonToken value = parser.nextToken();
                switch (name) {
                    case "mode" -> mode = mode(value == JsonToken.VALUE_STRING ? parser.getString() : null);
                    case "latencyMillis" -> {
                        require(value == JsonToken.VALUE_NUMBER_INT, name, "no whole number", "0.." + LONGEST_MILLIS);
                        double millis = parser.getDoubleValue();
                        require(
                                millis >= 0 && millis <= LONGEST_MILLIS,
                                name,
                                parser.getString(),
                                "0.." + LONGEST_MILLIS);
                        latencyMillis = (int) millis;
                    }
                    case "rate" -> {
                        require(value != null && value.isNumeric(), name, "no number", "0..1");
                        rate = parser.getDoubleValue();
                        require(rate >= 0 && rate <= 1, name, rate, "0..1");
                    }
                    default -> require(false, name, "unknown field", "mode, latencyMillis or rate");
                }
            }
            require(parser.nextToken() == null, "body", "more than an object", "a JSON object");
        } catch (JacksonException notJson) {
            throw new IllegalArgumentException("body: no JSON (expected: a JSON object)", notJson);
        }
        if (mode == null) {
            throw refusal("mode", "missing", modes());
        }
        require(mode != Mode.SLOW || latencyMillis > 0, "latencyMillis", latencyMillis, "1 or more with mode slow");
        return new Faults(mode, latencyMillis, rate);
    }

    String toJson() {
        return "{\"mode\":\"" + mode.text() + "\",\"latencyMillis\":" + latencyMillis + ",\"rate\":" + rate + "}";
    }

    private static Mode mode(@Nullable String text) {
        for (Mode mode : Mode.values()) {
            if (mode.text().equals(text)) {
                return mode;
            }
        }
        throw refusal("mode", text == null ? "no text" : text, modes());
    }

    private static String modes() {
        return Arrays.stream(Mode.values()).map(Mode::text).collect(Collectors.joining(", "));
    }

    private static void require(boolean holds, String field, Object value, String rule) {
        if (!holds) {
            throw refusal(field, value, rule);
        }
    }

    private static IllegalArgumentException refusal(String field, Object value, String rule) {
        return new IllegalArgumentException(field + ": " + value + " (expected: " + rule + ")");
    }
}
