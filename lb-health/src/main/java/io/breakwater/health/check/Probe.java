package io.breakwater.health.check;

import io.breakwater.time.Cancellable;

/**
 * One way to check one backend; each call of {@link #start} is one check. Two probes are equal if they ask the same of
 * the same address, so that their results may be counted together.
 */
public interface Probe {

    /**
     * Begins a check and returns at once.
     *
     * @param deadlineNanos when the check is over, as a reading of the checker's ticker. The checker itself ends a check
     *     that has told nothing by then; this is for what the probe does beyond its result
     * @param callback is told what came of it, possibly before this returns
     */
    Attempt start(long deadlineNanos, Callback callback);

    /** One check under way. */
    interface Attempt extends Cancellable {

        /** What the check waits for, such as {@code connection}: it is missing if time runs out. */
        String awaits();
    }

    /** Who is told what came of a check. From any thread; the first call counts. */
    interface Callback {

        void onResult(ProbeResult result);

        /**
         * The check could not be made, through no fault of the backend: no descriptors left, or the like. It counts as
         * nothing.
         */
        void onLocalError(String detail);
    }
}
