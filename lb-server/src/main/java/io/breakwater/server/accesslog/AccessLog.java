package io.breakwater.server.accesslog;

import io.breakwater.server.config.AccessLogConfig;
import java.io.IOException;
import java.time.InstantSource;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.LongConsumer;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A line for each request, in the file that {@code lb.access-log} names. The loops make the lines, each in a
 * {@link LoopLog} of its own; a thread writes them. What is too much for it, or cannot be written, is dropped and counted:
 * no request ever waits for the log.
 */
public final class AccessLog implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(AccessLog.class);
    /** How long the last lines may take. */
    private static final long END_MILLIS = TimeUnit.SECONDS.toMillis(5);

    private final List<LoopLog> loops;
    private final LongConsumer dropped;
    private volatile @Nullable Writer writer;

    /**
     * An access log that is off.
     *
     * @param loops how many event loops there are
     * @param clock the time of day
     * @param dropped told how many lines were dropped, from any thread
     */
    public AccessLog(int loops, InstantSource clock, LongConsumer dropped) {
        this.dropped = dropped;
        this.loops = IntStream.range(0, loops)
                .mapToObj(index -> new LoopLog(clock, dropped, this::wakeWriter))
                .toList();
    }

    /** Returns what a loop logs with, by its index. */
    public LoopLog of(int loop) {
        return loops.get(loop);
    }

    /**
     * Begins as configured.
     *
     * @throws IOException with a message for the operator, if the file cannot be opened
     */
    public synchronized void start(AccessLogConfig config) throws IOException {
        if (config.isOn()) {
            Output opened;
            try {
                opened = Output.open(config.file());
            } catch (IOException | RuntimeException e) {
                throw new IOException("lb.access-log.file: %s cannot be opened: %s".formatted(config.file(), e), e);
            }
            startWriter(config.file(), opened);
            style(config);
        }
    }

    /** Goes on as configured now. A file that cannot be opened is warned of and tried again. */
    public synchronized void reconfigure(AccessLogConfig config) {
        Writer present = writer;
        if (config.isOn()) {
            if (present == null) {
                startWriter(config.file(), null);
            } else {
                present.file(config.file());
            }
            style(config);
        } else if (present != null) {
            style(config);
            present.file(null);
        }
    }

    private void startWriter(String file, @Nullable Output opened) {
        Writer started = new Writer(loops, dropped);
        started.start(file, opened);
        writer = started;
    }

    private void style(AccessLogConfig config) {
        LoopLog.Style style = config.isOn()
                ? new LoopLog.Style(config.format() == AccessLogConfig.Format.JSON, new QueryMask(config.maskQuery()))
                : null;
        loops.forEach(loop -> loop.style(style));
    }

    /** Opens the file anew, which was renamed. From any thread. */
    public void reopen() {
        Writer present = writer;
        if (present != null) {
            present.reopen();
        }
    }

    private void wakeWriter() {
        Writer present = writer;
        if (present != null) {
            present.wake();
        }
    }

    /** Writes what waits, and ends. No loop may log any more. */
    @Override
    public synchronized void close() {
        loops.forEach(loop -> loop.style(null));
        Writer present = writer;
        if (present == null) {
            return;
        }
        try {
            if (!present.end(END_MILLIS)) {
                LOG.warn("the last lines of the access log could not be written in {} ms", END_MILLIS);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
