package io.breakwater.server.events;

import io.breakwater.time.Ticker;
import java.time.Instant;
import java.time.InstantSource;

/** Turns readings of the monotonic ticker into the time of day, for people to read. Safe to use from any thread. */
public final class WallClock {
    private final InstantSource source;
    private final Ticker ticker;

    public WallClock(InstantSource source, Ticker ticker) {
        this.source = source;
        this.ticker = ticker;
    }

    /** Returns the time of day at which the ticker read, or will read, {@code nanos}. */
    public Instant at(long nanos) {
        return source.instant().minusNanos(ticker.read() - nanos);
    }
}
