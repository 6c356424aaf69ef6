package io.breakwater.server.fallback.queue;

import java.io.IOException;
import java.nio.BufferUnderflowException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executor;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.LongAdder;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Requests that wait on disk until a backend may serve them, in the order in which they came. Safe to use from any thread.
 *
 * <p>All that touches the disk is done by one thread of the queue, named {@code queue-} and the directory. What waits for it
 * is done as one batch: written, forced to the disk once, and only then acknowledged. The stages that methods return
 * complete on that thread, which whoever depends on them must not block.
 *
 * <p>Requests end in order, so those that have not ended are always the last ones; see {@link SegmentLog} for what is on the
 * disk. Bodies are not kept in memory.
 */
public final class WriteQueue implements AutoCloseable {
    /** What may wait to be written, in bytes; a single request may be longer. */
    static final long MAX_UNWRITTEN = 16L << 20;

    /** How long the status of a request can be asked for after its end. */
    static final Duration KEPT = Duration.ofHours(1);

    private static final Logger LOG = LoggerFactory.getLogger(WriteQueue.class);
    private static final SecureRandom RANDOM = new SecureRandom();
    private static final long CLOSE_SECONDS = 30;

    private final Path directory;
    private final InstantSource clock;
    private final Disk disk;
    private final Executor executor;
    private final Map<String, Entry> byId = new ConcurrentHashMap<>();
    private final LongAdder full = new LongAdder();
    private final LongAdder failed = new LongAdder();
    private volatile QueueLimits limits;
    /** The first of those that wait. */
    private volatile @Nullable Entry head;

    // These belong to the queue's thread.
    private final Deque<Entry> pending = new ArrayDeque<>();
    private final Deque<Entry> ended = new ArrayDeque<>();
    private @Nullable SegmentLog log;
    private long nextSequence = 1;
    private String trouble = "";

    private final Object lock = new Object();
    // These are guarded by the lock.
    private final Map<QueueState, Long> ends = new EnumMap<>(QueueState.class);
    private List<Command<?>> commands = new ArrayList<>();
    private int count;
    private long bytes;
    private long unwritten;
    private boolean working;
    private boolean closed;

    private WriteQueue(Path directory, QueueLimits limits, InstantSource clock, Disk disk, Executor executor) {
        this.directory = directory;
        this.limits = limits;
        this.clock = clock;
        this.disk = disk;
        this.executor = executor;
    }

    /**
     * Opens the queue of a directory, which is made if it is not there, and reads what it holds: all requests that have not
     * ended wait again, in their order. Blocks meanwhile.
     *
     * @param clock the time of day; ages are by it, so that they include the time that the process was down
     * @throws QueueException if the directory cannot be used, another process uses it, or what is there is not whole
     */
    public static WriteQueue open(Path directory, QueueLimits limits, InstantSource clock) throws QueueException {
        ThreadPoolExecutor executor =
                new ThreadPoolExecutor(1, 1, 10, TimeUnit.SECONDS, new LinkedBlockingQueue<>(), task -> {
                    Thread thread = new Thread(task, "queue-" + directory);
                    thread.setDaemon(true);
                    return thread;
                });
        // So there is nothing to be shut down.
        executor.allowCoreThreadTimeOut(true);
        return open(directory, limits, clock, Disk.LOCAL, executor);
    }

    static WriteQueue open(Path directory, QueueLimits limits, InstantSource clock, Disk disk, Executor executor)
            throws QueueException {
        WriteQueue queue = new WriteQueue(directory, limits, clock, disk, executor);
        queue.load();
        return queue;
    }

    /**
     * Takes a request, if there is room for it.
     *
     * @return what completes when the request is on the disk, and fails with a {@link QueueException} if it cannot be stored;
     *     or null if it was not taken: a limit is reached, too much waits to be written, or the queue is closed. Then nothing
     *     has been done.
     */
    public @Nullable CompletionStage<Receipt> tryAppend(QueuedRequest request) {
        long size = Records.size(request);
        Append append;
        synchronized (lock) {
            QueueLimits bound = limits;
            if (closed
                    || size > Segment.MAX_RECORD
                    || count >= bound.maxCount()
                    || bytes + size > bound.maxBytes()
                    || (unwritten > 0 && unwritten + size > MAX_UNWRITTEN)) {
                full.increment();
                return null;
            }
            count++;
            bytes += size;
            unwritten += size;
            append = new Append(request, (int) size, clock.millis());
            submit(append);
        }
        return append.result;
    }

    /** Returns how a request stands, or null if none of this id waits or has ended within the last hour. */
    public @Nullable QueueStatus status(String id) {
        Entry entry = byId.get(id);
        if (entry == null || isForgotten(entry)) {
            return null;
        }
        Entry first = head;
        return entry.status(first == null ? 0 : Math.max(0, entry.key.sequence() - first.key.sequence()));
    }

