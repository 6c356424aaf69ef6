package io.breakwater.server.admin;

import io.breakwater.server.config.ReloadResult;
import io.netty.util.concurrent.DefaultEventExecutor;
import io.netty.util.concurrent.DefaultThreadFactory;
import io.netty.util.concurrent.EventExecutor;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/**
 * Runs the reloads that are asked for over the admin port: one after another on a thread of its own, because they read
 * files, and only few at a time, because each asker waits. Safe to use from any thread.
 */
final class ReloadQueue implements AutoCloseable {
    static final int CAPACITY = 8;

    private static final int CLOSE_SECONDS = 2;

    private final Operations operations;
    private final EventExecutor thread = new DefaultEventExecutor(new DefaultThreadFactory("admin-reload", true));
    private final AtomicInteger asked = new AtomicInteger();

    ReloadQueue(Operations operations) {
        this.operations = operations;
    }

    /** Returns what is completed on the queue's thread once the reload is over; null when too many wait already. */
    @Nullable
    CompletableFuture<ReloadResult> reload() {
        if (asked.incrementAndGet() > CAPACITY) {
            asked.decrementAndGet();
            return null;
        }
        return CompletableFuture.supplyAsync(
                () -> {
                    try {
                        return operations.reload();
                    } finally {
                        asked.decrementAndGet();
                    }
                },
                thread);
    }

    @Override
    public void close() {
        thread.shutdownGracefully(0, CLOSE_SECONDS, TimeUnit.SECONDS)
                .awaitUninterruptibly(CLOSE_SECONDS, TimeUnit.SECONDS);
    }
}
