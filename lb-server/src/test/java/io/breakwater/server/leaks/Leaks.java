package io.breakwater.server.leaks;

import io.netty.buffer.PooledByteBufAllocator;
import io.netty.util.ResourceLeakDetector;
import io.netty.util.ResourceLeakDetectorFactory;
import java.lang.ref.ReferenceQueue;
import java.lang.ref.WeakReference;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicLong;

/** What was collected as garbage without having been released, as Netty's detectors find it. Safe to use from any thread. */
final class Leaks {
    /** What every detector of this process tells. */
    static final Leaks OF_PROCESS = new Leaks();

    private static final long COLLECTION_MILLIS = 10_000;

    private final Queue<String> found = new ConcurrentLinkedQueue<>();
    private final AtomicLong tracked = new AtomicLong();
    private long trackedBefore;
    private volatile String test = "no test";

    /** From now on the detectors that Netty makes tell {@link #OF_PROCESS}; those that it has made before do not. */
    static void install() {
        ResourceLeakDetectorFactory.setResourceLeakDetectorFactory(new ResourceLeakDetectorFactory() {
            @Override
            @SuppressWarnings("deprecation") // abstract, and the other calls it
            public <T> ResourceLeakDetector<T> newResourceLeakDetector(
                    Class<T> resource, int samplingInterval, long maxActive) {
                return new LeakDetector<>(resource, samplingInterval, OF_PROCESS);
            }
        });
    }

    /** What is made from now on is made during this test. */
    void during(String newTest) {
        test = newTest;
    }

    String test() {
        return test;
    }

    void tracked() {
        tracked.incrementAndGet();
    }

    void add(String leak) {
        found.add(leak);
    }

    /** Whether anything was made that could be leaked since this was asked last. */
    synchronized boolean anyTracked() {
        long now = tracked.get();
        boolean any = now != trackedBefore;
        trackedBefore = now;
        return any;
    }

    /** Collects garbage, and returns what was found to be leaked since the last call. */
    List<String> collect() throws InterruptedException {
        // Two rounds: what enqueues references has done all of the first when it has come to one of the second.
        collectGarbage();
        collectGarbage();
        // A detector looks when something is made; pooled buffers of all three kinds share theirs.
        PooledByteBufAllocator.DEFAULT.directBuffer().release();
        PooledByteBufAllocator.DEFAULT.compositeBuffer().release();
        List<String> all = new ArrayList<>();
        for (String leak = found.poll(); leak != null; leak = found.poll()) {
            all.add(leak);
        }
        return all;
    }

    private static void collectGarbage() throws InterruptedException {
        ReferenceQueue<Object> collected = new ReferenceQueue<>();
        WeakReference<Object> sentinel = new WeakReference<>(new Object(), collected);
        System.gc();
        if (collected.remove(COLLECTION_MILLIS) == null) {
            throw new IllegalStateException("no garbage was collected: " + sentinel);
        }
    }
}
