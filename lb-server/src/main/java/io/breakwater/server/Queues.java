package io.breakwater.server;

import static java.util.Objects.requireNonNull;

import io.breakwater.metrics.ProxyRecorder;
import io.breakwater.metrics.QueueContents;
import io.breakwater.server.config.FallbackConfig;
import io.breakwater.server.config.LbConfig;
import io.breakwater.server.fallback.queue.QueueException;
import io.breakwater.server.fallback.queue.QueueFigures;
import io.breakwater.server.fallback.queue.QueueLimits;
import io.breakwater.server.fallback.queue.Replayer;
import io.breakwater.server.fallback.queue.Sender;
import io.breakwater.server.fallback.queue.WriteQueue;
import io.breakwater.time.Scheduler;
import io.breakwater.time.Ticker;
import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The queues of writes, one for each directory, each with its replayer. A queue that was opened stays open, and what is in
 * it goes on to be replayed, until the end: also if no route has it any more. Safe from any thread.
 */
final class Queues implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(Queues.class);
    /** How long the requests that are being sent at the end are waited for. */
    private static final long STOP_SECONDS = 5;

    private final Scheduler scheduler;
    private final Ticker ticker;
    private final InstantSource clock;
    private final ProxyRecorder recorder;
    /** By directory. Never written to: replaced. */
    private volatile Map<Path, Open> open = Map.of();

    private @Nullable Sender sender;

    /**
     * @param scheduler of the replayers
     * @param ticker the one that the scheduler lives by
     */
    Queues(Scheduler scheduler, Ticker ticker, InstantSource clock, ProxyRecorder recorder) {
        this.scheduler = scheduler;
        this.ticker = ticker;
        this.clock = clock;
        this.recorder = recorder;
    }

    /**
     * Opens the queues of this configuration that are not open yet; blocks meanwhile.
     *
     * @throws QueueException if one cannot be opened; nothing has changed then
     */
    synchronized void open(LbConfig config) throws QueueException {
        Map<Path, Open> opened = new LinkedHashMap<>(open);
        Map<String, WriteQueue> added = new LinkedHashMap<>();
        try {
            for (FallbackConfig.Queue each : of(config).toList()) {
                Path directory = each.directory();
                if (!opened.containsKey(directory)) {
                    WriteQueue queue = WriteQueue.open(directory, limits(each), clock);
                    opened.put(directory, new Open(queue));
                    added.put(each.dir(), queue);
                }
            }
        } catch (QueueException e) {
            opened.keySet().removeAll(open.keySet());
            opened.values().forEach(each -> each.queue.close());
            throw e;
        }
        open = opened;
        added.forEach((dir, queue) -> recorder.queue(dir, () -> contents(queue.figures())));
    }

    private static QueueContents contents(QueueFigures figures) {
        Duration age = figures.oldestAge();
        return new QueueContents(
                figures.pending(),
                figures.bytes(),
                age == null ? 0 : age.toMillis() * 1e-3,
                figures.delivered(),
                figures.rejected(),
                figures.expired(),
                figures.lost(),
                figures.full(),
                figures.failed());
    }

    /** Goes by the settings of this configuration, which was opened, and replays by its routes from now on. */
    synchronized void reconfigure(LbConfig config) {
        of(config).forEach(each -> of(each).reconfigure(limits(each)));
        replay();
        wake();
    }

    /** Begins to replay. */
    synchronized void start(Sender through) {
        sender = through;
        replay();
    }

    private void replay() {
        Sender through = sender;
        if (through != null) {
            open.values().forEach(each -> each.start(through));
        }
    }

    /** Returns the queue of a fallback, which was opened. */
    WriteQueue of(FallbackConfig.Queue settings) {
        return requireNonNull(open.get(settings.directory()), settings.dir()).queue;
    }

    /** A backend may be able to serve again. */
    void wake() {
        open.values().forEach(Open::wake);
    }

    /** Waits a little for what is being sent, and lets the directories go. While the event loops are there. */
    @Override
    public synchronized void close() {
        List<CompletableFuture<Void>> stopping =
                open.values().stream().map(Open::stop).toList();
        try {
            CompletableFuture.allOf(stopping.toArray(CompletableFuture[]::new)).get(STOP_SECONDS, TimeUnit.SECONDS);
        } catch (TimeoutException e) {
            LOG.warn("a queued request was still being sent after {} s; it will be sent again", STOP_SECONDS);
        } catch (ExecutionException e) {
            LOG.warn("a replayer did not stop", e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        open.values().forEach(each -> each.queue.close());
        open = Map.of();
    }

    private static Stream<FallbackConfig.Queue> of(LbConfig config) {
        return config.routes().stream()
                .flatMap(route -> route.fallback().stream())
                .filter(FallbackConfig.Queue.class::isInstance)
                .map(FallbackConfig.Queue.class::cast);
    }

    private static QueueLimits limits(FallbackConfig.Queue settings) {
        return new QueueLimits(settings.maxCount(), settings.maxBytes(), settings.maxAge());
    }

    /** One queue. */
    private final class Open {
        private final WriteQueue queue;
        private volatile @Nullable Replayer replayer;

        Open(WriteQueue queue) {
            this.queue = queue;
        }

        void start(Sender through) {
            if (replayer == null) {
                Replayer made = new Replayer(queue, through, scheduler, ticker);
                replayer = made;
                made.start();
            }
        }

        void wake() {
            Replayer present = replayer;
            if (present != null) {
                present.wake();
            }
        }

        CompletableFuture<Void> stop() {
            Replayer present = replayer;
            return present == null
                    ? CompletableFuture.completedFuture(null)
                    : present.stop().toCompletableFuture();
        }
    }
}
