package io.breakwater.server.admin;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.breakwater.server.traffic.Traffic;
import io.breakwater.server.traffic.Traffic.Samples;
import java.time.Instant;
import java.util.List;
import org.junit.jupiter.api.Test;

class TrafficJsonTest {
    private static final float NONE = Float.NaN;

    @Test
    void samplesAreWrittenWithNullWhereThereIsNothing() {
        Samples ofPool = new Samples(
                new float[] {0, 1234.5675f}, new float[] {NONE, 1f / 3}, new float[] {NONE, 12.3f}, new float[] {
                    NONE, 30_000
                });
        Samples ofBackend = new Samples(new float[] {2}, new float[] {1}, new float[] {0.0004f}, new float[] {NONE});
        Traffic traffic = new Traffic(
                Instant.parse("2026-01-01T12:00:00.123456Z"),
                List.of(
                        new Traffic.Pool("p", ofPool, List.of(new Traffic.Backend("localhost:3001", ofBackend))),
                        new Traffic.Pool(
                                "\"", new Samples(new float[0], new float[0], new float[0], new float[0]), List.of())));

        assertThat(new String(TrafficJson.traffic(traffic), UTF_8)).isEqualTo("""
                {"at":"2026-01-01T12:00:00.123Z","intervalSeconds":5,"pools":[
                {"name":"p","requestsPerSecond":[0.0,1234.568],"errorRate":[null,0.3333],
                "p50Millis":[null,12.3],"p99Millis":[null,30000.0],
                "backends":[{"id":"localhost:3001","requestsPerSecond":[2.0],"errorRate":[1.0],
                "p50Millis":[0.0],"p99Millis":[null]}]},
                {"name":"\\"","requestsPerSecond":[],"errorRate":[],"p50Millis":[],"p99Millis":[],"backends":[]}]}
                """.replace("\n", ""));
    }
}
