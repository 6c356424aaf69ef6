package io.breakwater.server.fallback.queue;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Arrays;
import java.util.Objects;
import java.util.zip.CRC32C;
import org.jspecify.annotations.Nullable;

/**
 * One file of the log. It only grows, and what was forced to the disk in it is never written again. NOT thread safe.
 *
 * <pre>
 * file    magic(8) salt(4) record*
 * record  salt(4) length(4) crc(4) durable(4) type(1) payload(length)
 * </pre>
 *
 * All numbers are big-endian. {@code crc} is the CRC-32C (RFC 3720 appendix B.4) of the rest of the record. The salt is
 * random for each file: neither a block of a deleted segment nor the body of a request, however it was made, can look like a
 * record of this one. {@code durable} is how long the file was when it had last been forced before the record was written:
 * bytes before it were on the disk, so if they are not what they were, that is damage and not an interrupted write.
 */
final class Segment {
    /** What stands before the payload of a record. */
    static final int RECORD_HEADER = 17;

    /** The longest record; positions in a segment, which may hold one such beside others, stay within an int. */
    static final int MAX_RECORD = 1 << 29;

    private static final byte[] MAGIC = "BWQUEUE1".getBytes(StandardCharsets.US_ASCII);
    private static final int FILE_HEADER = MAGIC.length + Integer.BYTES;
    private static final String SUFFIX = ".segment";

    private final Path path;
    private final Disk.File file;
    private final int salt;

    /** Up to here it is on the disk. */
    private int durable;
    /** Up to here it is written; more than durable only within a batch, or after one failed. */
    private int written;

    /** Its requests that have not ended. */
    int pending;

    /** Receives the records of a segment in their order. */
    @FunctionalInterface
    interface Reader {
        void record(Segment segment, int at, byte type, ByteBuffer payload) throws QueueException;
    }

    private Segment(Path path, Disk.File file, int salt, int length) {
        this.path = path;
        this.file = file;
        this.salt = salt;
        this.durable = length;
        this.written = length;
    }

    static Path path(Path directory, long number) {
        return directory.resolve("%016x".formatted(number) + SUFFIX);
    }

    /** Returns the number of the segment in a file of this name, or -1 if it is no segment. */
    static long number(Path path) {
        String name = path.getFileName().toString();
        return name.matches("[0-7][0-9a-f]{15}\\" + SUFFIX) ? Long.parseLong(name.substring(0, 16), 16) : -1;
    }

    /** Makes an empty segment, which is on the disk under its name when this returns. */
    static Segment create(Disk disk, Path path, int salt) throws IOException {
        // Under its name there is never less than a whole header.
        Path draft = path.resolveSibling(path.getFileName() + ".new");
        Disk.File file = disk.open(draft);
        try {
            file.truncate(0);
            file.write(ByteBuffer.allocate(FILE_HEADER).put(MAGIC).putInt(salt).flip(), 0);
            file.force();
            Files.move(draft, path, StandardCopyOption.ATOMIC_MOVE);
            disk.forceNames(Objects.requireNonNull(path.getParent()));
        } catch (IOException | RuntimeException e) {
            file.close();
            Files.deleteIfExists(draft);
            Files.deleteIfExists(path);
            throw e;
        }
        return new Segment(path, file, salt, FILE_HEADER);
    }

    static Segment open(Disk disk, Path path) throws IOException {
        Disk.File file = disk.open(path);
        try {
            long size = file.size();
            ByteBuffer header = ByteBuffer.allocate(FILE_HEADER);
            file.read(header, 0);
            byte[] magic = new byte[MAGIC.length];
            if (header.hasRemaining() || size > Integer.MAX_VALUE) {
                throw new QueueException(path + ": " + size + " bytes (expected: a segment of a queue)");
            }
            header.flip().get(magic);
            if (!Arrays.equals(magic, MAGIC)) {
                throw new QueueException(path + ": is not a segment of a queue (expected: it begins with BWQUEUE1)");
            }
            return new Segment(path, file, header.getInt(), (int) size);
        } catch (IOException | RuntimeException e) {
            file.close();
            throw e;
        }
    }

