package io.breakwater.server.admin;

import io.breakwater.server.admin.Explained.Candidate;
import io.breakwater.server.admin.Explained.Candidates;
import java.io.ByteArrayOutputStream;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JsonGenerator;
import tools.jackson.core.ObjectWriteContext;
import tools.jackson.core.json.JsonFactory;

/** Who may serve a request, as JSON. */
final class ExplainedJson {
    private final JsonFactory factory = new JsonFactory();

    byte[] of(Candidates said) {
        ByteArrayOutputStream out = new ByteArrayOutputStream(1024);
        try (JsonGenerator json = factory.createGenerator(ObjectWriteContext.empty(), out)) {
            json.writeStartObject();
            json.writeStringProperty("pool", said.pool());
            write("route", said.route(), json);
            json.writeName("candidates").writeStartArray();
            said.candidates().forEach(each -> write(each, json));
            json.writeEndArray();
            if (said.fallbacks() != null) {
                json.writeName("fallbacks").writeStartArray();
                said.fallbacks().forEach(json::writeString);
                json.writeEndArray();
            }
            json.writeEndObject();
        }
        return out.toByteArray();
    }

    private static void write(Candidate candidate, JsonGenerator json) {
        json.writeStartObject();
        json.writeStringProperty("id", candidate.id());
        if (candidate.route() != null) {
            json.writeStringProperty("route", candidate.route());
        }
        json.writeBooleanProperty("eligible", candidate.eligible());
        json.writeStringProperty("code", candidate.code());
        json.writeStringProperty("reason", candidate.reason());
        write("since", candidate.since(), json);
        write("until", candidate.until(), json);
        json.writeEndObject();
    }

    private static void write(String name, @Nullable Instant at, JsonGenerator json) {
        write(name, at == null ? null : at.truncatedTo(ChronoUnit.MILLIS).toString(), json);
    }

    private static void write(String name, @Nullable String value, JsonGenerator json) {
        if (value == null) {
            json.writeNullProperty(name);
        } else {
            json.writeStringProperty(name, value);
        }
    }
}
