package io.breakwater.metrics;

/** Counts what a pool does beyond single attempts. */
public interface PoolRecorder {

    /**
     * An attempt after the first ended.
     *
     * @param success it gave the response
     */
    void retried(boolean success);

    /** A request would have been tried again, had the budget allowed it. */
    void retryBudgetExhausted();
}
