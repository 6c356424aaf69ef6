package io.breakwater.server.state;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.breakwater.health.BackendId;
import io.breakwater.server.pool.AdminState;
import io.breakwater.server.state.SavedCircuit.Standing;
import java.io.StringWriter;
import java.time.DateTimeException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import java.util.stream.Collectors;
import tools.jackson.core.JacksonException;
import tools.jackson.core.JsonGenerator;
import tools.jackson.core.JsonParser;
import tools.jackson.core.JsonToken;
import tools.jackson.core.ObjectReadContext;
import tools.jackson.core.ObjectWriteContext;
import tools.jackson.core.StreamReadFeature;
import tools.jackson.core.json.JsonFactory;

/**
 * The text of a state file: JSON, with a backend on each line, so that people and {@code grep} can read it. An open
 * circuit stands there with what was left of its cooldown when the file was written, and the file with the time of day,
 * so that time in which no process ran counts too.
 */
final class StateJson {
    /** Of the format. */
    static final int VERSION = 1;

    private static final JsonFactory FACTORY = JsonFactory.builder()
            .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
            .build();
    /** No cooldown is longer, and nothing that is added to a reading of the ticker must wrap. */
    private static final Duration LONGEST = Duration.ofDays(365);

    private static final int LINE_CHARS = 256;

    private StateJson() {}

    // ================ writing ================

    /** Returns the text for these backends, as they are when the ticker reads {@code now} and the clock {@code at}. */
    static byte[] write(List<SavedBackend> backends, long now, Instant at) {
        String head = "{\"version\":" + VERSION + ",\"writtenAt\":\"" + at + "\",\"backends\":[";
        return backends.stream()
                .map(backend -> line(backend, now))
                .collect(Collectors.joining(",\n", head + "\n", "\n]}\n"))
                .getBytes(UTF_8);
    }

    private static String line(SavedBackend backend, long now) {
        StringWriter line = new StringWriter(LINE_CHARS);
        try (JsonGenerator json = FACTORY.createGenerator(ObjectWriteContext.empty(), line)) {
            json.writeStartObject();
            json.writeStringProperty("pool", backend.id().pool());
            json.writeStringProperty("id", backend.id().id());
            json.writeStringProperty("url", backend.origin());
            json.writeStringProperty("adminState", backend.admin().label());
            if (backend.unhealthy()) {
                json.writeBooleanProperty("unhealthy", true);
                json.writeBooleanProperty("timeoutsOnly", backend.timeoutsOnly());
                json.writeBooleanProperty("suspect", backend.suspect());
            }
            json.writeName("circuits").writeStartArray();
            backend.circuits().stream()
                    .filter(circuit -> !circuit.isPlain())
                    .forEach(circuit -> write(circuit, now, json));
            json.writeEndArray().writeEndObject();
        }
        return line.toString();
    }

    private static void write(SavedCircuit circuit, long now, JsonGenerator json) {
        json.writeStartObject();
        if (circuit.route() != null) {
            json.writeStringProperty("route", circuit.route());
        }
        json.writeStringProperty("state", circuit.standing().label());
        if (circuit.standing() == Standing.OPEN) {
            // A circuit is rather open for a millisecond more than for one less.
            long millis = TimeUnit.NANOSECONDS.toMillis(Math.max(0, circuit.remainingNanos(now)) + 999_999);
            json.writeNumberProperty("remainingMillis", millis);
        }
        json.writeNumberProperty("failures", circuit.failures());
        json.writeNumberProperty("openings", circuit.openings());
        json.writeEndObject();
    }

    // ================ reading ================

    /**
     * What a file says.
     *
     * @param away how long ago it was written, by the clock; never negative, for a clock that went back tells nothing
     */
    record Content(SavedState state, Duration away) {}

    /**
     * Reads what is there when the ticker reads {@code now} and the clock {@code at}.
     *
     * @throws BadState if it is not what {@link #write} writes
     */
    static Content read(byte[] text, long now, Instant at) throws BadState {
        try (JsonParser json = FACTORY.createParser(ObjectReadContext.empty(), text)) {
            Content content = new Reader(json, now, at).read();
            if (json.nextToken() != null) {
                throw new BadState(line(json), "", "nothing behind the object");
            }
            return content;
        } catch (JacksonException e) {
            int line = e.getLocation() == null ? 0 : e.getLocation().getLineNr();
            throw new BadState(
                    line,
                    String.valueOf(e.getOriginalMessage()).lines().findFirst().orElse(""),
                    "JSON");
        }
    }

    private static int line(JsonParser json) {
        return json.currentTokenLocation().getLineNr();
    }

    /** Takes a scalar of the file. */
    private record Value(JsonToken token, String text, int line) {

        BadState bad(String rule) {
            return new BadState(line, token == JsonToken.VALUE_STRING ? '"' + text + '"' : text, rule);
        }

        String string() throws BadState {
            if (token != JsonToken.VALUE_STRING) {
                throw bad("a string");
            }
            return text;
        }

