package io.breakwater.server.events;

import static java.util.concurrent.TimeUnit.MILLISECONDS;
import static java.util.concurrent.TimeUnit.NANOSECONDS;

import io.breakwater.health.BackendId;
import io.breakwater.health.breaker.BreakerConfig;
import io.breakwater.health.breaker.BreakerListener;
import io.breakwater.health.check.HealthListener;
import io.breakwater.time.Ticker;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Takes in what the circuits and the health checks report: keeps the latest changes of each circuit for whoever asks, and
 * logs each change once, in the order in which the circuit went through them, on a thread of its own, so that a slow log
 * never holds up a request or a check.
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
    private final Map<CircuitId, Journal> journals = new ConcurrentHashMap<>();
    private final BlockingQueue<Runnable> queue = new ArrayBlockingQueue<>(QUEUE_CAPACITY);
    private final AtomicLong dropped = new AtomicLong();
    private final Thread thread = new Thread(this::run, "events");

    // These belong to the thread.
    private final Set<Sequencer> waiting = new LinkedHashSet<>();
    private boolean ended;

    public Events(Ticker ticker, WallClock clock) {
        this.ticker = ticker;
        this.clock = clock;
        thread.setDaemon(true);
    }

    /** Begins to log; what was reported before is logged first. */
    public void start() {
        thread.start();
    }

    /**
     * Returns the listener for a new breaker. What an earlier one of the same identity did is forgotten.
     *
     * @param config what the breaker goes by now
     */
    public BreakerListener circuit(CircuitId circuit, Supplier<BreakerConfig> config) {
        Journal journal = new Journal();
        Sequencer sequencer = new Sequencer(new Log());
        journals.put(circuit, journal);
        return transition -> {
            CircuitEvent event = CircuitEvent.of(circuit, transition, clock.at(transition.atNanos()), config.get());
            journal.add(event);
            if (!queue.offer(() -> sequence(sequencer, event))) {
                dropped.incrementAndGet();
            }
        };
    }

    /**
     * Returns the listener for a new checker of this backend. What checks found out is logged; that they begin or end is
     * the doing of a reload or an operator, and is logged only if it brings an unhealthy backend back.
     */
    public HealthListener health(BackendId backend) {
        HealthLog log = new HealthLog();
        return change -> {
            if (HealthEvent.isNews(change) && !queue.offer(() -> log.add(new HealthEvent(backend, change)))) {
                dropped.incrementAndGet();
            }
        };
    }

    /** Returns the latest changes of a circuit, at most {@value #TRANSITIONS_KEPT}, the oldest first. */
    public List<CircuitEvent> transitions(CircuitId circuit) {
        Journal journal = journals.get(circuit);
        return journal == null ? List.of() : journal.read();
    }

    /** Only these circuits are there any more: what is kept of others is let go. */
    public void retain(Set<CircuitId> present) {
        journals.keySet().retainAll(present);
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
                    report.run();
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

    /** Returns what was reported next; null when nothing came for a while, though something waits for it. */
    private @Nullable Runnable next() throws InterruptedException {
        return waiting.isEmpty() ? queue.take() : queue.poll(Sequencer.PATIENCE.toNanos(), NANOSECONDS);
    }

    private void sequence(Sequencer sequencer, CircuitEvent event) {
        waiting.add(sequencer);
        sequencer.add(event, ticker.read());
    }

    private void end() {
        ended = true;
    }

    private void tellOfDropped() {
        long count = dropped.getAndSet(0);
        if (count > 0) {
            LOG.warn("{} changes of circuits or of health were not logged: the log is too slow", count);
        }
    }

    /** Logs one backend's changes of health. They come from one thread but for rare moments, so none is waited for. */
    private static final class HealthLog {
        private long latest;

        void add(HealthEvent event) {
            long sequence = event.change().sequence();
            if (sequence < latest) {
                LOG.info("{} (reported late: change {} of this backend's health)", event, sequence);
            } else {
                latest = sequence;
                LOG.info("{}", event);
            }
        }
    }

    /** Logs one circuit's changes. */
    private static final class Log implements Sequencer.Output {

        @Override
        public void inOrder(CircuitEvent event) {
            LOG.info("{}", event);
        }

        @Override
        public void late(CircuitEvent event) {
            LOG.info("{} (reported late: change {} of this circuit)", event, event.generation());
        }

        @Override
        public void missing(CircuitEvent before, long first, long last) {
            LOG.warn("circuit {}: changes {} to {} were not reported in time", before.circuit(), first, last);
        }
    }
}
