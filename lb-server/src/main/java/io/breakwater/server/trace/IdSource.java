package io.breakwater.server.trace;

import java.security.SecureRandom;
import java.util.SplittableRandom;

/**
 * Makes the ids of one event loop's requests: random ones, of which none is made twice by one source. They are no
 * secrets: who has seen some can tell the next. NOT thread safe.
 *
 * <p>Each half of an id has a generator of its own, so that the ids of two sources are the same only where both
 * generators happen to be at the same places: 128 bits of seed, not 64.
 */
public final class IdSource {
    private final SplittableRandom high;
    private final SplittableRandom low;

    IdSource(long highSeed, long lowSeed) {
        this.high = new SplittableRandom(highSeed);
        this.low = new SplittableRandom(lowSeed);
    }

    /** Returns a source whose ids nobody else makes. */
    public static IdSource seeded() {
        SecureRandom seeds = new SecureRandom();
        return new IdSource(seeds.nextLong(), seeds.nextLong());
    }

    /** Puts a new id, which is not 0, in place of the one before. */
    void next(Id128 id) {
        id.set(high.nextLong(), nextSpanId());
    }

    /** Returns a new id of a span; 0 is none (W3C Trace Context, section 3.2.2.4). */
    long nextSpanId() {
        long id = low.nextLong();
        return id == 0 ? low.nextLong() : id;
    }
}
