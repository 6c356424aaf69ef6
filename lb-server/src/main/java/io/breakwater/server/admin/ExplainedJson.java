package io.breakwater.server.admin;

import io.breakwater.server.admin.Explained.Candidate;
import io.breakwater.server.admin.Explained.Candidates;
import tools.jackson.core.JsonGenerator;

/** Who may serve a request, as JSON. */
final class ExplainedJson {
    private ExplainedJson() {}

    /** Returns the body of {@code /api/v1/explain}. */
    static byte[] of(Candidates said) {
        return Json.object(json -> {
            json.writeStringProperty("pool", said.pool());
            Json.writeString("route", said.route(), json);
            json.writeName("candidates").writeStartArray();
            said.candidates().forEach(each -> write(each, json));
            json.writeEndArray();
            if (said.fallbacks() != null) {
                Json.writeStrings("fallbacks", said.fallbacks(), json);
            }
        });
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
        Json.writeInstant("since", candidate.since(), json);
        Json.writeInstant("until", candidate.until(), json);
        json.writeEndObject();
    }
}