    /** Returns what the queue holds now. */
    public QueueFigures figures() {
        Entry first = head;
        @Nullable
        Duration age =
                first == null ? null : Duration.ofMillis(Math.max(0, clock.millis() - first.key.receivedMillis()));
        synchronized (lock) {
            return new QueueFigures(
                    count,
                    bytes,
                    age,
                    ends.getOrDefault(QueueState.DELIVERED, 0L),
                    ends.getOrDefault(QueueState.REJECTED, 0L),
                    ends.getOrDefault(QueueState.EXPIRED, 0L),
                    ends.getOrDefault(QueueState.LOST, 0L),
                    full.sum(),
                    failed.sum());
        }
    }

    /** Sets other limits; what waits already is not dropped for its count or bytes. */
    public void reconfigure(QueueLimits changed) {
        limits = changed;
    }

    /** Writes what was taken, and lets the directory go. Nothing is taken any more. Blocks meanwhile. */
    @Override
    public void close() {
        Close close = new Close();
        synchronized (lock) {
            if (closed) {
                return;
            }
            closed = true;
            submit(close);
        }
        try {
            close.result.get(CLOSE_SECONDS, TimeUnit.SECONDS);
        } catch (ExecutionException | TimeoutException e) {
            LOG.warn("{}: not closed", directory, e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    @Override
    public String toString() {
        return directory.toString();
    }

    // What follows is for the one replayer.

    /** Ends the requests that are too old, and returns the first of those that wait, if any; it is being sent from now on. */
    CompletionStage<Optional<StoredRequest>> next() {
        CompletableFuture<Optional<StoredRequest>> next = submitted(new Next());
        return next.exceptionallyCompose(e -> e instanceof Unreadable lost
                ? submitted(new End(lost.sequence, QueueState.LOST, 0, lost.attempts))
                        .thenCompose(done -> next())
                : next);
    }

    /** The first was not sent, or in vain: it waits again. */
    CompletionStage<Void> waitsAgain(StoredRequest request, boolean sent) {
        return submitted(new Attempt(request.sequence(), request.attempts() + (sent ? 1 : 0), sent));
    }

    /** The first has ended; this is on the disk when the stage completes. */
    CompletionStage<Void> end(StoredRequest request, QueueState state, int status) {
        return submitted(new End(request.sequence(), state, status, request.attempts() + 1));
    }

    // What follows is done by the queue's thread; by the opening one before there is any.

    private void load() throws QueueException {
        log = SegmentLog.open(directory, disk, this::replay);
        head = pending.peekFirst();
        try {
            tidy();
        } catch (IOException e) {
            log().close();
            throw new QueueException(directory + ": " + e + " (expected: a directory that can be written)", e);
        }
        if (count > 0) {
            LOG.info("{}: {} requests wait, {} bytes", directory, count, bytes);
        }
    }

    private void replay(Segment segment, int at, byte type, ByteBuffer payload) throws QueueException {
        int size = Segment.RECORD_HEADER + payload.remaining();
        try {
            switch (type) {
                case Records.REQUEST -> {
                    Records.Key key = Records.key(payload);
                    require(key.sequence() >= nextSequence, segment, at);
                    nextSequence = key.sequence() + 1;
                    add(new Entry(key, size, segment, at, Entry.waiting(0)));
                    count++;
                    bytes += size;
                }
                case Records.ATTEMPT -> {
                    Entry first = pending.peekFirst();
                    if (first != null && first.key.sequence() == payload.getLong()) {
                        first.progress(Entry.waiting(payload.getInt()));
                    }
                }
                case Records.END -> {
                    Records.Key key = Records.key(payload);
                    Entry.Progress progress = Records.end(payload);
                    nextSequence = Math.max(nextSequence, key.sequence() + 1);
                    Entry first = pending.peekFirst();
                    Entry known = byId.get(key.id());
                    if (first != null && first.key.sequence() == key.sequence()) {
                        count--;
                        bytes -= first.bytes;
                        endFirst(progress, segment);
                    } else if (known != null && known.progress().state().isEnd()) {
                        // A copy that was made because the segment of the other was about to go.
                        known.segment = segment;
                    } else {
                        // Its request stood in a segment that is gone.
                        require(known == null, segment, at);
                        Entry gone = new Entry(key, 0, segment, 0, progress);
                        byId.put(key.id(), gone);
                        ended.add(gone);
                    }
                }
                default -> require(false, segment, at);
            }
        } catch (BufferUnderflowException | IllegalArgumentException e) {
            throw new QueueException(segment + ": unknown record at byte " + at, e);
        }
    }

    private static void require(boolean condition, Segment segment, int at) throws QueueException {
        if (!condition) {
            throw new QueueException(segment + ": record at byte " + at + " does not belong there"
                    + " (expected: segments of one queue, none from elsewhere)");
        }
    }

    private <T> CompletableFuture<T> submitted(Command<T> command) {
        synchronized (lock) {
            if (closed) {
                return CompletableFuture.failedFuture(new QueueException(directory + ": is closed"));
            }
            submit(command);
        }
        return command.result;
    }

    /** Call with the lock held. */
    private void submit(Command<?> command) {
        commands.add(command);
        if (!working) {
            working = true;
            executor.execute(this::work);
        }
    }

    private void work() {
        while (true) {
            List<Command<?>> batch;
            synchronized (lock) {
                if (commands.isEmpty()) {
                    working = false;
                    return;
                }
                batch = commands;
                commands = new ArrayList<>();
            }
            process(batch);
        }
    }

    private void process(List<Command<?>> batch) {
        long firstSequence = nextSequence;
        try {
            log().begin(segmentBytes());
            for (Command<?> each : batch) {
                each.write();
            }
            log().commit();
        } catch (Throwable e) {
            log().rollback();
            nextSequence = firstSequence;
            complain(e);
            QueueException error = new QueueException(directory + ": not stored: " + e.getMessage(), e);
            batch.forEach(each -> each.fail(error));
            return;
        }
        batch.forEach(Command::apply);
        try {
            tidy();
            if (!trouble.isEmpty()) {
                trouble = "";
                LOG.info("{}: can be written again", directory);
            }
        } catch (IOException e) {
            log().rollback();
            complain(e);
        }
    }

    /** Logs what goes wrong, once as long as it is the same. */
    private void complain(Throwable e) {
        String text = String.valueOf(e);
        if (!text.equals(trouble)) {
            trouble = text;
            LOG.warn("{}: cannot be written; what was acknowledged is safe, and nothing else is", directory, e);
        }
    }

    private void add(Entry entry) {
        pending.add(entry);
        entry.segment.pending++;
        byId.put(entry.key.id(), entry);
    }

    private void endFirst(Entry.Progress progress, Segment recorded) {
        Entry entry = pending.removeFirst();
        entry.segment.pending--;
        entry.segment = recorded;
        entry.progress(progress);
        ended.add(entry);
    }

    /** Forgets what ended long ago, and deletes segments all of whose requests have ended. */
    private void tidy() throws IOException {
        long remembered = Math.min(limits.maxCount(), segmentBytes() / 4 / Records.END_BYTES);
        for (Entry each = ended.peekFirst();
                each != null && (ended.size() > remembered || isForgotten(each));
                each = ended.peekFirst()) {
            byId.remove(each.key.id());
            ended.removeFirst();
        }
        for (Segment oldest = log().oldest();
                oldest != log().active() && oldest.pending == 0;
                oldest = log().oldest()) {
            // Ends that are still asked for move on before their segment goes.
            List<Entry> carried = new ArrayList<>();
            for (Entry each : ended) {
                if (each.segment == oldest) {
                    log().active().append(Records.END, Records.end(each.key, each.progress()));
                    carried.add(each);
                }
            }
            log().commit();
            carried.forEach(each -> each.segment = log().active());
            log().deleteOldest();
        }
    }

    private boolean isForgotten(Entry entry) {
        Entry.Progress progress = entry.progress();
        return progress.state().isEnd() && clock.millis() - progress.endedMillis() >= KEPT.toMillis();
    }

    private long segmentBytes() {
        return Math.min(Math.max(limits.maxBytes() / 16, 1L << 20), 64L << 20);
    }

    private SegmentLog log() {
        return Objects.requireNonNull(log);
    }

    /** Something that the queue's thread does in a batch. */
    private abstract static class Command<T> {
        final CompletableFuture<T> result = new CompletableFuture<>();

        /** Appends to the log; nothing else changes before that is on the disk. */
        abstract void write() throws IOException;

        /** What was written is on the disk. */
        abstract T applied() throws IOException;

        void fail(QueueException error) {
            result.completeExceptionally(error);
        }

        final void apply() {
            T value;
            try {
                value = applied();
            } catch (Throwable e) {
                result.completeExceptionally(e);
                return;
            }
            result.complete(value);
        }
    }

    private final class Append extends Command<Receipt> {
        private final QueuedRequest request;
        private final int size;
        private final long receivedMillis;
        private @Nullable Entry entry;

        Append(QueuedRequest request, int size, long receivedMillis) {
            this.request = request;
            this.size = size;
            this.receivedMillis = receivedMillis;
        }

        @Override
        void write() throws IOException {
            byte[] id = new byte[Records.ID_BYTES];
            RANDOM.nextBytes(id);
            Records.Key key = new Records.Key(nextSequence, receivedMillis, Records.id(id));
            Segment segment = log().active();
            int at = segment.append(Records.REQUEST, Records.request(key, request, size));
            entry = new Entry(key, size, segment, at, Entry.waiting(0));
            nextSequence++;
        }

        @Override
        Receipt applied() {
            Entry stored = Objects.requireNonNull(entry);
            add(stored);
            head = pending.peekFirst();
            synchronized (lock) {
                unwritten -= size;
            }
            Records.Key key = stored.key;
            return new Receipt(
                    key.id(), key.sequence(), Instant.ofEpochMilli(key.receivedMillis()), request.idempotencyKey());
        }

        @Override
        void fail(QueueException error) {
            synchronized (lock) {
                unwritten -= size;
                bytes -= size;
                count--;
            }
            failed.increment();
            super.fail(error);
        }
    }

    private final class Next extends Command<Optional<StoredRequest>> {
        private final List<Entry.Progress> expired = new ArrayList<>();

        @Override
        void write() throws IOException {
            long now = clock.millis();
            for (Entry each : pending) {
                if (now - each.key.receivedMillis() < limits.maxAge().toMillis()) {
                    break;
                }
                Entry.Progress end =
                        new Entry.Progress(QueueState.EXPIRED, each.progress().attempts(), 0, now);
                log().active().append(Records.END, Records.end(each.key, end));
                expired.add(end);
            }
        }

        @Override
        Optional<StoredRequest> applied() throws IOException {
            expired.forEach(WriteQueue.this::end);
            if (!expired.isEmpty()) {
                LOG.warn(
                        "{}: {} requests were not delivered within {} and will not be; {} wait",
                        directory,
                        expired.size(),
                        limits.maxAge(),
                        pending.size());
            }
            Entry first = pending.peekFirst();
            if (first == null) {
                return Optional.empty();
            }
            int attempts = first.progress().attempts();
            ByteBuffer record = first.segment.read(first.at);
            if (record == null) {
                LOG.error("{}: request {} at byte {} is damaged and is lost", first.segment, first.key.id(), first.at);
                throw new Unreadable(first.key.sequence(), attempts);
            }
            Records.Key key = Records.key(record);
            first.progress(Entry.sending(attempts));
            return Optional.of(new StoredRequest(
                    key.id(),
                    key.sequence(),
                    Instant.ofEpochMilli(key.receivedMillis()),
                    attempts,
                    Records.request(record)));
        }
    }

    /** The request that comes first does not stand on the disk as it was stored. */
    private static final class Unreadable extends IOException {
        private static final long serialVersionUID = 1L;

        private final long sequence;
        private final int attempts;

        Unreadable(long sequence, int attempts) {
            this.sequence = sequence;
            this.attempts = attempts;
        }
    }

    private final class Attempt extends Command<Void> {
        private final long sequence;
        private final int attempts;
        private final boolean sent;

        Attempt(long sequence, int attempts, boolean sent) {
            this.sequence = sequence;
            this.attempts = attempts;
            this.sent = sent;
        }

        @Override
        void write() throws IOException {
            if (sent) {
                log().active().append(Records.ATTEMPT, Records.attempt(sequence, attempts));
            }
        }

        @Override
        Void applied() {
            first(sequence).progress(Entry.waiting(attempts));
            return null;
        }
    }

    private final class End extends Command<Void> {
        private final long sequence;
        private final QueueState state;
        private final int status;
        private final int attempts;
        private Entry.@Nullable Progress end;

        End(long sequence, QueueState state, int status, int attempts) {
            this.sequence = sequence;
            this.state = state;
            this.status = status;
            this.attempts = attempts;
        }

        @Override
        void write() throws IOException {
            end = new Entry.Progress(state, attempts, status, clock.millis());
            log().active().append(Records.END, Records.end(first(sequence).key, end));
        }

        @Override
        Void applied() {
            end(Objects.requireNonNull(end));
            return null;
        }
    }

    private Entry first(long sequence) {
        Entry first = pending.peekFirst();
        if (first == null || first.key.sequence() != sequence) {
            throw new IllegalStateException(
                    sequence + " is not the first (expected: one replayer, one request at a time)");
        }
        return first;
    }

    private void end(Entry.Progress progress) {
        Entry first = pending.getFirst();
        endFirst(progress, log().active());
        head = pending.peekFirst();
        synchronized (lock) {
            count--;
            bytes -= first.bytes;
            ends.merge(progress.state(), 1L, Long::sum);
        }
    }

    private final class Close extends Command<Void> {
        @Override
        void write() {}

        @Override
        Void applied() {
            log().close();
            return null;
        }
    }
}
