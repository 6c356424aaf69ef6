package io.breakwater.health.breaker;

/**
 * How long a circuit stays open, and for the how manyth time in a row.
 *
 * @param openings in a row, those by hand left out; 0 is the beginning of a row
 * @param lengthNanos of the last opening
 */
record Cooldown(int openings, long lengthNanos) {

    /** No opening in a row. */
    static final Cooldown NONE = new Cooldown(0, 0);

    /**
     * That of the next opening in the row.
     *
     * @param retryAfterNanos how long the backend wants to be left alone; 0 if it has not said so
     * @param draw from 0 to below 1, evenly; half of it means no jitter
     */
    Cooldown next(BreakerConfig config, long retryAfterNanos, double draw) {
        int nth = openings == Integer.MAX_VALUE ? openings : openings + 1;
        long longest = longestNanos(config);
        long jittered = jittered(grownNanos(config, nth, longest), config.cooldownJitter(), draw);
        return new Cooldown(nth, Math.min(longest, Math.max(jittered, retryAfterNanos)));
    }

    /**
     * What is left of one that began in another life, at most one whole cooldown of now. What its backend had asked for
     * beyond that is over.
     */
    static Cooldown rest(BreakerConfig config, int openings, long remainingNanos) {
        int nth = Math.max(1, openings);
        long longest = longestNanos(config);
        long whole = jittered(grownNanos(config, nth, longest), config.cooldownJitter(), 1);
        return new Cooldown(nth, Math.max(0, Math.min(remainingNanos, Math.min(longest, whole))));
    }

    /** The last of a row in another life, over by now; of its jitter, and of what its backend asked for, nothing is known. */
    static Cooldown past(BreakerConfig config, int openings) {
        return new Cooldown(openings, grownNanos(config, openings, longestNanos(config)));
    }

    /** The longest that there can be. */
    private static long longestNanos(BreakerConfig config) {
        return Math.max(config.cooldownNanos(), config.cooldownMax().toNanos());
    }

    private static long grownNanos(BreakerConfig config, int nth, long longest) {
        // A power of 1 is 1, but a long of more than 53 bits does not outlive a double.
        return config.grows()
                ? (long) Math.min(
                        (double) longest, config.cooldownNanos() * Math.pow(config.cooldownMultiplier(), nth - 1))
                : config.cooldownNanos();
    }

    private static long jittered(long nanos, double jitter, double draw) {
        return jitter == 0 ? nanos : Math.max(1, (long) (nanos * (1 + jitter * (2 * draw - 1))));
    }
}
