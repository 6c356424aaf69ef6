package io.breakwater.server.traffic;

import java.util.Arrays;

/** The latest samples of a backend or a pool: 16 bytes each. NOT thread safe. */
final class Ring {
    private final float[] requestsPerSecond = new float[Traffic.SAMPLES];
    private final float[] errorRate = new float[Traffic.SAMPLES];
    private final float[] p50Millis = new float[Traffic.SAMPLES];
    private final float[] p99Millis = new float[Traffic.SAMPLES];
    private int next;
    private int size;

    /**
     * Adds what was counted.
     *
     * @param seconds since the reading before
     * @param intervals how many of them that is: each gets the same sample
     */
    void add(Tally counted, double seconds, long intervals) {
        float rate = (float) counted.perSecond(seconds);
        float errors = (float) counted.errorRate();
        float p50 = (float) counted.quantileMillis(0.5);
        float p99 = (float) counted.quantileMillis(0.99);
        for (long i = Math.min(intervals, Traffic.SAMPLES); i > 0; i--) {
            requestsPerSecond[next] = rate;
            errorRate[next] = errors;
            p50Millis[next] = p50;
            p99Millis[next] = p99;
            next = (next + 1) % Traffic.SAMPLES;
            size = Math.min(size + 1, Traffic.SAMPLES);
        }
    }

    Traffic.Samples samples() {
        return new Traffic.Samples(
                oldestFirst(requestsPerSecond), oldestFirst(errorRate), oldestFirst(p50Millis), oldestFirst(p99Millis));
    }

    private float[] oldestFirst(float[] ring) {
        int oldest = size < Traffic.SAMPLES ? 0 : next;
        float[] copy = Arrays.copyOfRange(ring, oldest, oldest + size);
        System.arraycopy(ring, 0, copy, size - oldest, oldest);
        return copy;
    }
}
