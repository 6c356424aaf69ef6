package io.breakwater.metrics.prometheus;

import io.breakwater.metrics.ConnectionRecorder;
import io.prometheus.metrics.core.datapoints.CounterDataPoint;
import java.util.concurrent.atomic.LongAdder;

/** The series of one side's connections. */
final class ConnectionMeters implements ConnectionRecorder {
    private final CounterDataPoint accepted;
    private final CounterDataPoint acceptErrors;
    private final CounterDataPoint received;
    private final CounterDataPoint sent;
    private final LongAdder open = new LongAdder();

    ConnectionMeters(
            CounterDataPoint accepted,
            CounterDataPoint acceptErrors,
            CounterDataPoint received,
            CounterDataPoint sent) {
        this.accepted = accepted;
        this.acceptErrors = acceptErrors;
        this.received = received;
        this.sent = sent;
    }

    @Override
    public void accepted() {
        accepted.inc();
    }

    @Override
    public void acceptFailed() {
        acceptErrors.inc();
    }

    @Override
    public void opened() {
        open.increment();
    }

    @Override
    public void closed() {
        open.decrement();
    }

    @Override
    public void received(long bytes) {
        received.inc(bytes);
    }

    @Override
    public void sent(long bytes) {
        sent.inc(bytes);
    }

    /** Read at a scrape. A sum over stripes that move may miss an opening and see its closing, so it stops at 0. */
    long open() {
        return Math.max(0, open.sum());
    }
}
