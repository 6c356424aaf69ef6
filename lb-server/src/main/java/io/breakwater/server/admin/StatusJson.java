package io.breakwater.server.admin;

import io.breakwater.health.breaker.Observed;
import io.breakwater.health.breaker.WindowCounts;
import io.breakwater.server.admin.StatusView.Backend;
import io.breakwater.server.admin.StatusView.Change;
import io.breakwater.server.admin.StatusView.Circuit;
import io.breakwater.server.admin.StatusView.Pool;
import io.breakwater.server.admin.StatusView.RouteCircuit;
import io.breakwater.server.admin.StatusView.Window;
import io.breakwater.server.config.ReloadResult;
import java.util.List;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JsonGenerator;

/** The state of the balancer as JSON. */
final class StatusJson {
    private static final double RATIO_DIGITS = 10_000;
    private static final double NANOS_PER_MILLI = 1e6;
    private static final double MILLIS_PER_SECOND = 1e3;

    private StatusJson() {}

    /** Returns the body of {@code /api/v1/pools}. */
    static byte[] pools(List<Pool> pools) {
        return Json.object(json -> {
            json.writeName("pools").writeStartArray();
            pools.forEach(pool -> write(pool, json));
            json.writeEndArray();
        });
    }

    /** Returns one backend as {@link #pools} writes it. */
    static byte[] backend(Backend backend) {
        return Json.bytes(json -> write(backend, json));
    }

    /** Returns the body of {@code /api/v1/reload}. */
    static byte[] reload(ReloadResult result) {
        return Json.object(json -> {
            if (result instanceof ReloadResult.Success success) {
                json.writeStringProperty("result", "success");
                Json.writeStrings("changes", success.changes(), json);
                if (!success.warnings().isEmpty()) {
                    Json.writeStrings("warnings", success.warnings(), json);
                }
            } else if (result instanceof ReloadResult.Refused refused) {
                json.writeStringProperty("error", "configuration refused");
                Json.writeStrings("problems", refused.problems(), json);
            } else {
                json.writeStringProperty("error", ((ReloadResult.Unavailable) result).why());
            }
        });
    }

    /** Returns the body of {@code /readyz}. */
    static byte[] readiness(@Nullable String whyNotReady) {
        return Json.object(json -> {
            json.writeStringProperty("status", whyNotReady == null ? "ready" : "not ready");
            if (whyNotReady != null) {
                json.writeStringProperty("reason", whyNotReady);
            }
        });
    }

    private static void write(Pool pool, JsonGenerator json) {
        json.writeStartObject();
        json.writeStringProperty("name", pool.name());
        json.writeStringProperty("state", pool.state().label());
        json.writeStringProperty("balance", pool.balance());
        json.writeName("backends").writeStartArray();
        pool.backends().forEach(backend -> write(backend, json));
        json.writeEndArray().writeEndObject();
    }

    private static void write(Backend backend, JsonGenerator json) {
        json.writeStartObject();
        json.writeStringProperty("id", backend.id());
        json.writeStringProperty("url", backend.url());
        json.writeNumberProperty("weight", backend.weight());
        json.writeNumberProperty("priority", backend.priority());
        json.writeStringProperty("adminState", backend.adminState().label());
        json.writeStringProperty("health", backend.health().label());
        if (backend.suspect()) {
            json.writeBooleanProperty("suspect", true);
        }
        json.writeNumberProperty("inFlight", backend.inFlight());
        json.writeNumberProperty("requests", backend.requests());
        json.writeNumberProperty("successes", backend.successes());
        json.writeNumberProperty("failures", backend.failures());
        json.writeNumberProperty("rejected", backend.rejected());
        json.writeNumberProperty("share", ratio(backend.share()));
        json.writeName("breaker");
        write(backend.circuit(), json);
        if (!backend.routes().isEmpty()) {
            json.writeName("routes").writeStartArray();
            backend.routes().forEach(each -> write(each, json));
            json.writeEndArray();
        }
        json.writeName("transitions").writeStartArray();
        backend.changes().forEach(change -> write(change, json));
        json.writeEndArray().writeEndObject();
    }

    private static void write(RouteCircuit each, JsonGenerator json) {
        json.writeStartObject();
        json.writeStringProperty("route", each.route());
        json.writeName("breaker");
        write(each.circuit(), json);
        json.writeEndObject();
    }

    private static void write(Circuit circuit, JsonGenerator json) {
        json.writeStartObject();
        json.writeStringProperty("state", circuit.state().label());
        json.writeStringProperty("mode", circuit.observed() == null ? "enforce" : "observe");
        json.writeNumberProperty("consecutiveFailures", circuit.consecutiveFailures());
        Window window = circuit.window();
        writeRate("failureRate", window == null ? null : window.failureRate(), json);
        writeRate("slowCallRate", window == null ? null : window.slowCallRate(), json);
        Json.writeInstant("openedAt", circuit.openedAt(), json);
        Json.writeString(
                "reason", circuit.reason() == null ? null : circuit.reason().label(), json);
        if (circuit.retryAfterSeconds() == null) {
            json.writeNullProperty("retryAfterSeconds");
        } else {
            json.writeNumberProperty("retryAfterSeconds", circuit.retryAfterSeconds());
        }
        json.writeNumberProperty("generation", circuit.generation());
        if (window != null) {
            json.writeName("window");
            write(window.counts(), json);
        }
        if (circuit.observed() != null) {
            json.writeName("observed");
            write(circuit.observed(), json);
        }
        json.writeEndObject();
    }

    private static void write(WindowCounts held, JsonGenerator json) {
        json.writeStartObject();
        json.writeNumberProperty("calls", held.calls());
        json.writeNumberProperty("failures", held.failures());
        json.writeNumberProperty("slowCalls", held.slowCalls());
        json.writeEndObject();
    }

    private static void write(Observed observed, JsonGenerator json) {
        json.writeStartObject();
        json.writeNumberProperty("wouldReject", observed.wouldReject());
        json.writeNumberProperty("falseTrips", observed.wouldRejectSucceeded());
        json.writeNumberProperty("failuresSaved", observed.wouldRejectFailed());
        json.writeNumberProperty(
                "secondsSaved", Math.round(observed.savedNanos() / NANOS_PER_MILLI) / MILLIS_PER_SECOND);
        json.writeEndObject();
    }

    private static void writeRate(String name, @Nullable Double rate, JsonGenerator json) {
        if (rate == null) {
            json.writeNullProperty(name);
        } else {
            json.writeNumberProperty(name, ratio(rate));
        }
    }

    private static double ratio(double exact) {
        return Math.round(exact * RATIO_DIGITS) / RATIO_DIGITS;
    }

    private static void write(Change change, JsonGenerator json) {
        json.writeStartObject();
        Json.writeInstant("at", change.at(), json);
        json.writeStringProperty("from", change.from().label());
        json.writeStringProperty("to", change.to().label());
        json.writeStringProperty("reason", change.reason().label());
        if (change.figures() != null) {
            json.writeStringProperty("figures", change.figures());
        }
        if (change.route() != null) {
            json.writeStringProperty("route", change.route());
        }
        json.writeEndObject();
    }
}
