package io.breakwater.server.fallback.queue;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;

/**
 * The local disk, which fails when a test says so, and counts. What is forced to it is only counted: no test can tell, and it
 * takes long.
 */
final class FaultyDisk implements Disk {
    final AtomicInteger forces = new AtomicInteger();
    /** What can still be written; a write beyond it writes what fits, as a full disk does. */
    final AtomicLong spaceLeft = new AtomicLong(Long.MAX_VALUE);

    volatile boolean forceFails;
    volatile boolean truncateFails;

    @Override
    public File open(Path path) throws IOException {
        File file = LOCAL.open(path);
        return new File() {
            @Override
            public void read(ByteBuffer into, long at) throws IOException {
                file.read(into, at);
            }

            @Override
            public void write(ByteBuffer from, long at) throws IOException {
                int fits = (int) Math.min(from.remaining(), spaceLeft.get());
                boolean all = fits == from.remaining();
                file.write(from.slice(from.position(), fits), at);
                spaceLeft.addAndGet(-fits);
                if (!all) {
                    throw new IOException("No space left on device");
                }
            }

            @Override
            public void force() throws IOException {
                forces.incrementAndGet();
                if (forceFails) {
                    throw new IOException("Input/output error");
                }
            }

            @Override
            public void truncate(long size) throws IOException {
                if (truncateFails) {
                    throw new IOException("Input/output error");
                }
                file.truncate(size);
            }

            @Override
            public long size() throws IOException {
                return file.size();
            }

            @Override
            public void close() throws IOException {
                file.close();
            }
        };
    }

    @Override
    public void forceNames(Path directory) {}
}
