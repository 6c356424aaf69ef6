package io.breakwater.server.runtime;

import io.breakwater.time.Scheduler;
import io.breakwater.time.Ticker;
import io.netty.buffer.ByteBufAllocator;
import io.netty.buffer.ByteBufAllocatorMetricProvider;
import io.netty.buffer.PoolArenaMetric;
import io.netty.buffer.PoolChunkListMetric;
import io.netty.buffer.PoolChunkMetric;
import io.netty.buffer.PooledByteBufAllocator;
import io.netty.buffer.PooledByteBufAllocatorMetric;
import io.netty.util.internal.PlatformDependent;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Whether the buffers of connections leave memory for further requests. Their memory is outside the heap and has an end; where
 * none is left, whatever connection asks next is cut. So new requests are refused before, and what is under way has the rest.
 *
 * <p>One thread looks, ten times a second; any may ask.
 */
public final class DirectMemory {
    private static final Logger LOG = LoggerFactory.getLogger(DirectMemory.class);
    private static final long PERIOD_NANOS = TimeUnit.MILLISECONDS.toNanos(100);
    private static final long TOLD_EVERY_NANOS = TimeUnit.MINUTES.toNanos(1);
    private static final int MOST_PERCENT = 90;
    private static final long MEBIBYTE = 1 << 20;

    private final LongSupplier inUse;
    private final long limitBytes;
    private final Ticker ticker;
    private volatile boolean isShort;
    private boolean told;
    private long toldNanos;

    /**
     * @param inUse bytes that are not there for a further buffer
     * @param limitBytes the most that there can be
     */
    DirectMemory(LongSupplier inUse, long limitBytes, Ticker ticker) {
        this.inUse = inUse;
        this.limitBytes = limitBytes;
        this.ticker = ticker;
    }

    /** That of the default allocator, which all connections use. */
    public static DirectMemory ofConnections(Ticker ticker) {
        long limit = PlatformDependent.maxDirectMemory();
        if (ByteBufAllocator.DEFAULT instanceof PooledByteBufAllocator pooled
                && pooled.metric().numDirectArenas() > 0) {
            // It takes memory by whole chunks only, and keeps them; what is free in them is there for whoever comes.
            // Some bytes are
            // taken beside the pool, so that of a limit of just so many chunks the last one cannot be had.
            PooledByteBufAllocatorMetric pool = pooled.metric();
            return new DirectMemory(() -> usedBytes(pool), (limit - 1) / pool.chunkSize() * pool.chunkSize(), ticker);
        }
        return new DirectMemory(DirectMemory::takenBytes, limit, ticker);
    }

    /** Counts what a thread keeps in its cache as used: it fits only a buffer of just that size, on just that thread. */
    private static long usedBytes(PooledByteBufAllocatorMetric pool) {
        long used = 0;
        for (PoolArenaMetric arena : pool.directArenas()) {
            used += arena.numActiveBytes();
            for (PoolChunkListMetric chunks : arena.chunkLists()) {
                for (PoolChunkMetric chunk : chunks) {
                    used -= chunk.freeBytes();
                }
            }
        }
        return used;
    }

    /** Returns how many bytes the default allocator has taken, in use or kept for the next. */
    public static long takenBytes() {
        long taken = ((ByteBufAllocatorMetricProvider) ByteBufAllocator.DEFAULT)
                .metric()
                .usedDirectMemory();
        // An allocator that would pool, but has too little memory for a single chunk, counts nothing.
        return taken >= 0 ? taken : PlatformDependent.usedDirectMemory();
    }

    /** Begins to look, until the scheduler ends. */
    public void start(Scheduler by) {
        look();
        by.schedule(ticker.read() + PERIOD_NANOS, () -> start(by));
    }

    void look() {
        long bytes = inUse.getAsLong();
        boolean now = bytes > limitBytes / 100 * MOST_PERCENT;
        if (now && !isShort && (!told || ticker.read() - toldNanos >= TOLD_EVERY_NANOS)) {
            told = true;
            toldNanos = ticker.read();
            LOG.warn(
                    "buffers of connections hold {} of {} MiB of direct memory: new requests are refused while it is more than"
                            + " {} %",
                    bytes / MEBIBYTE, limitBytes / MEBIBYTE, MOST_PERCENT);
        }
        isShort = now;
    }

    /** Whether more than {@value #MOST_PERCENT} % were in use at the last look. */
    public boolean isShort() {
        return isShort;
    }
}