        boolean flag() throws BadState {
            if (token != JsonToken.VALUE_TRUE && token != JsonToken.VALUE_FALSE) {
                throw bad("true or false");
            }
            return token == JsonToken.VALUE_TRUE;
        }

        int count() throws BadState {
            return (int) number(Integer.MAX_VALUE);
        }

        long number(long most) throws BadState {
            try {
                long number = Long.parseLong(text);
                if (token == JsonToken.VALUE_NUMBER_INT && number >= 0) {
                    return Math.min(number, most);
                }
            } catch (NumberFormatException e) {
                // as a number that is too low
            }
            throw bad("a whole number from 0");
        }

        <E> E oneOf(E[] all, Function<E, String> label) throws BadState {
            return Arrays.stream(all)
                    .filter(each ->
                            token == JsonToken.VALUE_STRING && label.apply(each).equals(text))
                    .findFirst()
                    .orElseThrow(() -> bad(Arrays.stream(all).map(label).collect(Collectors.joining(" or "))));
        }
    }

    /** Reads one file. A property that it does not know is passed over. */
    private static final class Reader {
        private final JsonParser json;
        private final long now;
        private final Instant at;

        Reader(JsonParser json, long now, Instant at) {
            this.json = json;
            this.now = now;
            this.at = at;
        }

        Content read() throws BadState {
            json.nextToken();
            List<SavedBackend> asWritten = new ArrayList<>();
            Properties file = object("backends", () -> asWritten.add(backend()));
            file.required("version");
            Duration away = away(file.required("writtenAt"));
            // They were read as if the ticker had been 0 when the file was written.
            long written = now - away.toNanos();
            return new Content(
                    new SavedState(asWritten.stream()
                            .map(backend -> backend.movedBy(written))
                            .toList()),
                    away);
        }

        private Duration away(Value writtenAt) throws BadState {
            try {
                Duration away = Duration.between(Instant.parse(writtenAt.string()), at);
                return away.isNegative() ? Duration.ZERO : away.compareTo(LONGEST) > 0 ? LONGEST : away;
            } catch (DateTimeException | ArithmeticException e) {
                throw writtenAt.bad("a time such as 2026-01-05T12:00:00Z");
            }
        }

        private SavedBackend backend() throws BadState {
            List<SavedCircuit> circuits = new ArrayList<>();
            Properties backend = object("circuits", () -> circuits.add(circuit()));
            return new SavedBackend(
                    new BackendId(
                            backend.required("pool").string(),
                            backend.required("id").string()),
                    backend.required("url").string(),
                    backend.required("adminState").oneOf(AdminState.values(), AdminState::label),
                    backend.flag("unhealthy"),
                    backend.flag("timeoutsOnly"),
                    backend.flag("suspect"),
                    circuits);
        }

        private SavedCircuit circuit() throws BadState {
            Properties circuit = object("", () -> {});
            Value route = circuit.values.get("route");
            Standing standing = circuit.required("state").oneOf(Standing.values(), Standing::label);
            long remainingMillis = standing == Standing.OPEN
                    ? circuit.required("remainingMillis").number(LONGEST.toMillis())
                    : 0;
            return new SavedCircuit(
                    route == null ? null : route.string(),
                    standing,
                    TimeUnit.MILLISECONDS.toNanos(remainingMillis),
                    circuit.required("failures").count(),
                    circuit.required("openings").count());
        }

        /** Reads the element of a list that the parser has come to. */
        private interface Element {
            void read() throws BadState;
        }

        /**
         * Reads the object that the parser has come to.
         *
         * @param list the property whose elements are objects
         */
        private Properties object(String list, Element element) throws BadState {
            int line = line(json);
            if (json.currentToken() != JsonToken.START_OBJECT) {
                throw new BadState(line, text(), "an object");
            }
            Map<String, Value> values = new HashMap<>();
            while (json.nextToken() == JsonToken.PROPERTY_NAME) {
                String name = json.currentName();
                JsonToken token = json.nextToken();
                Value value = new Value(token, text(), line(json));
                if (name.equals(list)) {
                    if (token != JsonToken.START_ARRAY) {
                        throw value.bad("a list");
                    }
                    while (json.nextToken() != JsonToken.END_ARRAY) {
                        element.read();
                    }
                } else if (name.equals("version")
                        && list.equals("backends")
                        && value.number(Integer.MAX_VALUE) != VERSION) {
                    throw value.bad("version " + VERSION); // what follows may mean anything
                } else if (token.isStructStart()) {
                    json.skipChildren();
                } else {
                    values.put(name, value);
                }
            }
            return new Properties(values, line);
        }

        private String text() {
            return String.valueOf(json.getString());
        }
    }

    /**
     * The scalars of an object.
     *
     * @param line on which it begins
     */
    private record Properties(Map<String, Value> values, int line) {

        Value required(String name) throws BadState {
            Value value = values.get(name);
            if (value == null) {
                throw new BadState(line, "no " + name, "one");
            }
            return value;
        }

        boolean flag(String name) throws BadState {
            Value value = values.get(name);
            return value != null && value.flag();
        }
    }
}
