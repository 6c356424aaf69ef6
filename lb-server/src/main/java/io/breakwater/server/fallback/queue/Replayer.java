package io.breakwater.server.fallback.queue;

import io.breakwater.time.Cancellable;
import io.breakwater.time.Scheduler;
import io.breakwater.time.Ticker;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Sends the requests of one queue, one at a time and in their order, and records what came of each before it takes the next.
 * So a request is sent twice only if a crash, or the end of the process, comes between the two; then with the same idempotency
 * key. Its methods may be called from any thread; all else happens on the scheduler's.
 *
 * <pre>
 *          look, wake            there is one             delivered or rejected
 * RESTING ------------> READING -------------> SENDING -----------------------> RECORDING --> READING
 *    ^                     |                      |                                 |
 *    +---- none waits -----+                      | in vain                         | the disk refuses
 *    +------------- 1 s, 2 s, ... 30 s -----------+                                 +--> again, 1 s, 2 s, ... 30 s
 * </pre>
 */
public final class Replayer {
    /** How long after a vain attempt, or a look at an empty queue, the next one is made; doubled with each in a row. */
    static final long FIRST_PAUSE_NANOS = 1_000_000_000L;

    static final long LONGEST_PAUSE_NANOS = 30_000_000_000L;

    private static final Logger LOG = LoggerFactory.getLogger(Replayer.class);

    private final WriteQueue queue;
    private final Sender sender;
    private final Scheduler scheduler;
    private final Ticker ticker;
    private final CompletableFuture<Void> stopped = new CompletableFuture<>();

    // These belong to the scheduler's thread.
    private boolean resting = true;
    private boolean stopping;
    private int vain;
    private long restingSince;
    private @Nullable Cancellable nextLook;

    /**
     * @param ticker the one that the scheduler lives by
     */
    public Replayer(WriteQueue queue, Sender sender, Scheduler scheduler, Ticker ticker) {
        this.queue = queue;
        this.sender = sender;
        this.scheduler = scheduler;
        this.ticker = ticker;
    }

    /** Begins to look whether something waits. */
    public void start() {
        soon(this::look);
    }

    /**
     * The pool may be able to serve: a circuit closed, say. What waits is tried now, but not within a second of the last vain
     * attempt.
     */
    public void wake() {
        soon(() -> {
            if (resting && !stopping) {
                vain = 0;
                lookAt(restingSince + FIRST_PAUSE_NANOS);
            }
        });
    }

    /**
     * Takes no further request.
     *
     * @return what completes when the one that is being sent, if any, is recorded. After that the queue may be closed.
     */
    public CompletionStage<Void> stop() {
        soon(() -> {
            stopping = true;
            if (resting) {
                stopped.complete(null);
            }
        });
        return stopped;
    }

    private void look() {
        if (stopping || !resting) {
            return;
        }
        resting = false;
        then(queue.next(), this::send, this::pause);
    }

    private void send(Optional<StoredRequest> next) {
        if (next.isEmpty()) {
            vain = 0;
            rest(FIRST_PAUSE_NANOS);
            return;
        }
        StoredRequest request = next.get();
        if (stopping) {
            wait(request, false);
            return;
        }
        CompletionStage<SendResult> sent;
        try {
            sent = sender.send(request);
        } catch (RuntimeException e) {
            sent = CompletableFuture.failedFuture(e);
        }
        then(sent, result -> judge(request, result), () -> wait(request, true));
    }

    private void judge(StoredRequest request, SendResult result) {
        switch (result.kind()) {
            case DELIVERED -> record(request, QueueState.DELIVERED, result.status());
            case REJECTED -> {
                LOG.warn("{}: {} {} was refused with {}", queue, request.request(), request.id(), result.status());
                record(request, QueueState.REJECTED, result.status());
            }
            case FAILED -> wait(request, true);
            case UNAVAILABLE -> wait(request, false);
        }
    }

    private void wait(StoredRequest request, boolean sent) {
        then(queue.waitsAgain(request, sent), done -> pause(), this::pause);
    }

    private void record(StoredRequest request, QueueState state, int status) {
        then(
                queue.end(request, state, status),
                done -> {
                    vain = 0;
                    resting = true;
                    if (stopping) {
                        stopped.complete(null);
                    }
                    look();
                },
                () -> {
                    // It must not be sent again, only because that it was sent cannot be written.
                    if (stopping) {
                        stopped.complete(null);
                    } else {
                        scheduler.schedule(ticker.read() + nextPause(), () -> record(request, state, status));
                    }
                });
    }

    private void pause() {
        rest(nextPause());
    }

    private void rest(long nanos) {
        resting = true;
        restingSince = ticker.read();
        if (stopping) {
            stopped.complete(null);
        } else {
            lookAt(restingSince + nanos);
        }
    }

    private void lookAt(long nanos) {
        if (nextLook != null) {
            nextLook.cancel();
        }
        nextLook = scheduler.schedule(nanos, this::look);
    }

    private long nextPause() {
        long pause = FIRST_PAUSE_NANOS << Math.min(vain, 5);
        vain++;
        return Math.min(pause, LONGEST_PAUSE_NANOS);
    }

    private <T> void then(CompletionStage<T> stage, Consumer<T> done, Runnable failed) {
        stage.whenComplete((value, error) -> soon(() -> {
            if (error == null) {
                done.accept(value);
            } else {
                LOG.warn("{}: goes on later", queue, error);
                failed.run();
            }
        }));
    }

    private void soon(Runnable task) {
        scheduler.schedule(ticker.read(), task);
    }
}
