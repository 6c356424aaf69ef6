package io.breakwater.server.admin;

import io.breakwater.health.BackendId;
import io.breakwater.server.config.ReloadResult;
import io.breakwater.server.events.AdminEvent;
import io.breakwater.server.events.CircuitEvent;
import io.breakwater.server.events.CircuitId;
import io.breakwater.server.events.Event;
import io.breakwater.server.events.HealthEvent;
import io.breakwater.server.events.Incident;
import io.breakwater.server.events.PastCall;
import io.breakwater.server.events.ReloadEvent;
import java.math.BigDecimal;
import java.math.MathContext;
import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JsonGenerator;

/** What happened, as JSON in one line. */
final class EventJson {
    private static final int NANO_DIGITS_OF_MILLIS = 6;
    /** What was measured is not more exact. */
    private static final MathContext LATENCY_DIGITS = new MathContext(4);

    private static final double MILLIS_PER_SECOND = 1e3;

    private EventJson() {}

    /** Returns the body of {@code /api/v1/incidents}. */
    static byte[] incidents(List<Incident> incidents) {
        return Json.object(json -> {
            json.writeName("incidents").writeStartArray();
            for (Incident each : incidents) {
                json.writeStartObject();
                write(each, json);
                json.writeEndObject();
            }
            json.writeEndArray();
        });
    }

    /** Returns the name under which a stream sends such an event. */
    static String name(Event event) {
        if (event instanceof CircuitEvent) {
            return "transition";
        } else if (event instanceof HealthEvent) {
            return "health";
        } else if (event instanceof Incident) {
            return "incident";
        }
        return event instanceof ReloadEvent ? "reload" : "admin";
    }

    static byte[] event(Event event) {
        return Json.object(json -> {
            if (event instanceof CircuitEvent transition) {
                write(transition, json);
            } else if (event instanceof HealthEvent health) {
                write(health, json);
            } else if (event instanceof Incident incident) {
                write(incident, json);
            } else if (event instanceof ReloadEvent reload) {
                write(reload, json);
            } else {
                write((AdminEvent) event, json);
            }
        });
    }

    private static void write(CircuitEvent event, JsonGenerator json) {
        Json.writeInstant("at", event.at(), json);
        write(event.circuit(), json);
        json.writeStringProperty("from", event.from().label());
        json.writeStringProperty("to", event.to().label());
        json.writeStringProperty("reason", event.reason().label());
        Json.writeString("figures", event.figures(), json);
        json.writeNumberProperty("generation", event.generation());
        writeSeconds("cooldownSeconds", event.cooldown().isZero() ? null : event.cooldown(), json);
    }

    private static void write(HealthEvent event, JsonGenerator json) {
        Json.writeInstant("at", event.at(), json);
        write(event.backend(), json);
        json.writeStringProperty("from", event.change().from().label());
        json.writeStringProperty("to", event.change().to().label());
        json.writeStringProperty("detail", event.detail());
    }

    private static void write(ReloadEvent event, JsonGenerator json) {
        Json.writeInstant("at", event.at(), json);
        if (event.result() instanceof ReloadResult.Success success) {
            json.writeStringProperty("result", "success");
            Json.writeStrings("changes", success.changes(), json);
        } else {
            json.writeStringProperty("result", "failure");
            Json.writeStrings("problems", problems(event.result()), json);
        }
    }

    private static List<String> problems(ReloadResult result) {
        return result instanceof ReloadResult.Refused refused
                ? refused.problems()
                : List.of(((ReloadResult.Unavailable) result).why());
    }

    private static void write(AdminEvent event, JsonGenerator json) {
        Json.writeInstant("at", event.at(), json);
        write(event.backend(), json);
        json.writeStringProperty("action", event.action());
        json.writeStringProperty("from", event.from());
        json.writeStringProperty("to", event.to());
    }

    private static void write(Incident incident, JsonGenerator json) {
        Incident.Ending ending = incident.ending();
        json.writeNumberProperty("id", incident.id());
        write(incident.circuit(), json);
        json.writeStringProperty("mode", incident.observed() ? "observe" : "enforce");
        Json.writeInstant("startedAt", incident.startedAt(), json);
        Json.writeInstant("endedAt", ending == null ? null : ending.at(), json);
        json.writeStringProperty("reason", incident.reason().label());
        Json.writeString("figures", incident.figures(), json);
        json.writeStringProperty("decision", incident.decision());
        json.writeNumberProperty("reopenings", incident.reopenings());
        Json.writeString("end", ending == null ? null : ending.reason(), json);
        writeSeconds("durationSeconds", ending == null ? null : ending.lasted(), json);
        json.writeName("outcomes").writeStartArray();
        for (PastCall call : incident.calls()) {
            json.writeStartObject();
            Json.writeInstant("at", incident.startedAt().minusNanos(call.agoNanos()), json);
            json.writeStringProperty("outcome", call.outcome().label());
            writeMillis("latencyMillis", call.latencyNanos(), json);
            json.writeEndObject();
        }
        json.writeEndArray();
        json.writeName("latency").writeStartObject();
        writeMillis("p50Millis", incident.latency().p50Nanos(), json);
        writeMillis("peersP50Millis", incident.latency().peersP50Nanos(), json);
        json.writeNumberProperty("peers", incident.latency().peers());
        json.writeEndObject();
    }

    private static void write(CircuitId circuit, JsonGenerator json) {
        write(circuit.backend(), json);
        Json.writeString("route", circuit.route(), json);
    }

    private static void write(BackendId backend, JsonGenerator json) {
        json.writeStringProperty("pool", backend.pool());
        json.writeStringProperty("backend", backend.id());
    }

    private static void writeSeconds(String name, @Nullable Duration duration, JsonGenerator json) {
        if (duration == null) {
            json.writeNullProperty(name);
        } else {
            json.writeNumberProperty(name, duration.toMillis() / MILLIS_PER_SECOND);
        }
    }

    private static void writeMillis(String name, @Nullable Long nanos, JsonGenerator json) {
        if (nanos == null) {
            json.writeNullProperty(name);
        } else {
            json.writeNumberProperty(
                    name,
                    BigDecimal.valueOf(nanos, NANO_DIGITS_OF_MILLIS)
                            .round(LATENCY_DIGITS)
                            .doubleValue());
        }
    }
}
