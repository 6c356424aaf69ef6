package io.breakwater.metrics;

import io.breakwater.health.BackendId;
import io.breakwater.health.Outcome;
import io.breakwater.health.breaker.Transition;
import io.breakwater.health.check.CheckResult;
import java.time.Instant;
import java.util.function.LongSupplier;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** The recorder of a balancer whose metrics are off. */
final class NoRecorder implements ProxyRecorder, RouteRecorder, BackendRecorder, PoolRecorder, ConnectionRecorder {

    @Override
    public RouteRecorder route(String route) {
        return this;
    }

    @Override
    public BackendRecorder backend(BackendId id, BackendGauges gauges) {
        return this;
    }

    @Override
    public void forget(BackendId id) {}

    @Override
    public PoolRecorder pool(String pool) {
        return this;
    }

    @Override
    public void forgetRoute(String route) {}

    @Override
    public void forgetPool(String pool) {}

    @Override
    public void configTaken(Instant at) {}

    @Override
    public void configReloaded(boolean success, Instant at) {}

    @Override
    public ConnectionRecorder connections(Side side) {
        return this;
    }

    @Override
    public void queue(String dir, Supplier<QueueContents> contents) {}

    @Override
    public void eventLoop(int index, EventLoopGauges gauges) {}

    @Override
    public void allocator(LongSupplier heapBytes, LongSupplier directBytes) {}

    @Override
    public void started() {}

    @Override
    public void ended(int status, long durationNanos, @Nullable TraceContext trace) {}

    @Override
    public void clientClosed(long durationNanos) {}

    @Override
    public void rejected(RejectionReason reason) {}

    @Override
    public void ended(Outcome outcome, long durationNanos) {}

    @Override
    public void circuitRejected() {}

    @Override
    public void fellBack(FallbackType type) {}

    @Override
    public void circuitWouldReject() {}

    @Override
    public void transition(Transition transition) {}

    @Override
    public void tripRefused() {}

    @Override
    public void healthChecked(CheckResult result, long durationNanos) {}

    @Override
    public void retried(boolean success) {}

    @Override
    public void retryBudgetExhausted() {}

    @Override
    public void logDropped(long lines) {}

    @Override
    public void accepted() {}

    @Override
    public void acceptFailed() {}

    @Override
    public void opened() {}

    @Override
    public void closed() {}

    @Override
    public void received(long bytes) {}

    @Override
    public void sent(long bytes) {}
}
