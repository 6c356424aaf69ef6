package io.breakwater.health.breaker;

import org.jspecify.annotations.Nullable;

/**
 * The latest outcomes of one closed period. The totals are kept, not summed up, so that a call costs the same however much
 * the window holds. Lock-free; safe to use from any thread.
 */
abstract sealed class Window permits CountWindow, TimeWindow {

    /** An empty window; null where none is configured. */
    static @Nullable Window of(WindowConfig config, long now) {
        return switch (config.type()) {
            case NONE -> null;
            case COUNT -> new CountWindow(config.calls());
            case TIME -> new TimeWindow((int) config.duration().toSeconds(), now);
        };
    }

    /**
     * Counts one call.
     *
     * @param now the present reading; means nothing to a window that does not go by time
     * @param asked whether the caller wants the counts in any case
     * @return the counts with this call, as no other call has changed them, if asked for or if they reach the rates; else
     *     null
     */
    abstract @Nullable WindowCounts add(boolean failed, boolean slow, long now, Rates rates, boolean asked);

    /** What it holds at {@code now}. */
    abstract WindowCounts counts(long now);

    /** Whether {@link #add} must be told the time. */
    abstract boolean goesByTime();
}
