package io.breakwater.server.accesslog;

import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/** Where lines end up: a file, or stdout. NOT thread safe: of the writer. */
final class Output {
    private static final String STDOUT = "-";

    private final FileChannel channel;
    private final boolean ours;
    /** The last write broke off within a line. */
    private boolean torn;

    private Output(FileChannel channel, boolean ours) {
        this.channel = channel;
        this.ours = ours;
    }

    /**
     * Opens it at its end, where every write goes, whoever truncates it meanwhile. May block on a pipe that nobody reads.
     *
     * @param file a path, or {@code -} for stdout
     */
    static Output open(String file) throws IOException {
        if (file.equals(STDOUT)) {
            return new Output(new FileOutputStream(FileDescriptor.out).getChannel(), false);
        }
        return new Output(
                FileChannel.open(
                        Path.of(file), StandardOpenOption.CREATE, StandardOpenOption.WRITE, StandardOpenOption.APPEND),
                true);
    }

    /** Writes it all. On an exception the buffer holds what was not written. */
    void write(ByteBuffer lines) throws IOException {
        if (torn) {
            channel.write(ByteBuffer.wrap(new byte[] {'\n'}));
            torn = false;
        }
        int start = lines.position();
        try {
            while (lines.hasRemaining()) {
                channel.write(lines);
            }
        } catch (IOException e) {
            int written = lines.position();
            torn = written > start && lines.get(written - 1) != '\n';
            throw e;
        }
    }

    void close() throws IOException {
        if (ours) {
            channel.close();
        }
    }
}
