package io.breakwater.time;

import java.time.Duration;
import java.util.concurrent.atomic.AtomicLong;

/** A ticker that moves only when a test moves it. Safe to use from any thread. */
public final class ManualTicker implements Ticker {
    private final AtomicLong nanos;

    /** A ticker that starts at this reading, which may be negative and may be about to overflow. */
    public ManualTicker(long originNanos) {
        this.nanos = new AtomicLong(originNanos);
    }

    @Override
    public long read() {
        return nanos.get();
    }

    public void advance(Duration time) {
        advance(time.toNanos());
    }

    /** Moves forward by {@code byNanos}, which is not negative. */
    public void advance(long byNanos) {
        if (byNanos < 0) {
            throw new IllegalArgumentException("byNanos: " + byNanos + " (expected: >= 0)");
        }
        nanos.addAndGet(byNanos);
    }
}
