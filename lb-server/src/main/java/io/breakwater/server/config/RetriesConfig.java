package io.breakwater.server.config;

import java.time.Duration;
import java.util.Set;

/**
 * {@code retries} of a pool: when another backend is asked after a failed attempt.
 *
 * @param max attempts after the first; 0 for none
 * @param on failures other than statuses that are retried
 * @param statuses that are retried
 * @param bodyBufferBytes how much of a request's body is kept for another attempt
 * @param perTryTimeout stands in for {@code response-head} while another attempt is possible; zero for the same
 */
public record RetriesConfig(
        int max, Set<RetryOn> on, StatusRanges statuses, Budget budget, long bodyBufferBytes, Duration perTryTimeout) {

    public RetriesConfig {
        on = Set.copyOf(on);
        new Constraints()
                .range("max", max, 0, 100)
                .sizeInBytes("body-buffer", bodyBufferBytes, 0, 64L * 1024 * 1024)
                .notNegative("per-try-timeout", perTryTimeout)
                .verify();
    }

    /** A failure that may be retried. */
    public enum RetryOn implements Choice {
        /** No connection could be made; safe for every method. */
        CONNECT_FAILURE,
        /** The connection broke, or what came was no whole response head. */
        RESET,
        /** No response head came in time. */
        TIMEOUT
    }

    /**
     * How many retries there may be: in any {@code window} at most {@code ratio} times the requests in it plus
     * {@code minPerSecond} for each of its seconds.
     */
    public record Budget(double ratio, int minPerSecond, Duration window) {

        public Budget {
            new Constraints()
                    .require(ratio >= 0 && ratio <= 1, "ratio", ratio, "0..1 or 0%..100%")
                    .range("min-per-second", minPerSecond, 0, 1_000_000)
                    .require(
                            window.compareTo(Duration.ofSeconds(1)) >= 0
                                    && window.compareTo(Duration.ofMinutes(1)) <= 0,
                            "window",
                            Units.duration(window),
                            "a duration from 1s to 1m")
                    .verify();
        }
    }
}
