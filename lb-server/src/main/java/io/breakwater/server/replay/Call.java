package io.breakwater.server.replay;

import io.breakwater.health.Outcome;

/**
 * One recorded call of a backend.
 *
 * @param startNanos since 1970
 * @param endNanos since 1970, not before {@code startNanos}
 */
record Call(long startNanos, long endNanos, Outcome outcome) {

    long nanos() {
        return endNanos - startNanos;
    }

    boolean failed() {
        return outcome.verdict() == Outcome.Verdict.FAILURE;
    }

    boolean succeeded() {
        return outcome.verdict() == Outcome.Verdict.SUCCESS;
    }
}
