package io.breakwater.health.breaker;

/**
 * What a window holds at one moment, all three taken together. Beyond {@link Integer#MAX_VALUE} calls they are halved
 * until they fit, which leaves the rates as they are.
 *
 * @param calls outcomes with a verdict
 * @param failures those of them that failed
 * @param slowCalls those of them that were slow, whether they failed or not
 */
public record WindowCounts(int calls, int failures, int slowCalls) {

    static WindowCounts of(long calls, long failures, long slowCalls) {
        int halvings = Math.max(0, Integer.SIZE + 1 - Long.numberOfLeadingZeros(calls));
        return new WindowCounts((int) (calls >> halvings), (int) (failures >> halvings), (int) (slowCalls >> halvings));
    }

    /** Returns failures per call; 0 where there was no call. Whether they are enough to say so: {@link WindowConfig#judges}. */
    public double failureRate() {
        return rate(failures);
    }

    /** Returns slow calls per call; 0 where there was no call. */
    public double slowCallRate() {
        return rate(slowCalls);
    }

    private double rate(int some) {
        return calls == 0 ? 0 : some / (double) calls;
    }
}
