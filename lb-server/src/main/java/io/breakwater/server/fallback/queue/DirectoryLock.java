package io.breakwater.server.fallback.queue;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The right to use a directory, which one queue has until it is released or the process ends, however it ends. */
final class DirectoryLock {
    private static final Logger LOG = LoggerFactory.getLogger(DirectoryLock.class);

    /**
     * Those that this process holds. A second one must not even open the lock file: by the rules of POSIX a process loses its
     * locks on a file when it closes any descriptor of it.
     */
    private static final Set<Path> HELD = ConcurrentHashMap.newKeySet();

    private final Path directory;
    private final FileChannel channel;

    private DirectoryLock(Path directory, FileChannel channel) {
        this.directory = directory;
        this.channel = channel;
    }

    /**
     * Makes the directory if it is not there, and locks it.
     *
     * @throws QueueException if it is no directory, cannot be written, or is in use
     */
    static DirectoryLock take(Path directory, Disk disk) throws QueueException {
        Path real;
        try {
            if (!Files.isDirectory(directory)) {
                Files.createDirectories(directory, Disk.ownerOnly(directory, "rwx------"));
            }
            real = directory.toRealPath();
            Path parent = real.getParent();
            if (parent != null) {
                disk.forceNames(parent);
            }
        } catch (FileAlreadyExistsException e) {
            throw new QueueException(directory + ": is a file (expected: a directory)", e);
        } catch (IOException e) {
            throw new QueueException(directory + ": " + e + " (expected: a directory that can be made)", e);
        }
        if (!HELD.add(real)) {
            throw new QueueException(directory + ": in use by this process (expected: one queue for each directory)");
        }
        try {
            return new DirectoryLock(real, lock(directory, real.resolve("lock")));
        } catch (QueueException e) {
            HELD.remove(real);
            throw e;
        } catch (IOException e) {
            HELD.remove(real);
            throw new QueueException(
                    directory + ": " + e + " (expected: a directory that can be written and locked)", e);
        }
    }

    private static FileChannel lock(Path directory, Path file) throws IOException {
        FileChannel channel =
                FileChannel.open(file, StandardOpenOption.CREATE, StandardOpenOption.READ, StandardOpenOption.WRITE);
        try {
            if (channel.tryLock() == null) {
                throw new QueueException("%s: in use by process %s (expected: one process for each directory)"
                        .formatted(directory, Files.readString(file)));
            }
            // For the message above; the lock is not in the file, so what a crash left does not matter.
            channel.truncate(0);
            channel.write(ByteBuffer.wrap(
                    String.valueOf(ProcessHandle.current().pid()).getBytes(StandardCharsets.US_ASCII)));
            return channel;
        } catch (IOException e) {
            channel.close();
            throw e;
        }
    }

    void release() {
        try {
            channel.close();
        } catch (IOException e) {
            LOG.debug("{}: lock not closed", directory, e);
        }
        HELD.remove(directory);
    }
}
