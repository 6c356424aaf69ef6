package io.breakwater.server.admin;

import java.io.ByteArrayOutputStream;
import java.time.Instant;
import java.time.format.DateTimeFormatter;
import java.time.format.DateTimeFormatterBuilder;
import java.util.List;
import java.util.Locale;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JsonGenerator;
import tools.jackson.core.ObjectWriteContext;
import tools.jackson.core.json.JsonFactory;

/** How the admin port writes JSON: in one line, instants to a millisecond, and null for what is not known. */
final class Json {
    private static final JsonFactory FACTORY = new JsonFactory();
    private static final int USUAL_BYTES = 4096;
    /** Always three digits behind the second, so that texts sort as times do. */
    private static final DateTimeFormatter TO_MILLIS =
            new DateTimeFormatterBuilder().appendInstant(3).toFormatter(Locale.ROOT);

    private Json() {}

    /** Returns what {@code content} writes. */
    static byte[] bytes(Consumer<JsonGenerator> content) {
        ByteArrayOutputStream out = new ByteArrayOutputStream(USUAL_BYTES);
        try (JsonGenerator json = FACTORY.createGenerator(ObjectWriteContext.empty(), out)) {
            content.accept(json);
        }
        return out.toByteArray();
    }

    /** Returns an object with the properties that {@code content} writes. */
    static byte[] object(Consumer<JsonGenerator> content) {
        return bytes(json -> {
            json.writeStartObject();
            content.accept(json);
            json.writeEndObject();
        });
    }

    static void writeString(String name, @Nullable String value, JsonGenerator json) {
        if (value == null) {
            json.writeNullProperty(name);
        } else {
            json.writeStringProperty(name, value);
        }
    }

    static void writeInstant(String name, @Nullable Instant at, JsonGenerator json) {
        writeString(name, at == null ? null : TO_MILLIS.format(at), json);
    }

    static void writeStrings(String name, List<String> values, JsonGenerator json) {
        json.writeName(name).writeStartArray();
        values.forEach(json::writeString);
        json.writeEndArray();
    }
}
