package io.breakwater.bench.faults;

import java.io.IOException;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.channels.FileChannel.MapMode;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/**
 * What a replica counts, in a file that it shares with the script that started it: a count survives the death of the
 * process, and is read without asking it. Any thread. Little-endian longs at 0 (requests), 8 (those that met a
 * fault), 16 (requests in flight now) and 24 (the most of them at once; the script sets it back); from 32 one byte per
 * request number, how often it came. Health checks are not counted.
 */
final class Tally {

    private static final int REQUESTS = 0;
    private static final int FAULTS_MET = 8;
    private static final int IN_FLIGHT = 16;
    private static final int MOST_IN_FLIGHT = 24;
    private static final int NUMBERS = 32;

    private static final VarHandle LONGS = MethodHandles.byteBufferViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);

    private final ByteBuffer counts;

    /** Goes on with what the file holds, except that nothing is in flight to a process that has just begun. */
    Tally(Path file) throws IOException {
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ, StandardOpenOption.WRITE)) {
            counts = channel.map(MapMode.READ_WRITE, 0, channel.size());
        }
        LONGS.setVolatile(counts, IN_FLIGHT, 0L);
    }

    /** A request's head has arrived. */
    void begun(int number, boolean meetsFault) {
        LONGS.getAndAdd(counts, REQUESTS, 1L);
        LONGS.getAndAdd(counts, FAULTS_MET, meetsFault ? 1L : 0L);
        long inFlight = (long) LONGS.getAndAdd(counts, IN_FLIGHT, 1L) + 1;
        long most = (long) LONGS.getVolatile(counts, MOST_IN_FLIGHT);
        while (most < inFlight && !LONGS.compareAndSet(counts, MOST_IN_FLIGHT, most, inFlight)) {
            most = (long) LONGS.getVolatile(counts, MOST_IN_FLIGHT);
        }
        countNumber(number);
    }

    /** A request is about to have its answer, or will not get one. */
    void ended() {
        LONGS.getAndAdd(counts, IN_FLIGHT, -1L);
    }

    private synchronized void countNumber(int number) {
        int at = NUMBERS + number;
        counts.put(at, (byte) Math.min(counts.get(at) + 1, Byte.MAX_VALUE));
    }
}
