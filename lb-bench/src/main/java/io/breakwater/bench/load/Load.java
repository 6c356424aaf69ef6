package io.breakwater.bench.load;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.SocketChannel;
import java.util.ArrayDeque;
import java.util.Objects;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import org.HdrHistogram.Histogram;
import org.jspecify.annotations.Nullable;

/**
 * One run: connections that are kept, and the requests of a plan, each sent over the one that has been free for longest. All of
 * it happens on the thread that calls {@link #run}.
 *
 * <p>A selector waits for whole milliseconds only, and a thread that sleeps for microseconds is late by twenty and more, as is the
 * answer that comes meanwhile. So when a moment is near, this polls, and yields to the system's scheduler after each time: a
 * server on the same core runs whenever it has something to do, and the generator takes what it leaves. The whole core looks
 * busy for that. When no moment is near, or no connection is free, the selector waits.
 */
final class Load {

    /** From here on the selector waits: so long that it is back, whole milliseconds later, before the moment. */
    private static final long SELECT_NANOS = TimeUnit.MILLISECONDS.toNanos(2);

    private static final long PATIENCE_NANOS = TimeUnit.SECONDS.toNanos(2);
    private static final long OPEN_NANOS = TimeUnit.SECONDS.toNanos(10);

    /** Opened at a time before the start, so that no listener's backlog overflows. */
    private static final int OPENING = 64;

    private static final int SIGNIFICANT_DIGITS = 3;
    private static final int STATUSES = 1_000;

    /**
     * What came of the requests that were planned after the warm-up.
     *
     * @param planned how many there were, each either completed or an error
     * @param failures what became of those that have no whole answer, and of how many
     * @param perSecond answers per second up to the end of the plan, or up to the last answer if that was later
     * @param latency from the planned moment to the end of the answer, in nanoseconds
     * @param late from the planned moment to the sending, in nanoseconds, where a connection was free at that moment
     */
    record Result(
            long planned,
            long completed,
            SortedMap<Integer, Long> statuses,
            SortedMap<String, Long> failures,
            double perSecond,
            Histogram latency,
            Histogram late) {}

    private final InetSocketAddress address;
    private final ByteBuffer request;
    private final Plan plan;
    private final long warmUpNanos;
    private final long endNanos;
    private final Selector selector;
    private final Connection[] connections;
    private final ArrayDeque<Connection> free = new ArrayDeque<>();
    private final ByteBuffer in = ByteBuffer.allocateDirect(64 * 1024);

    private final Histogram latency;
    private final Histogram late;
    private final long[] statuses = new long[STATUSES];
    private final SortedMap<String, Long> failures = new TreeMap<>();
    private long planned;
    private long completed;
    private long lastNanos;

    private long startNanos;
    private int busy;
    private int opening;
    private @Nullable IOException notOpened;
    private boolean sending;

    /**
     * @param head whether the request is a HEAD
     * @param warmUpNanos how long the requests at the beginning of the plan are not counted
     * @param endNanos the end of the plan
     */
    Load(
            InetSocketAddress address,
            byte[] request,
            boolean head,
            int connections,
            Plan plan,
            long warmUpNanos,
            long endNanos)
            throws IOException {
        this.address = address;
        this.request = ByteBuffer.allocateDirect(request.length).put(request).flip();
        this.plan = plan;
        this.warmUpNanos = warmUpNanos;
        this.endNanos = endNanos;
        this.selector = Selector.open();
        this.connections = new Connection[connections];
        for (int i = 0; i < connections; i++) {
            this.connections[i] = new Connection(new ResponseParser(head));
        }
        long longest = endNanos + 2 * PATIENCE_NANOS;
        this.latency = new Histogram(1, longest, SIGNIFICANT_DIGITS);
        this.late = new Histogram(1, longest, SIGNIFICANT_DIGITS);
    }

    /**
     * Opens the connections, goes through the plan and closes them. Once only.
     *
     * @throws IOException if a connection cannot be opened before the plan begins; afterwards that is a failed request
     */
    Result run() throws IOException {
        try {
            openAll();
            startNanos = System.nanoTime();
            lastNanos = startNanos + endNanos;
            long giveUpNanos = startNanos + endNanos + PATIENCE_NANOS;
            long now = startNanos;
            while ((plan.hasNext() || busy > 0) && now - giveUpNanos < 0) {
                int ready = selector.selectNow(this::ready);
                now = System.nanoTime();
                sendDue(now);
                if (ready == 0) {
                    await(now, giveUpNanos);
                }
            }
            return result();
        } finally {
            for (Connection each : connections) {
                each.drop();
            }
            selector.close();
        }
    }

    private void openAll() throws IOException {
        long giveUpNanos = System.nanoTime() + OPEN_NANOS;
        for (int next = 0; free.size() < connections.length; ) {
            for (; opening < OPENING && next < connections.length; next++) {
                opening++;
                connections[next].open();
            }
            selector.select(this::ready, 1);
            if (notOpened != null) {
                throw notOpened;
            }
            if (System.nanoTime() - giveUpNanos >= 0) {
                throw new IOException("%d of %d connections opened in 10 s (expected: all)"
                        .formatted(free.size(), connections.length));
            }
        }
    }

    // What a server on the same core needs is all that it relies on the scheduler for.
    @SuppressWarnings("ThreadPriorityCheck")
    private void await(long now, long giveUpNanos) throws IOException {
        long left = giveUpNanos - now;
        if (plan.hasNext() && !free.isEmpty()) {
            left = Math.min(left, startNanos + plan.next() - System.nanoTime());
        }
        if (left >= SELECT_NANOS) {
            selector.select(this::ready, TimeUnit.NANOSECONDS.toMillis(left) - 1);
        } else if (left > 0) {
            Thread.yield();
        }
    }

