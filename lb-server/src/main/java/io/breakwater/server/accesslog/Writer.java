package io.breakwater.server.accesslog;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.LockSupport;
import java.util.function.LongConsumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Takes the lines of all loops to where they belong, every tenth of a second or when there are many, on a thread of its
 * own. Lines that cannot be written are dropped and counted, and it tries again with the next. Its methods may be called
 * from any thread.
 */
final class Writer {
    private static final Logger LOG = LoggerFactory.getLogger(AccessLog.class);
    private static final long PAUSE_NANOS = TimeUnit.MILLISECONDS.toNanos(100);

    private final List<LoopLog> loops;
    private final LongConsumer dropped;
    private final Thread thread = new Thread(this::run, "access-log");
    private final AtomicBoolean reopening = new AtomicBoolean();
    private volatile @Nullable String wanted;
    private volatile boolean ended;

    // The thread's own, once it runs.
    private @Nullable Output output;
    private @Nullable String outputFile;
    private boolean failing;

    /**
     * @param dropped told how many lines could not be written
     */
    Writer(List<LoopLog> loops, LongConsumer dropped) {
        this.loops = loops;
        this.dropped = dropped;
        thread.setDaemon(true);
    }

    /**
     * Begins.
     *
     * @param opened what {@code file} was opened as; null leaves that to the thread
     */
    void start(String file, @Nullable Output opened) {
        wanted = file;
        output = opened;
        outputFile = opened == null ? null : file;
        thread.start();
    }

    /** Writes there from now on, what waits to where it was meant to go; null writes nothing. */
    void file(@Nullable String file) {
        wanted = file;
        wake();
    }

    /** Opens the file anew: it was renamed. */
    void reopen() {
        reopening.set(true);
        wake();
    }

    void wake() {
        LockSupport.unpark(thread);
    }

    /** Writes what waits, and ends; returns whether that was done in time. */
    boolean end(long timeoutMillis) throws InterruptedException {
        ended = true;
        wake();
        thread.join(timeoutMillis);
        return !thread.isAlive();
    }

    private void run() {
        while (true) {
            // Read before the lines are taken, so that those made before a change go where they were meant to.
            boolean last = ended;
            String file = wanted;
            boolean again = reopening.getAndSet(false);
            if (output == null && file != null) {
                open(file);
            }
            takeAll();
            if (last) {
                close();
                return;
            }
            if (file == null) {
                close();
            } else if (again || !file.equals(outputFile)) {
                open(file);
            }
            if (file == null) {
                LockSupport.park(this);
            } else {
                LockSupport.parkNanos(this, PAUSE_NANOS);
            }
        }
    }

    /** Opens the file, and only then lets go of the one before: where that fails, lines are better there than nowhere. */
    private void open(String file) {
        try {
            Output opened = Output.open(file);
            close();
            output = opened;
            outputFile = file;
            works();
        } catch (IOException | RuntimeException e) {
            fails("opened", file, e);
            outputFile = null; // tried again after the next pause
        }
    }

    private void close() {
        Output present = output;
        output = null;
        outputFile = null;
        if (present != null) {
            try {
                present.close();
            } catch (IOException e) {
                LOG.debug("the access log was not closed in good order", e);
            }
        }
    }

    private void takeAll() {
        for (LoopLog loop : loops) {
            Ring ring = loop.ring();
            if (ring != null) {
                take(ring);
            }
        }
    }

    private void take(Ring ring) {
        int left = ring.waiting();
        boolean writing = output != null;
        long lost = 0;
        while (left > 0) {
            ByteBuffer piece = ring.piece(left);
            int length = piece.remaining();
            // After a failure all that waited goes, or a line would begin in the middle.
            writing = writing && isWritten(piece);
            lost += lines(piece);
            ring.took(length);
            left -= length;
        }
        if (lost > 0) {
            dropped.accept(lost);
        }
    }

    private boolean isWritten(ByteBuffer piece) {
        Output present = output;
        if (present == null) {
            return false;
        }
        try {
            present.write(piece);
            works();
            return true;
        } catch (IOException e) {
            fails("written", String.valueOf(wanted), e);
            return false;
        }
    }

    private static long lines(ByteBuffer piece) {
        long lines = 0;
        for (int i = piece.position(); i < piece.limit(); i++) {
            if (piece.get(i) == '\n') {
                lines++;
            }
        }
        return lines;
    }

    private void fails(String what, String file, Exception cause) {
        if (!failing) {
            failing = true;
            LOG.warn("the access log {} cannot be {}, and is tried again: {}", file, what, cause.toString());
        }
    }

    private void works() {
        if (failing && outputFile != null) {
            failing = false;
            LOG.info("the access log is written again");
        }
    }
}
