package io.breakwater.server.events;

import static java.util.concurrent.TimeUnit.MILLISECONDS;
import static java.util.concurrent.TimeUnit.NANOSECONDS;

import io.breakwater.health.BackendId;
import io.breakwater.health.breaker.BreakerConfig;
import io.breakwater.health.breaker.BreakerListener;
import io.breakwater.health.breaker.CircuitState;
import io.breakwater.health.breaker.Transition.Reason;
import io.breakwater.health.check.HealthListener;
import io.breakwater.server.config.ReloadResult;
import io.breakwater.time.Ticker;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Takes in what the circuits, the health checks, reloads and operators do: keeps the latest changes of each circuit for
 * whoever asks, logs each change of a circuit or of health once, makes incidents of the circuits' changes, and tells the
 * {@link #feed} of everything, in the order in which a circuit went through its changes. It does so on a thread of its
 * own, so that a slow log never holds up a request or a check.
 * Safe to use from any thread.
 */
public final class Events implements AutoCloseable {
    /** Of each circuit. */
    public static final int TRANSITIONS_KEPT = 20;

    static final int QUEUE_CAPACITY = 1024;

    private static final Logger LOG = LoggerFactory.getLogger(Events.class);
    private static final long CLOSE_MILLIS = 5_000;

    private final Ticker ticker;
    private final WallClock clock;
    private final Bus bus;
    private final Map<CircuitId, Followed> circuits = new ConcurrentHashMap<>();
    private final BlockingQueue<Runnable> queue = new ArrayBlockingQueue<>(QUEUE_CAPACITY);
    /** Removals for which the queue had no room. Not one is lost, or its incident would never end. */
    private final Queue<Runnable> removals = new ConcurrentLinkedQueue<>();

    private final AtomicLong dropped = new AtomicLong();
    private final Thread thread = new Thread(this::run, "events");

    // These belong to the thread.
    private final Set<Sequencer<CircuitChange>> waiting = new LinkedHashSet<>();
    private boolean ended;

    public Events(Ticker ticker, WallClock clock) {
        this.ticker = ticker;
        this.clock = clock;
        this.bus = new Bus(clock.at(ticker.read()).toEpochMilli());
        thread.setDaemon(true);
    }

    /** What happens, for readers. */
    public EventFeed feed() {
        return bus;
    }

    /** Begins to log; what was reported before is logged first. */
    public void start() {
        thread.start();
    }

    /**
     * What is kept of one circuit.
     *
     * @param outages belong to the thread
     */
    private record Followed(Journal journal, Outages outages) {}

    /**
     * Returns the listener for a new breaker. What an earlier one of the same identity did is forgotten, and its incident
     * ends, if one goes on.
     *
     * @param config what the breaker goes by now
     * @param history of the calls to its backend
     */
    public BreakerListener circuit(CircuitId circuit, Supplier<BreakerConfig> config, CallHistory history) {
        Followed followed = new Followed(new Journal(), new Outages(bus));
        Sequencer<CircuitChange> sequencer = new Sequencer<>(new Changes(followed.outages));
        Followed before = circuits.put(circuit, followed);
        if (before != null) {
            removed(before);
        }
        return transition -> {
            long atNanos = transition.atNanos();
            CircuitEvent event = CircuitEvent.of(circuit, transition, clock.at(atNanos), config.get());
            followed.journal.add(event);
            boolean restored = event.reason() == Reason.RESTORED; // before there was any call
            boolean opened = event.to() == CircuitState.OPEN && !restored;
            CircuitChange change =
                    new CircuitChange(event, atNanos, (opened ? history : CallHistory.NONE).take(atNanos));
            Runnable report = () -> sequence(sequencer, change);
            if (restored) {
                await(report);
            } else {
                report(report);
            }
        };
    }

    /**
     * Returns the listener for a new checker of this backend. What checks found out is logged; that they begin or end is
     * the doing of a reload or an operator, and is logged only if it brings an unhealthy backend back.
     */
    public HealthListener health(BackendId backend) {
        HealthChanges changes = new HealthChanges();
        return change -> {
            if (HealthEvent.isNews(change)) {
                report(() -> changes.add(new HealthEvent(backend, clock.at(change.atNanos()), change)));
            }
        };
    }

    /** A reload is over. */
    public void reloaded(ReloadResult result) {
        ReloadEvent event = new ReloadEvent(clock.at(ticker.read()), result);
        report(() -> bus.tell(event));
    }

    /** An operator has changed something; the parameters are those of {@link AdminEvent}. */
    public void administered(BackendId backend, String action, String from, String to) {
        AdminEvent event = new AdminEvent(clock.at(ticker.read()), backend, action, from, to);
        report(() -> bus.tell(event));
    }

    private void report(Runnable report) {
        if (!queue.offer(report)) {
            dropped.incrementAndGet();
        }
    }

    /** Waits for room in the queue: before the balancer serves, thousands may come at once, and hold up nobody. */
    private void await(Runnable report) {
        try {
            if (!queue.offer(report, CLOSE_MILLIS, MILLISECONDS)) {
                dropped.incrementAndGet();
            }
        } catch (InterruptedException e) {
            dropped.incrementAndGet();
            Thread.currentThread().interrupt();
        }
    }

    /** Returns the latest changes of a circuit, at most {@value #TRANSITIONS_KEPT}, the oldest first. */
    public List<CircuitEvent> transitions(CircuitId circuit) {
        Followed followed = circuits.get(circuit);
        return followed == null ? List.of() : followed.journal.read();
    }

    /** Only these circuits are there any more: what is kept of others is let go, and their incidents end. */
    public void retain(Set<CircuitId> present) {
        circuits.forEach((id, followed) -> {
            if (!present.contains(id) && circuits.remove(id, followed)) {
                removed(followed);
            }
        });
    }

    private void removed(Followed gone) {
        long nowNanos = ticker.read();
        Runnable removal = () -> gone.outages.removed(nowNanos);
        if (!queue.offer(removal)) {
            removals.add(removal);
        }
    }

    /** Logs what is left, and ends. What is reported later is kept, but not logged. */
    @Override
    public void close() {
        try {
            if (queue.offer(this::end, CLOSE_MILLIS, MILLISECONDS)) {
                thread.join(CLOSE_MILLIS);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private void run() {
        try {
            while (!ended) {
                Runnable report = next();
                if (report != null) {
                    run(report);
                }
                for (Runnable removal = removals.poll(); removal != null; removal = removals.poll()) {
                    run(removal);
                }
                long nowNanos = ticker.read();
                waiting.forEach(sequencer -> sequencer.expire(nowNanos));
                waiting.removeIf(sequencer -> !sequencer.isWaiting());
                tellOfDropped();
            }
        } catch (InterruptedException e) {
            LOG.warn("interrupted; changes of circuits and of health are not logged any more");
        }
        waiting.forEach(Sequencer::flush);
    }

    /** What goes wrong with one report is no reason to tell of no others. */
    private static void run(Runnable report) {
        try {
            report.run();
        } catch (RuntimeException e) {
            LOG.error("an event could not be told", e);
        }
    }

    /** Returns what was reported next; null when nothing came for a while, though something waits for it. */
    private @Nullable Runnable next() throws InterruptedException {
        return waiting.isEmpty() ? queue.take() : queue.poll(Sequencer.PATIENCE.toNanos(), NANOSECONDS);
    }

    private void sequence(Sequencer<CircuitChange> sequencer, CircuitChange change) {
        waiting.add(sequencer);
        sequencer.add(change, ticker.read());
    }

    private void end() {
        ended = true;
    }

    private void tellOfDropped() {
        long count = dropped.getAndSet(0);
        if (count > 0) {
            LOG.warn("{} events were neither logged nor told: the log is too slow", count);
        }
    }

    /** Tells of one backend's changes of health. They come from one thread but for rare moments, so none is waited for. */
    private final class HealthChanges {
        private long latest;

        void add(HealthEvent event) {
            long sequence = event.change().sequence();
            if (sequence < latest) {
                LOG.info("{} (reported late: change {} of this backend's health)", event, sequence);
            } else {
                latest = sequence;
                LOG.info("{}", event);
                bus.tell(event);
            }
        }
    }

    /** Tells of one circuit's changes. What comes late is logged and goes no further: nobody gets it out of order. */
    private final class Changes implements Sequencer.Output<CircuitChange> {
        private final Outages outages;

        Changes(Outages outages) {
            this.outages = outages;
        }

        @Override
        public void inOrder(CircuitChange change) {
            LOG.info("{}", change.event());
            bus.tell(change.event());
            outages.changed(change);
        }

        @Override
        public void late(CircuitChange change) {
            LOG.info("{} (reported late: change {} of this circuit)", change.event(), change.generation());
        }

        @Override
        public void missing(CircuitChange before, long first, long last) {
            LOG.warn(
                    "circuit {}: changes {} to {} were not reported in time",
                    before.event().circuit(),
                    first,
                    last);
        }
    }
}
