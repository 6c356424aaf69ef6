package io.breakwater.server;

import io.breakwater.metrics.EventLoopGauges;
import io.breakwater.metrics.ProxyRecorder;
import io.breakwater.server.runtime.DirectMemory;
import io.breakwater.server.runtime.Loop;
import io.breakwater.server.runtime.LoopLag;
import io.breakwater.time.Ticker;
import io.netty.buffer.ByteBufAllocator;
import io.netty.buffer.ByteBufAllocatorMetric;
import io.netty.buffer.ByteBufAllocatorMetricProvider;
import io.netty.util.concurrent.SingleThreadEventExecutor;
import java.util.List;

/** Shows the event loops, and the memory of the buffers of all connections, to the recorder. */
final class RuntimeReport {
    private RuntimeReport() {}

    /** Begins to measure the loops. */
    static void start(List<Loop> loops, Ticker ticker, ProxyRecorder recorder) {
        // Every allocator that Netty can be told to use by default tells about itself.
        ByteBufAllocatorMetric allocator = ((ByteBufAllocatorMetricProvider) ByteBufAllocator.DEFAULT).metric();
        recorder.allocator(allocator::usedHeapMemory, DirectMemory::takenBytes);
        for (Loop loop : loops) {
            LoopLag lag = new LoopLag(ticker);
            recorder.eventLoop(loop.index(), new Gauges(lag, (SingleThreadEventExecutor) loop.eventLoop()));
            lag.start(loop.eventLoop());
        }
    }

    private record Gauges(LoopLag lag, SingleThreadEventExecutor executor) implements EventLoopGauges {
        @Override
        public long lagNanos() {
            return lag.worstNanos();
        }

        @Override
        public int pendingTasks() {
            return executor.pendingTasks();
        }
    }
}
