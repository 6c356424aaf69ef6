package io.breakwater.server.fallback.queue;

import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Set;

/** The few things that the log asks of a file system, so that tests can make each of them fail. */
interface Disk {

    /** A file that is open for reading and writing. */
    interface File extends Closeable {
        /** Reads until the buffer is full or the file ends. */
        void read(ByteBuffer into, long at) throws IOException;

        /** Writes all of the buffer. */
        void write(ByteBuffer from, long at) throws IOException;

        /** Returns when all that was written, and the file's length, is on the disk. */
        void force() throws IOException;

        void truncate(long size) throws IOException;

        long size() throws IOException;
    }

    /** Opens a file; one that is not there is made, for its owner only. */
    File open(Path path) throws IOException;

    /** Returns when the names of the directory, as they are now, are on the disk. */
    void forceNames(Path directory) throws IOException;

    /** The file system of the machine. */
    Disk LOCAL = new Disk() {
        @Override
        public File open(Path path) throws IOException {
            Set<StandardOpenOption> options =
                    Set.of(StandardOpenOption.CREATE, StandardOpenOption.READ, StandardOpenOption.WRITE);
            FileAttribute<?>[] attributes = ownerOnly(path, "rw-------");
            return new ChannelFile(FileChannel.open(path, options, attributes));
        }

        @Override
        public void forceNames(Path directory) throws IOException {
            // Only where a directory can be opened as a file, which Windows refuses.
            if (isPosix(directory)) {
                try (FileChannel names = FileChannel.open(directory, StandardOpenOption.READ)) {
                    names.force(true);
                }
            }
        }
    };

    /** Returns the permissions for a new file, where the file system knows of any: requests may hold secrets. */
    static FileAttribute<?>[] ownerOnly(Path path, String permissions) {
        return isPosix(path)
                ? new FileAttribute<?>[] {
                    PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString(permissions))
                }
                : new FileAttribute<?>[0];
    }

    private static boolean isPosix(Path path) {
        return path.getFileSystem().supportedFileAttributeViews().contains("posix");
    }

    /** A file of the machine. */
    record ChannelFile(FileChannel channel) implements File {
        @Override
        public void read(ByteBuffer into, long at) throws IOException {
            long from = at;
            while (into.hasRemaining()) {
                int count = channel.read(into, from);
                if (count < 0) {
                    return;
                }
                from += count;
            }
        }

        @Override
        public void write(ByteBuffer from, long at) throws IOException {
            long to = at;
            while (from.hasRemaining()) {
                to += channel.write(from, to);
            }
        }

        @Override
        public void force() throws IOException {
            channel.force(false);
        }

        @Override
        public void truncate(long size) throws IOException {
            channel.truncate(size);
        }

        @Override
        public long size() throws IOException {
            return channel.size();
        }

        @Override
        public void close() throws IOException {
            channel.close();
        }
    }
}
