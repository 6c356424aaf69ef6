package io.breakwater.server.state;

import io.breakwater.server.pool.AdminState;
import io.breakwater.server.state.SavedCircuit.Standing;
import io.breakwater.time.Scheduler;
import io.breakwater.time.Ticker;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Collection;
import java.util.EnumSet;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Keeps the states of backends in a file: reads it at the start, and writes it when it is told of a change, after every five
 * seconds in which something has changed, and at the end. What has not changed need not be written again, because what is left of a cooldown stands
 * beside the time of day; only if the clock was set meanwhile would that mean something else, so then it is.
 *
 * <p>A thread of its own writes, and gathers what to write: a disk may take seconds, and neither a check nor the telling
 * of events is to wait for that. Trouble with the disk is logged once, and once when it is over; in between the file
 * holds what it did, and every five seconds are another attempt.
 */
public final class StateKeeper implements AutoCloseable {
    /** Between two looks at what has changed. */
    public static final Duration INTERVAL = Duration.ofSeconds(5);

    private static final Logger LOG = LoggerFactory.getLogger(StateKeeper.class);
    private static final long INTERVAL_NANOS = INTERVAL.toNanos();
    private static final long CLOSE_MILLIS = 5_000;
    /** After each writing, so that circuits that flap do not keep the disk busy. */
    private static final long REST_MILLIS = 100;
    /** By how much the clock may leave the ticker's pace behind: more than it is ever slewed in a minute. */
    private static final Duration CLOCK_TOLERANCE = Duration.ofSeconds(1);

    private final StateFile file;
    private final Ticker ticker;
    private final InstantSource clock;
    private final SavedState found;

    private final Thread thread = new Thread(this::run, "state");
    private final Semaphore wanted = new Semaphore(0);
    private final CountDownLatch ending = new CountDownLatch(1);
    private Supplier<List<SavedBackend>> present = List::of;

    // These belong to the thread.
    private @Nullable List<SavedBackend> written;
    /** When the ticker would have read 0, as the clock was when the file was written. */
    private Instant writtenOrigin = Instant.EPOCH;

    private boolean failing;

    private StateKeeper(StateFile file, Ticker ticker, InstantSource clock) throws IOException {
        this.file = file;
        this.ticker = ticker;
        this.clock = clock;
        this.found = read();
        thread.setDaemon(true);
    }

    /**
     * Takes the file and reads it. One that cannot be read, or is no state file, is kept under another name, and nothing is
     * found.
     *
     * @param name as configured
     * @throws IOException if the file cannot be had; the message is for the operator
     */
    public static StateKeeper open(String name, Ticker ticker, InstantSource clock) throws IOException {
        StateFile file = StateFile.take(name);
        try {
            return new StateKeeper(file, ticker, clock);
        } catch (IOException e) {
            file.close();
            throw e;
        }
    }

    private SavedState read() throws IOException {
        try {
            byte[] text = file.read();
            if (text == null) {
                LOG.info("{}: not there yet; every circuit starts closed", file);
                return SavedState.NONE;
            }
            StateJson.Content content = StateJson.read(text, ticker.read(), clock.instant());
            LOG.info("{}", told(content));
            return content.state();
        } catch (BadState e) {
            return setAside(":" + e.line() + ": " + e.getMessage());
        } catch (IOException e) {
            return setAside(": " + e);
        }
    }

    private SavedState setAside(String problem) throws IOException {
        Path aside = file.setAside();
        LOG.warn("{}{}; kept as {}, and every circuit starts closed", file, problem, aside.getFileName());
        return SavedState.NONE;
    }

    private String told(StateJson.Content content) {
        Collection<SavedBackend> all = content.state().backends();
        long now = ticker.read();
        List<String> parts = new ArrayList<>();
        long over = circuits(all, circuit -> circuit.standing() == Standing.OPEN && circuit.remainingNanos(now) <= 0);
        add(parts, circuits(all, circuit -> circuit.standing() == Standing.OPEN) - over, "open");
        add(parts, circuits(all, circuit -> circuit.standing() == Standing.HALF_OPEN) + over, "half-open");
        add(parts, circuits(all, circuit -> circuit.standing() == Standing.TRIPPED), "tripped by hand");
        add(parts, all.stream().filter(SavedBackend::unhealthy).count(), "unhealthy");
        for (AdminState admin : EnumSet.complementOf(EnumSet.of(AdminState.ENABLED))) {
            add(parts, all.stream().filter(each -> each.admin() == admin).count(), admin.label());
        }
        return file + ": written " + content.away().toSeconds() + "s ago"
                + (parts.isEmpty() ? ", nothing to restore" : ": " + String.join(", ", parts));
    }

    private static long circuits(Collection<SavedBackend> all, Predicate<SavedCircuit> which) {
        return all.stream()
                .flatMap(each -> each.circuits().stream())
                .filter(which)
                .count();
    }

    private static void add(List<String> parts, long count, String what) {
        if (count > 0) {
            parts.add(count + " " + what);
        }
    }

    /** What a process before this one has left. */
    public SavedState found() {
        return found;
    }

    /**
     * Begins to write, at once for the first time.
     *
     * @param scheduler lives by the ticker
     * @param backends what the backends are like; called by the thread that writes
     */
    public void start(Scheduler scheduler, Supplier<List<SavedBackend>> backends) {
        present = backends;
        thread.start();
        tick(scheduler);
    }

    private void tick(Scheduler scheduler) {
        scheduler.schedule(ticker.read() + INTERVAL_NANOS, () -> tick(scheduler));
        wanted.release();
    }

    private void run() {
        try {
            boolean last;
            do {
                wanted.acquire();
                wanted.drainPermits(); // of a disk that was slower than the interval
                last = ending.getCount() == 0; // what ends while this is written is written once more
                save();
                ending.await(REST_MILLIS, TimeUnit.MILLISECONDS);
            } while (!last);
        } catch (InterruptedException e) {
            LOG.warn("{}: interrupted; states are not kept any more", file);
        }
    }

    /** Something has changed that is to be kept soon: now, and not with the next look. From any thread; does not wait. */
    public void wake() {
        wanted.release();
    }

    private void save() {
        try {
            List<SavedBackend> states =
                    present.get().stream().filter(each -> !each.isPlain()).toList();
            long now = ticker.read();
            Instant at = clock.instant();
            Instant origin = at.minusNanos(now);
            boolean clockWasSet = Duration.between(writtenOrigin, origin).abs().compareTo(CLOCK_TOLERANCE) > 0;
            if (clockWasSet || !states.equals(written)) {
                byte[] text = StateJson.write(states, now, at);
                file.write(text);
                LOG.debug(
                        "{}: {} bytes, written in {} ms",
                        file,
                        text.length,
                        TimeUnit.NANOSECONDS.toMillis(ticker.read() - now));
                written = states;
                writtenOrigin = origin;
            }
            if (failing) {
                failing = false;
                LOG.info("{}: states are kept again", file);
            }
        } catch (IOException e) {
            if (!failing) {
                failing = true;
                LOG.warn("{}: cannot be written, so that a restart finds what it held before: {}", file, e.toString());
            }
        } catch (RuntimeException e) {
            LOG.error("{}: states could not be kept", file, e);
        }
    }

    /** Writes for the last time, if it was started, and lets the file go. While backends are as they are to be kept. */
    @Override
    public void close() {
        ending.countDown();
        wanted.release();
        try {
            thread.join(CLOSE_MILLIS);
            if (thread.isAlive()) {
                LOG.warn("{}: still being written after {} ms", file, CLOSE_MILLIS);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        file.close();
    }
}
