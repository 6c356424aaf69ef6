package io.breakwater.server.node;

import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.core.JsonParser;
import tools.jackson.core.JsonToken;
import tools.jackson.core.ObjectReadContext;
import tools.jackson.core.StreamReadFeature;
import tools.jackson.core.json.JsonFactory;

/** The fields of one JSON object, with checks that say what was expected. Objects and arrays in it are skipped, but for {@code body}. */
final class Fields {
    private static final JsonFactory JSON = JsonFactory.builder()
            .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
            .build();
    private static final String BODY = "body";
    private static final int SHOWN_CHARS = 40;

    /** @param text a scalar as it was written (a string without quotes and escapes) */
    private record Value(
            JsonToken token, String text, @Nullable Fields body) {
        boolean isString() {
            return token == JsonToken.VALUE_STRING;
        }

        @Override
        public String toString() {
            String shown = text.length() <= SHOWN_CHARS ? text : text.substring(0, SHOWN_CHARS) + "…";
            return isString() ? '"' + shown + '"' : shown;
        }
    }

    private final Map<String, Value> values = new HashMap<>();

    private Fields() {}

    /** Reads the one object that a line consists of. */
    static Fields parse(byte[] line) throws BadMessage {
        try (JsonParser parser = JSON.createParser(ObjectReadContext.empty(), line)) {
            if (parser.nextToken() != JsonToken.START_OBJECT) {
                throw new BadMessage("not a JSON object");
            }
            Fields fields = read(parser, true);
            if (parser.nextToken() != null) {
                throw new BadMessage("more than one JSON value in a line");
            }
            return fields;
        } catch (JacksonException e) {
            throw new BadMessage("not JSON: " + firstLine(e.getOriginalMessage()));
        }
    }

    private static Fields read(JsonParser parser, boolean outermost) {
        Fields fields = new Fields();
        while (parser.nextToken() == JsonToken.PROPERTY_NAME) {
            String name = parser.currentName();
            JsonToken token = parser.nextToken();
            fields.values.put(
                    name,
                    switch (token) {
                        case START_OBJECT -> {
                            boolean body = outermost && name.equals(BODY);
                            Fields nested = body ? read(parser, false) : null;
                            if (!body) {
                                parser.skipChildren();
                            }
                            yield new Value(token, "{…}", nested);
                        }
                        case START_ARRAY -> {
                            parser.skipChildren();
                            yield new Value(token, "[…]", null);
                        }
                        default -> new Value(token, parser.getString(), null);
                    });
        }
        return fields;
    }

    private static String firstLine(String message) {
        int end = message.indexOf('\n');
        return end < 0 ? message : message.substring(0, end);
    }

    boolean has(String name) {
        return values.containsKey(name);
    }

    /** Returns the object in {@code body}. */
    Fields body() throws BadMessage {
        Value value = required(BODY, "an object");
        if (value.body == null) {
            throw wrong(BODY, value, "an object");
        }
        return value.body;
    }

    String string(String name) throws BadMessage {
        Value value = required(name, "a string");
        if (!value.isString()) {
            throw wrong(name, value, "a string");
        }
        return value.text;
    }

    @Nullable
    String optionalString(String name) throws BadMessage {
        return has(name) ? string(name) : null;
    }

    long integer(String name) throws BadMessage {
        return integer(name, Long.MIN_VALUE, Long.MAX_VALUE, "a 64-bit integer");
    }

    int count(String name) throws BadMessage {
        return (int) integer(name, 0, Integer.MAX_VALUE, "an integer from 0 to " + Integer.MAX_VALUE);
    }

    private long integer(String name, long least, long most, String rule) throws BadMessage {
        Value value = required(name, rule);
        if (value.token == JsonToken.VALUE_NUMBER_INT) {
            try {
                long number = Long.parseLong(value.text);
                if (number >= least && number <= most) {
                    return number;
                }
            } catch (NumberFormatException e) {
                throw wrong(name, value, rule);
            }
        }
        throw wrong(name, value, rule);
    }

    /** Returns the number, null if the field is not there or is none. */
    @Nullable
    Long integerIfAny(String name) {
        try {
            return integer(name);
        } catch (BadMessage e) {
            return null;
        }
    }

    boolean bool(String name) throws BadMessage {
        Value value = required(name, "true or false");
        return switch (value.token) {
            case VALUE_TRUE -> true;
            case VALUE_FALSE -> false;
            default -> throw wrong(name, value, "true or false");
        };
    }

    BadMessage wrong(String name, String rule) {
        Value value = values.get(name);
        return value == null ? new BadMessage(name + ": missing (expected: " + rule + ")") : wrong(name, value, rule);
    }

    private Value required(String name, String rule) throws BadMessage {
        Value value = values.get(name);
        if (value == null) {
            throw wrong(name, rule);
        }
        return value;
    }

    private static BadMessage wrong(String name, Value value, String rule) {
        return new BadMessage(name + ": " + value + " (expected: " + rule + ")");
    }
}
