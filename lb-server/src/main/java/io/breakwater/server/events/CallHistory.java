package io.breakwater.server.events;

import java.util.List;
import org.jspecify.annotations.Nullable;

/** What is known of a backend's latest calls when its circuit trips. Implemented by those who know the backends. */
public interface CallHistory {

    /** No calls are known. */
    CallHistory NONE = atNanos -> new Taken() {
        @Override
        public List<PastCall> calls() {
            return List.of();
        }

        @Override
        public Latency latency() {
            return Latency.UNKNOWN;
        }
    };

    /**
     * Takes down the latest calls. Called on the thread whose request has opened the circuit: it copies, and leaves all
     * work to {@link Taken}.
     *
     * @param atNanos when the circuit opened, as a reading of the ticker
     */
    Taken take(long atNanos);

    /** What was taken down. Asked at most once, on a thread that serves no requests. */
    interface Taken {

        /** Returns the calls that had ended when the circuit opened, the latest ones, the oldest first. */
        List<PastCall> calls();

        Latency latency();
    }

    /**
     * The latency of a backend beside that of the others in its pool.
     *
     * @param p50Nanos the median over its latest calls; null if there were none
     * @param peersP50Nanos the median over the latest calls of its peers, all together; null if there were none
     * @param peers how many others that is over
     */
    record Latency(@Nullable Long p50Nanos, @Nullable Long peersP50Nanos, int peers) {

        /** Nothing is known. */
        public static final Latency UNKNOWN = new Latency(null, null, 0);
    }
}
