package io.breakwater.server.fallback.queue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The files of a queue: segments, numbered without a gap, of which the last one is written, and a lock. A batch is what is
 * appended between two forces; it is on the disk as a whole, or taken back. NOT thread safe.
 */
final class SegmentLog {
    private static final Logger LOG = LoggerFactory.getLogger(SegmentLog.class);
    private static final SecureRandom RANDOM = new SecureRandom();

    private final Path directory;
    private final Disk disk;
    private final DirectoryLock lock;
    private final Deque<Segment> segments = new ArrayDeque<>();
    private long lastNumber;

    private SegmentLog(Path directory, Disk disk, DirectoryLock lock) {
        this.directory = directory;
        this.disk = disk;
        this.lock = lock;
    }

    /**
     * Opens the log in a directory, which is made if it is not there, and reads all of it.
     *
     * @throws QueueException if the directory cannot be used, another process uses it, or what is there is not whole
     */
    static SegmentLog open(Path directory, Disk disk, Segment.Reader reader) throws QueueException {
        SegmentLog log = new SegmentLog(directory, disk, DirectoryLock.take(directory, disk));
        try {
            log.load(reader);
            return log;
        } catch (QueueException e) {
            log.close();
            throw e;
        } catch (IOException e) {
            log.close();
            throw new QueueException(directory + ": " + e + " (expected: a directory that can be read and written)", e);
        }
    }

    private void load(Segment.Reader reader) throws IOException {
        List<Path> files = files();
        for (Path each : files) {
            long number = Segment.number(each);
            if (lastNumber > 0 && number != lastNumber + 1) {
                throw new QueueException("%s: missing (expected: all segments between %s and %s)"
                        .formatted(Segment.path(directory, lastNumber + 1), files.get(0), files.get(files.size() - 1)));
            }
            lastNumber = number;
            Segment segment = Segment.open(disk, each);
            segments.add(segment);
            int cut = segment.recover(each.equals(files.get(files.size() - 1)), reader);
            if (cut > 0) {
                LOG.warn("{}: cut {} bytes that were being written when the process or the machine stopped", each, cut);
            }
        }
        if (segments.isEmpty() || !active().isEmpty()) {
            addSegment();
        }
    }

    private List<Path> files() throws IOException {
        try (Stream<Path> all = Files.list(directory)) {
            return all.filter(each -> Segment.number(each) > 0).sorted().toList();
        }
    }

    private void addSegment() throws IOException {
        segments.add(Segment.create(disk, Segment.path(directory, lastNumber + 1), RANDOM.nextInt()));
        lastNumber++;
    }

    /**
     * Begins a batch: takes back what a failed one has left, and goes on to a new segment if the last is full.
     *
     * @param segmentBytes how long a segment is when it is full
     */
    void begin(long segmentBytes) throws IOException {
        if (!active().isForced()) {
            active().rollback();
        }
        if (active().length() >= segmentBytes) {
            addSegment();
        }
    }

    /** The segment that is written. */
    Segment active() {
        return segments.getLast();
    }

    /** The segment that is the next to go; the active one if there is no other. */
    Segment oldest() {
        return segments.getFirst();
    }

    /** Ends a batch: it is on the disk when this returns. */
    void commit() throws IOException {
        if (!active().isForced()) {
            active().force();
        }
    }

    /** Gives a batch up. */
    void rollback() {
        try {
            active().rollback();
        } catch (IOException e) {
            LOG.debug("{}: will be cut before it is written again", active(), e);
        }
    }

    /** Deletes the oldest segment; that it is gone is on the disk when this returns, so that never a later one goes first. */
    void deleteOldest() throws IOException {
        segments.getFirst().delete();
        segments.removeFirst();
        disk.forceNames(directory);
    }

    void close() {
        for (Segment each : segments) {
            try {
                each.close();
            } catch (IOException e) {
                LOG.debug("{}: not closed", each, e);
            }
        }
        lock.release();
    }
}
