package io.breakwater.server.state;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static java.nio.file.StandardOpenOption.CREATE;
import static java.nio.file.StandardOpenOption.CREATE_NEW;
import static java.nio.file.StandardOpenOption.READ;
import static java.nio.file.StandardOpenOption.WRITE;

import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The file on the disk. Whoever reads it finds the whole of one text, however the process or the machine has ended: a new
 * text is written beside it, forced to the disk, and takes its name in one step. One process has it at a time, by a lock
 * on another file beside it, because the file itself is a new one each time. It is for its owner only, as are queued
 * writes, for it names hosts. NOT thread safe.
 */
final class StateFile implements Closeable {
    private static final Logger LOG = LoggerFactory.getLogger(StateFile.class);
    /** Ten times what 100,000 backends take: {@value}. */
    private static final long MOST_BYTES = 256L * 1024 * 1024;

    private static final String RULE = "a file in a directory that is there and can be written";

    /**
     * Those that this process has. A second one must not even open the lock's file: by the rules of POSIX a process loses
     * its locks on a file when it closes any descriptor of it.
     */
    private static final Set<Path> HELD = ConcurrentHashMap.newKeySet();

    private final Path path;
    private final FileChannel lock;

    private StateFile(Path path, FileChannel lock) {
        this.path = path;
        this.lock = lock;
    }

    /**
     * Takes the file, whether it is there yet or not.
     *
     * @param name as configured
     * @throws IOException if it cannot be had; the message is for the operator
     */
    static StateFile take(String name) throws IOException {
        Path path = path(name);
        if (!HELD.add(path)) {
            throw refusal(name, "in use by this process", "a file of its own for each balancer", null);
        }
        try {
            return new StateFile(path, lock(name, beside(path, ".lock")));
        } catch (IOException e) {
            HELD.remove(path);
            throw e;
        }
    }

    /** A link stays, and what it leads to is replaced. */
    private static Path path(String name) throws IOException {
        try {
            Path named = Path.of(name).toAbsolutePath();
            if (Files.isDirectory(named)) {
                throw refusal(name, "is a directory", RULE, null);
            }
            Path directory = named.resolveSibling("").toRealPath();
            return Files.exists(named) ? named.toRealPath() : directory.resolve(named.getFileName());
        } catch (InvalidPathException e) {
            throw refusal(name, e.getReason(), RULE, e);
        } catch (FileSystemException e) {
            throw refusal(name, e.toString(), RULE, e);
        }
    }

    private static FileChannel lock(String name, Path file) throws IOException {
        FileChannel channel;
        try {
            channel = FileChannel.open(file, Set.of(CREATE, READ, WRITE), ownerOnly(file));
        } catch (IOException e) {
            throw refusal(name, e.toString(), RULE, e);
        }
        try {
            if (channel.tryLock() == null) {
                throw refusal(
                        name,
                        "in use by process " + Files.readString(file),
                        "a file of its own for each process",
                        null);
            }
            // For the message above; the lock is not in the file, so what a crash left does not matter.
            channel.truncate(0);
            channel.write(ByteBuffer.wrap(
                    String.valueOf(ProcessHandle.current().pid()).getBytes(US_ASCII)));
            return channel;
        } catch (IOException e) {
            channel.close();
            throw e;
        }
    }

    private static IOException refusal(String name, String found, String rule, @Nullable Throwable cause) {
        return new IOException("lb.state.file: " + name + ": " + found + " (expected: " + rule + ")", cause);
    }

    /** Returns what it holds; null if it is not there. */
    byte @Nullable [] read() throws IOException {
        if (!Files.exists(path)) {
            return null;
        }
        long size = Files.size(path);
        if (size > MOST_BYTES) {
            throw new IOException(size + " bytes (expected: at most " + MOST_BYTES + ")");
        }
        return Files.readAllBytes(path);
    }

    /** Gives it another name, which is returned, instead of one that had that name before. */
    Path setAside() throws IOException {
        return Files.move(path, beside(path, ".bad"), StandardCopyOption.ATOMIC_MOVE);
    }

    /** Puts another text in the place of what it holds. If that fails, it holds what it did. Blocks on the disk. */
    void write(byte[] text) throws IOException {
        Path next = beside(path, ".new");
        Files.deleteIfExists(next); // a crash may have left it
        try {
            try (FileChannel channel = FileChannel.open(next, Set.of(CREATE_NEW, WRITE), ownerOnly(next))) {
                ByteBuffer rest = ByteBuffer.wrap(text);
                while (rest.hasRemaining()) {
                    channel.write(rest);
                }
                channel.force(true);
            }
            Files.move(next, path, StandardCopyOption.ATOMIC_MOVE);
        } catch (IOException e) {
            Files.deleteIfExists(next); // or a full disk would be the fuller for it
            throw e;
        }
        forceName();
    }

    private void forceName() throws IOException {
        // Only where a directory can be opened as a file, which Windows refuses.
        if (isPosix(path)) {
            try (FileChannel names = FileChannel.open(path.resolveSibling(""), READ)) {
                names.force(true);
            }
        }
    }

    private static FileAttribute<?>[] ownerOnly(Path file) {
        return isPosix(file)
                ? new FileAttribute<?>[] {
                    PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------"))
                }
                : new FileAttribute<?>[0];
    }

    private static boolean isPosix(Path file) {
        return file.getFileSystem().supportedFileAttributeViews().contains("posix");
    }

    private static Path beside(Path file, String ending) {
        return file.resolveSibling(file.getFileName() + ending);
    }

    /** Lets others have it. */
    @Override
    public void close() {
        if (!lock.isOpen()) {
            return; // done before, and another one may have it
        }
        try {
            lock.close();
        } catch (IOException e) {
            LOG.debug("{}: lock not closed", path, e);
        }
        HELD.remove(path);
    }

    @Override
    public String toString() {
        return path.toString();
    }
}