    /** Sends what was planned until now, as long as connections are free; the rest stays in line. */
    private void sendDue(long now) {
        if (sending) {
            return;
        }
        sending = true;
        while (plan.hasNext() && startNanos + plan.next() - now <= 0) {
            Connection connection = free.poll();
            if (connection == null) {
                break;
            }
            long next = plan.next();
            boolean counted = next >= warmUpNanos;
            plan.take();
            planned += counted ? 1 : 0;
            connection.begin(startNanos + next, counted);
        }
        sending = false;
    }

    private void ready(SelectionKey key) {
        ((Connection) key.attachment()).ready(key);
    }

    private Result result() {
        long sent = failures.values().stream().mapToLong(Long::longValue).sum() + completed;
        for (; plan.hasNext(); plan.take()) {
            planned += plan.next() >= warmUpNanos ? 1 : 0;
        }
        if (planned > sent) {
            failures.put("no answer until 2 s after the end", planned - sent);
        }
        SortedMap<Integer, Long> byStatus = new TreeMap<>();
        for (int status = 0; status < STATUSES; status++) {
            if (statuses[status] > 0) {
                byStatus.put(status, statuses[status]);
            }
        }
        double seconds = (lastNanos - startNanos - warmUpNanos) / (double) TimeUnit.SECONDS.toNanos(1);
        return new Result(planned, completed, byStatus, failures, completed / seconds, latency, late);
    }

    /** Closed at first, and opened, when it has been closed, by the next request that is sent over it. */
    private final class Connection {

        private final ResponseParser parser;
        private @Nullable SocketChannel channel;
        private @Nullable SelectionKey key;

        /** What the socket did not take of the request. */
        private @Nullable ByteBuffer unsent;

        private boolean requested;
        private boolean counted;
        private long plannedNanos;
        private long freeNanos;

        Connection(ResponseParser parser) {
            this.parser = parser;
        }

        void begin(long plannedAt, boolean isCounted) {
            long now = System.nanoTime();
            requested = true;
            counted = isCounted;
            plannedNanos = plannedAt;
            busy++;
            // The one free for longest: if it was busy at that moment, all were.
            if (counted && freeNanos - plannedNanos <= 0) {
                late.recordValue(now - plannedNanos);
            }
            parser.reset();
            if (channel == null) {
                open();
            } else {
                try {
                    send();
                } catch (IOException e) {
                    failed(e);
                }
            }
        }

        void open() {
            try {
                SocketChannel opened = SocketChannel.open();
                channel = opened;
                opened.configureBlocking(false);
                opened.setOption(StandardSocketOptions.TCP_NODELAY, true);
                if (opened.connect(address)) {
                    key = opened.register(selector, SelectionKey.OP_READ, this);
                    opened();
                } else {
                    key = opened.register(selector, SelectionKey.OP_CONNECT, this);
                }
            } catch (IOException e) {
                failed(e);
            }
        }

        void ready(SelectionKey ready) {
            SocketChannel ours = channel;
            if (ours == null || ready != key) {
                return;
            }
            try {
                if (ready.isConnectable()) {
                    ours.finishConnect();
                    ready.interestOps(SelectionKey.OP_READ);
                    opened();
                    return;
                }
                if (ready.isWritable()) {
                    send();
                }
                if (ready.isReadable()) {
                    read(ours);
                }
            } catch (IOException e) {
                failed(e);
            }
        }

        private void opened() throws IOException {
            if (requested) {
                send();
            } else {
                opening--;
                release(System.nanoTime());
            }
        }

        private void send() throws IOException {
            SocketChannel ours = Objects.requireNonNull(channel);
            SelectionKey ourKey = Objects.requireNonNull(key);
            ByteBuffer rest = unsent;
            if (rest == null) {
                request.rewind();
                ours.write(request);
                if (request.hasRemaining()) {
                    unsent = request.duplicate();
                    ourKey.interestOps(SelectionKey.OP_READ | SelectionKey.OP_WRITE);
                }
            } else {
                ours.write(rest);
                if (!rest.hasRemaining()) {
                    unsent = null;
                    ourKey.interestOps(SelectionKey.OP_READ);
                }
            }
        }

        private void read(SocketChannel ours) throws IOException {
            in.clear();
            int read = ours.read(in);
            in.flip();
            if (!requested) {
                // Closed while it was idle, or bytes that nobody asked for.
                drop();
            } else if (read < 0 ? parser.endsByClose() : parser.parse(in)) {
                completed();
            } else if (read < 0) {
                throw new IOException("closed before the end of the response");
            }
        }

        private void completed() {
            long now = System.nanoTime();
            if (counted) {
                completed++;
                statuses[parser.status()]++;
                latency.recordValue(now - plannedNanos);
                lastNanos = now - lastNanos > 0 ? now : lastNanos;
            }
            if (!parser.persistent() || unsent != null || in.hasRemaining()) {
                drop();
            }
            busy--;
            release(now);
            sendDue(now);
        }

        private void failed(IOException e) {
            drop();
            if (requested) {
                if (counted) {
                    String message = e.getMessage();
                    failures.merge(message == null ? e.getClass().getSimpleName() : message, 1L, Long::sum);
                }
                busy--;
                release(System.nanoTime());
            } else if (opening > 0) {
                notOpened = e;
            }
        }

        private void release(long now) {
            requested = false;
            freeNanos = now;
            free.add(this);
        }

        void drop() {
            unsent = null;
            key = null;
            if (channel != null) {
                try {
                    channel.close();
                } catch (IOException e) {
                    // It was to go anyway.
                }
                channel = null;
            }
        }
    }
}
