package io.breakwater.server.fallback.queue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.Queue;
import java.util.Random;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/** Queues whose thread is the test's, on a clock that stands still. */
final class QueueFixture implements AutoCloseable {
    static final QueueLimits LIMITS = new QueueLimits(1000, 16 << 20, Duration.ofHours(24));

    final Path directory;
    final FaultyDisk disk = new FaultyDisk();
    private final List<WriteQueue> opened = new ArrayList<>();
    private final List<Stepped> threads = new ArrayList<>();
    private Instant now = Instant.parse("2026-03-01T12:00:00Z");
    final InstantSource clock = () -> now;

    QueueFixture(Path directory) {
        this.directory = directory;
    }

    void passes(Duration time) {
        now = now.plus(time);
    }

    /** Returns an executor for one queue, whose thread then works only when a test says so. */
    Stepped stepped() {
        Stepped thread = new Stepped();
        threads.add(thread);
        return thread;
    }

    WriteQueue open() throws QueueException {
        return open(LIMITS);
    }

    WriteQueue open(QueueLimits limits) throws QueueException {
        return open(directory, limits, Runnable::run);
    }

    WriteQueue open(Path where, QueueLimits limits, Executor executor) throws QueueException {
        WriteQueue queue = WriteQueue.open(where, limits, clock, disk, executor);
        opened.add(queue);
        return queue;
    }

    @Override
    public void close() {
        disk.truncateFails = false;
        threads.forEach(Stepped::letGo);
        opened.forEach(WriteQueue::close);
    }

    /** A copy of the directory as it is now, which is what a crash of the process would leave. */
    Path copy(Path into) throws IOException {
        Files.createDirectories(into);
        for (Path each : segments()) {
            Files.copy(each, into.resolve(each.getFileName()));
        }
        return into;
    }

    List<Path> segments() throws IOException {
        return segments(directory);
    }

    static List<Path> segments(Path directory) throws IOException {
        try (Stream<Path> files = Files.list(directory)) {
            return files.filter(each -> each.toString().endsWith(".segment"))
                    .sorted()
                    .toList();
        }
    }

    static QueuedRequest request(String target) {
        return request(target, new byte[0]);
    }

    static QueuedRequest request(String target, byte[] body) {
        return QueuedRequest.of("orders", "POST", target, List.of(new Field("Host", "shop.example")), body);
    }

    static byte[] bytes(long seed, int length) {
        byte[] bytes = new byte[length];
        new Random(seed).nextBytes(bytes);
        return bytes;
    }

    /** Appends, and returns the acknowledgement, for which it waits. */
    static Receipt stored(WriteQueue queue, QueuedRequest request) throws Exception {
        return done(Objects.requireNonNull(queue.tryAppend(request), "not taken"));
    }

    static Receipt stored(WriteQueue queue, String target) throws Exception {
        return stored(queue, request(target));
    }

    static <T> T done(CompletionStage<T> stage) throws Exception {
        return stage.toCompletableFuture().get(30, TimeUnit.SECONDS);
    }

    static StoredRequest next(WriteQueue queue) throws Exception {
        return done(queue.next()).orElseThrow();
    }

    static QueueStatus status(WriteQueue queue, Receipt receipt) {
        return Objects.requireNonNull(queue.status(receipt.id()), "no status");
    }

    /** Delivers the first, and returns its target. */
    static String deliver(WriteQueue queue) throws Exception {
        StoredRequest first = next(queue);
        done(queue.end(first, QueueState.DELIVERED, 201));
        return first.request().target();
    }

    /** Delivers all that wait, and returns them in their order. */
    static List<StoredRequest> drain(WriteQueue queue) throws Exception {
        List<StoredRequest> all = new ArrayList<>();
        for (Optional<StoredRequest> each = done(queue.next()); each.isPresent(); each = done(queue.next())) {
            all.add(each.get());
            done(queue.end(each.get(), QueueState.DELIVERED, 200));
        }
        return all;
    }

    static List<String> targets(List<StoredRequest> all) {
        return all.stream().map(each -> each.request().target()).toList();
    }

    /** An executor that lets a test decide when the queue's thread works. */
    static final class Stepped implements Executor {
        private final Queue<Runnable> tasks = new ArrayDeque<>();
        private boolean free;

        @Override
        public void execute(Runnable task) {
            tasks.add(task);
            if (free) {
                run();
            }
        }

        /** From now on it works at once. */
        void letGo() {
            free = true;
            run();
        }

        void run() {
            for (Runnable each = tasks.poll(); each != null; each = tasks.poll()) {
                each.run();
            }
        }
    }
}
