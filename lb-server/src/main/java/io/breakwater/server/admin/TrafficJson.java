package io.breakwater.server.admin;

import io.breakwater.server.traffic.Traffic;
import java.io.ByteArrayOutputStream;
import java.time.temporal.ChronoUnit;
import tools.jackson.core.JsonGenerator;
import tools.jackson.core.ObjectWriteContext;
import tools.jackson.core.json.JsonFactory;

/** The traffic of the last minutes as JSON. */
final class TrafficJson {
    private static final double THOUSANDTHS = 1e3;
    private static final double TEN_THOUSANDTHS = 1e4;

    private final JsonFactory factory = new JsonFactory();

    /** Returns the body of {@code /api/v1/traffic}. */
    byte[] traffic(Traffic traffic) {
        ByteArrayOutputStream out = new ByteArrayOutputStream(16 * 1024);
        try (JsonGenerator json = factory.createGenerator(ObjectWriteContext.empty(), out)) {
            json.writeStartObject();
            json.writeStringProperty(
                    "at", traffic.at().truncatedTo(ChronoUnit.MILLIS).toString());
            json.writeNumberProperty("intervalSeconds", Traffic.INTERVAL.toSeconds());
            json.writeName("pools").writeStartArray();
            traffic.pools().forEach(pool -> write(pool, json));
            json.writeEndArray().writeEndObject();
        }
        return out.toByteArray();
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
