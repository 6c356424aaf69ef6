package io.breakwater.server.pool;

import io.breakwater.health.Outcome;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.ArrayList;
import java.util.List;

/**
 * How the latest attempts on one backend ended, of which at most {@value #MOST_READ} can be read: a ring of longs, and a count
 * of all calls, which says where the next one goes. The backend itself holds both. Safe from any thread; to add a call takes
 * no lock and makes no garbage.
 */
/*
 * The ring is a bare array, and the count stands among the backend's other counts, because every object between them would be
 * one more that each request has to fetch: among ten thousand backends that cost more than the choice of one.
 *
 * Each call is one long, so that no reader ever meets half of one:
 *
 *   63      27 26       7 6    4 3     0
 *   | time    | latency  | lap  | outcome |
 *
 *   outcome: the ordinal plus one; 0 in a slot that was never written
 *   lap:     of the ring, modulo 8. A writer takes a position and then writes its slot; a reader that meets another lap
 *            there came between the two, or too late, and leaves the slot out. Only one that is held up in the middle for
 *            eight laps may read newer calls behind a gap; still whole ones, and in their order
 *   latency: in microseconds, 15 significant bits and how far they are shifted (5 bits): exact below 32 ms, else short by
 *            less than 1/16,000; two years at most
 *   time:    in milliseconds since the origin, which 37 bits hold for four years
 *
 * There are more slots than can be read, so that the calls that others are writing just now displace none that is.
 */
public final class RecentCalls {
    /** How many of the latest calls can be read. */
    public static final int MOST_READ = 50;

    static final int SLOTS = 64;

    private static final int OUTCOME_BITS = 4;
    private static final int LAP_BITS = 3;
    private static final int SHIFT_BITS = 5;
    private static final int MANTISSA_BITS = 15;
    private static final int LATENCY_BITS = SHIFT_BITS + MANTISSA_BITS;
    private static final int LAP_AT = OUTCOME_BITS;
    private static final int LATENCY_AT = LAP_AT + LAP_BITS;
    private static final int TIME_AT = LATENCY_AT + LATENCY_BITS;
    private static final long MOST_MICROS = mask(MANTISSA_BITS + (int) mask(SHIFT_BITS));
    private static final long MOST_MILLIS = mask(Long.SIZE - TIME_AT);
    private static final long NANOS_PER_MICRO = 1_000;
    private static final long NANOS_PER_MILLI = 1_000_000;

    private static final Outcome[] OUTCOMES = Outcome.values();
    private static final VarHandle SLOT = MethodHandles.arrayElementVarHandle(long[].class);

    private RecentCalls() {}

    /** Returns a ring without calls. */
    static long[] ring() {
        return new long[SLOTS];
    }

    /**
     * One call.
     *
     * @param endedNanos when it ended, as a reading of the ticker, exact to a millisecond
     * @param latencyNanos exact to a microsecond below 32 ms, to 1/16,000 above
     */
    public record Call(Outcome outcome, long endedNanos, long latencyNanos) {}

    /**
     * Puts a call into the ring.
     *
     * @param position how many calls came before; no other call has the same
     * @param sinceOriginNanos when it ended
     */
    static void put(long[] ring, long position, Outcome outcome, long latencyNanos, long sinceOriginNanos) {
        SLOT.setOpaque(ring, slot(position), packed(outcome, latencyNanos, sinceOriginNanos, position));
    }

    /**
     * Returns the latest calls as they are now, for reading later. Cheap: a request may do it.
     *
     * @param end how many calls have come
     * @param originNanos what their times are counted from
     */
    static Copy copy(long[] ring, long end, long originNanos) {
        long[] packed = new long[MOST_READ];
        int count = 0;
        for (long position = Math.max(0, end - MOST_READ); position < end; position++) {
            long call = (long) SLOT.getOpaque(ring, slot(position));
            if ((call & mask(OUTCOME_BITS)) != 0 && field(call, LAP_AT, LAP_BITS) == lap(position)) {
                packed[count++] = call;
            }
        }
        return new Copy(originNanos, packed, count);
    }

    /** The latest calls of one moment. Immutable. */
    public static final class Copy {
        private final long originNanos;
        private final long[] packed;
        private final int count;

        private Copy(long originNanos, long[] packed, int count) {
            this.originNanos = originNanos;
            this.packed = packed;
            this.count = count;
        }

        /** Returns them in the order in which they ended. */
        public List<Call> read() {
            List<Call> calls = new ArrayList<>(count);
            for (int i = 0; i < count; i++) {
                long call = packed[i];
                long latency = field(call, LATENCY_AT, LATENCY_BITS);
                calls.add(new Call(
                        OUTCOMES[(int) (call & mask(OUTCOME_BITS)) - 1],
                        originNanos + (call >>> TIME_AT) * NANOS_PER_MILLI,
                        ((latency >>> SHIFT_BITS) << (latency & mask(SHIFT_BITS))) * NANOS_PER_MICRO));
            }
            return calls;
        }
    }

    @SuppressWarnings("EnumOrdinal") // read by the process that wrote it
    private static long packed(Outcome outcome, long latencyNanos, long sinceOriginNanos, long position) {
        long micros = Math.min(Math.max(0, latencyNanos) / NANOS_PER_MICRO, MOST_MICROS);
        int shift = Math.max(0, Long.SIZE - Long.numberOfLeadingZeros(micros) - MANTISSA_BITS);
        long latency = (micros >>> shift) << SHIFT_BITS | shift;
        // Loops read the ticker at other moments, so that a call may seem to have ended before the origin.
        long millis = Math.min(Math.max(0, sinceOriginNanos) / NANOS_PER_MILLI, MOST_MILLIS);
        return millis << TIME_AT | latency << LATENCY_AT | lap(position) << LAP_AT | outcome.ordinal() + 1;
    }

    private static int slot(long position) {
        return (int) position & SLOTS - 1;
    }

    private static long lap(long position) {
        return position / SLOTS & mask(LAP_BITS);
    }

    private static long field(long packed, int at, int bits) {
        return packed >>> at & mask(bits);
    }

    private static long mask(int bits) {
        return (1L << bits) - 1;
    }
}
