package io.breakwater.server.admin;

import io.breakwater.server.traffic.Traffic;
import tools.jackson.core.JsonGenerator;

/** The traffic of the last minutes as JSON. */
final class TrafficJson {
    private static final double THOUSANDTHS = 1e3;
    private static final double TEN_THOUSANDTHS = 1e4;

    private TrafficJson() {}

    /** Returns the body of {@code /api/v1/traffic}. */
    static byte[] traffic(Traffic traffic) {
        return Json.object(json -> {
            Json.writeInstant("at", traffic.at(), json);
            json.writeNumberProperty("intervalSeconds", Traffic.INTERVAL.toSeconds());
            json.writeName("pools").writeStartArray();
            traffic.pools().forEach(pool -> write(pool, json));
            json.writeEndArray();
        });
    }

    private static void write(Traffic.Pool pool, JsonGenerator json) {
        json.writeStartObject();
        json.writeStringProperty("name", pool.name());
        write(pool.samples(), json);
        json.writeName("backends").writeStartArray();
        for (Traffic.Backend backend : pool.backends()) {
            json.writeStartObject();
            json.writeStringProperty("id", backend.id());
            write(backend.samples(), json);
            json.writeEndObject();
        }
        json.writeEndArray().writeEndObject();
    }

    private static void write(Traffic.Samples samples, JsonGenerator json) {
        write("requestsPerSecond", samples.requestsPerSecond(), THOUSANDTHS, json);
        write("errorRate", samples.errorRate(), TEN_THOUSANDTHS, json);
        write("p50Millis", samples.p50Millis(), THOUSANDTHS, json);
        write("p99Millis", samples.p99Millis(), THOUSANDTHS, json);
    }

    /** NaN is null in JSON. */
    private static void write(String name, float[] figures, double digits, JsonGenerator json) {
        json.writeName(name).writeStartArray();
        for (float figure : figures) {
            if (Float.isNaN(figure)) {
                json.writeNull();
            } else {
                json.writeNumber(Math.round(figure * digits) / digits);
            }
        }
        json.writeEndArray();
    }
}
