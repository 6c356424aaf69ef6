package io.breakwater.server.traffic;

import java.time.Duration;
import java.time.Instant;
import java.util.List;

/**
 * What went to the pools and backends during the last minutes: a sample for each {@link #INTERVAL}, at most
 * {@link #SAMPLES} of them.
 *
 * @param at the end of the newest sample
 * @param pools in the order of the configuration
 */
public record Traffic(Instant at, List<Pool> pools) {
    public static final Duration INTERVAL = Duration.ofSeconds(5);
    public static final int SAMPLES = 60;

    public Traffic {
        pools = List.copyOf(pools);
    }

    /**
     * One pool.
     *
     * @param samples of all its backends together
     */
    public record Pool(String name, Samples samples, List<Backend> backends) {

        public Pool {
            backends = List.copyOf(backends);
        }
    }

    /** One backend. */
    public record Backend(String id, Samples samples) {}

    /**
     * The oldest first; the last is the newest, and what came later than others has fewer.
     *
     * @param requestsPerSecond attempts that ended
     * @param errorRate failures among those that say whether the backend works, 0 to 1; NaN where there were none
     * @param p50Millis the median duration; NaN where nothing ended or durations are not kept
     * @param p99Millis likewise
     */
    @SuppressWarnings("ArrayRecordComponent") // 10,000 backends have 2.4 million figures; made for one reader
    public record Samples(float[] requestsPerSecond, float[] errorRate, float[] p50Millis, float[] p99Millis) {}
}