    boolean isEmpty() {
        return written == FILE_HEADER;
    }

    int length() {
        return written;
    }

    /**
     * Reads all records of a segment that was just opened. Where the records of the last segment break off, because a crash
     * came in between, it is cut.
     *
     * @param last whether it is the last segment of the log
     * @return how many bytes were cut
     * @throws QueueException if something is damaged that had been forced to the disk
     */
    int recover(boolean last, Reader reader) throws IOException {
        int at = FILE_HEADER;
        for (ByteBuffer record = read(at); record != null; record = read(at)) {
            int length = RECORD_HEADER + record.remaining();
            reader.record(this, at, record.get(RECORD_HEADER - 1), record);
            at += length;
        }
        int cut = written - at;
        if (cut > 0) {
            if (!last || isDurable(at)) {
                throw new QueueException(
                        ("%s: damaged at byte %d, though that had been written safely (expected: the bytes"
                                        + " that were written; move the directory away to start with an empty queue)")
                                .formatted(path, at));
            }
            durable = at;
            rollback();
            file.force();
        }
        return cut;
    }

    /** Returns true if a later record is proof that the byte at this position had been on the disk. */
    private boolean isDurable(int position) throws IOException {
        ByteBuffer rest = ByteBuffer.allocate(written - position);
        file.read(rest, position);
        rest.flip();
        for (int i = 1; i + RECORD_HEADER <= rest.limit(); i++) {
            if (rest.getInt(i) == salt && rest.getInt(i + 12) > position && read(position + i) != null) {
                return true;
            }
        }
        return false;
    }

    /** Returns the record at this position with its payload remaining, or null if there is no whole and sound one. */
    @Nullable
    ByteBuffer read(int at) throws IOException {
        if (at + RECORD_HEADER > written) {
            return null;
        }
        ByteBuffer header = ByteBuffer.allocate(RECORD_HEADER);
        file.read(header, at);
        int length = header.getInt(4);
        if (header.hasRemaining() || header.getInt(0) != salt || length < 0 || length > written - at - RECORD_HEADER) {
            return null;
        }
        ByteBuffer record = ByteBuffer.allocate(RECORD_HEADER + length).put(header.flip());
        file.read(record, at + RECORD_HEADER);
        if (record.hasRemaining() || record.getInt(8) != crc(record.array())) {
            return null;
        }
        return record.position(RECORD_HEADER);
    }

    /**
     * Writes a record behind the others; it is on the disk after {@link #force}.
     *
     * @param record its payload, behind {@link #RECORD_HEADER} bytes that are filled in here
     * @return where it stands
     */
    int append(byte type, byte[] record) throws IOException {
        int at = written;
        ByteBuffer buffer = ByteBuffer.wrap(record)
                .putInt(0, salt)
                .putInt(4, record.length - RECORD_HEADER)
                .putInt(12, durable)
                .put(16, type);
        buffer.putInt(8, crc(record));
        // Even if this fails: some of it may have been written.
        written += record.length;
        file.write(buffer, at);
        return at;
    }

    private static int crc(byte[] record) {
        CRC32C crc = new CRC32C();
        crc.update(record, 0, 8);
        crc.update(record, 12, record.length - 12);
        return (int) crc.getValue();
    }

    boolean isForced() {
        return durable == written;
    }

    void force() throws IOException {
        file.force();
        durable = written;
    }

    /** Takes back what was written since the last force. If this fails it is to be tried again before anything is written. */
    void rollback() throws IOException {
        file.truncate(durable);
        written = durable;
    }

    void close() throws IOException {
        file.close();
    }

    /** Deletes the file; the name is gone for sure after the directory was forced. */
    void delete() throws IOException {
        file.close();
        Files.deleteIfExists(path);
    }

    @Override
    public String toString() {
        return path.toString();
    }
}
