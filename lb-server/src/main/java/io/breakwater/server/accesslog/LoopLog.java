package io.breakwater.server.accesslog;

import java.time.InstantSource;
import java.util.function.LongConsumer;
import org.jspecify.annotations.Nullable;

/**
 * The access log as one event loop sees it: an entry to fill, and a ring that takes the line made of it. Allocates
 * nothing but the reading of the clock, and once a second the text of it; never blocks. Confined to its loop, except where said.
 */
public final class LoopLog {
    /** Room for the lines of a tenth of a second at tens of thousands of requests a second. */
    private static final int RING_BYTES = 1 << 20;

    /**
     * How lines are made.
     *
     * @param json else combined
     */
    record Style(boolean json, QueryMask mask) {}

    private final InstantSource clock;
    private final LongConsumer dropped;
    private final Runnable wakeWriter;
    private final Entry entry = new Entry();
    private final LineFormat json = new JsonFormat();
    private final LineFormat combined = new CombinedFormat();
    /** Made when the log is first switched on; there before {@link #style} is. */
    private volatile @Nullable Ring ring;

    private volatile @Nullable Style style;

    /**
     * @param dropped told how many lines had no room
     * @param wakeWriter called when half of the ring is full
     */
    LoopLog(InstantSource clock, LongConsumer dropped, Runnable wakeWriter) {
        this.clock = clock;
        this.dropped = dropped;
        this.wakeWriter = wakeWriter;
    }

    /** Whether requests are logged. */
    public boolean isOn() {
        return style != null;
    }

    /** The entry of the loop, to be filled and written at once. */
    public Entry entry() {
        return entry;
    }

    /** Logs what the entry says. */
    public void write() {
        Style present = style;
        Ring lines = ring;
        if (present != null && lines != null) {
            long start = lines.begin();
            (present.json() ? json : combined).write(entry, clock.instant(), present.mask(), lines);
            if (!lines.commit()) {
                dropped.accept(1);
            } else if (lines.isHalfFullSince(start)) {
                wakeWriter.run();
            }
        }
        entry.forget();
    }

    // ================ the writer's side ================

    /** Makes lines like this from now on; null makes none. By one thread at a time, any. */
    void style(@Nullable Style wanted) {
        if (wanted != null && ring == null) {
            ring = new Ring(RING_BYTES);
        }
        style = wanted;
    }

    /** What waits to be written; null if the log was never on. From any thread. */
    @Nullable
    Ring ring() {
        return ring;
    }
}
